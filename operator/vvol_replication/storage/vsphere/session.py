"""One login at one vCenter, shared by all threads and by its three services (/sdk, /sms/sdk and /pbm/sdk).

SMS and PBM have no login of their own: they take the *vim* session's id in a SOAP header
(docs/facts/vsphere.md#session). A session that ended (30 min idle, restart) shows as a fault, which proves that the
request was refused; so any call, a mutating one too, is repeated once after one new login, however many threads
noticed.

Whether traffic to SMS and PBM keeps the vim session from ending is not documented. So where /sdk was not asked for
some minutes, the next call takes a cheap one along.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.storage import reasons
from vvol_replication.storage.login import TRIES, LockedOut, LoginGate, LoginUnderWay
from vvol_replication.storage.moments import moment_in

from .asked import Asked
from .connection import Credentials, Timeouts, parse_address
from .faults import verdict
from .transport import DROPPED, InDoubt, Stub, Unfamiliar, Unreadable, busy, proves_nothing_changed
from .vmomi import VERSION, sms, vim, vmodl

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from vvol_replication.domain.groups import GroupId
    from vvol_replication.storage.lane import Permit
    from vvol_replication.storage.redaction import Redactor

T = TypeVar("T")

VIM_VERSION = "vim.version.v7_0"
SMS_VERSION = "sms.version.v7_0_0_1"  # the first that has preferDetails; a newer one is refused by vCenter 7.0
PBM_VERSION = "pbm.version.version11"  # the first that has replication groups

_SESSION_FAULTS = (vim.fault.NotAuthenticated, sms.fault.InvalidSession)
_KEPT_ALIVE_EVERY = 300.0


class Ended(Exception):  # noqa: N818 - not an error: how a call ended, decided in its thread
    """The call is over, with this outcome."""

    def __init__(self, outcome: Refused | Unavailable) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(slots=True)
class Opened:
    """One login, and what it brought.

    `content` is vCenter's own root (its managers). `storage_manager` is the id of SMS's root object and
    `replication_manager` that of PBM's, once they were asked for.
    """

    instance_uuid: str
    version: str
    content: Any
    storage_manager: str | None = None
    replication_manager: str | None = None


class Session:
    """The login of one vCenter. Every method blocks; call it on a lane only."""

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        context: ssl.SSLContext,
        *,
        redactor: Redactor,
        timeouts: Timeouts,
        connections: int,
        gate: LoginGate | None = None,
        expected_uuid: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`gate` is shared by all who log in there with these credentials; `expected_uuid` is the only one to meet.

        `redactor` knows the credentials; the id of each session is added to it.
        """
        self.address = address
        self.redactor = redactor
        self.timeouts = timeouts
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._opened: Opened | None = None
        self._closed = False
        self._keeping = threading.Lock()
        self._kept_alive_at = float("-inf")
        self._attempts = 0
        self._failure: Exception | None = None
        self._gate = gate or LoginGate(clock)
        self._instance_uuid = expected_uuid
        self._stranger: Refused | None = None
        host, port = parse_address(address)
        endpoint: dict[str, Any] = {
            "host": host,
            "port": port,
            "sslContext": context,
            "connect_timeout": timeouts.connect,
            "answer_timeout": timeouts.answer,
            "poolSize": connections,
            "clock": clock,
        }
        self.vim_stub = Stub(path="/sdk", version=VIM_VERSION, **endpoint)
        self.stub = Stub(path="/sms/sdk", version=SMS_VERSION, header=lambda: self._token, **endpoint)
        self.pbm_stub = Stub(path="/pbm/sdk", version=PBM_VERSION, header=lambda: self._token, **endpoint)

    def asked(self, method: str, group: GroupId | None = None) -> Asked:
        """What messages about one call, or one purpose, begin with."""
        return Asked(self.address, method, None if group is None else str(group), redactor=self.redactor)

    def call(self, ask: Callable[[], T], permit: Permit | None = None) -> T:
        """Ask something, logged in. `permit` marks a mutating request, which is never sent twice unless refused.

        Raises vSphere's faults as they are, `NotSent`, `InDoubt` (mutating only), `Ended`, or what broke on the way.
        """
        renewed = redialled = False
        while True:
            opened = self.opened()
            try:
                self._keep_alive()
                if permit is not None:
                    self.stub.discard_stale()
                    permit.use()
                return self._guarded(ask, mutating=permit is not None)
            except _SESSION_FAULTS:
                if self._closed:
                    raise self._closing() from None
                self._expire(opened)
                if renewed:
                    raise
                renewed = True
            except DROPPED:
                if redialled:
                    raise
                redialled = True

    def unbroken(self, work: Callable[[], T]) -> T:
        """Work whose calls build on each other within one login (views, pages).

        Once more from its beginning where the login was renewed in the middle: what it had built is gone then.
        """
        opened = self.opened()
        try:
            return work()
        except (vmodl.fault.ManagedObjectNotFound, vmodl.fault.InvalidArgument):
            if self.opened() is opened:
                raise
        return work()

    def opened(self) -> Opened:
        """The login, made now if there is none. Threads that waited for another's attempt share how it ended."""
        opened = self._opened
        if opened is not None:
            return opened
        before = self._attempts
        with self._lock:
            if self._opened is not None:
                return self._opened
            if self._attempts != before and self._failure is not None:
                raise self._failure.with_traceback(None)
            try:
                self._opened = self._guarded(self._log_in, mutating=False)
            except Exception as error:
                self._failure = error
                raise
            else:
                self._failure = None
                return self._opened
            finally:
                self._attempts += 1

    def close(self) -> None:
        """Log out, so that vCenter does not keep the session for half an hour, and never log in again."""
        self._closed = True
        with self._lock:
            self._opened = None
            self._guarded(self._leave, mutating=False)

    def drop(self) -> None:
        """Close idle connections now, and those in use when their call ends. Asks nothing and waits for nobody."""
        self._closed = True
        for stub in (self.vim_stub, self.stub, self.pbm_stub):
            stub.retire()

    def _keep_alive(self) -> None:
        """Where /sdk was not asked for minutes, ask it something cheap, so that the session does not end idle."""
        with self._keeping:
            if self._clock() - max(self.vim_stub.asked_at, self._kept_alive_at) < _KEPT_ALIVE_EVERY:
                return
            self._kept_alive_at = self._clock()
        service = vim.ServiceInstance("ServiceInstance", self.vim_stub)
        self._guarded(lambda: _again_if_dropped(service.CurrentTime), mutating=False)

    def _closing(self) -> Ended:
        return Ended(Unavailable(reasons.ENDPOINT_BUSY, f"the connection to vCenter {self.address} is being closed"))

    def _expire(self, opened: Opened) -> None:
        with self._lock:
            if self._opened is opened:
                self._opened = None

    def _guarded(self, ask: Callable[[], T], *, mutating: bool) -> T:
        """The border to pyVmomi: what it raises over an answer that it cannot parse becomes `Unreadable`."""
        try:
            return ask()
        except SystemExit as error:  # pyVmomi's lazy loader exits the process over a type that it cannot build
            failure: Exception = Unfamiliar(f"of a type that pyvmomi {VERSION} cannot load")
            failure.__cause__ = error
        except vmodl.MethodFault as fault:
            if mutating and not verdict(fault).proven:
                raise InDoubt from fault
            raise
        except Exception as error:
            if not mutating or proves_nothing_changed(error):
                raise
            failure = error
        if mutating:
            raise InDoubt from failure
        raise failure

    def _log_in(self) -> Opened:
        if self._closed:
            raise self._closing()
        if self._stranger is not None:
            raise Ended(self._stranger)
        try:
            self._gate.check()
            self._leave()
            service = vim.ServiceInstance("ServiceInstance", self.vim_stub)
            content: Any = _again_if_dropped(service.RetrieveContent)
            self._identify(content)
            with self._gate.attempt(self.timeouts.answer):
                self._present(content)
        except LockedOut as locked:
            raise self._held_back(locked.seconds) from None
        except LoginUnderWay:
            seen = "another login there with the same credentials is under way. It is asked again."
            raise Ended(Unavailable(reasons.ENDPOINT_BUSY, f"vCenter {self.address}: {seen}")) from None
        except Exception as error:
            if isinstance(error, vim.fault.LimitExceeded) or busy(error):
                raise self._no_more_sessions(error) from error
            raise
        token = self.vim_stub.GetSessionId()
        if not token:
            raise Unreadable("a login without a session cookie")
        self.vim_stub.SetSessionId(token)  # pyVmomi forgets the cookie over any other one
        self._token = token
        self.redactor.sessions.add(token)
        return Opened(
            instance_uuid=str(content.about.instanceUuid),
            version=str(content.about.apiVersion),
            content=content,
        )

    def _present(self, content: Any) -> None:
        """Show the credentials."""
        try:
            session = content.sessionManager.Login(self._credentials.username, self._credentials.password, None)
        except vim.fault.InvalidLogin:
            self._gate.refused()
            raise
        if session is None:  # what pyVmomi makes of a page that is no answer
            raise Unreadable("a login without a session")
        self._gate.passed()

    def _leave(self) -> None:
        """End the session that there was: one that only SMS refuses would be kept by vCenter for half an hour."""
        if not self._token:
            return
        manager = vim.SessionManager("SessionManager", self.vim_stub)
        with contextlib.suppress(vmodl.MethodFault):  # it had ended
            _again_if_dropped(manager.Logout)
        self._token = ""
        self.vim_stub.SetSessionId("")

    def _held_back(self, left: float) -> Ended:
        seen = f"vCenter {self.address} refused the user name or password {TRIES} times"
        message = f"{seen}. Correct the Secret. Until it changes, no login is tried before {moment_in(left)}."
        return Ended(Unavailable(reasons.LOGIN_FAILED, message, retry_after=left))

    def _no_more_sessions(self, error: Exception) -> Ended:
        said = self.redactor.quoted(getattr(error, "msg", None) or error).rstrip(".")
        said = said or type(error).__name__.rpartition(".")[2]
        message = (
            f"vCenter {self.address} takes no login now ({said}). It is starting, or as many sessions are open as it"
            " allows. Check there which program leaves sessions open. It is asked again."
        )
        return Ended(Unavailable(reasons.ENDPOINT_BUSY, message))

    def _identify(self, content: Any) -> None:
        about = getattr(content, "about", None)
        if about is None or getattr(content, "sessionManager", None) is None:
            raise Unreadable("no service content")
        uuid = about.instanceUuid
        if not uuid:
            raise Ended(
                Refused(
                    reasons.NOT_SUPPORTED,
                    f"{self.address} has no instance uuid: it is not a vCenter. Check its address.",
                )
            )
        if self._instance_uuid is None:
            self._instance_uuid = str(uuid)
        if uuid != self._instance_uuid:
            self._stranger = Refused(
                reasons.IDENTITY_CHANGED,
                f"vCenter {self.address} answers as instance {self.redactor.quoted(uuid)} and was "
                f"{self.redactor.quoted(self._instance_uuid)} before. Nothing more is asked of it over this "
                "connection. Check its address.",
            )
            raise Ended(self._stranger)


def _again_if_dropped(ask: Callable[[], T]) -> T:
    """For calls that may be made twice: once more where the connection had been dropped while idle."""
    try:
        return ask()
    except DROPPED:
        return ask()
