"""May the sync be armed? All that the push needs is checked first: an armed sync cannot be disarmed (invariant 3)."""

from __future__ import annotations

from datetime import timedelta

from vvol_replication.api.durations import spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method
from vvol_replication.reconcile.binding.world import Binding, Problem
from vvol_replication.reconcile.core.checks import array_problem, role_problem, under_way
from vvol_replication.reconcile.core.derived_names import SUFFIX_PREFIX
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decision

from .context import ActiveSync
from .max_age import recent_enough

ROLES = (Query.TARGET_GROUP, Query.SOURCE_GROUP)
BEFORE_ARMING = (
    Query.POINTS,
    Query.PROTECTION_GROUP,
    Query.CONNECTIONS,
    Query.SOURCE_SNAPSHOTS,
    Query.TARGET_SNAPSHOTS,
)


def ready_to_arm(active: ActiveSync) -> Decision | None:
    """Look at everything that arming and the push after it need. None: all is well.

    While an older transfer is polled, nothing else is read for it.
    """
    if active.seen.target_snapshots is not None and active.read(Query.TARGET_SNAPSHOTS) is None:
        older = check_older(active)
        if older is not None and (active.request.spec.max_age is None or active.acted):
            return older
    return (
        active.read(*role_queries(active), *BEFORE_ARMING)
        or check_roles(active)
        or recent_enough(active)
        or check_arrays(active)
        or check_older(active)
        or check_floor(active)
    )


def role_queries(active: ActiveSync) -> tuple[Query, ...]:
    """The readings that tell both sides' roles, as far as they can be asked."""
    return ROLES if active.shown_source else ROLES[:1]


def check_roles(active: ActiveSync) -> Decision | None:
    """Invariant 7: state and side, read right before a mutating call. None: both sides are what they should be."""
    return _as_decision(active, role_problem(active.seen, "ReplicationSync", "sync", source_shown=active.shown_source))


def check_arrays(active: ActiveSync) -> Decision | None:
    """Can a push reach the target? The protection group is live, and its target is allowed and connected."""
    pushes = active.request.spec.method is not Method.AWAIT_SCHEDULE
    group = active.seen.protection_group.value if active.seen.protection_group else None
    if pushes and ("::" in active.resolved.protection_group or (group is not None and group.pod is not None)):
        return active.fail(
            Reason.PROTECTION_GROUP_IN_POD,
            f"Protection group {active.resolved.protection_group!r} is in a pod. Pods replicate by other means and "
            "cannot be pushed. If it has a replication schedule, create a ReplicationSync with method AwaitSchedule.",
        )
    return _as_decision(active, array_problem(active.resolved, active.seen))


def _as_decision(active: ActiveSync, problem: Problem | None) -> Decision | None:
    if problem is None:
        return None
    if problem.final:
        return active.fail(problem.reason, problem.message)
    return active.wait(problem.reason, problem.message, until=active.now + active.tuning.older_every)


def check_older(active: ActiveSync) -> Decision | None:
    """Invariant 4: an older transfer under way is waited for, or it would be credited with our name."""
    at_target = rows(active.seen.target_snapshots)
    older = under_way(rows(active.seen.source_snapshots), at_target, active.operation.suffix)
    if older is None:
        return None
    done = f" ({older.progress:.0%} done)" if older.progress else ""
    only_source = (
        ""
        if older in at_target
        else " Only the source array shows it. If the target does not show it for minutes, it went to another target, "
        "or its copy was eradicated. Then replicate the group on the source array. This request goes on when that has "
        "landed."
    )
    return active.wait(
        Reason.OLDER_TRANSFER_IN_FLIGHT,
        f"The older transfer {older.name} is under way{done}. The sync is armed when it has landed: "
        f"otherwise that transfer would take the name.{active.standstill(older)}{only_source}",
        until=active.now + active.tuning.older_every,
        follow=True,
    )


def check_floor(active: ActiveSync) -> Decision | None:
    """A group may set a floor between two pushes (invariant 14).

    Our own suffixes on the source tell when the last was, by that array's clock; so it is held against that clock. One
    that was ahead, and was put right, holds nobody up for longer than the interval.
    """
    bound = active.seen.bound
    if not isinstance(bound, Binding) or bound.min_push_interval is None:
        return None
    if active.request.spec.method is Method.AWAIT_SCHEDULE:
        return None
    ours = [row.created for row in rows(active.seen.source_snapshots) if row.suffix.startswith(SUFFIX_PREFIX)]
    skew = active.seen.source_array.skew if active.seen.source_array is not None else None
    if not ours:
        return None
    until = max(ours) + bound.min_push_interval - (skew or timedelta())
    until = min(until, (active.operation.turn_at or active.now) + bound.min_push_interval)
    if active.now >= until:
        return None
    clock = "" if skew is not None else " The array did not report its time, so the operator's clock is used."
    return active.wait(
        Reason.RATE_LIMITED,
        f"The group allows a push every {spoken_duration(bound.min_push_interval)}. The last was at "
        f"{max(ours):%Y-%m-%dT%H:%M:%SZ}, by the source array's clock.{clock}",
        until=until,
    )
