"""What another operator process has left: an unanswered intent is looked at only after a while (DESIGN §5).

Who lost the Lease acts no more, but a thread of it may be inside a call until that call's own deadline.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Borrowed

from .sight import RequestT, Sight
from .steps import Decided, Park, Record, StatusT
from .view import Turn, View


def may_still_act(view: Sight[RequestT, StatusT]) -> Decided[StatusT] | None:
    """The intent is another process's, which may be inside a call: the turn is kept until that is over (rule 4)."""
    holder = view.status.operation.holder if view.status.operation is not None else None
    mine, since = view.holder, view.seen.taken_up_at
    if holder is None or mine is None or holder == mine or since is None:
        return None
    until = since + view.tuning.lease + view.tuning.longest_call
    if view.now >= until:
        return None
    text = (
        f"Operator process {holder!r} may still be inside a call for this request; "
        f"what it did is looked for from {until:%Y-%m-%dT%H:%M:%SZ} on."
    )
    return view.run(Park(until), Reason.LOOKING_AFTER_LOST_ANSWER, text)


def taken_over(view: Sight[RequestT, StatusT]) -> Decided[StatusT] | None:
    """The intent is another process's: wait, then put ours in its place, then look. None: it is our own."""
    ledger, mine = view.status.operation, view.holder
    if ledger is None or ledger.holder in (None, mine) or mine is None or view.seen.taken_up_at is None:
        return None
    text = f"Going on where operator process {ledger.holder!r} left off."
    return may_still_act(view) or view.run(Record(), Reason.READING, text, operation=replace(ledger, holder=mine))


def left_armed(view: View) -> ArmedSync | None:
    """The sync that a request leaves armed when it ends here: its group has to remember it (rule 3)."""
    operation = view.operation
    sync, resolved = operation.sync, operation.resolved
    if sync is None or resolved is None or sync.borrowed is not None or not view.maybe_armed or _spent(view):
        return None
    points = view.seen.points.value if view.seen.points is not None else None
    return ArmedSync(
        request=f"{view.request.namespace}/{view.request.name}",
        uid=view.request.uid,
        point_in_time_name=operation.point_in_time_name or "",
        since=view.now,
        target_group=resolved.target_group,
        task=sync.task,
        newest_point_time=max((point.time for point in points or ()), default=None),
    )


def _spent(view: View) -> bool:
    """The sync that was pending at the push has ended where its name is."""
    named = next((one for one in view.status.conditions if one.type == "Named"), None)
    pending = view.operation.sync is not None and view.operation.sync.pending_seen_at is not None
    return named is not None and named.status == "True" and pending


def borrowable(turn: Turn) -> ArmedSync | None:
    """An earlier request's armed sync under which this one may go; one that needs another name has no turn now."""
    armed = turn.seen.armed
    return None if armed is None or armed.task is None else armed


def borrowed(armed: ArmedSync) -> Borrowed:
    """As the ledger keeps it."""
    return Borrowed(armed.point_in_time_name, armed.request)
