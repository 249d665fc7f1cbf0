"""A schedule that was read: when it runs next, and which of its runs were due since the last one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice

from .errors import CronError, quoted
from .every import PREFIX, parse_every
from .fields import Fields, parse_fields
from .walk import next_match
from .zones import zone_of

_LATEST = datetime.max.replace(tzinfo=UTC)
_FIRST_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Runs that were due. `latest`: the last of them, None if there were none; `count` stops at the limit asked for."""

    latest: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """When something runs: at what fields name in a time zone, or always a delay after the run before (`@every`).

    All instants that go in and come out are timezone-aware; what comes out is in UTC, in whole seconds.
    """

    text: str
    zone: tzinfo
    rule: Fields | timedelta

    def next_after(self, instant: datetime) -> datetime | None:
        """The next run, always later than `instant`; None if there is none within five years.

        For `@every` the answer counts from `instant`: ask with the last run, or before the first with the creation of
        the object, as a CronJob does.

        Raises:
            ValueError: if `instant` has no timezone.
        """
        if instant.tzinfo is None:
            raise ValueError("an instant without a timezone has no next run")
        instant = instant.astimezone(UTC)
        if isinstance(self.rule, timedelta):
            start = instant.replace(microsecond=0)
            return start + self.rule if _LATEST - start > self.rule else None
        return next_match(self.rule, self.zone, instant)

    def between(self, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """The first runs, at most `limit`, that are later than `after` and not later than `until`, oldest first."""
        return list(islice(self._runs(after, until), limit))

    def due(self, after: datetime, until: datetime, limit: int = 100) -> Due:
        """How many runs were due later than `after` and not later than `until`, and the last of them.

        Of more than `limit` runs (at least 1) only the last is looked for, from a day before `until`, or two, or four
        and so on; so an outage of years costs no more than a day.
        """
        runs = self.between(after, until, limit + 1)
        if len(runs) <= limit:
            return Due(runs[-1] if runs else None, len(runs))
        if isinstance(self.rule, timedelta):
            return Due(runs[0] + (until - runs[0]) // self.rule * self.rule, limit)
        window, latest = _FIRST_WINDOW, deque[datetime]()
        while not latest:
            latest = deque(self._runs(max(runs[-2], until - window), until), maxlen=1)
            window *= 2
        return Due(latest[0], limit)

    def _runs(self, after: datetime, until: datetime) -> Iterator[datetime]:
        run = self.next_after(after)
        while run is not None and run <= until:
            yield run
            run = self.next_after(run)


def parse_schedule(text: str, time_zone: str | None) -> CronSchedule:
    """Read a schedule and the zone that it is meant in, UTC where none is named.

    Raises:
        CronError: if the API server would refuse them in a CronJob. Its text says what was asked and what to write.
    """
    zone = zone_of(time_zone)
    try:
        return CronSchedule(text, zone, _rule(text))
    except CronError as problem:
        raise CronError(f"The schedule {quoted(text)} cannot be read: {problem}") from problem


def _rule(text: str) -> Fields | timedelta:
    if "TZ" in text:
        raise CronError("a time zone has no place in it: write the zone into timeZone")
    return parse_every(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else parse_fields(text)
