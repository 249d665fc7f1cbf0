"""The SOAP stubs, and what a failure below SOAP proves.

`NotSent` is everything up to a connected, verified TLS socket: then the server has not seen the request.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from vvol_replication.domain.outcomes import Indeterminate, Unavailable
from vvol_replication.storage import reasons
from vvol_replication.storage.tls import not_trusted

from .faults import message as fault_message
from .vmomi import VERSION, SoapStubAdapter, vmodl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .asked import Asked

# What a server or a middlebox does to an idle connection; seen when the next request is sent on it.
DROPPED = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

_TOO_LONG_IDLE = 20.0
OPEN = " Whether it took effect is not known yet."
"""Behind a message on a mutating call whose answer is lost."""
UPDATE = "Install a newer version of the operator."
_CLIENT_ERRORS = range(400, 500)
_BUSY_STATUS = (429, 503)
_KINDS: dict[type[BaseException], str] = {ExpatError: "no whole XML"}


class NotSent(Exception):  # noqa: N818 - said in the words of its meaning
    """There was no connection to send the request on; the cause is the error seen."""


class InDoubt(Exception):  # noqa: N818 - as above
    """A mutating request may have gone out and has no answer that can be relied on; the cause is the error seen."""


class Unreadable(Exception):  # noqa: N818 - as above
    """An answer came and says nothing: not the expected shape. The text says what is wrong with it."""


class Unfamiliar(Unreadable):
    """An answer came and has a type, a field or a word that the installed pyVmomi does not know. The text names it."""


class Stub(SoapStubAdapter):  # type: ignore[misc]  # an Any: see vmomi
    """A stub of one path of one vCenter: bounded waiting, `NotSent`, and a session header read at call time.

    `header` gives the value of `vcSessionCookie`; the path /sdk has its session in an HTTP cookie and needs none.
    """

    pool: list[tuple[Any, float]]  # (connection, when it was last used, by the wall clock)

    def __init__(
        self,
        *,
        answer_timeout: float,
        connect_timeout: float,
        header: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        **endpoint: Any,
    ) -> None:
        self._answer_timeout = answer_timeout
        self._patience = threading.local()
        self._header = header
        self._clock = clock
        self.asked_at = float("-inf")
        """When it was asked last, by `clock`."""
        super().__init__(httpConnectionTimeout=connect_timeout, connectionPoolTimeout=60, **endpoint)

    @property
    def requestContext(self) -> dict[str, str] | None:  # noqa: N802 - pyVmomi's name
        """The SOAP header elements. Read anew for each request: a re-login is seen by every thread at once."""
        return None if self._header is None else {"vcSessionCookie": self._header()}

    @requestContext.setter
    def requestContext(self, value: object) -> None:  # noqa: N802 - pyVmomi's name
        if value:
            raise ValueError("the header is read at call time")

    def GetConnection(self) -> Any:  # noqa: N802 - pyVmomi's name
        """A connected socket, from the pool or new. Raises `NotSent` where there is none to be had."""
        try:
            connection = super().GetConnection()
            if connection.sock is None:
                # The server said `Connection: close`; http.client would connect inside the request.
                connection.connect()
            connection.sock.settimeout(getattr(self._patience, "seconds", self._answer_timeout))
        except (OSError, HTTPException) as error:
            raise NotSent from error
        self.asked_at = self._clock()
        return connection

    @contextlib.contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Wait no longer than that for each answer to what this thread asks inside."""
        self._patience.seconds = seconds
        try:
            yield
        finally:
            del self._patience.seconds

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803 - pyVmomi's names
        """One request and its answer. Raises `Unfamiliar` where the answer has what pyVmomi does not know.

        pyVmomi says that by an exception of no type of its own (docs/facts/vsphere.md#pyvmomi).
        """
        try:
            return super().InvokeMethod(mo, info, args, outerStub)
        except (AttributeError, KeyError) as error:
            unknown = _unknown(error)
            if unknown is None:
                raise
            raise Unfamiliar(f"'{unknown}' is newer than pyvmomi {VERSION} knows") from error

    def discard_stale(self) -> None:
        """Close idle connections that the other side has closed, or may have forgotten.

        Before a mutating request: one lost on a dead socket cannot be told from one that was carried out.
        """
        with self.lock:
            stale = [entry for entry in self.pool if _stale(*entry)]
            self.pool = [entry for entry in self.pool if entry not in stale]
        for connection, _ in stale:
            connection.close()

    def retire(self) -> None:
        """Close idle connections, and keep none of those that come back."""
        self.poolSize = 0
        self.DropConnections()


def _unknown(error: AttributeError | KeyError) -> str | None:
    """What of an answer pyVmomi does not know, by the exception; None for an exception that says something else."""
    if isinstance(error, KeyError):
        return str(error.args[0]) if error.args else None  # a type
    if isinstance(error.obj, type):
        return error.name  # a word of that enumeration
    return str(error) if error.name is None else None  # a field: pyVmomi's own, with nothing but its name


def _stale(connection: Any, last_used: float) -> bool:
    if connection.sock is None or time.time() - last_used > _TOO_LONG_IDLE:
        return True
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return bool(waiting.poll(0))  # nothing is owed on an idle connection: what can be read is its end


def answered(rows: Any) -> list[Any]:
    """The rows of an answer. pyVmomi gives None for a body that is no answer at all, and an empty list for none."""
    if not isinstance(rows, list):
        raise Unreadable("no answer in it")
    return rows


def proves_nothing_changed(error: BaseException) -> bool:
    """True where a mutating request that failed with this error, which is no SOAP fault, was not carried out."""
    return isinstance(error, NotSent) or _status(error) in _CLIENT_ERRORS


def busy(error: BaseException) -> bool:
    """True for an HTTP answer that says "not now": a vCenter that is starting, or that has too many sessions."""
    return _status(error) in _BUSY_STATUS


def outcome(error: BaseException, asked: Asked, *, answer_timeout: float) -> Unavailable | Indeterminate:
    """How a call ends that failed below SOAP, or with an answer that cannot be read."""
    if isinstance(error, InDoubt):
        if isinstance(error.__cause__, vmodl.MethodFault):
            return Indeterminate(reasons.ANSWER_LOST, fault_message(error.__cause__, asked) + OPEN)
        seen = _seen(error.__cause__ or error, asked, answer_timeout)[1]
        return Indeterminate(reasons.ANSWER_LOST, asked.line(seen) + OPEN)
    reason, seen = _seen(error, asked, answer_timeout)
    return Unavailable(reason, asked.line(seen))


def _seen(error: BaseException, asked: Asked, answer_timeout: float) -> tuple[str, str]:
    """(reason, what was seen and what to do next)."""
    unsent = isinstance(error, NotSent)
    cause = (error.__cause__ or error) if unsent else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return reasons.CERTIFICATE_NOT_TRUSTED, not_trusted(cause, asked.redactor)
    if isinstance(cause, TimeoutError):
        if unsent:
            return reasons.UNREACHABLE, "no connection could be made in time. Check its address and the network path."
        return (
            reasons.TIMED_OUT_CALLING,
            f"it did not answer within {answer_timeout:g} s. Check its address and the network path.",
        )
    if isinstance(cause, socket.gaierror):
        return reasons.UNREACHABLE, "its host name cannot be resolved. Check spec.address and DNS."
    if unsent:
        seen = f"it is not reachable ({_short(cause, asked)}). Check its address and the network path."
        return reasons.UNREACHABLE, seen
    status = _status(cause)
    if status is not None:
        if status in _BUSY_STATUS:
            return reasons.ENDPOINT_BUSY, f"it answered with HTTP status {asked.quote(cause)}. It is asked again."
        return (
            reasons.ENDPOINT_FAULT,
            f"it answered with HTTP status {asked.quote(cause)}. Check that this is a vCenter and that it is up.",
        )
    if isinstance(cause, OSError):
        return reasons.UNREACHABLE, f"the connection broke ({_short(cause, asked)}). Check the network path."
    if isinstance(cause, Unfamiliar):
        seen = f"its answer could not be read ({asked.quote(cause)}). {UPDATE}"
        return reasons.ANSWER_UNREADABLE, seen
    detail = asked.quote(cause) if isinstance(cause, Unreadable) else _KINDS.get(type(cause), type(cause).__name__)
    return (
        reasons.ANSWER_UNREADABLE,
        f"its answer could not be read ({detail}). Check that this is a vCenter, and that no proxy answers for it.",
    )


def _status(error: BaseException | None) -> int | None:
    """The status of an HTTP answer that is neither 200 nor 500; pyVmomi says it in an exception's text."""
    if type(error) is not HTTPException:
        return None
    head = str(error).split(" ", 1)[0]
    return int(head) if head.isdigit() else None


def _short(error: BaseException, asked: Asked) -> str:
    if isinstance(error, ConnectionResetError | BrokenPipeError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "closed by the other side"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed, {asked.quote(getattr(error, 'reason', None) or error.strerror)}"
    return asked.quote(error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__)
