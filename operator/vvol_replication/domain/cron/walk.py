"""The next instant that fields name in a time zone: a clock on a wall is turned on until all of them match.

The steps are those of robfig/cron 3.0.1, because what they do where clocks change is what a CronJob does
(`docs/facts/cron.md#where-clocks-change`): months, then days, hours, minutes, each field turned on by its own unit, and
from the top again where one of them wraps round.
"""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo

from .fields import Fields

YEARS = 5
"""How many calendar years ahead are looked through, as robfig/cron does."""
LAST_YEAR = MAXYEAR - 1
_DAY, _HOUR, _MINUTE, _SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
_NOON = 12
_HOURS, _MINUTES = 24, 60


def next_match(fields: Fields, zone: tzinfo, instant: datetime) -> datetime | None:
    """The first instant after `instant` (both in UTC) that the fields name; None if there is none in five years."""
    if fields.hopeless or instant.year >= LAST_YEAR:
        return None
    wall = _Wall(zone, instant.replace(microsecond=0) + _SECOND)
    last = min(wall.local.year + YEARS, LAST_YEAR - 1)
    while wall.local.year <= last:
        if _to_month(fields, wall) and _to_day(fields, wall) and _to_hour(fields, wall) and _to_minute(fields, wall):
            if not wall.local.second:
                return wall.instant
            wall.begun = True
            wall.turn(_MINUTE - timedelta(seconds=wall.local.second))
    return None


class _Wall:
    """An instant, and what the clock on a wall shows then. `begun`: it was turned on, so smaller units are at zero."""

    __slots__ = ("_zone", "begun", "instant", "local")

    def __init__(self, zone: tzinfo, instant: datetime) -> None:
        self._zone = zone
        self.begun = False
        self._at(instant)

    def _at(self, instant: datetime) -> None:
        self.instant = instant
        self.local = instant.astimezone(self._zone).replace(tzinfo=None)

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self._at(self.instant + by)

    def set(self, local: datetime) -> None:
        """Set it to a date and time, as Go's `time.Date` does: of those that come twice, or never, it finds one."""
        reading = local.replace(tzinfo=UTC)
        offset = self._offset(reading)
        self._at(reading - (self._offset(reading - offset) if offset else offset))

    def begin(self, local: datetime) -> None:
        """Set it back to where its unit began, but only when it is first turned on."""
        if not self.begun:
            self.begun = True
            self.set(local)

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self._zone).utcoffset() or timedelta()


def _to_month(fields: Fields, wall: _Wall) -> bool:
    """Turn on to a month that is named; False if the year ended meanwhile."""
    while wall.local.month not in fields.month.values:
        wall.begin(datetime(wall.local.year, wall.local.month, 1))  # noqa: DTZ001 - what a wall shows has no zone
        year, month = divmod(wall.local.year * 12 + wall.local.month, 12)
        wall.set(wall.local.replace(year=year, month=month + 1, day=1) + (wall.local.day - 1) * _DAY)
        if wall.local.month == 1:
            return False
    return True


def _to_day(fields: Fields, wall: _Wall) -> bool:
    """Turn on to a day that is named; False if the month ended meanwhile."""
    while not fields.names_day(wall.local.day, wall.local.isoweekday() % 7):
        wall.begin(wall.local.replace(hour=0, minute=0, second=0))
        before = wall.instant
        wall.set(wall.local + _DAY)
        if wall.instant <= before:  # the zone leaves out a whole day
            wall.turn(before + _DAY - wall.instant)
        if hour := wall.local.hour:  # this day has no midnight, or the last one had none
            wall.turn((_HOURS - hour if hour > _NOON else -hour) * _HOUR)
        if wall.local.day == 1:
            return False
    return True


def _to_hour(fields: Fields, wall: _Wall) -> bool:
    """Turn on to an hour that is named; False if the day ended meanwhile."""
    while wall.local.hour not in fields.hour.values:
        wall.begin(wall.local.replace(minute=0, second=0))
        wall.turn(_HOUR)
        if wall.local.hour == 0:
            return False
    return True


def _to_minute(fields: Fields, wall: _Wall) -> bool:
    """Turn on to a minute that is named; False if the hour ended meanwhile."""
    while wall.local.minute not in fields.minute.values:
        if not wall.begun:
            wall.begun = True
            wall.turn(-timedelta(seconds=wall.instant.second))
        before = wall.local
        ahead = min((one for one in fields.minute.values if one > before.minute), default=_MINUTES) - before.minute
        wall.turn(ahead * _MINUTE)
        if wall.local != before + ahead * _MINUTE:  # clocks change in between: look at each minute that there is
            wall.turn((1 - ahead) * _MINUTE)
        if wall.local.minute == 0:
            return False
    return True
