"""Two replicas of the operator before one API server, each behind a proxy of its own that can be cut."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from kubernetes import client, config

from testbed import accounts
from testbed.processes import Process
from testbed.proxy import Proxy
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from testbed.controlplane import ControlPlane

LEASE = "vvol-replication"
USUAL = (15, 10, 2)
LOST = 75


@dataclass
class Replica:
    """One process, and the pod that it would be."""

    name: str
    process: Process
    proxy: Proxy

    @property
    def log(self) -> str:
        return self.process.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        pid = eventually(lambda: self.process.pid, what=f"{self.name}'s pid")
        assert pid is not None
        os.kill(pid, number)


@dataclass
class Replicas:
    """`timing`: the Lease's duration, renew deadline and retry period, in seconds."""

    plane: ControlPlane
    directory: Path
    secrets: str
    namespaces: Sequence[str]
    timing: tuple[int, int, int] = USUAL
    all: list[Replica] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        plane: ControlPlane,
        directory: Path,
        secrets: str,
        namespaces: Sequence[str],
        timing: tuple[int, int, int] = USUAL,
    ) -> Iterator[Replicas]:
        """Two of them, one leading; all end with leaving."""
        made = cls(plane, directory, secrets, namespaces, timing)
        try:
            made.refill()
            yield made
        finally:
            for one in made.all:
                with contextlib.suppress(ProcessLookupError):
                    one.signal(signal.SIGCONT)
                one.proxy.mend()
                one.process.ask_to_end()
            for one in made.all:
                one.process.end()
                one.proxy.end()

    def start(self) -> Replica:
        """One more."""
        name = f"replica-{next(self._numbers)}"
        proxy = Proxy(urllib.parse.urlsplit(self.plane.server).port or 0)
        document = json.loads(self._of_account.read_text())
        document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        kubeconfig = self.directory / f"{name}.kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(json.dumps(document))
        command = [sys.executable, "-m", "vvol_replication", "--operator-namespace", self.secrets, "--leader-elect"]
        command += ["--kubeconfig", str(kubeconfig)]
        for option, seconds in zip(("lease-duration", "renew-deadline", "retry-period"), self.timing, strict=True):
            command.append(f"--leader-elect-{option}={seconds}s")
        for namespace in self.namespaces:
            command += ["--namespace", namespace]
        environment = {**os.environ, "POD_NAME": name, "POD_NAMESPACE": self.secrets}
        process = Process(name, command, self.directory, environment=environment)
        replica = Replica(name, process, proxy)
        self.all.append(replica)
        return replica

    def tend(self) -> None:
        """As a kubelet does: put those away that have ended, and start others; wait for nothing."""
        for one in [one for one in self.all if one.process.exit_status is not None]:
            one.process.end()
            one.proxy.end()
            self.all.remove(one)
        while len(self.all) < 2:
            self.start()

    def refill(self) -> None:
        """The same, and wait until one leads and another stands by."""
        self.tend()
        eventually(self.holder, what="a leader")
        for one in self.all:
            eventually(lambda one=one: "waiting for Lease" in one.log, what=f"{one.name} to stand by")  # type: ignore[misc]

    @cached_property
    def _of_account(self) -> Path:
        """The kubeconfig of the account that all replicas run under."""
        return accounts.kubeconfig(self.plane.client, self.directory, self.secrets, self.namespaces)

    @cached_property
    def _leases(self) -> client.CoordinationV1Api:
        """Asked many times a second; a kubectl for each would slow down what is measured."""
        return client.CoordinationV1Api(config.new_client_from_config(str(self.plane.kubeconfig)))  # type: ignore[no-untyped-call]

    def holder(self) -> str:
        """The name of the replica that the Lease names; empty: nobody."""
        try:
            lease = self._leases.read_namespaced_lease(LEASE, self.secrets)
        except client.ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ""
            raise
        assert lease.spec is not None
        return (lease.spec.holder_identity or "").partition("_")[0]

    def leader(self) -> Replica:
        """The one that the Lease names."""
        name = eventually(self.holder, what="a leader")
        return next(one for one in self.all if one.name == name)

    def other(self, than: Replica) -> Replica:
        """The one that stands by."""
        return next(one for one in self.all if one is not than)

    def taken_over(self, from_whom: Replica, timeout: float = 90.0) -> float:
        """Wait until another one has taken up its work; seconds from now to its taking the lead."""
        begun = time.monotonic()
        eventually(
            self.holder, what="a hand-over", until=lambda name: name not in {"", from_whom.name}, timeout=timeout,
            every=0.05,
        )  # fmt: skip
        seconds = time.monotonic() - begun
        successor = self.leader()
        eventually(lambda: "taken over:" in successor.log, what=f"{successor.name} to take up the work")
        return seconds
