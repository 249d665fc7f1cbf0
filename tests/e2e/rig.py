"""What the end-to-end tests play on: simulated storage, its objects in the cluster, an operator, and requests.

    Rig      an operator process with namespaces of its own; it can be killed and started again
    Site     one simulator and the VCenters, FlashArrays, Secrets and ReplicationGroups that lead to it
    Request  one ReplicationSync, with what the simulator's books say of it

Nothing here waits by time: it waits for a state of an object, or for an entry in the simulator's books.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

from testbed import accounts, simulated, stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from testbed.controlplane import ControlPlane
    from testbed.kubectl import Kubectl
    from testbed.processes import Process
    from vvol_simulator.client import Simulator

Object = dict[str, Any]
SOURCE, TARGET = "flasharray-a", "flasharray-b"
PROTECTED, RECOVERY = "austin", "dallas"
ARM, PUSH = "SyncReplicationGroup_Task", "POST pgroup"
PUSHES = (PUSH, "POST protection-group-snapshots")
"""A push in either REST family."""
REST_1 = [f"1.{minor}" for minor in range(20)]
"""What the arrays offer unless a test says otherwise: the calls that are counted and broken are named in REST 1."""
LONG = 45.0
SECRETS = tuple(f"marked-{what}-3f9c1e" for what in ("austin", "dallas", "array-a", "array-b", "wrong"))
"""Passwords and tokens of the simulated endpoints, and one that none of them takes: found nowhere, ever."""


def topology(*groups: str, transfer_seconds: float = 0.0, rest_versions: list[str] = REST_1, **switches: Any) -> Object:
    """Two sites with these protection groups, from flasharray-a (austin) to flasharray-b (dallas)."""
    tokens = {SOURCE: SECRETS[2], TARGET: SECRETS[3]}
    return {
        "transferSeconds": transfer_seconds,
        "switches": switches,
        "arrays": {name: {"apiToken": token, "restVersions": rest_versions} for name, token in tokens.items()},
        "connections": [{"arrays": [SOURCE, TARGET]}],
        "vCenters": {
            PROTECTED: {"arrays": [SOURCE], "password": SECRETS[0]},
            RECOVERY: {"arrays": [TARGET], "password": SECRETS[1]},
        },
        "protectionGroups": [{"name": one, "source": SOURCE, "targets": [{"array": TARGET}]} for one in groups],
    }


def ready(obj: Object) -> tuple[str, str]:
    """Reason and message of an object's Ready; empty before it has one."""
    found = stage.condition(obj, "Ready")
    return ("", "") if found is None else (str(found["reason"]), str(found["message"]))


class Rig:
    """An operator process that acts in one namespace and has its Secrets in another.

    It runs under the account and the permissions of the shipped manifests: those of the overlay `one-namespace` for
    the namespaces it is told of, or those of `cluster-wide`.
    """

    def __init__(
        self, plane: ControlPlane, directory: Path, *, permissions: str = "one-namespace", more: Sequence[str] = ()
    ) -> None:
        """`more`: arguments for the operator."""
        self.plane, self.directory, self._more = plane, directory, more
        self._everywhere = permissions == "cluster-wide"
        self.namespace, self.secrets = (f"e2e-{uuid.uuid4().hex[:10]}" for _ in range(2))
        for one in (self.namespace, self.secrets):
            plane.client.make_namespace(one)
        self.namespaces = [self.namespace]
        self.kubectl: Kubectl = plane.client.in_namespace(self.namespace)
        self.process: Process | None = None
        self._said_before = 0
        self._granted: tuple[str, ...] | None = None
        self._kubeconfig = directory

    @property
    def log(self) -> str:
        """What all the operator's processes have logged."""
        path = self.directory / "operator.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, program: Sequence[str] = ("-m", "vvol_replication")) -> None:
        """Start the operator, or what Python runs in its place."""
        self._said_before = len(self.log)
        watched = () if self._everywhere else tuple(self.namespaces)
        if watched != self._granted:
            self._kubeconfig = accounts.kubeconfig(self.plane.client, self.directory, self.secrets, watched)
            self._granted = watched
        self.process = stage.operator(
            self._kubeconfig,
            self.directory,
            self.secrets,
            self.namespaces,
            program=program,
            probes=True,
            more=self._more,
        )

    def scrape(self, accept: str = "") -> tuple[str, str]:
        """What the running operator answers to a scraper, and the type that it says that is."""
        port = eventually(
            lambda: re.search(r"probes on port (\d+)", self.log[self._said_before :]), what="the port of the probes"
        )
        assert port is not None
        asked = urllib.request.Request(f"http://127.0.0.1:{port[1]}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - ours
            return answer.read().decode(), answer.headers["Content-Type"]

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        process = self.process
        assert process is not None
        pid = eventually(lambda: process.pid, what="the operator's pid")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        process.wait(30)
        process.end()  # closes its lifeline
        self.process = None

    def end(self) -> None:
        """End it in order, if it runs."""
        if self.process is not None:
            status, self.process = self.process.end(), None
            # before its first word nobody listens to SIGTERM
            assert status == 0 or len(self.log) == self._said_before, f"{status}: {self.log[-3000:]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start the operator, end it when leaving, and see that it told no secret."""
        self.start()
        try:
            yield
            self.check_secrets()
        finally:
            self.end()

    @contextlib.contextmanager
    def site(self, described: Mapping[str, Any], *, connected: bool = True) -> Iterator[Site]:
        """Start a simulator, and remove its cluster-wide objects when leaving: arrays there may be ambiguous."""
        with simulated.serving(described) as simulator:
            site = Site(self, simulator)
            try:
                if connected:
                    site.connect()
                yield site
            finally:
                simulator.clear_faults()
                site.disconnect()

    def check_secrets(self) -> None:
        """No password or token is in any log, status, event or metric; a crash is in no log."""
        requests = "replicationsyncs,failoverpreparations,replicationschedules"
        kinds = ("vcenters,flasharrays", f"replicationgroups,{requests},events.events.k8s.io")
        told = [self.plane.kubectl("get", one, "--all-namespaces", "--output=json").stdout for one in kinds]
        for text in (self.log, *told, *((self.scrape()[0],) if self.process is not None else ())):
            assert [secret for secret in SECRETS if secret in text] == []
        assert "Traceback" not in self.log, self.log[-6000:]
        assert "unexpectedly" not in self.log, self.log[-6000:]


class Site:
    """A simulator and what leads to it. Objects of cluster scope have names of this site's own."""

    _numbers = itertools.count(1)

    def __init__(self, rig: Rig, simulator: Simulator) -> None:
        self.rig, self.simulator = rig, simulator
        self.prefix = f"s{next(self._numbers)}-"
        self._objects: set[tuple[str, str]] = set()
        self._names = itertools.count(1)

    def objects(self) -> list[Object]:
        """Secrets, VCenters and FlashArrays for all that the simulator serves."""
        return stage.endpoints(self.simulator.ready, self.rig.secrets, self.prefix)

    def object(self, kind: str, name: str) -> Object:
        """One of them: a kind, and the simulator's name of what it leads to."""
        wanted = {f"{self.prefix}{name}", f"{self.prefix}vcenter-{name}", f"{self.prefix}array-{name}"}
        return next(one for one in self.objects() if one["kind"] == kind and one["metadata"]["name"] in wanted)

    def connect(self, *without: tuple[str, str]) -> None:
        """Apply them, but for those given as (kind, the simulator's name)."""
        left_out = [self.object(*one) for one in without]
        self.apply(*(one for one in self.objects() if one not in left_out))

    def apply(self, *objects: Object) -> None:
        """Apply objects; those of cluster scope are deleted with the site."""
        for one in objects:
            if one["kind"] in {"VCenter", "FlashArray"}:
                self._objects.add((one["kind"].lower(), one["metadata"]["name"]))
        self.rig.plane.client.have(*objects)

    def delete(self, kind: str, name: str) -> None:
        """Delete an object of cluster scope."""
        self._objects.discard((kind.lower(), name))
        self.rig.plane.kubectl("delete", kind.lower(), name, "--ignore-not-found")

    def disconnect(self) -> None:
        """Delete all of cluster scope that was applied here."""
        self.rig.plane.client.have_not(*sorted(self._objects))
        self._objects.clear()

    def group(
        self, protection_group: str, *, namespace: str | None = None, name: str | None = None, **spec: Any
    ) -> str:
        """Create a ReplicationGroup for a protection group; its name."""
        name = name or f"{self.prefix}{protection_group}"
        more = {
            "recovery": self.prefix + RECOVERY,
            "protected": self.prefix + PROTECTED,
            **spec,
        }
        source = more.pop("source", f"{SOURCE}:{protection_group}")
        self.apply(stage.group(name, namespace or self.rig.namespace, source, **more))
        return name

    def wait_group(self, name: str, condition: str = "Ready") -> Object:
        """Wait for a ReplicationGroup's condition (``Ready``, or ``Ready=False``), as `kubectl wait` takes it."""
        type_, _, status = condition.partition("=")

        def is_so(obj: Object) -> bool:
            seen = stage.condition(obj, type_)
            return seen is not None and seen["status"] == (status or "True") and stage.is_current(obj, seen)

        return self.rig.kubectl.wait_until("replicationgroup", name, is_so, what=condition, timeout=LONG)

    def request(self, group: str, name: str | None = None, *, namespace: str | None = None, **spec: Any) -> Request:
        """Apply a ReplicationSync."""
        name = name or f"{self.prefix}sync-{next(self._names)}"
        namespace = namespace or self.rig.namespace
        self.rig.plane.client.have(stage.sync(name, namespace, group, **spec))
        return Request(self, name, namespace)

    def known(self, name: str) -> Request:
        """A ReplicationSync that was applied by other means."""
        return Request(self, name, self.rig.namespace)

    # The simulator's books

    def act(self, name: str, protection_group: str, **arguments: Any) -> Object:
        """Do something to a protection group of the source array."""
        return self.simulator.action(name, protectionGroup=f"{SOURCE}:{protection_group}", **arguments)

    def world(self, protection_group: str) -> Object:
        """A protection group as it really is."""
        return self.simulator.group(f"{SOURCE}:{protection_group}")

    def points(self, protection_group: str) -> list[Object]:
        """Its points in time at the target."""
        found: list[Object] = self.world(protection_group)["targetGroups"][0]["pointsInTime"]
        return found

    def pending(self, protection_group: str) -> Object | None:
        """The sync that is armed at the target."""
        found: Object | None = self.world(protection_group)["targetGroups"][0]["pendingSync"]
        return found

    def calls(self, call: str, protection_group: str | None = None) -> list[Object]:
        """All calls of that name that took effect, or those for one protection group."""
        entries = [one for one in self.simulator.journal() if one["call"] == call and one["tookEffect"]]
        if protection_group is None:
            return entries
        ids = {one["deviceGroupId"] for one in self.world(protection_group)["targetGroups"]}
        return [
            one
            for one in entries
            if protection_group in (one["arguments"].get("source_names"), *one["arguments"].get("source", ()))
            or any(group["deviceGroup"] in ids for group in one["arguments"].get("groups", ()))
        ]

    def wait_effect(self, call: str, protection_group: str, count: int = 1) -> list[Object]:
        """Wait until a call has taken effect that often."""
        return eventually(
            lambda: self.calls(call, protection_group),
            what=f"{call} for {protection_group} to take effect {count} times",
            until=lambda found: len(found) >= count,
            timeout=LONG,
            every=0.02,
        )

    def hang(self, endpoint: str, call: str, **more: Any) -> int:
        """Let calls hang from now on; the fault's id."""
        return int(self.simulator.fault(endpoint, call, "hang", **more)["id"])

    def wait_hit(self, fault: int, hits: int = 1) -> None:
        """Wait until a fault was met."""
        eventually(
            lambda: next(one["hits"] for one in self.simulator.faults() if one["id"] == fault),
            what=f"fault {fault} to be met {hits} times",
            until=lambda seen: seen >= hits,
            timeout=LONG,
            every=0.02,
        )

    def next_second(self) -> None:
        """Arrays tell whole seconds; wait until what happens next is told to be later than what happened so far."""
        self._later("second", len("2026-01-01T00:00:00"))

    def next_millisecond(self) -> None:
        """The same for REST 2, which tells milliseconds."""
        self._later("millisecond", len("2026-01-01T00:00:00.000"))

    def _later(self, what: str, digits: int) -> None:
        first = self.simulator.state()["time"][:digits]
        eventually(
            lambda: self.simulator.state()["time"][:digits], what=f"the next {what}", until=lambda now: now > first
        )


class Request:
    """One ReplicationSync; or one object of another kind of request, as `kind` says."""

    kind = "replicationsync"

    def __init__(self, site: Site, name: str, namespace: str) -> None:
        self.site, self.name, self.namespace = site, name, namespace
        self.kubectl = site.rig.plane.client.in_namespace(namespace)

    def get(self) -> Object:
        """The object as it is."""
        return self.kubectl.get(self.kind, self.name)

    def patch(self, **spec: Any) -> None:
        """Change its spec."""
        self.kubectl("patch", self.kind, self.name, "--type=merge", "--patch", json.dumps({"spec": spec}))

    def wait(self, what: str, condition: Any, timeout: float = LONG) -> Object:
        """Wait until the object is so."""
        return self.kubectl.wait_until(self.kind, self.name, condition, what=what, timeout=timeout)

    def wait_reason(self, reason: str, timeout: float = LONG) -> Object:
        """Wait until Ready gives that reason."""
        return self.wait(f"Ready to say {reason}", lambda obj: ready(obj)[0] == reason, timeout)

    def wait_finished(self, timeout: float = LONG) -> Object:
        """Wait for the end, whichever it is."""
        return self.wait("the end", lambda obj: stage.is_true(obj, "Finished"), timeout)

    def wait_complete(self, timeout: float = LONG) -> Object:
        """Wait for the end, which has to be a good one."""
        obj = self.wait_finished(timeout)
        assert stage.is_true(obj, "Complete"), obj["status"]
        return obj

    def suffix(self) -> str:
        """The snapshot suffix of this request."""
        return str(self.get()["status"]["operation"]["suffix"])

    def story(self) -> list[tuple[str, str]]:
        """Reason and type of each event about this very object, in order."""
        uid = self.get()["metadata"]["uid"]
        held = json.loads(self.kubectl("get", "events.events.k8s.io", "--output=json").stdout)["items"]
        mine = [one for one in held if one["regarding"].get("uid") == uid]
        return [(one["reason"], one["type"]) for one in sorted(mine, key=lambda one: str(one["eventTime"]))]

    def point(self, protection_group: str) -> Object:
        """The point in time that really holds this request's data."""
        suffix = self.suffix()
        (found,) = [one for one in self.site.points(protection_group) if one["suffix"] == suffix]
        return found

    def assert_true_success(self, protection_group: str) -> Object:
        """Complete, under its name, on the point in time that really holds the data of its one push."""
        obj = self.wait_complete()
        suffix = obj["status"]["operation"]["suffix"]
        pushes = [one["arguments"]["suffix"] for call in PUSHES for one in self.site.calls(call, protection_group)]
        assert pushes.count(suffix) == 1, pushes
        real, told = self.point(protection_group), obj["status"]["pointInTime"]
        assert stage.is_true(obj, "Named"), obj["status"]
        assert stage.is_true(obj, "PointInTimeIdentified"), obj["status"]
        assert (told["id"], told["name"]) == (real["id"], real["name"])
        assert real["name"] == obj["status"]["operation"]["pointInTimeName"]
        return obj
