"""A slice of the crash sweep: another one each day. The whole of it: `make sweep`."""

from __future__ import annotations

import datetime as dt
import os
import time
from typing import TYPE_CHECKING

from e2e.sweep.faults import FAULTS
from e2e.sweep.play import GOOD_ENDS
from e2e.sweep.sweep import Sweep, cases_of, every, summary, table

if TYPE_CHECKING:
    from pathlib import Path

    from controlplane import ControlPlane

RUNS = 12
WORKERS = 4
SEED = int(os.environ.get("SWEEP_SEED", dt.datetime.now(dt.UTC).date().toordinal()))


def test_a_disturbed_operator_ends_in_the_same_place(
    control_plane: ControlPlane, crds: tuple[str, ...], tmp_path: Path
) -> None:
    assert crds
    begun = time.monotonic()
    sweep = Sweep(control_plane, tmp_path, WORKERS)
    points, unharmed = sweep.points()
    usual = {one.case.method: one.end for one in unharmed}
    assert {method: end in GOOD_ENDS[method] for method, end in usual.items()} == dict.fromkeys(GOOD_ENDS, True)
    # Both calls that change storage, both kinds of kopf's writes and of ours have their points.
    found = {point.partition("#")[0] for point in points["Coordinated"]}
    assert {
        "dallas:start_sync",
        "flasharray-a:push",
        "flasharray-b:transfers",
        "kopf:PATCH object",
        "kopf:PATCH status",
        "engine:PATCH status",
    } <= found
    cases = cases_of(points, FAULTS)

    outcomes = [*unharmed, *sweep.play(every(cases, len(cases) // RUNS, SEED))]

    print("\n".join(["", *table(outcomes, usual), f"seed {SEED}", *summary(outcomes, usual, begun)]))  # noqa: T201
    assert [f"{one.case.label}: {text}" for one in outcomes for text in one.broken] == []
    assert any(one.reached for one in outcomes)
