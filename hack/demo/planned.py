"""The demo's part without anybody's request: a schedule that makes points in time, and an objective that is watched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from demo import screen
from demo.clusters import NAMESPACE, DemoError
from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.scene import Stage

GROUP, SCHEDULE = "mail", "mail-hourly"
PLANNED_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationGroup
metadata: {{name: {GROUP}, namespace: {NAMESPACE}}}
spec:
  group: {{name: "flasharray-a:{GROUP}"}}
  protectedSite: {{vCenterRef: {{name: austin}}}}
  recoverySite: {{vCenterRef: {{name: dallas}}}}
  recoveryPointObjective: 2h
---
apiVersion: {stage.API_VERSION}
kind: ReplicationSchedule
metadata: {{name: {SCHEDULE}, namespace: {NAMESPACE}}}
spec:
  groupRef: {{name: {GROUP}}}
  schedule: 0 * * * *                # as a Kubernetes CronJob reads it
  timeZone: Europe/Berlin
  pointInTimeNamePrefix: mail
  runNow: first                      # one run more, now
"""


def by_itself(on: Stage) -> None:
    """A group without any point in time misses its objective, until the schedule has made one."""
    kubectl = on.cluster.kubectl.in_namespace(NAMESPACE)
    screen.command("kubectl apply -f planned.yaml       # a group with an objective, and a schedule for it")
    screen.block(PLANNED_YAML, 5)
    kubectl("apply", "-f", str(on.objects("planned.yaml")))
    on.wait_until(lambda: _current(on) is not None, "the group to be judged")
    _tell(on, "at first")
    on.wait_until(lambda: _outcome(on) is not None, "the schedule's run to end")
    if _outcome(on) != "True":
        raise DemoError(f"The run of {SCHEDULE} failed: see kubectl get repsync -n {NAMESPACE}.")
    on.wait_until(lambda: (_current(on) or {}).get("status") == "True", "the group to be current")
    screen.command(f"kubectl get repsched -n {NAMESPACE}")
    screen.block(kubectl("get", "replicationschedules").stdout, 5)
    screen.command(f"kubectl vvol rpo -n {NAMESPACE}    # all ages against their objectives")
    _tell(on, "and then")


def _tell(on: Stage, when: str) -> None:
    found = _current(on) or {}
    screen.block(f"{when:<9} RecoveryPointCurrent={found.get('status')}, {found.get('reason')}:", 5)
    screen.message(str(found.get("message")), 15)


def _current(on: Stage) -> Mapping[str, Any] | None:
    return stage.condition(_get(on, "replicationgroup", GROUP), "RecoveryPointCurrent")


def _outcome(on: Stage) -> str | None:
    found = stage.condition(_get(on, "replicationschedule", SCHEDULE), "RunNowSucceeded")
    return None if found is None or found["status"] == "Unknown" else str(found["status"])


def _get(on: Stage, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(on.cluster.kubectl("get", kind, name, "-n", NAMESPACE, "--output=json").stdout)
    return found
