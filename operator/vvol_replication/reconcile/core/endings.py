"""Ends that syncs and preparations come to alike: cancelled, another's request id, a deadline that passed."""

from __future__ import annotations

from datetime import datetime

from vvol_replication.api.reasons import Reason

from .context import RequestContext, RequestT
from .steps import Decided, StatusT
from .summarize import Situation, Verdict
from .takeover import may_still_act


def cancelled(context: RequestContext[RequestT, StatusT]) -> Decided[StatusT] | None:
    """`spec.cancel` is set."""
    if not context.request.spec.cancel:
        return None
    text = f"The operator does not follow it any more. {context.left_behind()}"
    return context.end(Verdict(Situation.CANCELLED, Reason.CANCELLED, text))


def clash(context: RequestContext[RequestT, StatusT]) -> Decided[StatusT] | None:
    """Another request has the same request id."""
    why = context.seen.claims.clash
    return None if why is None else context.fail(Reason.REQUEST_ID_CONFLICT, why)


def timed_out(
    context: RequestContext[RequestT, StatusT], deadline: datetime | None, undone: str
) -> Decided[StatusT] | None:
    """The deadline has passed. Where another process may still be inside a call for it, that is waited for.

    `undone` is what was not reached, as the message begins: "Not done".
    """
    if deadline is None or context.now < deadline:
        return None
    text = f"{undone} by {deadline:%Y-%m-%dT%H:%M:%SZ}. {context.left_behind()}{context.last_message()}"
    return may_still_act(context) or context.fail(Reason.TIMED_OUT, text)
