"""A small fleet in which something of everything happens, while a real Prometheus watches. In the end it stands still.

erp     two syncs have succeeded; it is within its objective
crm     a transfer is under way, and does not go on
hr      no point in time; it is behind its objective; its schedule's run waits for the end of a test, and further
        runs were skipped and missed
bi      a request timed out behind a transfer that stands still, and left its sync armed
web     prepared for failover, and then a VM was powered on
log     its schedule has had one run
dev     a FailoverPreparation waits until somebody powers a VM off

gone, locked, late, garbled    FlashArrays: nobody answers; the token is refused; the clock is two minutes ahead;
                               answers are no answers
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.preparing import app_of, power, powered, prepare
from e2e.protected import ProtectedRig
from e2e.rig import LONG, REST_1, SECRETS, Request, Site
from telemetry.panels import filled
from telemetry.prometheus import JOB, Prometheus, Series

from testbed import accounts, stage
from testbed.ports import port_of, reserve
from testbed.waiting import eventually
from vvol_replication.metrics import catalogue as metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.controlplane import ControlPlane
    from vvol_replication.metrics.catalogue import Metric

RULES = accounts.MANIFESTS / "monitoring" / "rules.yaml"
GROUPS = ("erp", "crm", "hr", "bi", "web", "log", "dev")
OBJECTIVES = {"erp": "2h", "crm": "1h", "hr": "15m"}
SKEW = 120
TRANSFER, ARRIVED = 20.0, 0.25
"""How long the transfer of crm would take, in seconds, and which part of it arrives."""
NAMESPACE, INSTANCE = "erp-prod", "vvol-replication:8443"
"""What the namespace and the scraped address are called here. In the cluster names are unique, also of groups."""


@dataclass(frozen=True)
class Scene:
    """The fleet, and who watches it.

    Parameters:
        requests: the newest one on each group; of a schedule, that of its run.
        hourly: when the schedule of a group was applied as it is in the end, every hour.
    """

    rig: ProtectedRig
    site: Site
    prometheus: Prometheus
    requests: dict[str, Request]
    hourly: dict[str, float]

    @property
    def started(self) -> float:
        """When the operator's process was started."""
        assert self.rig.process is not None
        return self.rig.process.pid_file.stat().st_mtime

    def name(self, plain: str) -> str:
        """The name in the cluster of a group, schedule or endpoint."""
        return f"{self.site.prefix}{plain}"

    def _plain(self, label: str, value: str) -> str:
        if label == "instance":
            return INSTANCE
        return NAMESPACE if value == self.rig.namespace else value.removeprefix(self.site.prefix)

    def variables(self, group: str = "") -> dict[str, str]:
        """What is chosen in a dashboard: everything, and in that of one group this one."""
        return {
            "namespace": self.rig.namespace,
            "group": self.name(group),
            "name": ".+",
            "job": JOB,
            "__rate_interval": "10m",
            "__range": "10m",
        }

    def plain(self, found: list[Series]) -> list[Series]:
        """With the names that are above."""
        return [
            Series({key: self._plain(key, value) for key, value in one.labels.items()}, one.values) for one in found
        ]

    def ask(self, expr: str, group: str = "") -> list[Series]:
        """What an expression of a dashboard is now."""
        return self.plain(self.prometheus.query(filled(expr, self.variables(group))))

    def ask_lately(self, expr: str, group: str = "") -> list[Series]:
        """What it was since the operator was started, at a hundred times."""
        asked = filled(expr, self.variables(group) | {"__rate_interval": "20s"})
        return self.plain(self.prometheus.query_range(asked, self.started, time.time(), steps=100))

    def points(self, group: str) -> list[tuple[float, str | None]]:
        """Time and name of the points in time that a group really has at the target, the oldest first."""
        found = [(seconds(one["time"]), one["name"]) for one in self.site.points(group)]
        return sorted(found, key=lambda one: one[0])

    def transfer(self, group: str) -> tuple[float, float]:
        """Which part of a group's newest transfer has really arrived, and how many bytes."""
        newest = self.site.world(group)["transfers"][-1]
        return float(newest["progress"]), float(newest["bytes"])

    def moment(self, about: str, field: str) -> float:
        """A time that the status of a request has."""
        return seconds(self.requests[about].get()["status"][field])

    def seen(self, metric: Metric, condition: str = "", /, **labels: str) -> None:
        """Wait until Prometheus has a value of a series; labels are names as above."""
        selector = ", ".join(f'{key}="{self.name(value)}"' for key, value in labels.items())
        expr = f"{metric.name}{{{selector}}} {condition}"
        eventually(lambda: self.prometheus.query(expr), what=f"Prometheus to have {expr}", timeout=2 * LONG)


def seconds(moment: str) -> float:
    """Since 1970."""
    return dt.datetime.fromisoformat(moment).timestamp()


@contextlib.contextmanager
def played(plane: ControlPlane, directory: Path, program: Path) -> Iterator[Scene]:
    """Play it up to the point where all of it is so. `program`: Prometheus."""
    described = powered(*GROUPS)
    described["arrays"] |= {name: {"restVersions": REST_1} for name in ("locked", "late", "garbled")}
    groups = {one["name"]: one for one in described["protectionGroups"]}
    del groups["hr"]["snapshots"]
    groups["crm"]["transferSeconds"] = TRANSFER
    groups["dev"]["vms"][0]["power"] = "poweredOn"
    with reserve() as held, reserve() as nobody:
        port = port_of(held)
        rig = ProtectedRig(plane, directory, port=port, more=["--leader-elect"])
        with (
            rig.running(),
            rig.site(described, connected=False) as site,
            Prometheus(program, directory, rig, port, RULES) as prometheus,
        ):
            scene = Scene(rig, site, prometheus, {}, {})
            _play(scene, f"127.0.0.1:{port_of(nobody)}")
            yield scene


def _play(scene: Scene, nobody: str) -> None:
    site, requests = scene.site, scene.requests
    _connect(scene, nobody)
    names = {group: site.group(group, **_objective(group)) for group in GROUPS}
    for name in names.values():
        site.wait_group(name)
    requests["crm"] = site.request(names["crm"])
    site.act("set-state", "hr", state="INTEST")
    _apply_schedule(scene, "hr", schedule="@every 2s", concurrencyPolicy="Queue")
    site.act("hold", "bi")
    requests["bi"] = site.request(names["bi"], timeout="8s")
    requests["web"] = prepare(site, names["web"])
    requests["dev"] = prepare(site, names["dev"])
    _hold_crm(scene)
    _apply_schedule(scene, "log", schedule="@every 1h", runNow="CHG-4711")
    requests["erp"] = site.request(names["erp"], pointInTimeName="before-upgrade-42")
    requests["erp"].wait_complete()
    # The first event of a counter is no increase of it: the next one comes when that was scraped.
    eventually(lambda: _ended(scene), what="Prometheus to have seen the end of a sync")
    requests["erp"] = site.request(names["erp"], pointInTimeName="after-upgrade-42")
    requests["erp"].wait_complete()
    requests["web"].wait_complete()
    scene.seen(metrics.GROUP_PREPARATION_VALID, "== 1", group="web")
    power(site, app_of("web"), "poweredOn")
    requests["dev"].wait_reason("VMPoweredOn")
    _miss_a_run(scene)
    for group in ("hr", "log"):
        requests[group] = _run_of(scene, group)
    requests["hr"].wait_reason("InTest")
    requests["log"].wait_complete()
    requests["bi"].wait_finished()


def _ended(scene: Scene) -> list[Series]:
    return scene.prometheus.query(f'{metrics.FINISHED.name}{{kind="ReplicationSync", outcome="Succeeded"}}')


def _connect(scene: Scene, nobody: str) -> None:
    site = scene.site
    site.simulator.action("set-credentials", endpoint="locked", apiToken=SECRETS[4])
    site.simulator.action("set-skew", endpoint="late", seconds=SKEW)
    site.simulator.fault("garbled", "GET array", "garbage")
    site.connect()
    array = site.object("FlashArray", "flasharray-a")
    site.apply(stage.connected("FlashArray", scene.name("gone"), {**array["spec"], "address": nobody}))


def _objective(group: str) -> dict[str, str]:
    return {"recoveryPointObjective": OBJECTIVES[group]} if group in OBJECTIVES else {}


def _apply_schedule(scene: Scene, group: str, **spec: str) -> None:
    scene.hourly[group] = time.time()
    obj = {
        "apiVersion": stage.API_VERSION,
        "kind": "ReplicationSchedule",
        "metadata": {"name": scene.name(f"{group}-often"), "namespace": scene.rig.namespace},
        "spec": {"groupRef": {"name": scene.name(group)}, **spec},
    }
    scene.rig.plane.client.have(obj)


def _miss_a_run(scene: Scene) -> None:
    """One time of hr's schedule waits for the run before it, and others were skipped. An edit has it missed."""
    scene.seen(metrics.SCHEDULE_SKIPPED, "> 0", schedule="hr-often")
    _apply_schedule(scene, "hr", schedule="@every 1h", concurrencyPolicy="Queue")
    scene.seen(metrics.SCHEDULE_MISSED, "> 0", schedule="hr-often")


def _run_of(scene: Scene, group: str) -> Request:
    """The one run of its schedule."""
    label = f"replication.vvol.dev/schedule={scene.name(f'{group}-often')}"
    (name,) = scene.rig.kubectl("get", "replicationsync", f"--selector={label}", "--output=name").stdout.split()
    return scene.site.known(name.rpartition("/")[2])


def _hold_crm(scene: Scene) -> None:
    def arrived() -> float:
        return scene.transfer("crm")[0]

    eventually(
        arrived, what="a part of crm's data to arrive", until=lambda part: ARRIVED <= part < 1, timeout=LONG, every=0.02
    )
    scene.site.act("hold", "crm")
