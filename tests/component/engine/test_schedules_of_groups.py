"""Many schedules of one minute, and schedules against the recovery point objective of their group."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta

from component.engine.rig import Rig, running
from component.engine.test_schedules import at, before_long, until_time
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_GROUP, REPLICATION_SCHEDULE, Kind
from vvol_replication.api.schedule import ReplicationScheduleStatus
from vvol_replication.api.status import Phase
from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule

SCHEDULES = int(os.environ.get("SCHEDULES", "100"))
"""`SCHEDULES=500 make component ARGS='-k many_schedules'`: minutes."""
GROUPS = SCHEDULES // 10


@virtual
async def test_many_schedules_of_one_minute_start_as_their_stagger_says() -> None:
    names = [f"g{number}" for number in range(GROUPS)]
    async with running(Rig(*names, transfer=1.0)) as rig:
        for number in range(SCHEDULES):
            rig.schedule(f"s{number}", group=names[number % GROUPS], stagger="10m", schedule="0 13 * * *")
        await until_time(rig, at(12, 59))
        before = len(rig.api.writes)
        await until_time(rig, at(13, 11))
        assert len(rig.runs) == SCHEDULES

        starts = sorted(
            (datetime.fromisoformat(rig.api.sync(run)["metadata"]["creationTimestamp"]) - at(13, 0)).total_seconds()
            for run in rig.runs
        )
        assert starts[-1] < 601
        parts = Counter(min(int(start // 150), 3) for start in starts)
        assert all(SCHEDULES / 4 * 0.6 < count < SCHEDULES / 4 * 1.4 for count in parts.values()), parts

        await before_long(lambda: all(_last(rig, number).last_run for number in range(SCHEDULES)))
        assert {run.phase for number in range(SCHEDULES) if (run := _last(rig, number).last_run)} == {Phase.SUCCEEDED}
        mine = Counter(name for name, _ in rig.api.writes[before:] if name.startswith("s") and "-" not in name)
        assert max(mine.values()) <= 2, "beside the creation, a start and an end"


def _last(rig: Rig, number: int) -> ReplicationScheduleStatus:
    return rig.scheduled(f"s{number}")


def too_tight(rig: Rig, kind: Kind, name: str) -> tuple[str, str] | None:
    return rig.says(kind, name, "ObjectiveTooTight")


@virtual
async def test_an_objective_that_no_schedule_can_hold_is_told_by_all_until_one_can() -> None:
    tight = ("True", "ObjectiveTooTight")
    async with running() as rig:
        rig.group("erp", recoveryPointObjective="1h")
        rig.schedule("nightly", schedule="30 2 * * *")
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") == tight)
        await until(lambda: too_tight(rig, REPLICATION_GROUP, "erp") == tight)
        (message,) = [one.message for one in rig.scheduled("nightly").conditions if one.type == "ObjectiveTooTight"]
        assert "up to 24 h pass" in message

        rig.schedule("often")
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") is None)
        await until(lambda: too_tight(rig, REPLICATION_GROUP, "erp") is None)
        assert too_tight(rig, REPLICATION_SCHEDULE, "often") is None

        rig.schedule("often", suspend=True)
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") == tight)
        await until(lambda: too_tight(rig, REPLICATION_GROUP, "erp") == tight)

        rig.group("erp", recoveryPointObjective="25h")
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") is None)
        rig.group("erp", recoveryPointObjective="24h")
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") == tight)

        rig.api.remove(REPLICATION_SCHEDULE, "nightly", "prod")
        await until(lambda: too_tight(rig, REPLICATION_GROUP, "erp") is None)


@virtual
async def test_a_schedule_is_not_too_seldom_where_the_array_holds_the_objective() -> None:
    rig = Rig()
    rig.world.policies["erp"] = ProtectionPolicy(ReplicationSchedule(enabled=True, every=timedelta(minutes=15)), None)
    async with running(rig) as rig:
        rig.group("erp", recoveryPointObjective="1h")
        rig.schedule("nightly", schedule="30 2 * * *")
        await until(lambda: rig.body(REPLICATION_GROUP, "erp")["status"].get("arrayPolicy"))
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        await until(lambda: too_tight(rig, REPLICATION_SCHEDULE, "nightly") is None)

        assert too_tight(rig, REPLICATION_GROUP, "erp") is None
