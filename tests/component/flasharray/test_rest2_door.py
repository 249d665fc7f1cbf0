"""REST 2 against a small array of our own: pages, missing groups, one login for many, what is never sent twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from component.flasharray.door import CREATED, Door, refusal, snapshot, transfer
from component.flasharray.rig import QUICK, Authority, done, is_one_line

from vvol_replication.domain.arrays import AlreadyThere, ArrayConnection, ReplicationTarget, Snapshot
from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.storage.flasharray.rest2 import session

SNAPSHOTS = "protection-group-snapshots"
TRANSFERS = "protection-group-snapshots/transfer"
MOMENT = datetime.fromtimestamp(CREATED // 1000, UTC) + timedelta(milliseconds=CREATED % 1000)
FIRST = ["GET api_version", "POST login", "GET arrays"]


@pytest.fixture
async def door(authority: Authority) -> AsyncIterator[Door]:
    made = Door(authority, groups={"erp", "crm", "pure-a:erp"})
    made.lists[SNAPSHOTS] = [snapshot("erp.a"), snapshot("erp.b", destroyed=True), snapshot("crm.a")]
    made.lists[TRANSFERS] = [transfer("erp.a"), transfer("erp.b", progress=0.075, completed=None)]
    await made.start()
    yield made
    await made.close()


async def test_rows_are_of_two_lists_in_milliseconds(door: Door) -> None:
    rows = done(await door.connect().snapshots("erp"))
    assert rows == (
        Snapshot("erp.a", MOMENT, MOMENT + timedelta(seconds=1), MOMENT + timedelta(seconds=9), 1.0, 4096),
        Snapshot("erp.b", MOMENT, MOMENT + timedelta(seconds=1), None, 0.075, 4096, destroyed=True),
    )
    assert door.calls() == [*FIRST, f"GET {TRANSFERS}", f"GET {SNAPSHOTS}"]


async def test_a_session_that_never_ends_sees_that_the_array_was_renamed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.connect()
    assert done(await port.about()).name == "pure-a"
    door.lists["arrays"] = [{"id": "id-1", "name": "renamed", "version": "6.4.10"}]
    door.calls()
    assert done(await port.about()).name == "pure-a"
    assert door.calls() == [], "each reading of an array begins with this question"
    monkeypatch.setattr(session, "_NAME_KEPT", 0.0)
    assert done(await port.about()).name == "renamed"
    assert door.calls() == ["GET arrays"]


@pytest.mark.parametrize("tokens", [True, False])
@pytest.mark.parametrize("newest", ["2.4", "2.28", "2.29", "2.58"])
async def test_all_pages_are_read(door: Door, tokens: bool, newest: str) -> None:  # noqa: FBT001 - parametrized
    door.versions, door.page, door.tokens_in_pages = ("2.4", newest), 7, tokens
    names = [f"erp.s-{number}" for number in range(30)]
    door.lists[SNAPSHOTS] = [snapshot(name) for name in names]
    door.lists[TRANSFERS] = [transfer(name) for name in names]
    rows = done(await door.connect().snapshots("erp"))
    assert [row.name for row in rows] == names
    assert all(row.landed for row in rows)
    counted = [query for _, path, query in door.seen if path == TRANSFERS]
    assert len(counted) == 5
    assert any("continuation_token" in query for query in counted) is (tokens and newest in ("2.29", "2.58"))


async def test_only_what_a_row_says_is_destroyed_is_so_whatever_was_asked_for(door: Door) -> None:
    door.lists[SNAPSHOTS] = [snapshot("erp.a"), snapshot("erp.c")]
    door.lists[TRANSFERS] = [transfer("erp.a"), transfer("erp.c")]
    rows = done(await door.connect().snapshots("erp"))
    assert ("GET", SNAPSHOTS, "true") in [(method, path, query.get("destroyed")) for method, path, query in door.seen]
    assert [(row.name, row.destroyed) for row in rows] == [("erp.a", False), ("erp.c", False)]


async def test_pages_without_end_are_unreadable(door: Door) -> None:
    async def endless(request: web.BaseRequest) -> web.Response | None:
        if request.path.endswith("transfer"):
            return web.json_response({"items": pages[0], "more_items_remaining": True, "continuation_token": "same"})
        return None

    door.override = endless
    for items in ([], [transfer("erp.a")]):
        pages = [items]
        outcome = await door.connect().snapshots("erp")
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "AnswerUnreadable"


@pytest.mark.parametrize(("longest", "ends"), [(1, True), (60, True), (1000, False)])
async def test_pages_that_hold_nothing_are_passed_over_as_long_as_their_tokens_lead_on(
    door: Door, longest: int, *, ends: bool
) -> None:
    """What was on a page may have been eradicated since the list began."""
    door.versions = ("2.4", "2.58")

    async def with_gaps(request: web.BaseRequest) -> web.Response | None:
        if not request.path.endswith("transfer"):
            return None
        number = int(request.query.get("continuation_token", "0"))
        last = number > longest
        body = {"items": [transfer(f"erp.{'b' if last else 'a'}")] if number in (0, longest + 1) else []}
        return web.json_response(body | {"more_items_remaining": not last} | ({"continuation_token": str(number + 1)}))

    door.override = with_gaps
    outcome = await door.connect().snapshots("erp")
    if ends:
        assert [row.name for row in done(outcome) if row.landed] == ["erp.a", "erp.b"]
    else:
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "AnswerUnreadable"


async def test_transfers_of_many_groups_are_two_calls(door: Door) -> None:
    port = door.connect()
    await port.about()
    door.calls()
    for groups in (["erp"], ["erp", "crm", "ERP"]):
        door.groups |= set(groups)
        rows = done(await port.transfers(groups))
        assert [len(rows[name]) for name in groups] == {1: [2], 3: [2, 1, 2]}[len(groups)]
        assert len(door.calls()) == 2
    crowd = [f"group-number-{number}" for number in range(1000)]
    assert set(done(await port.transfers(["erp", *crowd]))) == {"erp", *crowd}
    assert len(door.calls()) == 2


@pytest.mark.parametrize("named", [True, False])
async def test_missing_groups_cost_no_more_than_a_few_calls(door: Door, named: bool) -> None:  # noqa: FBT001 - parametrized
    door.names_the_missing = named
    port = door.connect()
    await port.about()
    for gone in (1, 20):
        door.calls()
        rows = done(await port.transfers(["erp", *(f"gone-{number}" for number in range(gone)), "crm"]))
        assert {name: len(found) for name, found in rows.items() if found} == {"erp": 2, "crm": 1}
        assert len(door.calls()) == 3
    assert done(await port.transfers(["gone-1"])) == {"gone-1": ()}


async def test_nothing_listed_is_not_nothing_there(door: Door) -> None:
    door.groups.add("ghost")
    door.lists["protection-groups"] = [{"name": "crm", "source": {"name": "pure-a"}, "destroyed": False}]
    door.lists[SNAPSHOTS] = []
    port = door.connect()
    outcome = await port.snapshots("ghost")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "ProtectionGroupNotFound"
    assert done(await port.snapshots("crm")) == ()


async def test_what_is_listed_of_other_groups_is_not_taken_for_this_ones(door: Door) -> None:
    """An array that does not know a filter answers with all that there is."""

    async def everything(request: web.BaseRequest) -> web.Response | None:
        path = request.path.partition("/api/2.26/")[2]
        known = request.method == "GET" and path != "arrays"
        return web.json_response({"items": door.lists[path]}) if known and path in door.lists else None

    door.lists["protection-groups"] = [
        {"name": name, "source": {"name": "pure-a"}, "destroyed": False} for name in ("crm", "erp")
    ]
    door.lists["protection-groups/targets"] = [
        {"group": {"name": "crm"}, "member": {"name": "pure-c"}, "allowed": True},
        {"group": {"name": "erp"}, "member": {"name": "pure-b"}, "allowed": False},
    ]
    door.override = everything
    port = door.connect()
    group = done(await port.protection_group("ERP"))
    assert (group.name, group.targets) == ("erp", (ReplicationTarget("pure-b", allowed=False),))
    assert done(await port.protection_group("hr")) is None
    assert [row.name for row in done(await port.snapshots("erp"))] == ["erp.a", "erp.b"]
    outcome = await port.snapshots("hr")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "ProtectionGroupNotFound"


async def test_an_object_that_is_missing_may_be_a_404(door: Door) -> None:
    async def strict(request: web.BaseRequest) -> web.Response | None:
        asked = request.query.get("source_names") or request.query.get("names")
        return None if asked is None else refusal(f"{asked} does not exist.", asked, status=404)

    door.override = strict
    port = door.connect()
    assert done(await port.transfers(["pure-a:erp"])) == {"pure-a:erp": ()}
    assert done(await port.protection_group("erp")) is None
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "ProtectionGroupNotFound"
    assert door.calls().count("GET api_version") == 1, "no other version is looked for"


async def test_a_group_and_its_targets(door: Door) -> None:
    door.lists["protection-groups"] = [{"name": "erp", "source": {"name": "pure-a"}, "destroyed": False}]
    door.lists["protection-groups/targets"] = [
        {"group": {"name": "erp"}, "member": {"name": "pure-b"}, "allowed": True, "status": "suspended"},
        {"group": {"name": "erp"}, "target": {"name": "pure-c"}, "allowed": False},
    ]
    group = done(await door.connect().protection_group("erp"))
    assert group.targets == (
        ReplicationTarget("pure-b", allowed=True, status="suspended"),
        ReplicationTarget("pure-c", allowed=False),
    )
    door.lists["protection-groups"][0]["destroyed"] = True
    assert done(await door.connect().protection_group("erp")).destroyed
    assert done(await door.connect().protection_group("nothing")) is None


async def test_connections_before_and_after_rest_2_40(door: Door) -> None:
    door.lists["array-connections"] = [
        {"name": "pure-b", "id": "whose?", "status": "unbalanced", "type": "async-replication"},
        {"name": "link", "id": "x", "status": "inactive", "remote": {"name": "pure-c", "id": "id-3"}},
        {"name": "pure-d", "id": "id-4", "status": "connected", "type": "fleet-management"},
    ]
    assert done(await door.connect().connections()) == (
        ArrayConnection("pure-b", None, connected=True, status="unbalanced"),
        ArrayConnection("pure-c", "id-3", connected=False, status="inactive"),
    )


async def test_a_connection_that_is_half_made_hides_no_other(door: Door) -> None:
    door.lists["array-connections"] = [
        {"name": None, "remote": None, "status": "connecting", "type": "async-replication"},
        {"name": "pure-c", "remote": {"id": "id-3", "name": "pure-c"}, "status": None, "type": "async-replication"},
        {"name": "pure-b", "remote": {"id": "id-2", "name": "pure-b"}, "status": "connected"},
    ]
    assert done(await door.connect().connections()) == (
        ArrayConnection("pure-c", "id-3", connected=False, status="no status"),
        ArrayConnection("pure-b", "id-2", connected=True, status="connected"),
    )


async def test_a_login_needs_no_more_than_its_token(door: Door) -> None:
    async def terse(request: web.BaseRequest) -> web.Response | None:
        if not request.path.endswith("/login"):
            return None
        door.tokens.add("token-of-a-terse-array")
        return web.Response(headers={"x-auth-token": "token-of-a-terse-array"})

    door.override = terse
    assert done(await door.connect().about()).name == "pure-a"


async def test_the_type_of_the_content_is_in_any_case(door: Door) -> None:
    async def shouts(request: web.BaseRequest) -> web.Response | None:
        if not request.path.endswith("/arrays"):
            return None
        body = json.dumps({"items": door.lists["arrays"]}).encode()
        return web.Response(body=body, headers={"Content-Type": "Application/JSON; charset=UTF-8"})

    door.override = shouts
    assert done(await door.connect().about()).id == "id-1"


@pytest.mark.parametrize("crowd", [1, 12])
async def test_one_login_however_many_notice(door: Door, crowd: int) -> None:
    port = door.connect(workers=4)
    await port.about()
    for expected in (2, 3):
        door.tokens.clear()
        calls = (*(port.snapshots("erp") for _ in range(crowd)), *(port.push("erp", f"vr-{n}") for n in range(crowd)))
        outcomes = await asyncio.gather(*calls)
        assert door.logins == expected
        assert all(not isinstance(outcome, Unavailable | Indeterminate) for outcome in outcomes)


async def test_a_login_that_fails_fails_for_all_who_wait_for_it(door: Door) -> None:
    async def broken(request: web.BaseRequest) -> web.Response | None:
        return web.Response(status=500) if request.path.endswith("login") else None

    port = door.connect(workers=4)
    await port.about()
    door.tokens.clear()
    door.override = broken
    door.calls()
    outcomes = await asyncio.gather(*(port.push("erp", f"vr-{number}") for number in range(8)))
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Unavailable)} == {"EndpointFault"}
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert door.calls().count("POST login") < 8


@pytest.mark.parametrize(
    ("words", "row", "destroyed", "looks"),
    [
        ("Protection group snapshot already exists.", {}, False, 1),
        ("Protection group snapshot already exists.", {"destroyed": True}, True, 1),
        ("Protection group snapshot has been destroyed.", {}, True, 0),
        ("Protection group snapshot is pending eradication.", {}, True, 0),
    ],
)
async def test_what_is_already_there(
    door: Door,
    words: str,
    row: dict[str, bool],
    destroyed: bool,  # noqa: FBT001 - parametrized
    looks: int,
) -> None:
    async def taken(request: web.BaseRequest) -> web.Response | None:
        return refusal(words, "erp.vr-1") if request.method == "POST" and "snapshots" in request.path else None

    door.override = taken
    door.lists[SNAPSHOTS].append(snapshot("erp.vr-1", **row))
    there = done(await door.connect().push("erp", "vr-1"))
    assert there == AlreadyThere(f"erp.vr-1: {words}", destroyed=destroyed)
    assert door.calls().count(f"GET {SNAPSHOTS}") == looks


async def test_a_look_that_fails_leaves_nothing_claimed(door: Door) -> None:
    async def taken(request: web.BaseRequest) -> web.Response | None:
        if "snapshots" not in request.path:
            return None
        return refusal("Already exists.", "erp.vr-1") if request.method == "POST" else web.Response(status=500)

    door.override = taken
    outcome = await door.connect().push("erp", "vr-1")
    assert isinstance(outcome, Unavailable), outcome
    assert outcome.reason == "EndpointFault"
    assert "Already exists" in outcome.message
    assert is_one_line(outcome.message)


async def test_a_post_is_sent_once_and_on_a_connection_of_its_own(door: Door) -> None:
    transports, posts = set(), []

    async def drop(request: web.BaseRequest) -> web.StreamResponse | None:
        if request.method == "POST" and request.path.endswith(SNAPSHOTS):
            posts.append(request.transport in transports)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        transports.add(request.transport)
        return None

    door.override = drop
    port = door.connect()
    await port.about()
    for number in range(3):
        outcome = await port.push("erp", f"vr-{number}")
        assert isinstance(outcome, Indeterminate)
        assert outcome.reason == "AnswerLost"
    assert posts == [False] * 3


async def test_an_answer_that_hangs_after_the_request_is_a_doubt(door: Door) -> None:
    over = asyncio.Event()

    async def hang(request: web.BaseRequest) -> None:
        if request.method == "POST" and request.path.endswith(SNAPSHOTS):
            await over.wait()

    door.override = hang
    outcome = await door.connect(timeouts=QUICK).push("erp", "vr-1")
    over.set()
    assert isinstance(outcome, Indeterminate), outcome


@pytest.mark.parametrize("ahead", [-3700, -2, 0, 2, 90_000])
async def test_the_clock_of_the_array(door: Door, ahead: int) -> None:
    async def dated(request: web.BaseRequest) -> web.Response | None:
        if request.path.endswith("arrays"):
            told = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
            return web.json_response({"items": door.lists["arrays"]}, headers={"Date": told})
        return None

    door.override = dated
    skew = done(await door.connect().about()).skew
    assert skew is not None
    assert skew.total_seconds() == int(skew.total_seconds())
    assert abs(skew.total_seconds() - ahead) <= 1
