"""May the sync be armed? All that the push needs is checked first: an armed sync cannot be disarmed (invariant 3)."""

from __future__ import annotations

from datetime import timedelta

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.checks import Problem, array_problem, role_problem, under_way
from vvol_replication.reconcile.core.derived_names import SUFFIX_PREFIX
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decision

from .context import Turn
from .max_age import recent_enough

ROLES = (Query.TARGET_GROUP, Query.SOURCE_GROUP)
BEFORE_ARMING = (
    Query.POINTS,
    Query.PROTECTION_GROUP,
    Query.CONNECTIONS,
    Query.SOURCE_SNAPSHOTS,
    Query.TARGET_SNAPSHOTS,
)


def ready_to_arm(turn: Turn) -> Decision | None:
    """Look at everything that arming and the push after it need. None: all is well.

    While an older transfer is polled, nothing else is read for it.
    """
    if turn.seen.target_snapshots is not None and turn.read(Query.TARGET_SNAPSHOTS) is None:
        older = check_older(turn)
        if older is not None and (turn.request.spec.max_age is None or turn.acted):
            return older
    return (
        turn.read(*role_queries(turn), *BEFORE_ARMING)
        or check_roles(turn)
        or recent_enough(turn)
        or check_arrays(turn)
        or check_older(turn)
        or check_floor(turn)
    )


def role_queries(turn: Turn) -> tuple[Query, ...]:
    """The readings that tell both sides' roles, as far as they can be asked."""
    return ROLES if turn.shown_source else ROLES[:1]


def check_roles(turn: Turn) -> Decision | None:
    """Invariant 7: state and side, read right before a mutating call. None: both sides are what they should be."""
    return _told(turn, role_problem(turn.seen, "ReplicationSync", "sync", source_shown=turn.shown_source))


def check_arrays(turn: Turn) -> Decision | None:
    """Can a push reach the target? The protection group is live, and its target is allowed and connected."""
    pushes = turn.request.spec.method is not Method.AWAIT_SCHEDULE
    group = turn.seen.protection_group.value if turn.seen.protection_group else None
    if pushes and ("::" in turn.resolved.protection_group or (group is not None and group.pod is not None)):
        return turn.fail(
            Reason.PROTECTION_GROUP_IN_POD,
            f"Protection group {turn.resolved.protection_group!r} is in a pod: it replicates by other means and cannot "
            "be pushed. If it has a replication schedule, create a ReplicationSync with method AwaitSchedule.",
        )
    return _told(turn, array_problem(turn.resolved, turn.seen))


def _told(turn: Turn, problem: Problem | None) -> Decision | None:
    if problem is None:
        return None
    if problem.final:
        return turn.fail(problem.reason, problem.message)
    return turn.wait(problem.reason, problem.message, until=turn.now + turn.tuning.older_every)


def check_older(turn: Turn) -> Decision | None:
    """Invariant 4: an older transfer under way is waited for, or it would be credited with our name."""
    older = under_way(rows(turn.seen.source_snapshots), rows(turn.seen.target_snapshots), turn.operation.suffix)
    if older is None:
        return None
    done = f" ({older.progress:.0%} done)" if older.progress else ""
    return turn.wait(
        Reason.OLDER_TRANSFER_IN_FLIGHT,
        f"The older transfer {older.name} is under way{done}; the sync is armed when it has landed, "
        "so that it does not take the name.",
        until=turn.now + turn.tuning.older_every,
        follow=True,
    )


def check_floor(turn: Turn) -> Decision | None:
    """A group may set a floor between two pushes (invariant 14).

    Our own suffixes on the source tell when the last was, by that array's clock; so it is held against that clock.
    """
    bound = turn.seen.bound
    if not isinstance(bound, Binding) or bound.min_push_interval is None:
        return None
    if turn.request.spec.method is Method.AWAIT_SCHEDULE:
        return None
    ours = [row.created for row in rows(turn.seen.source_snapshots) if row.suffix.startswith(SUFFIX_PREFIX)]
    skew = turn.seen.source_array.skew if turn.seen.source_array is not None else None
    if not ours or turn.now >= (until := max(ours) + bound.min_push_interval - (skew or timedelta())):
        return None
    clock = "" if skew is not None else " The array told no time: the operator's clock is taken for its."
    return turn.wait(
        Reason.RATE_LIMITED,
        f"The group allows one push in {bound.min_push_interval}; the last was at {max(ours):%Y-%m-%dT%H:%M:%SZ}, by "
        f"the source array's clock.{clock}",
        until=until,
    )
