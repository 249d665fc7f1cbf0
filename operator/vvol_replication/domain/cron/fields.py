"""The five fields of a schedule: which minutes, hours, days, months and weekdays it names.

What is accepted is what robfig/cron 3.0.1 accepts (`docs/facts/cron.md#what-is-accepted`), oddities included: an object
that the API server takes as a CronJob has to be taken here, and to mean the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vvol_replication.domain.counts import counted

from .errors import CronError, quoted

EXAMPLE = "write minute, hour, day of month, month and day of week, like 30 2 * * 1-5, or a word like @daily"
MOST_INTEGER = (1 << 63) - 1
"""Go's largest int, which bounds what it reads as a number."""

_WORD = re.compile(r"[^\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
"""What Go's `strings.Fields` takes for one; Python's `split` parts at four more characters."""
_NUMBER = re.compile(r"([+-]?)0*([0-9]*)")


@dataclass(frozen=True, slots=True)
class Field:
    """What one field names. `star`: it began with `*` or `?` and had no step, so it asks for nothing in particular."""

    values: frozenset[int]
    star: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """The five fields of a schedule. Weekdays count from Sunday, which is 0."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def hopeless(self) -> bool:
        """True if a field that counts names nothing at all, as `,` does: then no instant has to be looked for."""
        days = (self.day.values, self.weekday.values)
        some_day = all(days) if self.day.star or self.weekday.star else any(days)
        return not (self.minute.values and self.hour.values and self.month.values and some_day)

    def names_day(self, day: int, weekday: int) -> bool:
        """True if the schedule runs on that day of the month which is that weekday (Sunday is 0).

        Where both fields ask for something, either is enough; else both have to hold.
        """
        of_month, of_week = day in self.day.values, weekday in self.weekday.values
        if self.day.star or self.weekday.star:
            return of_month and of_week
        return of_month or of_week


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def value_of(self, text: str) -> int:
        # Go lowers a dotted capital I to i, which Python does not.
        word = text.replace("\u0130", "i").lower()
        return self.words.index(word) + self.least if word in self.words else _number(text, f"the {self.name}")


_KINDS = (
    _Kind("minute", 0, 59),
    _Kind("hour", 0, 23),
    _Kind("day of month", 1, 31),
    _Kind("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Kind("day of week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def parse_fields(text: str) -> Fields:
    """Read five fields, or a word that stands for them (`@daily`).

    Raises:
        CronError: if a CronJob would not take them.
    """
    if text.startswith("@") and text not in _WORDS:
        raise CronError(f"there is no such word: {', '.join(_WORDS)} are known, and @every with a duration")
    words = _WORD.findall(_WORDS.get(text, text))
    if len(words) != len(_KINDS):
        raise CronError(f"it has {counted(len(words), 'field')} instead of 5: {EXAMPLE}")
    return Fields(*(_field(word, kind) for word, kind in zip(words, _KINDS, strict=True)))


def _field(text: str, kind: _Kind) -> Field:
    """A list of ranges; empty parts of it are passed over."""
    ranges = [_range(part, kind) for part in text.split(",") if part]
    return Field(frozenset(value for values, _ in ranges for value in values), any(star for _, star in ranges))


def _range(text: str, kind: _Kind) -> tuple[range, bool]:
    """The values of `*`, `5`, `1-5`, each with or without `/step`; and whether it asks for nothing in particular."""
    bounds, *steps = text.split("/")
    first, *others = bounds.split("-")
    star = first in ("*", "?")  # whatever follows a hyphen is not looked at then
    if star:
        start, end = kind.least, kind.most
    elif len(others) > 1:
        raise CronError(f"{quoted(text)} has more than one hyphen in the {kind.name}: write a range like 1-5")
    else:
        start = kind.value_of(first)
        end = kind.value_of(others[0]) if others else start
    if len(steps) > 1:
        raise CronError(f"{quoted(text)} has more than one slash in the {kind.name}: write a step like */15")
    step = _number(steps[0], f"the step of the {kind.name}") if steps else 1
    if steps and not others:
        end = kind.most  # 5/15 is 5-59/15
    _check(text, kind, start, end, step)
    return range(start, end + 1, step), star and step == 1


def _check(text: str, kind: _Kind, start: int, end: int, step: int) -> None:
    if start < kind.least or end > kind.most:
        also = ", and Sunday is 0" if kind.name == "day of week" else ""
        raise CronError(f"{quoted(text)} is not within {kind.least}-{kind.most} in the {kind.name}{also}")
    if start > end:
        raise CronError(
            f"{quoted(text)} ends before it begins in the {kind.name}: "
            f"write two ranges with a comma, like {start}-{kind.most},{kind.least}-{end}"
        )
    if step == 0:
        raise CronError(f"{quoted(text)} has the step 0 in the {kind.name}: write 1 or more")


def _number(text: str, what: str) -> int:
    """A number as Go's Atoi reads it: a sign may stand before it, and it has to fit into 64 bits."""
    found = _NUMBER.fullmatch(text)
    if found is None or not text[-1:].isdigit():
        raise CronError(f"{quoted(text)} is not a number for {what}")
    sign, digits = found[1], found[2] or "0"
    if len(digits) > len(str(MOST_INTEGER)) or int(digits) > MOST_INTEGER:
        raise CronError(f"{quoted(text)} is too large for {what}")
    if sign == "-" and digits != "0":
        raise CronError(f"{quoted(text)} is below zero, for {what}")
    return int(digits)
