"""One login at one vCenter, shared by all threads and by both its services (/sdk and /sms/sdk).

SMS has no login of its own: it takes the *vim* session's id in a SOAP header (reference: vsphere-sms-spbm §1.2). A
session that ended (30 min idle, restart) shows as a fault, which proves that the request was refused; so any call, a
mutating one too, is repeated once after one new login, however many threads noticed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.storage import words

from .faults import verdict
from .transport import DROPPED, InDoubt, Stub, Unreadable, proves_nothing_changed
from .vmomi import sms, vim, vmodl

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from vvol_replication.storage.lane import Permit

T = TypeVar("T")

VIM_VERSION = "vim.version.v7_0"
SMS_VERSION = "sms.version.v7_0_0_1"  # the first that has preferDetails; a newer one is refused by vCenter 7.0

_SESSION_FAULTS = (vim.fault.NotAuthenticated, sms.fault.InvalidSession)
_MOST_LOGIN_FAILURES = 3
_LOCKED_OUT_FOR = 900.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds.

    `connect` and `answer` bound one connection attempt and one silence of the server; `call` and `inventory` bound one
    call of the port with all that it needs; `close` bounds logging out.
    """

    connect: float = 10.0
    answer: float = 30.0
    call: float = 60.0
    inventory: float = 300.0
    close: float = 5.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password. Neither shows in a repr."""

    username: str = field(repr=False)
    password: str = field(repr=False)


class Ended(Exception):  # noqa: N818 - not an error: how a call ended, decided in its thread
    """The call is over, with this outcome."""

    def __init__(self, outcome: Refused | Unavailable) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(slots=True)
class Opened:
    """One login. `storage_manager` is the id of SMS's root object, once it was asked for."""

    instance_uuid: str
    version: str
    storage_manager: str | None = None


def parse_address(address: str) -> tuple[str, int]:
    """`host`, `host:port`, `[v6]` or `[v6]:port`; the port is 443 where none is given."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and (host.count(":") == 0 or host.endswith("]")):
        return host, int(port)
    return address, 443


class Session:
    """The login of one vCenter. Every method blocks; call it on a lane only."""

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        context: ssl.SSLContext,
        *,
        timeouts: Timeouts,
        connections: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.timeouts = timeouts
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._opened: Opened | None = None
        self._closed = False
        self._attempts = 0
        self._failure: Exception | None = None
        self._instance_uuid: str | None = None
        self._stranger: Refused | None = None
        self._refusals = 0
        self._refused_at = 0.0
        host, port = parse_address(address)
        endpoint: dict[str, Any] = {
            "host": host,
            "port": port,
            "sslContext": context,
            "connect_timeout": timeouts.connect,
            "answer_timeout": timeouts.answer,
            "poolSize": connections,
        }
        self._vim = Stub(path="/sdk", version=VIM_VERSION, **endpoint)
        self.stub = Stub(path="/sms/sdk", version=SMS_VERSION, header=lambda: self._token, **endpoint)

    def call(self, ask: Callable[[], T], permit: Permit | None = None) -> T:
        """Ask SMS something, logged in. `permit` marks a mutating request, which is never sent twice unless refused.

        Raises vSphere's faults as they are, `NotSent`, `InDoubt` (mutating only), `Ended`, or what broke on the way.
        """
        renewed = redialled = False
        while True:
            opened = self.opened()
            try:
                if permit is not None:
                    self.stub.discard_stale()
                    permit.use()
                return self._guarded(ask, mutating=permit is not None)
            except _SESSION_FAULTS:
                self._expire(opened)
                if renewed:
                    raise
                renewed = True
            except DROPPED:
                if redialled:
                    raise
                redialled = True

    def ask_manager(self, question: Callable[[Any], T]) -> T:
        """Put a reading question to SMS's root object, whose id is asked for once in each session."""
        known = self.opened().storage_manager is not None
        try:
            return self._put(question)
        except vmodl.fault.ManagedObjectNotFound:
            self.opened().storage_manager = None
            if not known:
                raise
        return self._put(question)

    def _put(self, question: Callable[[Any], T]) -> T:
        manager = self._storage_manager()
        return self.call(lambda: question(manager))

    def _storage_manager(self) -> Any:
        opened = self.opened()
        if opened.storage_manager is None:
            service = sms.ServiceInstance("ServiceInstance", self.stub)
            manager: Any = self.call(service.QueryStorageManager)
            if manager is None:
                raise Unreadable("no storage manager")
            opened.storage_manager = str(manager._GetMoId())  # noqa: SLF001 - pyVmomi has no public name for it
        return sms.StorageManager(opened.storage_manager, self.stub)

    def opened(self) -> Opened:
        """The login, made now if there is none. Threads that waited for another's attempt share how it ended."""
        opened = self._opened
        if opened is not None:
            return opened
        seen = self._attempts
        with self._lock:
            if self._opened is not None:
                return self._opened
            if self._attempts != seen and self._failure is not None:
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
        self._vim.retire()
        self.stub.retire()

    def _expire(self, opened: Opened) -> None:
        with self._lock:
            if self._opened is opened:
                self._opened = None

    def _guarded(self, ask: Callable[[], T], *, mutating: bool) -> T:
        """The border to pyVmomi: what it raises over an answer that it cannot parse becomes `Unreadable`."""
        try:
            return ask()
        except SystemExit as error:  # pyVmomi's lazy loader exits the process over a type that it cannot build
            failure: Exception = Unreadable("of a type that this client cannot load")
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
            raise Ended(Unavailable(words.ENDPOINT_BUSY, f"the connection to vCenter {self.address} is being closed"))
        if self._stranger is not None:
            raise Ended(self._stranger)
        self._hold_back()
        self._leave()
        service = vim.ServiceInstance("ServiceInstance", self._vim)
        content: Any = _again_if_dropped(service.RetrieveContent)
        self._identify(content)
        try:
            content.sessionManager.Login(self._credentials.username, self._credentials.password, None)
        except vim.fault.InvalidLogin:
            self._refusals += 1
            self._refused_at = self._clock()
            raise
        self._refusals = 0
        token = self._vim.GetSessionId()
        if not token:
            raise Unreadable("a login without a session cookie")
        self._vim.SetSessionId(token)  # pyVmomi forgets the cookie over any other one
        self._token = token
        return Opened(
            instance_uuid=str(content.about.instanceUuid),
            version=str(content.about.apiVersion),
        )

    def _leave(self) -> None:
        """End the session that there was: one that only SMS refuses would be kept by vCenter for half an hour."""
        if not self._token:
            return
        manager = vim.SessionManager("SessionManager", self._vim)
        with contextlib.suppress(vmodl.MethodFault):  # it had ended
            _again_if_dropped(manager.Logout)
        self._token = ""
        self._vim.SetSessionId("")

    def _hold_back(self) -> None:
        """After three refusals in a row no password is sent for 15 minutes: accounts are locked by less."""
        if self._refusals < _MOST_LOGIN_FAILURES:
            return
        left = self._refused_at + _LOCKED_OUT_FOR - self._clock()
        if left > 0:
            raise Ended(
                Unavailable(
                    words.LOGIN_FAILED,
                    f"vCenter {self.address} refused the user name or password {self._refusals} times; correct the"
                    f" Secret, else the next try is in {left / 60:.0f} min",
                    retry_after=left,
                )
            )

    def _identify(self, content: Any) -> None:
        about = getattr(content, "about", None)
        if about is None or getattr(content, "sessionManager", None) is None:
            raise Unreadable("no service content")
        uuid = about.instanceUuid
        if not uuid:
            raise Ended(
                Refused(
                    words.NOT_SUPPORTED, f"{self.address} has no instance uuid: it is not a vCenter; check its address"
                )
            )
        if self._instance_uuid is None:
            self._instance_uuid = str(uuid)
        if uuid != self._instance_uuid:
            self._stranger = Refused(
                words.IDENTITY_CHANGED,
                f"vCenter {self.address} answers as instance {uuid} and was {self._instance_uuid} before; check its"
                " address: nothing more is asked of it over this connection",
            )
            raise Ended(self._stranger)


def _again_if_dropped(ask: Callable[[], T]) -> T:
    """For calls that may be made twice: once more where the connection had been dropped while idle."""
    try:
        return ask()
    except DROPPED:
        return ask()
