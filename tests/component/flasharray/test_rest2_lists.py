"""Lists of REST 2 that break off, come with errors, or show the destroyed ones only to who asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from component.flasharray.door import Door, refusal, snapshot, transfer
from component.flasharray.rig import TOKEN, Authority, done, is_one_line

from vvol_replication.domain.arrays import AlreadyThere
from vvol_replication.domain.outcomes import Unavailable

SNAPSHOTS = "protection-group-snapshots"
TRANSFERS = "protection-group-snapshots/transfer"


@pytest.fixture
async def door(authority: Authority) -> AsyncIterator[Door]:
    made = Door(authority, groups={"erp", "crm"}, versions=("2.4", "2.58"))
    made.lists["protection-groups"] = [
        {"name": name, "source": {"name": "pure-a"}, "destroyed": False} for name in ("erp", "crm")
    ]
    made.lists[SNAPSHOTS] = [snapshot("erp.a"), snapshot("erp.b"), snapshot("crm.a")]
    made.lists[TRANSFERS] = [transfer("erp.a"), transfer("erp.b")]
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize("said", ["Continuation token does not exist.", "Invalid continuation token."])
async def test_a_further_page_that_is_refused_makes_nothing_empty(door: Door, said: str) -> None:
    """The token went with the session or the controller that gave it."""

    async def forgotten(request: web.BaseRequest) -> web.Response | None:
        return refusal(said) if "continuation_token" in request.query else None

    door.page, door.override = 1, forgotten
    port = door.connect()
    for outcome in (await port.transfers(["erp"]), await port.snapshots("erp"), await port.transfers(["erp", "crm"])):
        assert isinstance(outcome, Unavailable), outcome
        assert outcome.reason == "AnswerUnreadable"
        assert said.rstrip(".") in outcome.message
        assert is_one_line(outcome.message)


@pytest.mark.parametrize("items", [[], [snapshot("erp.a")]], ids=["empty", "some"])
async def test_a_list_with_errors_beside_it_is_not_the_whole_list(door: Door, items: list[dict[str, object]]) -> None:
    async def in_part(request: web.BaseRequest) -> web.Response | None:
        if not request.path.endswith(SNAPSHOTS):
            return None
        errors = [{"context": "erp", "message": f"Internal error. You sent {TOKEN}."}]
        return web.json_response({"items": items, "errors": errors, "more_items_remaining": False})

    door.override = in_part
    outcome = await door.connect().snapshots("erp")
    assert isinstance(outcome, Unavailable), outcome
    assert "erp: Internal error" in outcome.message
    assert TOKEN not in outcome.message


def shows_destroyed_if_asked(door: Door, *, missing: bool = False) -> None:
    """As the specification may be read: without `destroyed=true` only live snapshots are listed; a push is refused.

    `missing`: to a question for one by name it says that it does not exist.
    """

    async def answer(request: web.BaseRequest) -> web.Response | None:
        if not request.path.endswith(SNAPSHOTS):
            return None
        if request.method == "POST":
            return refusal("Protection group snapshot already exists.", "erp.never-sent")
        asked = request.query.get("destroyed") == "true"
        named = request.query.get("names")
        rows = [
            row
            for row in door.lists[SNAPSHOTS]
            if row["destroyed"] is asked and (named is None or row["name"] == named)
        ]
        if missing and named is not None and not rows:
            return refusal("Protection group snapshot does not exist.", named)
        return web.json_response({"items": rows, "more_items_remaining": False})

    door.lists[SNAPSHOTS] = [snapshot("erp.a")] + [
        snapshot(f"erp.{name}", destroyed=True) for name in ("b", "never-sent")
    ]
    door.lists[TRANSFERS] = [transfer("erp.a"), transfer("erp.b", destroyed=True)]
    door.override = answer


async def test_a_transfer_that_is_told_as_destroyed_hides_no_destroyed_snapshot(door: Door) -> None:
    shows_destroyed_if_asked(door)
    port = door.connect()
    for _ in range(2):
        rows = done(await port.snapshots("erp"))
        assert {row.suffix: row.destroyed for row in rows} == {"a": False, "b": True, "never-sent": True}


@pytest.mark.parametrize("missing", [True, False])
async def test_a_push_that_meets_a_destroyed_snapshot_finds_it_among_the_destroyed(
    door: Door, *, missing: bool
) -> None:
    shows_destroyed_if_asked(door, missing=missing)
    there = done(await door.connect().push("erp", "never-sent"))
    assert isinstance(there, AlreadyThere)
    assert there.destroyed
