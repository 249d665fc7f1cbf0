"""The one session with an array over REST 2: its token, who it is with, and one new login when it has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.storage import login as gates
from vvol_replication.storage import reasons
from vvol_replication.storage.credentials import is_header_value
from vvol_replication.storage.flasharray.errors import (
    IDENTITY,
    LOGIN,
    Answered,
    BeforeTheCall,
    CallFailed,
    IdentityDiffers,
    LockedOut,
    NotAsked,
    NotReached,
    Unreadable,
    refusals,
)
from vvol_replication.storage.flasharray.http import Answer, Http, Request
from vvol_replication.storage.flasharray.metadata import IdentityPin
from vvol_replication.storage.login import LoginGate

from . import answers

_NAME_KEPT: Final = 300.0
"""Seconds after which an open session asks again what the array is called. A session that is in use never ends, and
before REST 2.40 the other array does not tell either that this one was renamed."""
_TURN: Final = 0.05
"""Seconds between two looks at a gate through which a login of another connection is going."""


class Session:
    """Calls with a token. However many find it refused at once, one new login is made, and each is repeated once.

    A 401 proves that nothing was done, so this holds for mutating calls as well.
    """

    def __init__(self, http: Http, rest: str, api_token: str, gate: LoginGate, pin: IdentityPin) -> None:
        self.rest = rest
        self._http = http
        self._api_token = api_token
        self._gate = gate
        self._pin = pin
        self._one = asyncio.Lock()
        self._token: str | None = None
        self._about: ArrayAbout | None = None
        self._about_at = 0.0
        self._failed: tuple[float, CallFailed] | None = None
        self._open = False
        self._closed = False

    async def request(self, call: Request, deadline: float) -> Any:
        """One call, its path below the version; returns the content. Raises `CallFailed`."""
        try:
            token = self._token or await self._login(None, deadline)
            answer = await self._exchange(call, token, deadline)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                token = await self._login(token, deadline)
                answer = await self._exchange(call, token, deadline)
            return answer.json()
        except CallFailed as failure:
            if not isinstance(failure, Answered) or failure.status != HTTPStatus.BAD_REQUEST:
                self._open = False
            raise

    async def about(self, deadline: float) -> ArrayAbout:
        """Who answers: known from the login, unless the last call failed since, or that was minutes ago."""
        if self._token is None:
            await self._login(None, deadline)
        elif not self._open or time.monotonic() - self._about_at >= _NAME_KEPT:
            self._about = self._checked(await self.request(Request("GET", "arrays"), deadline))
            self._open = True
        assert self._about is not None  # noqa: S101 - there is no token without it
        return self._about

    async def close(self) -> None:
        """Log out, as far as that can be done in the time of a logout, and never log in again. May be called twice."""
        self._closed = True
        token, self._token = self._token, None
        if token is not None:
            await self._logout(token)

    async def _exchange(self, call: Request, token: str, deadline: float) -> Answer:
        path, headers = f"/api/{self.rest}/{call.path}", {"x-auth-token": token}
        return await self._http.exchange(replace(call, path=path, headers=headers), deadline)

    async def _login(self, instead_of: str | None, deadline: float) -> str:
        """A token other than the one that was refused. Those who wait for a login share its failure."""
        came = time.monotonic()
        try:
            async with asyncio.timeout(deadline - came):
                await self._one.acquire()
        except TimeoutError:
            raise BeforeTheCall(LOGIN, NotReached(TimeoutError(), sent=False)) from None
        try:
            if self._token is not None and self._token != instead_of:
                return self._token
            if self._failed is not None and self._failed[0] >= came:
                raise self._failed[1]
            self._token = None
            self._check_open()
            token = await self._new_token(deadline)
            self._about = await self._identified(token, deadline)
            if self._closed:
                await self._logout(token)
            self._check_open()
            self._token, self._open, self._failed = token, True, None
        except CallFailed as failure:
            self._failed = time.monotonic(), failure.with_traceback(None)
            raise
        else:
            return token
        finally:
            self._one.release()

    def _check_open(self) -> None:
        if self._closed:
            raise NotAsked(reasons.UNREACHABLE, "not asked, because the connection to it is closed")

    async def _new_token(self, deadline: float) -> str:
        async with _through(self._gate, deadline):
            try:
                login = Request("POST", f"/api/{self.rest}/login", headers={"api-token": self._api_token})
                answer = await self._http.exchange(login, deadline)
                answer.check()
                token = answer.headers.get("x-auth-token", "")
                if not is_header_value(token):
                    answer.json()  # nothing of the body is needed, but it may say that this is no array
                    raise Unreadable("the login was answered without an x-auth-token that can be sent back")
            except CallFailed as failure:
                if refusals.login_refused(failure):
                    self._gate.refused()
                raise BeforeTheCall(LOGIN, failure) from failure
            self._gate.passed()
            return token

    async def _identified(self, token: str, deadline: float) -> ArrayAbout:
        """See that it is the array of the first login: only then is any other call made, or repeated."""
        try:
            answer = await self._exchange(Request("GET", "arrays"), token, deadline)
            return self._checked(answer.json())
        except IdentityDiffers:
            await self._logout(token)
            raise
        except CallFailed as failure:
            if not isinstance(failure, NotReached):
                await self._logout(token)
            raise BeforeTheCall(IDENTITY, failure) from failure

    def _checked(self, content: Any) -> ArrayAbout:
        about = answers.about(answers.page(content, "GET arrays").rows, self.rest)
        self._pin.check(about)
        self._about_at = time.monotonic()
        return about

    async def _logout(self, token: str) -> None:
        with suppress(CallFailed):  # the array ends idle sessions by itself
            await self._http.last(Request("POST", f"/api/{self.rest}/logout", headers={"x-auth-token": token}))


@asynccontextmanager
async def _through(gate: LoginGate, deadline: float) -> AsyncIterator[None]:
    """The gate without holding up the loop: what goes through it may be a thread of another connection.

    What it raises becomes a failure of this package.
    """
    while True:
        attempt = gate.attempt(0.0)
        try:
            attempt.__enter__()
        except gates.LockedOut as locked:
            raise LockedOut(locked.seconds) from None
        except gates.LoginUnderWay:
            if time.monotonic() >= deadline:
                raise BeforeTheCall(LOGIN, NotReached(TimeoutError(), sent=False)) from None
            await asyncio.sleep(_TURN)
        else:
            break
    try:
        yield
    finally:
        attempt.__exit__(None, None, None)
