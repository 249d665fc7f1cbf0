"""What another operator process has left: an unanswered intent is looked at only after a while (invariant 5).

Who lost the Lease acts no more, but a thread of it may be inside a call until that call's own deadline.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason

from .context import RequestContext, RequestT
from .steps import Decided, Park, Record, StatusT


def may_still_act(context: RequestContext[RequestT, StatusT]) -> Decided[StatusT] | None:
    """The intent is another process's, maybe inside a call: the turn is kept until that is over (invariant 4)."""
    holder = context.status.operation.holder if context.status.operation is not None else None
    mine, since = context.holder, context.seen.taken_up_at
    if holder is None or mine is None or holder == mine or since is None:
        return None
    until = since + context.tuning.lease + context.tuning.longest_call
    if context.now >= until:
        return None
    text = (
        f"Operator process {holder!r} may still be in a call for this request. "
        f"The operator looks for the effect of that call from {until:%Y-%m-%dT%H:%M:%SZ} on."
    )
    return context.run(Park(until), Reason.LOOKING_AFTER_LOST_ANSWER, text)


def taken_over(context: RequestContext[RequestT, StatusT]) -> Decided[StatusT] | None:
    """The intent is another process's: wait, then put ours in its place, then look. None: it is our own."""
    ledger, mine = context.status.operation, context.holder
    if ledger is None or ledger.holder in (None, mine) or mine is None or context.seen.taken_up_at is None:
        return None
    text = f"Going on where operator process {ledger.holder!r} stopped."
    return may_still_act(context) or context.run(Record(), Reason.READING, text, operation=replace(ledger, holder=mine))
