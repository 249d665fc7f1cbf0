"""`purestorage` for REST 1, made fit for an operator: bounded, verified, pinned to one array.

Kept from `purestorage` 1.19: the calls, one new login and one repeat after a 401, nothing else repeated
(docs/facts/flasharray.md#purestorage). Other than there, the REST version is given, and a session cookie is kept when
an answer brings none: it saves a login wherever an array sends it only once.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.storage import login as gates
from vvol_replication.storage.flasharray.errors import (
    IDENTITY,
    LOGIN,
    Answered,
    BeforeTheCall,
    CallFailed,
    IdentityDiffers,
    LockedOut,
    NotReached,
    refusals,
)
from vvol_replication.storage.flasharray.http import USER_AGENT
from vvol_replication.storage.flasharray.metadata import IdentityPin
from vvol_replication.storage.lane import Permit
from vvol_replication.storage.login import LoginGate

from . import answers
from .exchange import Wire

with warnings.catch_warnings():
    # Its docstrings have invalid escapes, and distutils, which it imports, is deprecated: nothing that we can mend.
    warnings.simplefilter("ignore")
    from purestorage import FlashArray


_OLDEST: Final = (1, 2)
"""The first REST version with protection groups."""


def newest(offered: Sequence[str]) -> str | None:
    """The newest REST 1 version that an array offers and `purestorage` speaks, if there is one."""
    common = [tuple(map(int, text.split("."))) for text in offered if text in FlashArray.supported_rest_versions]
    best = max(common, default=(0, 0))
    return ".".join(map(str, best)) if best >= _OLDEST else None


@dataclass(frozen=True, slots=True)
class Login:
    """Where an array is and how to log in there; `gate` and `pin` are shared by all sessions with it."""

    address: str
    api_token: str = field(repr=False)
    gate: LoginGate
    pin: IdentityPin
    rest: str
    """The REST version to speak."""


class Client(FlashArray):  # type: ignore[misc]  # purestorage ships no types
    """One session with one array, for one thread at a time. Making one logs in (two requests).

    Raises `CallFailed` of every kind, and `PermitWithdrawn` from a push.
    """

    about: ArrayAbout
    """Who answered at the last login."""

    def __init__(self, login: Login, wire: Wire) -> None:
        self._login = login
        self._wire = wire
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
            content = answer.json()
            self._cookies.update(answer.cookies)
            self.open = True
            return content
        if answer.status == HTTPStatus.UNAUTHORIZED and reestablish_session:
            self._start_session()
            return self._request(method, path, data, reestablish_session=False)
        self.open = answer.status == HTTPStatus.BAD_REQUEST
        raise Answered(answer.status, answer.text, answer.headers)

    def _choose_rest_version(self) -> str:
        """Nothing is asked here: which version is spoken was settled before the family was."""
        return self._login.rest

    def _start_session(self) -> None:
        """Log in, and see that it is the array of the first login: only then is any other call made, or repeated."""
        gate = self._login.gate
        self._cookies.clear()
        with _let_through(), gate.attempt(self._wire.remaining):
            try:
                super()._start_session()
            except CallFailed as failure:
                if refusals.login_refused(failure):
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
    except gates.LockedOut as locked:
        raise LockedOut(locked.seconds) from None
    except gates.LoginUnderWay:
        raise NotReached(TimeoutError(), sent=False) from None


def _before(step: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (BeforeTheCall, IdentityDiffers):
        raise
    except CallFailed as failure:
        raise BeforeTheCall(step, failure) from failure
