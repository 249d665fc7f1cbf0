"""The REST 2 session on a scripted wire: when it logs in, and when it never does."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from vvol_replication.storage.flasharray.errors import CallFailed, LockedOut, NotAsked
from vvol_replication.storage.flasharray.http import Answer, Request
from vvol_replication.storage.flasharray.metadata import IdentityPin
from vvol_replication.storage.flasharray.rest2.session import Session
from vvol_replication.storage.login import LoginGate

ARRAY = {"items": [{"id": "id-1", "name": "pure-a", "version": "6"}]}


class Wire:
    """Answers like an array; `close_at` names a request during which the session is closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.session: Session | None = None
        self.close_at = ""
        self.login_status = 200

    async def exchange(self, request: Request, deadline: float) -> Answer:
        assert deadline > time.monotonic()
        call = f"{request.method} {request.path.removeprefix('/api/2.26/')}"
        self.asked.append(call)
        await asyncio.sleep(0)
        if call == self.close_at and self.session is not None:
            await self.session.close()
        if call == "POST login":
            token = f"token-{len(self.asked)}"
            self.tokens.add(token)
            return answer({}, self.login_status, {"x-auth-token": token})
        known = request.headers["x-auth-token"] in self.tokens
        return answer(ARRAY, 200 if known else 401)

    async def last(self, request: Request) -> None:
        self.asked.append("POST logout")
        self.tokens.discard(request.headers["x-auth-token"])


def answer(content: Any, status: int, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json"} | (headers or {}), json.dumps(content).encode())


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def session(wire: Wire) -> Session:
    made = Session(wire, "2.26", "secret", LoginGate(), IdentityPin())  # type: ignore[arg-type]  # all that it uses of Http
    wire.session = made
    return made


async def ask(session: Session) -> Any:
    return await session.request(Request("GET", "things"), time.monotonic() + 30)


async def test_a_closed_session_is_never_opened_again(wire: Wire, session: Session) -> None:
    assert await ask(session) == ARRAY
    await session.close()
    with pytest.raises(NotAsked):
        await ask(session)
    assert wire.asked == ["POST login", "GET arrays", "GET things", "POST logout"]
    assert not wire.tokens


@pytest.mark.parametrize("moment", ["GET things", "POST login", "GET arrays"])
async def test_what_is_under_way_when_it_is_closed_leaves_no_session(wire: Wire, session: Session, moment: str) -> None:
    if moment == "GET things":
        await ask(session)
        wire.tokens.clear()
    wire.close_at = moment
    with pytest.raises(NotAsked):
        await ask(session)
    assert not wire.tokens


async def test_a_crowd_with_a_wrong_token_uses_one_try(wire: Wire, session: Session) -> None:
    wire.login_status = 401
    for tries in (1, 2, 3):
        ended = await asyncio.gather(*(ask(session) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(end, CallFailed) for end in ended)
        assert wire.asked == ["POST login"] * tries
    with pytest.raises(LockedOut):
        await ask(session)
    assert len(wire.asked) == 3
