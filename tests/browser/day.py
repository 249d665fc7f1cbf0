"""Simulated groups with a day behind them: points in time of the last hours, one that is late, one that is held up."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from e2e.rig import SOURCE, TARGET, topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Rig, Site

HOUR = 3600
PUSHED = {
    "billing": (22, 18, 14, 10.5),
    "crm": tuple(0.4 + one for one in range(14)),
    "erp": (26, 23, 20, 17, 14, 9, 6, 3, 0.4),
    "files": (30, 12),
    "web": (27, 19, 11, 3),
}
"""How many hours ago the protection groups were pushed."""
OBJECTIVES = {"billing": "8h", "crm": "90m", "erp": "4h", "web": "12h"}


@contextlib.contextmanager
def day(rig: Rig) -> Iterator[Site]:
    """Have them, each as a ReplicationGroup of its name that was read."""
    described = topology(*PUSHED)
    for group in described["protectionGroups"]:
        group["retention"] = {"allFor": -1, "targetAllFor": -1}
    with rig.site(described, connected=False) as site:
        for hours, name in sorted(((one, name) for name, some in PUSHED.items() for one in some), reverse=True):
            _set_clocks(site, -hours * HOUR)
            site.act("run-schedule", name)
        _set_clocks(site, 0)
        site.connect()
        for name in PUSHED:
            goal = OBJECTIVES.get(name)
            site.group(name, name=name, **({"recoveryPointObjective": goal} if goal else {}))
        for name in PUSHED:
            site.wait_group(name, "RecoveryPointCurrent" if name in {"crm", "erp", "web"} else "Ready")
        yield site


def _set_clocks(site: Site, seconds: float) -> None:
    for one in (SOURCE, TARGET):
        site.simulator.action("set-skew", endpoint=one, seconds=seconds)
