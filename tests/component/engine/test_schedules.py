"""Schedules in the engine: runs that are started, once each, and what people see of them."""

from __future__ import annotations

from datetime import UTC, datetime

from component.engine.rig import running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_SCHEDULE


def at(hour: int, minute: int) -> datetime:
    """A time of the first day; the clock begins at noon."""
    return datetime(2026, 6, 1, hour, minute, tzinfo=UTC)


@virtual
async def test_a_run_is_started_at_its_time_and_told_when_it_has_ended() -> None:
    async with running() as rig:
        rig.schedule("nightly", pointInTimeNamePrefix="nightly")
        await until(lambda: rig.scheduled("nightly").next_schedule_time == at(12, 15))
        assert rig.says(REPLICATION_SCHEDULE, "nightly") == ("True", "Scheduled")
        assert not rig.runs

        await until(lambda: bool(rig.runs), within=901)
        (run,) = rig.runs
        assert rig.clock.now() < at(12, 15).replace(second=1)
        await rig.until_ended(run)
        await until(lambda: rig.says(REPLICATION_SCHEDULE, "nightly", "LastRunSucceeded") is not None)

        status = rig.scheduled("nightly")
        assert status.last_schedule_time == at(12, 15)
        assert status.next_schedule_time == at(12, 30)
        assert not status.active
        assert status.last_run is not None
        assert status.last_run.point_in_time is not None
        assert status.last_run.point_in_time.name == "nightly-20260601T121500Z"
        assert status.last_successful_time == status.last_run.finished_at
