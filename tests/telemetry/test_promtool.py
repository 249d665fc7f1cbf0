"""Prometheus' own judge of metrics has nothing to say against ours, all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from e2e.rig import Rig, topology
from unit.metrics.test_exposition import exposition

from vvol_replication.metrics.catalogue import METRICS


def complaints(promtool: Path, text: str) -> str:
    """What `promtool check metrics` says; empty: it is content."""
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 3}, done.stderr  # 3: it has found something
    return done.stdout + done.stderr


def test_it_is_content_with_everything_that_can_be_told(programs: dict[str, Path]) -> None:
    told = exposition()
    text = told.write(told.look(), "", "")[0].decode()
    assert [one.name for one in METRICS if f"# TYPE {one.name} " not in text] == []
    assert complaints(programs["promtool"], text) == ""


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("# HELP vvol_x A.\n# TYPE vvol_x counter\nvvol_x 1\n", "_total"),
        ("# HELP vvol_x_milliseconds A.\n# TYPE vvol_x_milliseconds gauge\nvvol_x_milliseconds 1\n", "base unit"),
        ('# HELP vvol_x A.\n# TYPE vvol_x gauge\nvvol_x{camelCase="1"} 1\n', "snake_case"),
        ("# TYPE vvol_x gauge\nvvol_x 1\n", "help"),
    ],
    ids=["counter", "unit", "label", "help"],
)
def test_it_would_say_so_if_it_were_not(programs: dict[str, Path], bad: str, said: str) -> None:
    assert said in complaints(programs["promtool"], bad)


def test_it_is_content_with_the_real_operator(programs: dict[str, Path], rig: Rig) -> None:
    with rig.site(topology("told")) as site:
        group = site.group("told")
        site.wait_group(group)
        site.request(group).wait_complete()
        text, _ = rig.scrape()
        assert f'group="{group}"' in text
        assert complaints(programs["promtool"], text) == ""
