"""How a command ends: the exit code, the same for every command, and which end of a request it is."""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class Outcome(IntEnum):
    """The exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    STILL_RUNNING = 4
    UNKNOWN = 5
    NO_ACCESS = 6

    @property
    def word(self) -> str:
        """The word of a table or of JSON."""
        return "".join(part.capitalize() for part in self.name.split("_"))


MEANINGS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.DONE: ("done: what was asked for is true", "go on"),
    Outcome.FAILED: (
        "failed: the request has ended without it, or `doctor` found something wrong",
        "read the reason. A new request needs a new name",
    ),
    Outcome.USAGE: (
        "wrong usage: an argument is wrong, an object does not exist, or the API server calls the request invalid",
        "correct the command",
    ),
    Outcome.REFUSED: (
        "refused by a guard, or not confirmed: nothing was done, or nothing more will be done",
        "read the reason, remove the cause, ask again",
    ),
    Outcome.STILL_RUNNING: (
        "the time of `--timeout` is over, and the request goes on by itself",
        "run `kubectl vvol wait` to wait longer",
    ),
    Outcome.UNKNOWN: (
        "not known: the effect of what was asked of the storage; or, with `-o name`, the name of a point in time",
        "look at the points in time before you ask again",
    ),
    Outcome.NO_ACCESS: (
        "no access: the API server cannot be reached, refuses the login or the right, or does not know the kinds",
        "run `kubectl vvol doctor`",
    ),
}
"""What each code means, and what to do."""

GUARDS = frozenset(
    {
        *("AlreadyPrepared", "ConsentMismatch", "EarlierSyncArmed", "Expired", "FailoverCalledOff", "GroupFailedOver"),
        *("GroupPrepared", "GroupSuspended", "IdentityChanged", "InTest", "Missed", "RequestIDConflict"),
        *("RunNowUsedBefore", "StateUnknown", "WrongSide", "WrongState"),
    }
)
"""Reasons of ends in which a guard of the operator refused."""
UNKNOWN_ENDS = frozenset({"OutcomeUnknown", "SyncOutcomeUnknown", "Deleted"})
"""Reasons of ends after which nobody knows the effect."""
LEFT_ALONE = frozenset({"Cancelled", "TimedOut"})
"""Reasons of ends in which what was asked of the storage is not followed any more."""

_MOST_SERIOUS = (
    Outcome.UNKNOWN,
    Outcome.FAILED,
    Outcome.REFUSED,
    Outcome.NO_ACCESS,
    Outcome.STILL_RUNNING,
    Outcome.USAGE,
    Outcome.DONE,
)


class Stop(Exception):  # noqa: N818 - it is no error of the program
    """A command ends here, with this outcome, and with `message` for people.

    `answered`: the API server said all of it itself, so nothing else happened there.
    """

    def __init__(self, outcome: Outcome, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.outcome, self.message, self.answered = outcome, message, answered


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one exit code of several: what a person has to look at first."""
    return min(outcomes, key=_MOST_SERIOUS.index, default=Outcome.DONE)


def of_reason(reason: str, *, asked: bool) -> Outcome:
    """What an end without success means. `asked`: something may have been asked of the storage.

    A reason that is not known here, from a newer operator, is a failure.
    """
    if reason in UNKNOWN_ENDS or (reason in LEFT_ALONE and asked):
        return Outcome.UNKNOWN
    if reason == "InvalidSpec":
        return Outcome.USAGE
    return Outcome.REFUSED if reason in GUARDS else Outcome.FAILED


def of_request(request: Mapping[str, Any]) -> Outcome | None:
    """How a ReplicationSync or FailoverPreparation has ended; None: it has not."""
    status = request.get("status") or {}
    conditions = {one.get("type"): one for one in status.get("conditions") or ()}
    if not status.get("finishedAt") or conditions.get("Finished", {}).get("status") != "True":
        return None
    if conditions.get("Complete", {}).get("status") == "True":
        return _of_dry_run(conditions.get("Preparable"))
    operation = status.get("operation") or {}
    waits = status.get("method") == "AwaitSchedule" and operation.get("sync")
    asked = bool(operation.get("push") or operation.get("prepare") or waits)
    return of_reason(str(conditions.get("Ready", {}).get("reason", "")), asked=asked)


def _of_dry_run(preparable: Mapping[str, Any] | None) -> Outcome:
    """A dry run says in `Preparable` what the real one would do; what could not be read refuses, too."""
    return Outcome.DONE if preparable is None or preparable.get("status") == "True" else Outcome.REFUSED
