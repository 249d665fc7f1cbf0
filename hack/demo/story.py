"""The demo as a person sees it: what is set up, asked for, shown moving, proven and explained."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo import follow, scene, screen, vsphere
from demo.clusters import NAMESPACE, SYSTEM_NAMESPACE, Cluster, DemoError
from demo.follow import Request
from demo.scene import POINT, PREPARATION, SOURCE_GROUP, Stage
from vvol_replication.api.reasons import Reason

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from testbed.processes import Process

SYNC_CALL = "SyncReplicationGroup_Task"
GLOSSES = {
    Reason.ACCEPTED: "accepted",
    Reason.OLDER_TRANSFER_IN_FLIGHT: "the scheduled transfer lands first: it would get the name",
    Reason.ARMING: "the sync at the target waits for data and has the name",
    Reason.TRANSFERRING: "the snapshot is on its way to the target array",
    Reason.POINT_IN_TIME_CREATED: "landed and listed under its name: Complete",
}

PUSH = "POST protection-group-snapshots"

PLAY = f"""\
kubectl get vvol -A                                       # everything there is
kubectl vvol status -n {NAMESPACE}                          # what is protected, what runs, what needs you
kubectl apply -f DIRECTORY/objects/crm.yaml                   # bind another group: erp is prepared, and takes no syncs
kubectl create -f DIRECTORY/objects/another.yaml              # a sync of it, under a derived name
kubectl get repsync -n {NAMESPACE} --watch                  # see it move; Ctrl-C ends the watch
kubectl vvol sync crm -n {NAMESPACE}                        # another one, followed to its end: the exit code says it
kubectl vvol report sync/{POINT} -n {NAMESPACE}    # what was asked, every step, the point in time
kubectl describe repsync -n {NAMESPACE} {POINT}    # conditions, what was done, point in time
kubectl patch repsched mail-hourly -n {NAMESPACE} --type=merge -p '{{"spec":{{"runNow":"again"}}}}'   # one run more
# Lose the answer to the next push, create another sync: it looks, and does not push twice
curl $SIMULATOR/faults -d '{{"endpoint": "flasharray-a", "call": "{PUSH}", "kind": "resetAfter", "times": 1}}'
# A vCenter goes away (create another sync: it waits, and says why), and comes back
curl $SIMULATOR/actions/refuse-connections -d '{{"endpoint": "dallas"}}'
curl $SIMULATOR/actions/accept-connections -d '{{"endpoint": "dallas"}}'
# Start a VM of the prepared group: within half a minute the preparation is shown as stale
curl $SIMULATOR/actions/power -d '{{"vm": "erp-app", "state": "poweredOn"}}'
kubectl wait --for=condition=Valid=False --timeout=60s failprep/{PREPARATION} -n {NAMESPACE}
# What changed something on the storage
curl $SIMULATOR/journal""".splitlines()


def set_up(cluster: Cluster, simulator: Process, directory: Path, running: contextlib.ExitStack) -> Stage:
    """Chapter 1: storage, CRDs, namespaces and the operator."""
    storage = scene.simulator_of(simulator, directory)
    scene.scheduled_transfer(storage)
    for site, role, array in (("austin", "protected", "flasharray-a"), ("dallas", "recovery", "flasharray-b")):
        here, there = storage.vcenter(site)["address"], storage.array(array)["address"]
        screen.fact(f"{role} site", f"vCenter {site} on {here}, {array} on {there} (simulated)")
    screen.fact("replicated", "protection groups erp (the array's schedule: every 15 minutes), crm, mail")
    installed = cluster.install_crds()
    screen.fact("API", "CRDs installed" if installed else "the CRDs were there already; they are left as they are")
    cluster.make_namespaces()
    operator = scene.start_operator(cluster, directory, running)
    scene.write_objects(directory, cluster, storage)
    ready = Stage(directory, cluster, storage, operator)
    ready.wait_until(lambda: operator.pid is not None, "the operator to start")
    screen.fact("operator", f"process {operator.pid}; its Secrets are in namespace {SYSTEM_NAMESPACE}")
    return ready


def connect(on: Stage) -> None:
    """Chapter 2: what a platform admin applies once."""
    on.cluster.kubectl("apply", "-f", str(on.objects("storage.yaml")))
    screen.command("kubectl apply -f storage.yaml       # VCenter austin, dallas; FlashArray a, b; their Secrets")
    on.cluster.kubectl("apply", "-f", str(on.objects("group.yaml")))
    screen.command("kubectl apply -f group.yaml")
    screen.block(scene.GROUP_YAML, 5)
    on.wait_until(lambda: scene.all_ready(on.cluster), "VCenters, FlashArrays and the group to be Ready")
    for arguments in (("vcenters",), ("repgroup", "--namespace", NAMESPACE)):
        screen.command(f"kubectl get {' '.join(arguments)}".replace("--namespace", "-n"))
        screen.block(on.cluster.kubectl("get", *arguments).stdout, 5)


def ask(on: Stage) -> None:
    """Chapter 3: the request, in the worst moment, and how it moves until kubectl says that it is Finished."""
    scene.scheduled_transfer(on.simulator, held=True)
    request = Request(
        plural="replicationsyncs",
        short="repsync",
        name=POINT,
        file="sync.yaml",
        end=Reason.POINT_IN_TIME_CREATED,
        glosses=GLOSSES,
        on={Reason.OLDER_TRANSFER_IN_FLIGHT: lambda _: scene.release(on.simulator)},
    )
    follow.follow(on, request, scene.SYNC_YAML, "while a scheduled transfer is under way")


def prove(on: Stage) -> None:
    """Chapter 4: the points in time as vSphere lists them. Raises DemoError if ours is not there."""
    sites = on.simulator.vcenter("austin"), on.simulator.vcenter("dallas")
    points = vsphere.points_in_time(*sites, on.simulator.ca_file, SOURCE_GROUP)
    for point in points:
        mark = "  <- asked for" if point.name == POINT else "  (scheduled)"
        screen.block(f"{point.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z  {point.id}  {point.name or '-':<17}{mark}")
    if not points or points[-1].name != POINT or any(point.name for point in points[:-1]):
        raise DemoError(f"vSphere does not list {POINT} as the newest point in time, and the only one with a name.")


def explain(on: Stage) -> None:
    """Chapter 5: the calls that changed something, as the simulated storage received them, and why in this order."""
    for entry in on.simulator.journal():
        arguments = entry["arguments"]
        told = f"name {arguments['name']}" if entry["call"] == SYNC_CALL else f"suffix {arguments.get('suffix')}"
        screen.block(f"{entry['time'][11:21]}  {entry['endpoint']:<13} {entry['call']:<26} {told}")
    screen.say(
        "vCenter accepts a sync only at the target. The sync moves no data: the next data that lands gets its name."
        " So the operator let the scheduled transfer land. Then it armed the sync, saw it pending, and pushed on the"
        " source array. It set Complete when exactly that snapshot had landed and was listed. A script that arms"
        " immediately would have put the name on the scheduled, older data."
    )


def what_next() -> None:
    """Chapter 9, when everything ends now."""
    screen.section(9, "Next")
    screen.fact("make demo-up", "the same, and leave it running; make demo-down ends it")
    screen.fact("README.md", "the kinds, their status, what is there and what is not yet")


def how_to_play(state: Mapping[str, Any]) -> None:
    """Chapter 9, when everything stays. `state`: `kubeconfig`, `tools` (where kubectl is), `control` (a URL)."""
    directory = Path(state["kubeconfig"]).parent
    near = str(directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory)
    screen.section(9, "It is still running. Try")
    screen.blank()
    if shutil.which("kubectl") is None:
        print(f"export PATH=$PATH:{state['tools']}")
    print(f"export PATH=$PATH:{Path(sys.executable).parent}    # kubectl vvol")
    print(f"export KUBECONFIG={state['kubeconfig']} SIMULATOR={state['control']}")
    for line in PLAY:
        print(line.replace("DIRECTORY", near))
    screen.blank()
    screen.fact("logs", f"{directory}/*.log")
    screen.fact("end", "make demo-down")
