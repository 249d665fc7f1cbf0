"""What a failure below SOAP proves, and connections that died while nobody used them."""

from __future__ import annotations

import socket
import ssl
import time
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any
from xml.parsers.expat import ExpatError

import pytest
from pyVmomi import SoapAdapter, VmomiSupport, sms, version_info_str, vim

from vvol_replication.domain.outcomes import Indeterminate, Unavailable
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere import transport
from vvol_replication.storage.vsphere.asked import Asked
from vvol_replication.storage.vsphere.transport import InDoubt, NotSent, Stub, Unfamiliar, Unreadable

ASKED = Asked("vc.example.com", "SyncReplicationGroup_Task", redactor=Redactor(""))


def stub(header: Any = None) -> Stub:
    return Stub(
        host="vc.example.com",
        port=443,
        path="/sms/sdk",
        version="sms.version.v7_0_0_1",
        sslContext=ssl.create_default_context(),
        answer_timeout=7.0,
        connect_timeout=3.0,
        header=header,
    )


class Connection:
    """An idle connection of the pool."""

    def __init__(self, sock: socket.socket | None, error: OSError | None = None) -> None:
        self.sock = sock
        self.error = error
        self.closed = False

    def connect(self) -> None:
        if self.error is not None:
            raise self.error
        self.sock = socket.socket()

    def close(self) -> None:
        self.closed = True
        if self.sock is not None:
            self.sock.close()


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def test_an_idle_connection_is_used_with_the_answers_timeout() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pooled = stub()
        pooled.pool = [(Connection(ours), time.time())]
        assert pooled.GetConnection().sock is ours
        assert ours.gettimeout() == 7.0


def test_a_connection_that_the_server_asked_to_close_is_opened_before_anything_is_sent() -> None:
    pooled = stub()
    again, refused = Connection(None), Connection(None, ConnectionRefusedError("no"))
    pooled.pool = [(again, time.time())]
    assert pooled.GetConnection() is again
    again.close()
    pooled.pool = [(refused, time.time())]
    with pytest.raises(NotSent) as caught:
        pooled.GetConnection()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_stale_connections_are_closed_and_live_ones_kept() -> None:
    live, far = socket.socketpair()
    dead, gone = socket.socketpair()
    old, far_too = socket.socketpair()
    gone.close()
    with live, far, old, far_too:
        entries = {
            "live": (Connection(live), time.time()),
            "dead": (Connection(dead), time.time()),
            "old": (Connection(old), time.time() - 60),
            "closed": (Connection(None), time.time()),
        }
        pooled = stub()
        pooled.pool = list(entries.values())
        pooled.discard_stale()
        assert pooled.pool == [entries["live"]]
        assert {name for name, (connection, _) in entries.items() if connection.closed} == {"dead", "old", "closed"}


def test_a_retired_stub_keeps_no_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pooled, idle, used = stub(), Connection(ours), Connection(None)
        pooled.pool = [(idle, time.time())]
        pooled.retire()
        pooled.ReturnConnection(used)
        assert pooled.pool == []
        assert idle.closed
        assert used.closed


def test_the_header_is_read_at_call_time_and_cannot_be_set() -> None:
    token = ["first"]
    side = stub(lambda: token[0])
    assert side.requestContext == {"vcSessionCookie": "first"}
    token[0] = "second"
    assert side.requestContext == {"vcSessionCookie": "second"}
    assert stub().requestContext is None
    with pytest.raises(ValueError, match="call time"):
        side.requestContext = {"vcSessionCookie": "third"}


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (caused(NotSent(), ConnectionRefusedError(111, "Connection refused")), "Unreachable", "(Connection refused)"),
        (caused(NotSent(), socket.gaierror(-2, "Name or service not known")), "Unreachable", "cannot be resolved"),
        (caused(NotSent(), TimeoutError()), "Unreachable", "no connection could be made in time"),
        (caused(NotSent(), ssl.SSLError(1, "wrong version number")), "Unreachable", "wrong version number"),
        (TimeoutError(), "TimedOutCalling", "did not answer within 30 s"),
        (ConnectionResetError(104, "Connection reset by peer"), "Unreachable", "closed by the other side"),
        (RemoteDisconnected("x"), "Unreachable", "closed by the other side"),
        (HTTPException("503 Service Unavailable"), "EndpointBusy", "503 Service Unavailable"),
        (HTTPException("404 Not Found"), "EndpointFault", "404 Not Found"),
        (HTTPException("nonsense"), "AnswerUnreadable", "HTTPException"),
        (IncompleteRead(b"secret"), "AnswerUnreadable", "IncompleteRead"),
        (ExpatError("line 1"), "AnswerUnreadable", "no whole XML"),
        (KeyError("secret"), "AnswerUnreadable", "KeyError"),
        (AttributeError("secret"), "AnswerUnreadable", "AttributeError"),
        (Unreadable("no task in it"), "AnswerUnreadable", "no task in it"),
    ],
)
def test_failures_of_reads(error: Exception, reason: str, said: str) -> None:
    outcome = transport.outcome(error, ASKED, answer_timeout=30.0)
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == reason
    assert said in outcome.message
    assert "secret" not in outcome.message
    doubtful = transport.outcome(caused(InDoubt(), error), ASKED, answer_timeout=30.0)
    assert isinstance(doubtful, Indeterminate)
    assert doubtful.reason == "AnswerLost"
    assert "not known yet" in doubtful.message


def unknown_word() -> None:
    getattr(vim.VirtualMachine.PowerState, "hibernated")  # noqa: B009 - as pyVmomi does


def unknown_field() -> None:
    sms.TaskInfo._GetPropertyInfo("weight")  # noqa: SLF001 - as pyVmomi does


def unknown_type() -> None:
    VmomiSupport.GuessWsdlType("AnswerOfTheFuture")


def no_answer_at_all() -> None:
    getattr(None, "msg")  # noqa: B009 - what pyVmomi does with a fault that is not there


@pytest.mark.parametrize(
    ("breaks", "word"),
    [
        (unknown_word, "hibernated"),
        (unknown_field, "weight"),
        (unknown_type, "AnswerOfTheFuture"),
        (no_answer_at_all, None),
    ],
)
def test_what_pyvmomi_does_not_know_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, breaks: Any, word: str | None
) -> None:
    monkeypatch.setattr(SoapAdapter.SoapStubAdapter, "InvokeMethod", lambda *_: breaks())
    with pytest.raises((Unfamiliar, AttributeError)) as caught:
        stub().InvokeMethod(None, None, ())
    assert isinstance(caught.value, Unfamiliar) is (word is not None)
    message = transport.outcome(caught.value, ASKED, answer_timeout=30.0).message
    known = f"'{word}' is newer than pyvmomi {version_info_str} knows). Install a newer version of the operator"
    assert (known in message) is (word is not None)
    assert ("proxy" in message) is (word is None)


@pytest.mark.parametrize(
    ("error", "proof"),
    [
        (NotSent(), True),
        (HTTPException("404 Not Found"), True),
        (HTTPException("503 Service Unavailable"), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
        (KeyError("x"), False),
    ],
)
def test_what_proves_that_nothing_was_changed(error: Exception, *, proof: bool) -> None:
    assert transport.proves_nothing_changed(error) is proof
