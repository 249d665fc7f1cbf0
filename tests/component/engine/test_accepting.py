"""How a new request is accepted: its finalizer while it reads, its acceptance with its intent."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import takes
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FINALIZER, REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Failed

KEY = (REPLICATION_SYNC.plural, "prod", "one")
METHODS = ("Coordinated", "ArrayOnly", "AwaitSchedule")


def versions(rig: Rig) -> list[dict[str, Any]]:
    """All that the object was, in order."""
    return rig.api.history[KEY]


def strip(rig: Rig) -> None:
    """Somebody replaces the object by its manifest."""
    body = copy.deepcopy(rig.api.sync("one"))
    body["metadata"].pop("finalizers", None)
    rig.api.replace(KEY, body)


async def held_and_not_accepted(rig: Rig) -> None:
    """A request that carries the finalizer, and still reads."""
    rig.world.before["points_in_time"] = [takes(5.0)]
    rig.request("one")
    await until(lambda: rig.api.sync("one")["metadata"].get("finalizers"), within=1)
    assert not rig.api.sync("one")["status"].get("acceptedAt")


@virtual
async def test_acceptance_and_intent_are_one_write_and_the_finalizer_is_there_before() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        held, first = versions(rig)[1:3]
        assert held["metadata"]["finalizers"] == [FINALIZER]
        assert not held["status"].get("acceptedAt")
        assert first["status"]["acceptedAt"]
        assert first["status"]["operation"]["sync"]["intentAt"]
        assert "task" not in first["status"]["operation"]["sync"]


@virtual
async def test_while_the_storage_takes_long_the_acceptance_is_shown_by_itself() -> None:
    async with running() as rig:
        rig.world.before["points_in_time"] = [takes(5.0)]
        rig.request("one")
        await until(lambda: rig.api.sync("one")["status"].get("acceptedAt"), within=1)
        assert rig.reason("one") == "Accepted"
        assert rig.api.sync("one")["metadata"]["finalizers"] == [FINALIZER]
        assert not rig.api.sync("one")["status"]["operation"].get("sync")
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1


@pytest.mark.parametrize("what", ["finalizer", "status"])
@pytest.mark.parametrize("method", METHODS)
@virtual
async def test_what_is_taken_away_while_a_new_request_reads_is_written_again_and_it_goes_on(
    method: str, what: str
) -> None:
    async with running(Rig(transfer=60.0)) as rig:
        reading = "transfers" if method == "ArrayOnly" else "points_in_time"
        rig.world.before[reading] = [takes(5.0)]
        rig.request("one", method=method)
        await until(lambda: rig.api.sync("one")["status"].get("acceptedAt"), within=1)
        if what == "finalizer":
            strip(rig)
        else:
            rig.api.set_status("one", dict.clear)
        await until(lambda: (rig.api.sync("one")["status"].get("operation") or {}).get("resolved"), within=30)
        assert rig.api.sync("one")["metadata"]["finalizers"] == [FINALIZER]


@pytest.mark.parametrize("answer", [Conflict(), Failed("no answer"), "lost"])
@virtual
async def test_a_first_write_that_is_refused_or_lost_makes_nothing_twice(answer: Any) -> None:
    async with running() as rig:
        rig.api.answers = [answer]
        rig.request("one")
        await rig.until_ended("one")
        assert len(rig.world.pushed) == len(rig.world.armed) == 1


@virtual
async def test_a_process_that_dies_between_finalizer_and_acceptance_leaves_a_new_request() -> None:
    async with running() as rig:
        await held_and_not_accepted(rig)
        await rig.restart()
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1


@virtual
async def test_one_that_is_deleted_between_finalizer_and_acceptance_goes_at_once_even_after_a_restart() -> None:
    async with running() as rig:
        await held_and_not_accepted(rig)
        await rig.kill()
        rig.api.remove(REPLICATION_SYNC, "one", "prod")
        assert KEY in rig.api.objects
        rig.engine = rig.renewed()
        await rig.start()
        await until(lambda: KEY not in rig.api.objects, within=1)
        assert rig.world.armed == []
