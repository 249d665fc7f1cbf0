"""A slice of the crash sweep: another one each day. The whole of it: `make sweep`."""

from __future__ import annotations

import datetime as dt
import os
import time
from typing import TYPE_CHECKING

from e2e.sweep.faults import FAULTS
from e2e.sweep.ground import PREPARATION, SCHEDULE
from e2e.sweep.play import GOOD_ENDS, METHODS
from e2e.sweep.sweep import Sweep, cases_of, every, summary, table

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.controlplane import ControlPlane

RUNS = {"syncs": 12, "preparations": 5, "schedules": 3}
WORKERS = 6
SEED = int(os.environ.get("SWEEP_SEED", dt.datetime.now(dt.UTC).date().toordinal()))


def test_a_disturbed_operator_ends_in_the_same_place(
    control_plane: ControlPlane, crds: tuple[str, ...], tmp_path: Path
) -> None:
    assert crds
    begun = time.monotonic()
    sweep = Sweep(control_plane, tmp_path, WORKERS)
    points, unharmed = sweep.points(GOOD_ENDS)
    usual = {one.case.method: one.end for one in unharmed}
    assert {method: end in GOOD_ENDS[method] for method, end in usual.items()} == dict.fromkeys(GOOD_ENDS, True)
    # All calls that change storage, and all kinds of writes, have their points.
    found = {method: {point.partition("#")[0] for point in those} for method, those in points.items()}
    writes = {"engine:PATCH object", "engine:PATCH status", "settle:PATCH object"}
    assert {"dallas:start_sync", "flasharray-a:push", "flasharray-b:transfers"} | writes <= found["Coordinated"]
    assert {"austin:members", "austin:start_prepare", "engine:PATCH group status"} | writes <= found[PREPARATION]
    assert {"schedule:GET syncs", "schedule:POST syncs", "schedule:PATCH status", "schedule:DELETE object"} <= found[
        SCHEDULE
    ]
    preparations = cases_of({PREPARATION: points[PREPARATION]}, FAULTS)
    own = [point for point in points[SCHEDULE] if point.startswith("schedule:")]
    schedules = cases_of({SCHEDULE: own}, FAULTS)
    syncs = cases_of({method: points[method] for method in METHODS}, FAULTS)
    # The longest first: nobody knows at once what became of a call whose answer was lost.
    cases = [
        *every(preparations, len(preparations) // RUNS["preparations"], SEED),
        *every(schedules, len(schedules) // RUNS["schedules"], SEED),
        *every(syncs, len(syncs) // RUNS["syncs"], SEED),
    ]

    outcomes = [*unharmed, *sweep.play(cases)]

    print("\n".join(["", *table(outcomes, usual), f"seed {SEED}", *summary(outcomes, usual, begun)]))  # noqa: T201
    assert [f"{one.case.label}: {text}" for one in outcomes for text in one.broken] == []
    assert any(one.reached for one in outcomes)
