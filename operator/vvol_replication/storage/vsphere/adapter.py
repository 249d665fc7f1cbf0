"""`VCenterPort` over one vCenter: each method is one piece of blocking work on the vCenter's own lane."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.groups import Group, GroupId, Inventory, VCenterAbout
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.members import Membership
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Unavailable
from vvol_replication.domain.points import (
    OngoingSync,
    PointInTime,
    StartedPrepare,
    StartedSync,
    TaskReading,
    TaskState,
)
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.storage import reasons
from vvol_replication.storage.lane import Lane, LaneClosed, LaneError, LaneFull, LaneTimeout, Permit
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.together import Together

from . import convert, faults, transport
from .connection import Credentials, Timeouts
from .inventory import InventoryQuery, Listed
from .managers import ask_manager
from .members import MembersQuery
from .points import PointsQuery
from .providers import Providers
from .registered import BATCH
from .session import Ended, Session
from .several import several_groups, several_points
from .unchanged import Answers
from .vmomi import sms, vmodl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from vvol_replication.storage.login import LoginGate
    from vvol_replication.storage.tls import TLSTrust

    from .asked import Asked

T = TypeVar("T")

_log = logging.getLogger(__name__)
_LONGEST_TEXT = 200


class VCenter(VCenterPort):
    """One vCenter. No method raises for what the vCenter does; each ends within its deadline, once it is asked.

    `trust` stays the caller's to close. An object whose credentials, address or trust change is replaced by a new
    one: this one remembers which vCenter it first met, or talks to no other than the one with `expected_uuid`. `gate`
    counts refused logins for all who use these credentials there; without one it counts its own. `leading` is asked in
    the thread of a call right before a request that changes something: where it says no, that is not sent.
    """

    def __init__(
        self,
        address: str,
        username: str,
        password: str,
        trust: TLSTrust,
        *,
        leading: Callable[[], bool],
        max_concurrent_calls: int = 2,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        gate: LoginGate | None = None,
        expected_uuid: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.calls = Calls()
        """What became of those that have ended."""
        self._leading = leading
        self._timeouts = timeouts
        self._workers = max_concurrent_calls
        self._lane = Lane(f"vcenter-{address}", max_concurrent_calls)
        self._session = Session(
            address,
            Credentials(username, password),
            trust.context(),
            redactor=Redactor(password, username=username, longest=_LONGEST_TEXT),
            timeouts=timeouts,
            connections=max_concurrent_calls,
            gate=gate,
            expected_uuid=expected_uuid,
            clock=clock,
        )
        self._providers = Providers(self._session, clock=clock)
        self._answers = Answers[Listed]()
        self._provider_names: tuple[str, ...] = ()
        self._groups = self._by_fault_domain(self._ask_group, self._ask_groups)
        self._points = self._by_fault_domain(self._ask_points, self._ask_points_of)

    @property
    def waiting(self) -> int:
        """How many calls wait because as many as it may have are under way."""
        return self._lane.waiting

    async def about(self) -> Outcome[VCenterAbout]:
        """Who answers, read from the login. `providers` are those that the last inventory met."""
        return await self._run("about", self._session.asked("Login"), self._about)

    async def inventory(self) -> Outcome[Inventory]:
        """All fault domains and groups; `Unavailable("NoReplicationProvider", …)` where no provider is registered."""
        asked = self._session.asked("QueryReplicationGroup")
        return await self._run("inventory", asked, self._inventory, deadline=self._timeouts.inventory)

    async def group(self, group: GroupId) -> Outcome[Group]:
        """One group, live: one call, for which SMS finds the provider by itself, and for others of its fault domain."""
        return await self._groups[group.fault_domain].ask(group)

    async def points_in_time(self, group: GroupId) -> Outcome[tuple[PointInTime, ...]]:
        """The points in time listed at a target group, oldest first; one call may list those of others with them."""
        return await self._points[group.fault_domain].ask(group)

    async def start_sync(self, group: GroupId, name: str) -> Outcome[StartedSync | OngoingSync]:
        """Mutating. Arm a sync of that name; never sent twice unless the first was refused."""
        permit = Permit(self._leading)
        asked = self._session.asked("SyncReplicationGroup_Task", group)
        return await self._run("start_sync", asked, lambda: self._start_sync(group, name, permit), permit=permit)

    async def start_prepare(self, group: GroupId) -> Outcome[StartedPrepare]:
        """Mutating, and not to be undone. prepareFailover of a source group; never sent twice unless refused."""
        permit = Permit(self._leading)
        asked = self._session.asked("PrepareFailoverReplicationGroup_Task", group)
        return await self._run("start_prepare", asked, lambda: self._start_prepare(group, permit), permit=permit)

    async def task(self, task: str, group: GroupId) -> Outcome[TaskReading]:
        """What has become of a sync or prepare task; `FORGOTTEN` where SMS does not know it (any more)."""
        asked = self._session.asked("QuerySmsTaskInfo", group)
        return await self._run("task", asked, lambda: self._task(task, group))

    async def members(self, group: GroupId) -> Outcome[Membership]:
        """The VMs of a source group with their power; one walk over this vCenter's VMs answers for one call."""
        asked = self._session.asked("the VMs", group)
        query = MembersQuery(self._session, group, lambda: self._info(group))
        return await self._run("members", asked, query.run, deadline=self._timeouts.inventory)

    async def close(self, grace: float = 0.0) -> None:
        """Log out and let go of the threads; a vCenter that does not answer is not waited for beyond `grace`."""
        await self._lane.drain(grace)
        with contextlib.suppress(Exception):  # the session then ends by itself, after its idle time
            await self._lane.finish(self._session.close, deadline=self._timeouts.close)
        self._session.drop()
        self._lane.close()

    def _about(self) -> VCenterAbout:
        opened = self._session.opened()
        return VCenterAbout(opened.instance_uuid, opened.version, self._provider_names)

    def _inventory(self) -> Inventory:
        inventory, self._provider_names = InventoryQuery(self._session, self._providers, self._answers).run()
        return inventory

    def _by_fault_domain(
        self,
        one: Callable[[GroupId], Awaitable[Outcome[T]]],
        several: Callable[[tuple[GroupId, ...]], Awaitable[Outcome[Mapping[GroupId, Outcome[T]]]]],
    ) -> defaultdict[str, Together[GroupId, T]]:
        """Questions about groups: what one provider has trouble with must not be that of another one's groups."""
        return defaultdict(lambda: Together(one, several, most=BATCH, at_once=self._workers))

    async def _ask_group(self, group: GroupId) -> Outcome[Group]:
        asked = self._session.asked("QueryReplicationGroupInfo", group)
        return await self._run("group", asked, lambda: convert.group(self._info(group)))

    async def _ask_groups(self, groups: tuple[GroupId, ...]) -> Outcome[Mapping[GroupId, Outcome[Group]]]:
        asked = self._session.asked("QueryReplicationGroupInfo")
        return await self._run("group", asked, lambda: several_groups(self._session, groups))

    async def _ask_points(self, group: GroupId) -> Outcome[tuple[PointInTime, ...]]:
        return await self._run(
            "points_in_time",
            self._session.asked("QueryPointInTimeReplica", group),
            lambda: self._providers.ask(
                group.fault_domain, lambda provider: PointsQuery(self._session, provider, group).run()
            ),
        )

    async def _ask_points_of(
        self, groups: tuple[GroupId, ...]
    ) -> Outcome[Mapping[GroupId, Outcome[tuple[PointInTime, ...]]]]:
        return await self._run(
            "points_in_time",
            self._session.asked("QueryPointInTimeReplica"),
            lambda: self._providers.ask(
                groups[0].fault_domain, lambda provider: several_points(self._session, provider, groups)
            ),
        )

    def _info(self, group: GroupId) -> Any:
        """The `rgInfo` of one group; raises the group's fault where there is one."""
        wanted = sms.ReplicationGroupFilter(groupId=[convert.wire_group_id(group)])
        rows = transport.answered(ask_manager(self._session, lambda manager: manager.QueryReplicationGroupInfo(wanted)))
        row = convert.row_of(rows, group)
        fault = convert.error_of(row)
        if fault is not None:
            raise fault
        info = getattr(row, "rgInfo", None)
        if convert.group_id(getattr(info, "groupId", None)) != group:
            raise transport.Unreadable("details of another group")
        return info

    def _start_sync(self, group: GroupId, name: str, permit: Permit) -> StartedSync | OngoingSync:
        def ask(provider: Any) -> Any:
            wire_id = convert.wire_group_id(group)
            return self._session.call(lambda: provider.SyncReplicationGroup([wire_id], name), permit)

        try:
            task = self._providers.ask(group.fault_domain, ask)
        except sms.fault.replication.SyncOngoing as fault:
            return OngoingSync(convert.ongoing(fault))
        if task is None:
            raise transport.InDoubt from transport.Unreadable("no task in it")
        return StartedSync(convert.moid(task))

    def _start_prepare(self, group: GroupId, permit: Permit) -> StartedPrepare:
        def ask(provider: Any) -> Any:
            wire_id = convert.wire_group_id(group)
            return self._session.call(lambda: provider.PrepareFailoverReplicationGroup([wire_id]), permit)

        task = self._providers.ask(group.fault_domain, ask)
        if task is None:
            raise transport.InDoubt from transport.Unreadable("no task in it")
        return StartedPrepare(convert.moid(task))

    def _task(self, task: str, group: GroupId) -> TaskReading:
        managed: Any = sms.Task(task, self._session.stub)
        try:
            info = self._session.call(managed.QueryInfo)
        except vmodl.fault.ManagedObjectNotFound:
            return TaskReading(TaskState.FORGOTTEN)
        if info is None:
            raise transport.Unreadable("no task in it")
        return convert.task_reading(info, group, self._session.asked(f"the outcome of {task}", group))

    async def _run(
        self,
        operation: str,
        asked: Asked,
        work: Callable[[], T],
        *,
        deadline: float | None = None,
        permit: Permit | None = None,
    ) -> Outcome[T]:
        """Do the work on the lane; whatever way it ends, as an outcome. `operation` is what it is counted as."""
        begun = time.monotonic()
        outcome = await self._outcome(asked, work, self._timeouts.call if deadline is None else deadline, permit)
        took = time.monotonic() - begun
        self.calls.note(operation, outcome, took)
        _log.debug(
            "vCenter %s: %s for %s: %s %s after %.3f s",
            asked.endpoint,
            asked.method,
            asked.group or "-",
            type(outcome).__name__,
            "" if isinstance(outcome, Done) else outcome.reason,
            took,
        )
        return outcome

    async def _outcome(self, asked: Asked, work: Callable[[], T], deadline: float, permit: Permit | None) -> Outcome[T]:
        try:
            return Done(await self._lane.run(work, deadline=deadline))
        except asyncio.CancelledError:
            if permit is not None:
                permit.withdraw()
            raise
        except LaneError as error:
            return self._held_up(error, asked, deadline, permit)
        except Ended as error:
            return error.outcome
        except vmodl.MethodFault as fault:
            return faults.outcome(fault, asked)
        except Exception as error:  # noqa: BLE001 - an answer may break pyVmomi in any way; it is still an outcome
            _log.debug("vCenter %s: %s", asked.endpoint, "".join(traceback.format_tb(error.__traceback__)))
            return transport.outcome(error, asked, answer_timeout=self._timeouts.answer)

    def _held_up(
        self, error: LaneError, asked: Asked, deadline: float, permit: Permit | None
    ) -> Unavailable | Indeterminate:
        if isinstance(error, LaneClosed):
            return Unavailable(reasons.ENDPOINT_BUSY, asked.line("its connection is being closed. It is asked again."))
        if isinstance(error, LaneFull):
            calls = f"all {self._workers} calls that it may have are under way" if self._workers > 1 else "it is busy"
            seen = f"{calls} for {deadline:g} s. It is asked again; see spec.maxConcurrentCalls."
            return Unavailable(reasons.ENDPOINT_BUSY, asked.line(seen))
        if not isinstance(error, LaneTimeout):
            return transport.outcome(error, asked, answer_timeout=self._timeouts.answer)
        seen = f"it did not answer within {deadline:g} s. Check its address and the network path."
        if permit is None or permit.withdraw():
            return Unavailable(reasons.TIMED_OUT_CALLING, asked.line(seen))
        return Indeterminate(reasons.ANSWER_LOST, asked.line(seen) + transport.OPEN)
