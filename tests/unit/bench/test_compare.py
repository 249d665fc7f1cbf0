"""Two revisions side by side: what is measured is the other revision's code, and what is told is the ratio."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from bench import compare
from bench.counts import Counts
from bench.finished import Finished, Start
from bench.idle import Idle, Rest
from bench.latency import Latency
from bench.load import Load
from bench.stand import Size
from bench.usage import Usage

USAGE = Usage(threads=9, sockets=9, rss=100 * 2**20, cpu=10.0)
REST = Rest(start_up=1.0, start_cpu=0.7, used=USAGE, share=0.01, calls=3.0)
CALLS = {("array-1b", "GET pgroup"): 3}
RESULTS: dict[str, Any] = {
    "latency": Latency([0.05], [0.04], [0.025], {}, {}),
    "calls": Counts(CALLS, {("replicationsyncs", "patch"): 5}, CALLS, {}),
    "idle": Idle(REST, 6, 0),
    "load": Load(
        size=Size(),
        syncs=10, complete=10, endings=Counter(), applied=1.0, finished=20.0, ideal=10.0, calls=Counter(CALLS),
        writes=Counter({200: 50}), before=USAGE, peak=USAGE, after=USAGE, cpu=0.5, others_cpu={}, livez=[0.01],
        livez_lost=0, fresh=REST,
    ),
    "finished": Finished((Start(0, 1.0, 2.0, 1.5, 90 * 2**20), Start(5000, 1.2, 4.0, 2.5, 100 * 2**20))),
}  # fmt: skip


@pytest.mark.parametrize("section", compare.COMPARED)
def test_each_section_that_can_be_compared_has_its_figures(section: str) -> None:
    found = compare.figures(section, RESULTS[section].as_dict())
    assert found
    assert all(isinstance(one, int | float) for one in found.values())


def test_what_has_ended_is_compared_by_what_is_more_than_with_none() -> None:
    found = compare.figures("finished", RESULTS["finished"].as_dict())
    assert found["RSS more than with none, MiB"] == 10
    assert found["CPU until calm, more than with none, s"] == 1


def test_the_ratio_is_of_the_medians_of_all_turns() -> None:
    told = compare.Compared("idle", "v1", ({"x": 4.0}, {"x": 6.0}), ({"x": 1.0}, {"x": 4.0}))
    assert told.report()[1].splitlines()[1].split()[:4] == ["x", "5", "2.5", "0.50"]
    assert told.as_dict() == {"revision": "v1", "before": [{"x": 4.0}, {"x": 6.0}], "now": [{"x": 1.0}, {"x": 4.0}]}


def test_a_revisions_own_code_runs(tmp_path: Path) -> None:
    tree = compare.extracted("HEAD", tmp_path / "tree")
    program = "import vvol_replication; print(vvol_replication.__path__[0])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tree / "operator")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(tree)
    assert list((tree / "crds").glob("*.yaml"))


def test_a_revision_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="git does not have 'no-such-revision'"):
        compare.extracted("no-such-revision", tmp_path)
