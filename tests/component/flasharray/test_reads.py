"""Reads over the real `purestorage` against simulated arrays: values, and what they cost in calls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp import web
from component.flasharray.rig import REST1, REST2, Rig, done, is_one_line, only_rest1, only_rest2

from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.domain.ports import ArrayPort


async def test_about_comes_from_the_login_and_costs_nothing_after_it(rig: Rig) -> None:
    port = rig.connect()
    first = done(await port.about())
    assert first == ArrayAbout(rig.source.id, "pure-a", "6.9.1", rig.words.rest)
    assert rig.calls() == {"GET api_version": 1, rig.words.login: 1, rig.words.who: 1}

    assert done(await port.about()) == first
    assert rig.calls() == {}


async def test_about_asks_again_after_a_broken_call(rig: Rig) -> None:
    port = rig.connect(workers=1)
    await port.about()
    rig.fault(rig.words.group, "httpStatus", status=500)
    assert isinstance(await port.protection_group("erp"), Unavailable)
    rig.calls()

    done(await port.about())
    assert rig.calls() == {rig.words.who: 1}


@only_rest1
@pytest.mark.parametrize(("newest", "status"), [(19, "connecting"), (16, "disconnected")])
async def test_connections_before_and_after_rest_1_17(rig: Rig, newest: int, status: str) -> None:
    rig.source.rest_versions = tuple(f"1.{minor}" for minor in range(newest + 1))
    port = rig.connect()
    done(await port.about())
    rig.calls()

    (row,) = done(await port.connections())
    assert (row.name, row.id, row.connected, row.status) == ("pure-b", rig.target.id, True, "connected")
    assert rig.calls() == {"GET array/connection": 1}

    rig.world.links.join(rig.source.id, rig.target.id, connected=False)
    (row,) = done(await port.connections())
    assert (row.connected, row.status) == (False, status)


async def test_a_protection_group_with_its_targets_in_one_call(rig: Rig) -> None:
    rig.crm.targets[rig.target.id].allowed = False
    port = rig.connect()
    await port.about()
    rig.calls()

    erp = done(await port.protection_group("ERP"))
    (target,) = erp.targets
    assert (erp.name, erp.source, target.name, target.allowed) == ("erp", "pure-a", "pure-b", True)
    assert target.status == (None if rig.words.restVersion == "REST1" else "replicating")
    assert not erp.destroyed
    targets = {} if rig.words.restVersion == "REST1" else {"GET protection-groups/targets": 1}
    assert rig.calls() == {rig.words.group: 1} | targets
    assert done(await port.protection_group("crm")).targets[0].allowed is False


async def test_a_protection_group_that_is_destroyed_or_not_there(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.destroy_group(rig.erp)
    assert done(await port.protection_group("erp")).destroyed
    assert done(await port.protection_group("nothing")) is None


async def test_a_target_shows_the_group_under_the_source_arrays_name(rig: Rig) -> None:
    rig.array = rig.target
    rig.world.replication.take(rig.erp, "vr-1", replicate=True, retained=True)
    port = rig.connect()
    group = done(await port.protection_group("pure-a:erp"))
    assert (group.name, group.source) == ("pure-a:erp", "pure-a")

    (row,) = done(await port.snapshots("pure-a:erp"))
    assert (row.name, row.suffix, row.landed, row.progress) == ("pure-a:erp.vr-1", "vr-1", True, 1.0)
    assert row.bytes_transferred == rig.erp.transfer_bytes
    for moment in (row.created, row.started, row.completed):
        assert moment.tzinfo is UTC
        assert moment.microsecond % 1000 == 0
        assert abs((moment - datetime.now(UTC)).total_seconds()) < 60


async def test_a_transfer_that_waits_has_a_row_without_progress(rig: Rig) -> None:
    rig.array = rig.target
    rig.erp.hold.pull(None, queued=True)
    rig.world.replication.take(rig.erp, "vr-1", replicate=True, retained=True)
    (row,) = done(await rig.connect().snapshots("pure-a:erp"))
    assert (row.started, row.completed, row.progress, row.bytes_transferred) == (None, None, None, None)
    assert row.under_way


async def one_destroyed(rig: Rig, *, together: bool) -> ArrayPort:
    """Two snapshots of erp, one of them destroyed, and a port with an open session whose calls are counted anew."""
    rig.world.switches.rest1_pending_with_transfer = together
    for suffix in ("vr-1", "vr-2"):
        rig.world.replication.take(rig.erp, suffix, replicate=True, retained=True)
    rig.world.replication.destroy_snapshot(rig.erp, rig.erp.snapshots["vr-1"])
    port = rig.connect()
    await port.about()
    rig.calls()
    return port


@only_rest1
@pytest.mark.parametrize("together", [True, False])
async def test_snapshots_include_the_destroyed_ones(rig: Rig, together: bool) -> None:  # noqa: FBT001 - parametrized
    port = await one_destroyed(rig, together=together)

    rows = done(await port.snapshots("erp"))
    assert {(row.name, row.destroyed) for row in rows} == {("erp.vr-1", True), ("erp.vr-2", False)}
    assert rig.calls() == {"GET pgroup": 1 if together else 3}
    assert done(await port.snapshots("erp")) == rows
    assert rig.calls() == {"GET pgroup": 1 if together else 2}


@only_rest1
@pytest.mark.parametrize("together", [True, False])
async def test_transfers_include_the_destroyed_ones(rig: Rig, together: bool) -> None:  # noqa: FBT001 - parametrized
    port = await one_destroyed(rig, together=together)

    rows = done(await port.transfers(["erp", "gone"]))
    assert {(row.name, row.destroyed) for row in rows["erp"]} == {("erp.vr-1", True), ("erp.vr-2", False)}
    assert rows["gone"] == ()
    rig.calls()
    assert done(await port.transfers(["erp"]))["erp"] == rows["erp"]
    assert rig.calls() == {"GET pgroup": 1 if together else 2}


@only_rest2
@pytest.mark.parametrize("unasked", [True, False])
async def test_destroyed_rows_are_listed_whether_or_not_the_array_tells_unasked(rig: Rig, unasked: bool) -> None:  # noqa: FBT001 - parametrized
    rig.world.switches.rest2_destroyed_unasked = unasked
    port = await one_destroyed(rig, together=True)

    for _ in range(2):
        for rows in (done(await port.snapshots("erp")), done(await port.transfers(["erp", "gone"]))["erp"]):
            assert {(row.name, row.destroyed) for row in rows} == {("erp.vr-1", True), ("erp.vr-2", False)}
    rig.calls()
    done(await port.transfers(["erp"]))
    assert rig.calls() == {rig.words.transfers: 1, rig.words.rows: 1 if unasked else 2}


async def test_snapshots_of_a_missing_group_are_refused_and_not_empty(rig: Rig) -> None:
    outcome = await rig.connect().snapshots("nothing")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "ProtectionGroupNotFound"
    assert rig.address in outcome.message
    assert is_one_line(outcome.message)


async def test_transfers_of_several_groups_are_one_call(rig: Rig) -> None:
    rig.array = rig.target
    for group in (rig.erp, rig.crm):
        rig.world.replication.take(group, "vr-1", replicate=True, retained=True)
    port = rig.connect()
    await port.about()
    rig.calls()

    rows = done(await port.transfers(["pure-a:erp", "pure-a:crm", "pure-a:erp"]))
    assert {name: [row.name for row in found] for name, found in rows.items()} == {
        "pure-a:erp": ["pure-a:erp.vr-1"],
        "pure-a:crm": ["pure-a:crm.vr-1"],
    }
    assert sum(rig.calls().values()) == (1 if rig.words.restVersion == "REST1" else 3)
    assert done(await port.transfers([])) == {}
    assert rig.calls() == {}


@pytest.mark.parametrize("named", [True, False])
async def test_missing_groups_have_empty_rows_and_fail_nobody(rig: Rig, named: bool) -> None:  # noqa: FBT001 - parametrized
    for group in (rig.erp, rig.crm):
        rig.world.replication.take(group, "vr-1", replicate=True, retained=True)
    if not named:
        rig.override = _nameless_refusal
    port = rig.connect()
    rows = done(await port.transfers(["gone-1", "erp", "gone-2", "crm", "gone-3"]))
    assert {name: len(found) for name, found in rows.items()} == {
        "gone-1": 0, "erp": 1, "gone-2": 0, "crm": 1, "gone-3": 0,
    }  # fmt: skip


async def _nameless_refusal(request: web.BaseRequest) -> web.Response | None:
    """An array that does not say which of the groups it misses."""
    if b"gone" not in await request.read() and "gone" not in request.query.get("source_names", ""):
        return None
    words = REST2 if request.path.startswith("/api/2") else REST1
    return words.refusal("Protection group does not exist.")


@pytest.mark.parametrize("kind", ["garbage", "truncated", "resetBefore", "resetAfter"])
async def test_no_usable_answer_to_a_read(rig: Rig, kind: str) -> None:
    rig.world.replication.take(rig.erp, "vr-1", replicate=True, retained=True)
    port = rig.connect()
    await port.about()
    rig.fault(rig.words.rows, kind, times=2)  # a read is repeated once if a kept connection ended
    outcome = await port.snapshots("erp")
    rig.world.faults.remove()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == {"garbage": "AnswerUnreadable"}.get(kind, "Unreachable")
    assert is_one_line(outcome.message)
    assert len(done(await port.snapshots("erp"))) == 1
