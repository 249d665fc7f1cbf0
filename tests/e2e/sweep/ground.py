"""What a sweep is played on: one control plane, a nursery of operators, simulated storage, and a spot for each run."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.rest import Api, ApiError
from e2e.preparing import PREPARE, powered
from e2e.rig import ARM, PROTECTED, PUSHES, RECOVERY, SOURCE
from e2e.sweep.children import Nursery

from testbed import accounts, stage
from testbed.waiting import eventually
from vvol_simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.sweep.children import Operator

    from testbed.controlplane import ControlPlane

Object = dict[str, Any]
GROUP, REQUEST = "group", "request"
SYNC, PREPARATION, SCHEDULE = "ReplicationSync", "FailoverPreparation", "ReplicationSchedule"
"""The kinds of object that ask for something."""
MERGE = "application/merge-patch+json"
NOT_FOUND, CONFLICT = 404, 409
_batches = itertools.count(1)


def path_of(namespace: str, kind: str) -> str:
    """The path of all objects of a kind in a namespace."""
    return f"/apis/{stage.API_VERSION}/namespaces/{namespace}/{kind.lower()}s"


@dataclass
class Ground:
    """Storage with many protection groups, their VMs off, none of which is used twice. For any number of threads."""

    plane: ControlPlane
    nursery: Nursery
    simulator: Simulator
    directory: Path
    secrets: str
    kubeconfig: Path
    """The operators': their account may act in every namespace, as installed by the overlay `cluster-wide`."""
    prefix: str
    groups: Iterator[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextlib.contextmanager
    def open(cls, plane: ControlPlane, nursery: Nursery, directory: Path, size: int) -> Iterator[Ground]:
        """With so many protection groups; what is cluster-wide is gone after leaving."""
        secrets, prefix = f"sweep-{uuid.uuid4().hex[:10]}", f"b{next(_batches)}-"
        names = [f"pg-{number}" for number in range(size)]
        plane.client.make_namespace(secrets)
        kubeconfig = accounts.kubeconfig(plane.client, directory, secrets)
        with Simulator.start(powered(*names)) as simulator:
            objects = stage.endpoints(simulator.ready, secrets, prefix)
            plane.client.have(*objects)
            try:
                yield cls(plane, nursery, simulator, directory, secrets, kubeconfig, prefix, iter(names))
            finally:
                plane.kubectl("delete", "vcenters,flasharrays", "--all", "--wait=false")

    def names(self) -> dict[str, str]:
        """What the simulator calls the endpoint at an address."""
        served = (*self.simulator.ready["vcenters"].items(), *self.simulator.ready["arrays"].items())
        return {one["address"]: name for name, one in served}

    @contextlib.contextmanager
    def spot(self, name: str, kind: str = SYNC) -> Iterator[Spot]:
        """A fresh namespace with a ReplicationGroup for a fresh protection group, for a request of that kind."""
        with self._lock:
            protection_group = next(self.groups)
        namespace = f"sweep-{uuid.uuid4().hex[:10]}"
        with Api(self.plane.server, self.plane.directory) as api:
            api.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
            group = stage.group(
                GROUP,
                namespace,
                f"{SOURCE}:{protection_group}",
                recovery=self.prefix + RECOVERY,
                protected=self.prefix + PROTECTED,
            )
            api.call("POST", path_of(namespace, "ReplicationGroup"), group)
            spot = Spot(self, api, namespace, protection_group, self.directory / f"{name}.log", kind)
            try:
                yield spot
            finally:
                for one in spot.operators:
                    one.kill()


@dataclass
class Spot:
    """One run's own namespace and protection group, and the operators that act there. For one thread."""

    ground: Ground
    api: Api
    namespace: str
    protection_group: str
    log: Path
    kind: str = SYNC
    operators: list[Operator] = field(default_factory=list)

    def start(self, **plan: Any) -> Operator:
        """Start an operator: an instrumented one if there is a plan."""
        arguments = ["--operator-namespace", self.ground.secrets, "--namespace", self.namespace]
        arguments += ["--kubeconfig", str(self.ground.kubeconfig)]
        made = {"names": self.ground.names(), **plan} if plan else None
        started = self.ground.nursery.start(arguments, self.log, made)
        self.operators.append(started)
        return started

    # The request, as the API server has it

    @property
    def _path(self) -> str:
        return f"{path_of(self.namespace, self.kind)}/{REQUEST}"

    def _manifest(self, spec: Object) -> Object:
        if self.kind != PREPARATION:
            return stage.sync(REQUEST, self.namespace, GROUP, **spec) | {"kind": self.kind}
        more = {key: value for key, value in spec.items() if key != "notAfter"}
        return stage.preparation(REQUEST, self.namespace, GROUP, not_after=spec["notAfter"], **more)

    def create(self, spec: Object) -> Object:
        """Create the request."""
        created: Object = self.api.call("POST", path_of(self.namespace, self.kind), self._manifest(spec))
        return created

    def get(self) -> Object | None:
        """The request; None if it is not there."""
        try:
            found: Object = self.api.call("GET", self._path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return found

    def edit(self, **spec: Any) -> None:
        """Change some of what it asks for."""
        self.api.call("PATCH", self._path, {"spec": spec}, MERGE)

    def delete(self) -> None:
        """Ask for its deletion."""
        self.api.call("DELETE", self._path)

    def gone(self, timeout: float) -> bool:
        """Wait until it is not there any more. False if it still is."""
        with contextlib.suppress(TimeoutError):
            eventually(lambda: self.get() is None, what="the object to be gone", timeout=timeout, every=0.05)
            return True
        return False

    def wipe(self) -> None:
        """Take its status away, as a restore without status does."""
        self.api.call("PATCH", f"{self._path}/status", {"status": None}, MERGE)

    def replace(self, spec: Object) -> None:
        """What `kubectl replace` does: what the manifest does not have is gone, finalizers and annotations included."""
        while (found := self.get()) is not None:
            body = self._manifest(spec)
            body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
            try:
                self.api.call("PUT", self._path, body)
            except ApiError as error:
                if error.status != CONFLICT:
                    raise
            else:
                return

    def group(self) -> Object:
        """The ReplicationGroup."""
        found: Object = self.api.call("GET", f"{path_of(self.namespace, 'ReplicationGroup')}/{GROUP}")
        return found

    # The storage, as it really is

    def both_sides(self) -> Object:
        """The protection group in the simulator."""
        return self.ground.simulator.group(f"{SOURCE}:{self.protection_group}")

    def world(self) -> Object:
        """Its target side."""
        found: Object = self.both_sides()["targetGroups"][0]
        return found

    def run_schedule(self) -> None:
        """The array's own schedule makes a snapshot, and it lands. Arrays tell whole seconds; so this waits for one."""
        before = self.ground.simulator.state()["time"][:19]
        eventually(
            lambda: self.ground.simulator.state()["time"][:19],
            what="the next second",
            until=lambda now: now > before,
        )
        self.ground.simulator.action("run-schedule", protectionGroup=f"{SOURCE}:{self.protection_group}")

    def pushed(self) -> list[str]:
        """The suffixes of all pushes of this protection group that took effect."""
        return [
            one["arguments"]["suffix"]
            for one in self.ground.simulator.journal()
            if one["call"] in PUSHES
            and one["tookEffect"]
            and self.protection_group in (one["arguments"].get("source_names"), *one["arguments"].get("source", ()))
        ]

    def armings(self) -> int:
        """How often a sync of this group was armed."""
        group = self.world()["deviceGroupId"]
        return sum(
            1
            for one in self.ground.simulator.journal()
            if one["call"] == ARM
            and one["tookEffect"]
            and any(each["deviceGroup"] == group for each in one["arguments"].get("groups", ()))
        )

    def prepare_calls(self) -> list[Object]:
        """All prepare calls for this group that the storage received, whether or not they took effect."""
        group = self.both_sides()["sourceGroup"]["deviceGroupId"]
        return [
            one
            for one in self.ground.simulator.journal()
            if one["call"] == PREPARE
            and any(each["deviceGroup"] == group for each in one["arguments"].get("groups", ()))
        ]

    def quiet(self, operator: Operator, seconds: float = 1.0) -> None:
        """Watch until that operator has come to no point for so long, or has ended."""
        seen, since = -1, time.monotonic()
        while not operator.ended.is_set() and time.monotonic() - since < seconds:
            if len(operator.points) != seen:
                seen, since = len(operator.points), time.monotonic()
            time.sleep(0.05)
