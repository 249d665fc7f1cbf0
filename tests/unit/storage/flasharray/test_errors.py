"""Failures as outcomes: one table for reads, one for pushes, and what counts as already there."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.storage.flasharray import errors
from vvol_replication.storage.flasharray.errors import (
    Answered,
    BeforeTheCall,
    CallFailed,
    HeldOff,
    IdentityDiffers,
    LockedOut,
    LookFailed,
    Missing,
    NoCommonVersion,
    NotAsked,
    NotReached,
    Unreadable,
    outcomes,
    refusals,
)
from vvol_replication.storage.flasharray.errors.array_text import ArrayText
from vvol_replication.storage.flasharray.errors.outcomes import Asked
from vvol_replication.storage.flasharray.errors.transport import explain
from vvol_replication.storage.redaction import LONGEST, Redactor, one_line

SECRET = "fake-token-99"
READ = Asked("array.test", "GET pgroup erp", redactor=Redactor(SECRET))
PUSH = Asked("array.test", "POST pgroup erp", mutating=True, redactor=Redactor(SECRET))
LOST = (Indeterminate, "AnswerLost")
SAME = None
"""A push ends like a read."""


def said(message: str, context: str = "erp") -> str:
    return json.dumps([{"pure_err_key": "err.friendly", "code": 0, "msg": message, "ctx": context}])


def said2(message: str, context: str | None = "erp") -> str:
    return json.dumps({"errors": [{"context": context, "message": message}]})


def wrapped(cause: Exception) -> requests.ConnectionError:
    """As requests and urllib3 hide it."""
    error = urllib3.exceptions.NewConnectionError(urllib3.connection.HTTPConnection("h"), "failed")
    error.__cause__ = cause
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(urllib3.HTTPConnectionPool("h"), "/", error))


PAGE = {"Content-Type": "text/html; charset=utf-8"}
TABLE: list[tuple[CallFailed, tuple[type, str], tuple[type, str] | None]] = [
    (Answered(400, said("Protection group does not exist.")), (Refused, "ProtectionGroupNotFound"), SAME),
    (Answered(400, said("Protection group HAS BEEN DESTROYED.")), (Refused, "ProtectionGroupDestroyed"), SAME),
    (Answered(400, said("Snapshot limit reached.")), (Refused, "SnapshotLimitReached"), SAME),
    (Answered(400, said("Maximum number of snapshots.")), (Refused, "SnapshotLimitReached"), SAME),
    (Answered(400, said("Array is not connected.")), (Refused, "ArraysNotConnected"), SAME),
    (Answered(400, said("You have no permission for this.")), (Refused, "PermissionDenied"), SAME),
    (Answered(400, said("Invalid parameter.")), (Refused, "ArrayRefused"), SAME),
    (Answered(400, "<html>"), (Refused, "ArrayRefused"), SAME),
    (Answered(401, said("expired")), (Unavailable, "LoginFailed"), SAME),
    (Answered(403, "no"), (Refused, "PermissionDenied"), SAME),
    *((Answered(status, "<html>", PAGE), (Unavailable, "AnswerUnreadable"), SAME) for status in (405, 407, 408)),
    (Answered(408), (Refused, "ArrayRefused"), SAME),
    (Answered(403, "<html>", PAGE), (Refused, "PermissionDenied"), SAME),
    (Answered(404, "<html>", PAGE), (Refused, "NotSupported"), SAME),
    (Answered(502, "<html>", PAGE), (Unavailable, "EndpointFault"), LOST),
    (BeforeTheCall(errors.VERSION, Answered(401)), (Unavailable, "AnswerUnreadable"), SAME),
    (Answered(404, "Not found"), (Refused, "NotSupported"), SAME),
    (Answered(404, said2("Protection group does not exist.")), (Refused, "ProtectionGroupNotFound"), SAME),
    (Answered(404, said2("Version 2.9 does not exist.")), (Refused, "NotSupported"), SAME),
    (Answered(404, said2("No such path.")), (Refused, "NotSupported"), SAME),
    (Answered(302), (Unavailable, "AnswerUnreadable"), LOST),
    (Answered(429), (Unavailable, "EndpointBusy"), SAME),
    (Answered(503, headers={"Retry-After": "3"}), (Unavailable, "EndpointBusy"), SAME),
    (Answered(503), (Unavailable, "EndpointBusy"), LOST),
    (Answered(500, said("Server is busy")), (Unavailable, "EndpointBusy"), LOST),
    (Answered(502, "<html>"), (Unavailable, "EndpointFault"), LOST),
    (Unreadable("HTML"), (Unavailable, "AnswerUnreadable"), LOST),
    (NotReached(requests.ReadTimeout(), sent=True), (Unavailable, "TimedOutCalling"), LOST),
    (NotReached(requests.ReadTimeout(), sent=False), (Unavailable, "TimedOutCalling"), SAME),
    (NotReached(ConnectionResetError(104, "Connection reset by peer"), sent=True), (Unavailable, "Unreachable"), LOST),
    (NotReached(wrapped(ConnectionRefusedError()), sent=False), (Unavailable, "Unreachable"), SAME),
    (NotReached(ssl.SSLCertVerificationError(), sent=False), (Unavailable, "CertificateNotTrusted"), SAME),
    (NotReached(UnicodeEncodeError("latin-1", "é", 0, 1, ""), sent=False), (Unavailable, "AnswerUnreadable"), SAME),
    (NotReached(requests.exceptions.InvalidHeader(), sent=False), (Unavailable, "AnswerUnreadable"), SAME),
    (BeforeTheCall(errors.LOGIN, Answered(401)), (Unavailable, "LoginFailed"), SAME),
    (BeforeTheCall(errors.LOGIN, Answered(400, said("bad token"))), (Unavailable, "LoginFailed"), SAME),
    (BeforeTheCall(errors.LOGIN, Answered(500)), (Unavailable, "EndpointFault"), SAME),
    (BeforeTheCall(errors.IDENTITY, Unreadable("no id")), (Unavailable, "AnswerUnreadable"), SAME),
    (BeforeTheCall(errors.VERSION, NotReached(TimeoutError(), sent=True)), (Unavailable, "TimedOutCalling"), SAME),
    (LockedOut(899.0), (Unavailable, "LoginFailed"), SAME),
    (HeldOff(12.4), (Unavailable, "EndpointBusy"), SAME),
    (BeforeTheCall(errors.LOGIN, HeldOff(12.4)), (Unavailable, "EndpointBusy"), SAME),
    (NotAsked("TimedOutCalling", "not asked"), (Unavailable, "TimedOutCalling"), SAME),
    (Missing("erp"), (Refused, "ProtectionGroupNotFound"), SAME),
    (LookFailed("already exists", Answered(429, headers={"Retry-After": "3"})), (Unavailable, "EndpointBusy"), SAME),
    (LookFailed("already exists", NotReached(TimeoutError(), sent=True)), (Unavailable, "TimedOutCalling"), SAME),
    (LookFailed("already exists", Answered(400, said("No."))), (Unavailable, "AnswerUnreadable"), SAME),
    (Answered(400, said("Operation not permitted.")), (Refused, "PermissionDenied"), SAME),
    (Answered(400, said("No allowed target.")), (Refused, "TargetNotAllowed"), SAME),
    (Answered(400, said("It lies in a pod.")), (Refused, "NotSupported"), SAME),
    (NotReached(aiohttp.ServerDisconnectedError(), sent=True), (Unavailable, "Unreachable"), LOST),
    (NotReached(aiohttp.SocketTimeoutError(), sent=True), (Unavailable, "TimedOutCalling"), LOST),
    (NotReached(aiohttp.ConnectionTimeoutError(), sent=False), (Unavailable, "Unreachable"), SAME),
    (IdentityDiffers("a", "b"), (Refused, "IdentityChanged"), SAME),
    (NoCommonVersion("REST 1.2 to 1.19", ("2.4",)), (Refused, "NotSupported"), SAME),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "read", "push"), TABLE)
def test_the_table(failure: CallFailed, read: tuple[type, str], push: tuple[type, str] | None) -> None:
    for asked, expected in ((READ, read), (PUSH, push or read)):
        outcome = outcomes.outcome(failure, asked)
        assert (type(outcome), outcome.reason) == expected
        assert outcome.message.startswith("FlashArray array.test: ")
        assert outcome.message.isprintable()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"RateLimit-Reset": " 2 "}, 2.0), ({"Retry-After": "999999"}, 3600.0),
     ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
     ({"Retry-After": "-1"}, None), ({"Retry-After": "1e9"}, None), ({}, None)],
)  # fmt: skip
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    outcome = outcomes.outcome(Answered(429, headers=headers), PUSH)
    assert isinstance(outcome, Unavailable)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize(
    ("message", "context", "there"),
    [
        ("Protection group snapshot already exists.", "erp.vr-1", True),
        ("ALREADY EXISTS", "", True),
        ("Protection group snapshot has been destroyed.", "erp.vr-1", True),
        ("erp.VR-1 is pending eradication.", "", True),
        ("Protection group has been destroyed.", "erp", False),
        ("Snapshot limit reached, destroyed snapshots included.", "erp", False),
        ("Protection group does not exist.", "erp", False),
    ],
)
def test_already_there(message: str, context: str, there: bool) -> None:  # noqa: FBT001 - parametrized
    words = refusals.already_there(Answered(400, said(message, context)), "vr-1", Redactor(SECRET))
    assert (words is not None) is there
    assert words is None or message in words


@pytest.mark.parametrize("worded", [said, said2])
def test_both_families_mean_the_same(worded: Callable[[str], str]) -> None:
    for failure, read, _ in TABLE:
        if isinstance(failure, Answered) and failure.status == 400 and (parts := ArrayText.parse(failure.text).parts):
            again = outcomes.outcome(Answered(400, worded(parts[0][1])), READ)
            assert (type(again), again.reason) == read


@pytest.mark.parametrize(
    ("message", "destroyed"),
    [
        ("Protection group snapshot already exists.", False),
        ("Protection group snapshot has been destroyed.", True),
        ("Snapshot is pending eradication.", True),
    ],
)
def test_what_says_that_it_is_destroyed(message: str, destroyed: bool) -> None:  # noqa: FBT001 - parametrized
    for worded in (said, said2):
        assert refusals.says_destroyed(Answered(400, worded(message))) is destroyed
    assert not refusals.says_destroyed(Answered(500, said(message)))


@pytest.mark.parametrize("status", [401, 409, 500])
def test_the_words_count_only_with_status_400(status: int) -> None:
    failure = Answered(status, said("already exists; does not exist"))
    assert refusals.already_there(failure, "vr-1", Redactor(SECRET)) is None
    assert refusals.refusal_reason(failure) is None
    assert not refusals.missing(failure)


@given(status=st.integers(100, 599), body=st.text() | st.builds(said, st.text()), mutating=st.booleans())
def test_every_answer_is_an_outcome(status: int, body: str, mutating: bool) -> None:  # noqa: FBT001 - given
    outcome = outcomes.outcome(Answered(status, body + SECRET), PUSH if mutating else READ)
    assert outcome.message.isprintable()
    assert SECRET not in outcome.message
    assert len(outcome.message) < 2 * LONGEST
    assert mutating or not isinstance(outcome, Indeterminate)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_body_has_a_text(body: str) -> None:
    assert one_line(ArrayText.parse(body).whole).isprintable()


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (said("No.", "erp"), (("erp", "No."),)),
        ('{"msg": "No."}', (("", "No."),)),
        (said2("No.", "erp"), (("erp", "No."),)),
        (said2("No.", None), (("", "No."),)),
        ('{"errors": "none"}', ()),
        ('{"errors": [null, {"message": "b"}]}', (("", "b"),)),
        ('[{"msg": 5}, null, {"ctx": "a"}, {"msg": "b", "ctx": 1}]', (("", "b"),)),
        ("<html>", ()),
        ("[" * 100_000, ()),
    ],
)
def test_error_bodies(body: str, parts: Any) -> None:
    assert ArrayText.parse(body).parts == parts


def test_a_long_text_is_cut() -> None:
    assert len(one_line("x" * 1000)) == LONGEST
    assert one_line("a\n\tb\x00c") == "a b c"


@pytest.mark.parametrize(
    ("failure", "reason", "words"),
    [
        (wrapped(socket.gaierror(-2, "unknown")), "Unreachable", "resolved"),
        (wrapped(OSError(113, "No route to host")), "Unreachable", "No route to host"),
        (requests.ConnectTimeout(), "Unreachable", "in time"),
        (wrapped(TimeoutError()), "TimedOutCalling", "in time"),
        (requests.exceptions.SSLError(ssl.SSLError(1, "wrong version number")), "Unreachable", "TLS"),
        (urllib3.exceptions.ProtocolError("x"), "Unreachable", "broke"),
    ],
)
def test_transport_failures_in_words(failure: Exception, reason: str, words: str) -> None:
    word, seen = explain(failure, Redactor(SECRET))
    assert word == reason
    assert words in seen
