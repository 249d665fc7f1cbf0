"""What is said of refused logins: how many there were, and when the next one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vvol_replication.api.times import format_time, whole_seconds
from vvol_replication.engine.ports import Refusals

_UNCOUNTED = Refusals(0, 0, 0.0)


@dataclass(slots=True)
class Logins:
    """The refusals of the credentials in use, with times instead of ages: what is said is not news each second."""

    refusals: Refusals = _UNCOUNTED
    next_at: datetime | None = None
    news: bool = False

    def after(self, refusals: Refusals, now: datetime) -> Logins:
        """What is known after one more failed login; `refusals` counts it, `now` is when it failed."""
        shut, was_shut = refusals.seconds_left > 0, self.next_at is not None
        if (refusals.count, shut) == (self.refusals.count, was_shut):
            return self
        at = whole_seconds(now + timedelta(seconds=refusals.seconds_left)) if shut else None
        return Logins(refusals, at, news=True)

    def written(self) -> None:
        """The status that says so is stored: nothing of it is news any more."""
        self.news = False

    def line(self, said: str, where: str) -> str:
        """The message: what the endpoint said, while it is asked; else what holds us back, and until when.

        `where`: which Secret it is, and in which namespace, in a sentence.
        """
        count = self.refusals.count
        if self.next_at is not None:
            return (
                f"The credentials were refused {count} times in a row. Correct the Secret. {where} Until it changes, "
                f"they are not tried before {format_time(self.next_at)}, so that no account is locked."
            )
        if not count:
            return f"{said} {where}"
        times = "once" if count == 1 else f"{count} times"
        then = f"After {self.refusals.limit} refusals the operator waits before it tries again."
        return f"{said} {where} Refused {times}. {then}"
