"""Endpoints that answer, but take longer than an answer is fresh: every request gets to its end all the same."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from component.engine.rig import running
from component.engine.steps import takes
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC
from vvol_replication.api.sync import Method
from vvol_replication.reconcile.core.tuning import Tuning

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

SLOW = Tuning().fresh.total_seconds() + 2
ARRAYS = ("connections", "protection_group", "snapshots", "transfers")
READ = {
    "FailoverPreparation": (*ARRAYS, "group", "members", "points_in_time"),
    Method.COORDINATED: (*ARRAYS, "group", "points_in_time", "task"),
    Method.ARRAY_ONLY: ARRAYS,
}
ENDS = {
    "FailoverPreparation": "FailoverPrepared",
    Method.COORDINATED: "PointInTimeCreated",
    Method.ARRAY_ONLY: "SnapshotReplicated",
}
CASES = [(what, set(pair)) for what, read in READ.items() for pair in combinations_with_replacement(read, 2)]


@virtual
@pytest.mark.parametrize(("what", "slow"), CASES, ids=[f"{what}-{'-'.join(sorted(slow))}" for what, slow in CASES])
async def test_two_slow_answers_make_no_request_wait_for_ever(what: str, slow: set[str]) -> None:
    """Asked for in turns, each would be too old by the time that the other one is there."""
    async with running() as rig:
        rig.world.alone = what == Method.ARRAY_ONLY
        rig.world.before.update({method: [takes(SLOW) for _ in range(1000)] for method in slow})
        kind = FAILOVER_PREPARATION if what == "FailoverPreparation" else REPLICATION_SYNC
        if kind == FAILOVER_PREPARATION:
            rig.prepare("one", timeout="1h")
        else:
            rig.request("one", method=str(what), timeout="1h")
        await until(lambda: rig.says(kind, "one") == ("True", ENDS[what]), within=900)
