"""Random trouble for the storage and the operator, from a seed: what is ordered next follows from it alone."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from vvol_simulator.client import Simulator

SOAP_CALLS = (
    "SyncReplicationGroup_Task",
    "QuerySmsTaskInfo",
    "QueryReplicationGroup",
    "QueryReplicationGroupInfo",
    "QueryPointInTimeReplica",
    "QueryFaultDomain",
    "Login",
    "*",
)
SOAP_FAULTS = (
    "ProviderBusy",
    "ProviderUnavailable",
    "ProviderOutOfResource",
    "ServiceNotInitialized",
    "QueryExecutionFault",
    "InvalidSession",
    "AuthConnectionFailed",
    "RuntimeFault",
    "ManagedObjectNotFound",
    "PeerNotReachable",
)
PROVES_NOTHING = "RuntimeFault"
"""Of these, the one after which the call may have been carried out all the same."""
REST_CALLS = (
    "POST pgroup",
    "GET pgroup",
    "GET array",
    "POST protection-group-snapshots",
    "GET protection-group-snapshots",
    "GET protection-group-snapshots/transfer",
    "*",
)
REFUSING = (429,)
FAILING = (500, 502, 503, 504)
"""Statuses that prove that nothing was done (no 401: three of them at a login are a wrong token), and those that prove
nothing: only these come after the effect, too."""
_PAUSE = (0.3, 1.7)
_OUTAGE = (0.2, 2.0)


class Storm:
    """While entered, orders one trouble after the other. `kinds` counts what was ordered."""

    def __init__(self, simulator: Simulator, seed: int, *, kill: Callable[[], None], every_kill: float) -> None:
        """`kill` ends the operator without warning and starts another one; about every `every_kill` seconds."""
        self._simulator, self._chance = simulator, random.Random(seed)  # noqa: S311 - a seed makes it repeatable
        self._kill, self._every_kill = kill, every_kill
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._sites: list[str] = sorted(simulator.ready["vcenters"])
        self._arrays: list[str] = sorted(simulator.ready["arrays"])
        self._groups: list[str] = sorted(simulator.state()["protectionGroups"])
        self.kinds: Counter[str] = Counter()
        self.broken: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.calm()

    def calm(self) -> None:
        """Order nothing more, and take back what is still in force. May be called twice."""
        self._over.set()
        self._thread.join()
        self._simulator.clear_faults()
        for endpoint in (*self._sites, *self._arrays):
            self._simulator.action("accept-connections", endpoint=endpoint)
        if self.broken is not None:
            raise RuntimeError("the storm could not be ordered") from self.broken

    def _run(self) -> None:
        next_kill = time.monotonic() + self._every_kill
        try:
            while not self._over.wait(self._chance.uniform(*_PAUSE)):
                if time.monotonic() >= next_kill:
                    self._count("SIGKILL of the operator")
                    self._kill()
                    next_kill = time.monotonic() + self._chance.uniform(0.5, 1.5) * self._every_kill
                self._chance.choice(self._troubles)()
        except BaseException as error:  # noqa: BLE001 - told to who waits for the storm
            self.broken = error

    @property
    def _troubles(self) -> tuple[Callable[[], None], ...]:
        """One is drawn each time; what is listed twice comes twice as often."""
        return (
            *(self._soap_fault,) * 3,
            *(self._transport_fault,) * 6,
            *(self._status,) * 2,
            self._expire,
            self._outage,
            self._forget_tasks,
            self._task_error,
            *(self._scheduled_push,) * 3,
        )

    def _soap_fault(self) -> None:
        name = self._chance.choice(SOAP_FAULTS)
        when = self._chance.choice(("before", "after")) if name == PROVES_NOTHING else "before"
        self._order(self._site(), self._chance.choice(SOAP_CALLS), "soapFault", name=name, when=when)

    def _transport_fault(self) -> None:
        kind = self._chance.choice(("resetBefore", "resetAfter", "hang", "slow", "garbage", "truncated"))
        known: dict[str, dict[str, Any]] = {
            "hang": {"timeout": self._chance.uniform(0.5, 3.0), "when": self._chance.choice(("before", "after"))},
            "slow": {"seconds": self._chance.uniform(0.1, 1.5)},
            "garbage": {"when": self._chance.choice(("before", "after"))},
        }
        self._order(*self._anywhere(), kind, **known.get(kind, {}))

    def _status(self) -> None:
        status = self._chance.choice((*REFUSING, *FAILING))
        when = self._chance.choice(("before", "after")) if status in FAILING else "before"
        self._order(*self._anywhere(), "httpStatus", status=status, when=when)

    def _expire(self) -> None:
        self._count("sessions expire")
        self._simulator.action("expire-sessions", endpoint=self._chance.choice((*self._sites, *self._arrays)))

    def _outage(self) -> None:
        endpoint = self._chance.choice((*self._sites, *self._arrays))
        self._count("connections refused for a while")
        self._simulator.action("refuse-connections", endpoint=endpoint)
        self._over.wait(self._chance.uniform(*_OUTAGE))
        self._simulator.action("accept-connections", endpoint=endpoint)

    def _forget_tasks(self) -> None:
        if self._chance.random() < 0.2:
            self._count("SMS forgets its tasks")
            self._simulator.action("forget-tasks", vCenter=self._site())

    def _task_error(self) -> None:
        kind = self._chance.choice(("taskError", "groupError"))
        self._order(self._site(), "SyncReplicationGroup_Task", kind, name=self._chance.choice(SOAP_FAULTS))

    def _scheduled_push(self) -> None:
        self._count("a scheduled transfer")
        self._simulator.action("run-schedule", protectionGroup=self._chance.choice(self._groups))

    def _order(self, endpoint: str, call: str, kind: str, **arguments: Any) -> None:
        self._count(kind)
        self._simulator.fault(endpoint, call, kind, times=self._chance.randint(1, 2), **arguments)

    def _count(self, kind: str) -> None:
        self.kinds[kind] += 1

    def _site(self) -> str:
        return self._chance.choice(self._sites)

    def _anywhere(self) -> tuple[str, str]:
        if self._chance.random() < 0.5:
            return self._site(), self._chance.choice(SOAP_CALLS)
        return self._chance.choice(self._arrays), self._chance.choice(REST_CALLS)
