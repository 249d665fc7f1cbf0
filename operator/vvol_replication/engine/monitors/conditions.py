"""What the conditions of a VCenter or FlashArray say after a reading."""

from __future__ import annotations

from vvol_replication.api.conditions import ConditionStatus, Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.binding.world import Problem

_NOT_REACHED = frozenset({Reason.UNREACHABLE, Reason.TIMED_OUT_CALLING, Reason.CERTIFICATE_NOT_TRUSTED})
_NOT_LET_IN = frozenset(
    {
        Reason.LOGIN_FAILED,
        Reason.SECRET_NOT_FOUND,
        Reason.SECRET_KEY_MISSING,
        Reason.SECRET_VALUE_INVALID,
        Reason.ADDRESS_NOT_ALLOWED,
    }
)


def endpoint_conditions(
    problem: Problem | None, line: str, *, complete: bool, paused: bool = False
) -> tuple[Wanted, ...]:
    """What the conditions say after a reading.

    Parameters:
        problem: why the last reading failed; None: it did not.
        line: what was read.
        complete: was all of it there?
        paused: the credentials were refused so often that they are not tried for a while.
    """
    inventory = Wanted(
        "InventoryComplete",
        "True" if complete and problem is None else "False" if problem is None else "Unknown",
        Reason.INVENTORY_COMPLETE if complete and problem is None else Reason.INVENTORY_INCOMPLETE,
        line if problem is None else f"Could not be read now. {problem.message}",
    )
    if problem is None:
        ready: ConditionStatus = "True" if complete else "False"
        return (
            Wanted("Ready", ready, Reason.READY if complete else Reason.INVENTORY_INCOMPLETE, line),
            Wanted("Reachable", "True", Reason.CONNECTED, "It answers."),
            Wanted("Authenticated", "True", Reason.LOGGED_IN, "The endpoint accepted the credentials."),
            inventory,
        )
    reached: ConditionStatus = "Unknown"
    if problem.reason in _NOT_REACHED:
        reached = "False"
    reachable = Wanted("Reachable", reached, problem.reason, problem.message)
    if problem.reason is Reason.LOGIN_FAILED:
        reachable = Wanted("Reachable", "True", Reason.CONNECTED, "It answers.")
    let_in: ConditionStatus = "False" if problem.reason in _NOT_LET_IN else "Unknown"
    why = Reason.LOGIN_PAUSED if paused and problem.reason is Reason.LOGIN_FAILED else problem.reason
    return (
        Wanted("Ready", "False", problem.reason, problem.message),
        reachable,
        Wanted("Authenticated", let_in, why, problem.message),
        inventory,
    )
