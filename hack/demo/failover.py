"""The demo's second act: a planned failover is prepared, once every VM is off, and the group takes no sync after it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from demo import follow, scene, screen, vsphere
from demo.clusters import NAMESPACE, DemoError
from demo.follow import Request
from demo.scene import GROUP, LATE_SYNC, PREPARATION, SOURCE_GROUP, Stage
from testbed import stage
from vvol_replication.api.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

FORGOTTEN_VM, OTHER_VM = "erp-db", "erp-app"
PREPARE_CALL = "PrepareFailoverReplicationGroup_Task"
MESSAGE_COLUMN = 43
QUICK = 1.0
"""Seconds of the last sync's transfer: how one moves was shown in the first act."""
HOUR = dt.timedelta(hours=1)
GLOSSES = {
    Reason.ACCEPTED: "accepted",
    Reason.CHECKING: "every check passed: its turn on the protection group",
    Reason.PREPARING: "every check passed twice; now the call",
    Reason.TRANSFERRING: "the last sync is on its way to the target",
    Reason.VERIFYING: "the call's task succeeded, which is not proof enough",
    Reason.FAILOVER_PREPARED: "landed and listed: Complete",
}


def prepare(on: Stage) -> Mapping[str, Any]:
    """Chapter 6: the preparation waits for the VM that was forgotten, then completes by itself; its status."""
    scene.power(on.simulator, OTHER_VM, "poweredOff")
    on.simulator.action("set-transfer-seconds", seconds=QUICK)
    shown = scene.preparation_yaml(dt.datetime.now(dt.UTC) + HOUR)
    on.objects("prepare.yaml").write_text(shown, "utf-8")

    named: list[str] = []

    def shut_down(message: str) -> None:
        named.append(FORGOTTEN_VM)
        if f"'{FORGOTTEN_VM}'" not in message:
            raise DemoError(f"The preparation does not name the VM that is on: {message}")
        screen.message(message, MESSAGE_COLUMN)
        scene.power(on.simulator, FORGOTTEN_VM, "poweredOff")
        screen.block(f"({FORGOTTEN_VM} is shut down, as somebody would do in vSphere)", MESSAGE_COLUMN)

    request = Request(
        plural="failoverpreparations",
        short="failprep",
        name=PREPARATION,
        file="prepare.yaml",
        end=Reason.FAILOVER_PREPARED,
        glosses={**GLOSSES, Reason.VM_POWERED_ON: "nothing is called while a VM is on"},
        on={Reason.VM_POWERED_ON: shut_down},
    )
    seen = len(on.simulator.journal())
    follow.follow(on, request, shown, f"{OTHER_VM} is shut down, {FORGOTTEN_VM} was forgotten")
    if not named:
        raise DemoError(f"The preparation did not wait for {FORGOTTEN_VM}, which was on.")
    (called,) = [one for one in on.simulator.journal()[seen:] if one["call"] == PREPARE_CALL]
    on.wait_until(lambda: _prepared_condition(on) is not None, "the group to say that it is prepared")
    screen.say(
        f"One call changed something: {called['endpoint']} took {PREPARE_CALL} at {called['time'][11:19]}."
        " No call undoes it. So it is made once, after every VM was read and found off, and never repeated."
    )
    found: Mapping[str, Any] = on.cluster.kubectl.in_namespace(NAMESPACE).get("failoverpreparation", PREPARATION)
    return dict(found["status"])


def afterwards(on: Stage, prepared: Mapping[str, Any]) -> None:
    """Chapter 7: what kubectl and vSphere say now, and what becomes of a sync. DemoError if they disagree."""
    kubectl, final = on.cluster.kubectl.in_namespace(NAMESPACE), prepared["pointInTime"]["id"]
    for kind in ("failprep", "repgroup"):
        screen.command(f"kubectl get {kind} -n {NAMESPACE}")
        screen.block(kubectl("get", kind).stdout, 5)
    told = str(_prepared_condition(on) or "")
    screen.command(f"kubectl get repgroup {GROUP} -n {NAMESPACE}    # condition Prepared says")
    screen.message(told, 5)
    _listed(on, final)
    kubectl("apply", "-f", str(on.objects("late.yaml")))
    screen.command(f"{'kubectl apply -f late.yaml':<34}  # one more ReplicationSync of the group")
    screen.command(f"kubectl wait --for=condition=Finished --timeout=60s repsync/{LATE_SYNC} -n {NAMESPACE}")
    refused = kubectl.wait_for_condition("replicationsync", LATE_SYNC, "Finished")
    ready = stage.condition(refused, "Ready") or {}
    point = (refused["status"].get("pointInTime") or {}).get("id")
    if ready.get("reason") != Reason.GROUP_PREPARED or point != final or final not in told:
        raise DemoError(f"The group does not show its last point in time {final}: {told!r}, {ready}, {point}")
    screen.block(f"{ready['reason']}", 5)
    screen.message(ready["message"], 5)


def _prepared_condition(on: Stage) -> str | None:
    """What the group says of being prepared, once that is proven."""
    group = on.cluster.kubectl.in_namespace(NAMESPACE).get("replicationgroup", GROUP)
    found = stage.condition(group, "Prepared")
    proven = found is not None and found["reason"] == Reason.FAILOVER_PREPARED
    return str(found["message"]) if found is not None and proven else None


def _listed(on: Stage, final: str) -> None:
    """What vSphere has as the newest point in time, asked with pyVmomi."""
    sites = on.simulator.vcenter("austin"), on.simulator.vcenter("dallas")
    newest = vsphere.points_in_time(*sites, on.simulator.ca_file, SOURCE_GROUP)[-1]
    if newest.id != final:
        raise DemoError(f"vSphere lists {newest.id} as the newest point in time, not {final}.")
    screen.say("The newest point in time as vCenter dallas lists it (asked by this program, with pyVmomi):")
    screen.block(f"{newest.time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}Z  {newest.id}  <- fail over to it, by its id", 5)
