"""`purestorage` for REST 1, made fit for an operator: bounded, verified, pinned to one array.

Kept from `purestorage` 1.19: the calls, the choice of the REST version, one new login and one repeat after a 401, a new
choice of version after a 450, nothing else repeated (reference: flasharray §1.4). Other than there, a session cookie is
kept when an answer brings none: it saves a login wherever an array sends it only once.
"""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from vvol_replication.storage import login as gates

from . import answers
from .errors import IDENTITY, LOGIN, VERSION
from .failures import (
    Answered,
    BeforeTheCall,
    CallFailed,
    IdentityDiffers,
    LockedOut,
    NoCommonVersion,
    NotReached,
    Unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vvol_replication.domain.arrays import ArrayAbout
    from vvol_replication.storage.lane import Permit
    from vvol_replication.storage.login import LoginGate

    from .exchange import Answer, Wire
    from .identity import IdentityPin

with warnings.catch_warnings():
    # Its docstrings have invalid escapes, and distutils, which it imports, is deprecated: nothing that we can mend.
    warnings.simplefilter("ignore")
    from purestorage import FlashArray


def _version() -> str:
    try:
        return metadata.version("vvol-replication")
    except metadata.PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"


USER_AGENT: Final = f"vvol-replication-operator/{_version()}"
_VERSION_WITHDRAWN: Final = 450
_OLDEST: Final = (1, 2)
"""The first REST version with protection groups."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where an array is and how to log in there; `gate` and `pin` are shared by all sessions with it."""

    address: str
    api_token: str = field(repr=False)
    gate: LoginGate
    pin: IdentityPin


class Client(FlashArray):  # type: ignore[misc]  # purestorage ships no types
    """One session with one array, for one thread at a time. Making one logs in (three requests).

    Raises `CallFailed` of every kind, and `PermitWithdrawn` from a push.
    """

    about: ArrayAbout
    """Who answered at the last login."""

    def __init__(self, login: Login, wire: Wire) -> None:
        self._login = login
        self._wire = wire
        self._rest_version = ""
        self._permit: Permit | None = None
        self.open = False
        """False once the last exchange failed: what is known of the array may be past."""
        self.pending_with_transfer = True
        """False once this session's array refused both in one call."""
        with _let_through():
            login.gate.check()
        try:
            super().__init__(login.address, api_token=login.api_token, user_agent=USER_AGENT)
        except CallFailed:
            self.close()
            raise

    def begin(self, deadline: float) -> None:
        """Set the moment at which the next call has to be over."""
        self._wire.deadline = deadline

    def identify(self) -> ArrayAbout:
        """Ask who answers (one call). Raises `IdentityDiffers` where it is another array than before."""
        self._set_about(self._request("GET", "array", {}))
        return self.about

    @contextmanager
    def permitted(self, permit: Permit) -> Iterator[None]:
        """Requests that change something use `permit` right before they are sent."""
        self._permit = permit
        try:
            yield
        finally:
            self._permit = None

    def close(self) -> None:
        """Log out, as far as that can be done in a few seconds, and let go of the socket."""
        if self._cookies:
            self._wire.begin_logout()
            with suppress(CallFailed):  # the array ends idle sessions by itself
                self._request("DELETE", "auth/session", None, reestablish_session=False)
            self._cookies.clear()
        self._wire.close()

    def _request(self, method: str, path: str, data: Any = None, reestablish_session: bool = True) -> Any:  # noqa: FBT001, FBT002 - overrides
        """One call of the REST API, as in `purestorage`. Raises `CallFailed`."""
        url = path if path.startswith("https://") else self._format_path(path)
        permit = self._permit if (method, path) == ("POST", "pgroup") else None
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        self.open = False
        answer = self._wire.exchange(method, url, json.dumps(data).encode(), headers, self._cookies, permit=permit)
        if answer.status == HTTPStatus.OK:
            content = _json(answer)
            self._cookies.update(answer.cookies)
            self.open = True
            return content
        if answer.status == HTTPStatus.UNAUTHORIZED and reestablish_session:
            self._start_session()
            return self._request(method, path, data, reestablish_session=False)
        if answer.status == _VERSION_WITHDRAWN and self._renegotiate_rest_version:
            withdrawn = self._rest_version
            self._rest_version = self._choose_rest_version()
            if self._rest_version != withdrawn:
                return self._request(method, path, data, reestablish_session)
        self.open = answer.status == HTTPStatus.BAD_REQUEST
        raise Answered(answer.status, answer.text, answer.headers)

    def _choose_rest_version(self) -> str:
        """The newest version that both know. `purestorage` compares with distutils, which Python 3.12 dropped."""
        offered = _before(VERSION, self._list_available_rest_versions)
        if not isinstance(offered, list):
            raise BeforeTheCall(VERSION, Unreadable("GET api_version was not answered with a list"))
        texts = tuple(version for version in offered if isinstance(version, str))
        common = [_numbers(version) for version in texts if version in self.supported_rest_versions]
        newest = max(common, default=(0, 0))
        if newest < _OLDEST:
            raise NoCommonVersion(texts)
        return ".".join(map(str, newest))

    def _list_available_rest_versions(self) -> Any:
        answer = self._request("GET", f"https://{self._target}/api/api_version", reestablish_session=False)
        return answer.get("version") if isinstance(answer, dict) else None

    def _start_session(self) -> None:
        """Log in, and see that it is the array of the first login: only then is any other call made, or repeated."""
        gate = self._login.gate
        self._cookies.clear()
        with _let_through(), gate.attempt(self._wire.remaining):
            try:
                super()._start_session()
            except CallFailed as failure:
                if isinstance(failure, Answered) and failure.status in (400, 401, 403):
                    gate.refused()
                raise BeforeTheCall(LOGIN, failure) from failure
            gate.passed()
        self.pending_with_transfer = True
        self._set_about(_before(IDENTITY, lambda: self._request("GET", "array", {}, reestablish_session=False)))

    def _set_about(self, answer: Any) -> None:
        about = _before(IDENTITY, lambda: answers.about(answer, self.get_rest_version()))
        self._login.pin.check(about)
        self.about = about


@contextmanager
def _let_through() -> Iterator[None]:
    """What the gate raises, as failures of this package."""
    try:
        yield
    except gates.LockedOut:
        raise LockedOut from None
    except gates.LoginUnderWay:
        raise NotReached(TimeoutError(), sent=False) from None


def _before(step: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (BeforeTheCall, IdentityDiffers):
        raise
    except CallFailed as failure:
        raise BeforeTheCall(step, failure) from failure


def _numbers(version: str) -> tuple[int, ...]:
    """The parts of one of `supported_rest_versions`."""
    return tuple(map(int, version.split(".")))


def _json(answer: Answer) -> Any:
    kind = answer.headers.get("Content-Type", "")
    if "application/json" not in kind:
        raise Unreadable(f"it was answered with {kind or 'content of no type'} instead of JSON")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unreadable("the JSON of the answer is broken or cut off") from None
