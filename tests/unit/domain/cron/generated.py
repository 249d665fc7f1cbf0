"""Schedules of every shape, instants around every change of clocks, and texts that are nearly schedules."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
CHANGING = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "America/Boise", "America/Chicago", "America/Denver",
    "America/Halifax", "America/Havana", "America/Los_Angeles", "America/Miquelon", "America/New_York",
    "America/Nuuk", "America/Port-au-Prince", "America/Santiago", "America/Scoresbysund", "America/St_Johns",
    "America/Tijuana", "America/Adak", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem",
    "Asia/Nicosia", "Atlantic/Azores", "Atlantic/Bermuda", "Atlantic/Canary", "Australia/Adelaide",
    "Australia/Lord_Howe", "Australia/Sydney", "CST6CDT", "EST5EDT", "Europe/Athens", "Europe/Berlin",
    "Europe/Chisinau", "Europe/Dublin", "Europe/Helsinki", "Europe/Lisbon", "Europe/London", "Europe/Kyiv",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Norfolk",
)  # fmt: skip
ODD_CHANGES = {
    "America/Caracas": (2016, "half an hour, at half past two"),
    "America/Sao_Paulo": (2017, "midnight"),
    "Asia/Kathmandu": (1985, "a quarter of an hour, at midnight"),
    "Asia/Pyongyang": (2018, "half an hour, before midnight"),
}
"""Zones with a year in which they changed as none does in the years above."""
STEADY = ("UTC", "Etc/GMT+5", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Kiritimati")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Kind:
    least: int
    most: int
    words: tuple[str, ...] = ()


KINDS = (Kind(0, 59), Kind(0, 23), Kind(1, 31), Kind(1, 12, _MONTHS), Kind(0, 6, _DAYS))


def changes(zone: str, first: datetime = FIRST, last: datetime = LAST) -> list[datetime]:
    """The first second of each new offset from UTC in these years."""
    known = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(known).utcoffset()

    found, step, at = [], timedelta(hours=6), first
    while at < last:
        before, after = at, at + step
        if offset(before) != offset(after):
            while after - before > timedelta(seconds=1):
                middle = (before + (after - before) / 2).replace(microsecond=0)
                before, after = (middle, after) if offset(middle) == offset(before) else (before, middle)
            found.append(after)
        at += step
    return found


def field(chance: random.Random, kind: Kind) -> str:
    """One field of any shape: star, value, list, range, steps, names."""

    def value() -> str:
        number = chance.randint(kind.least, kind.most)
        word = kind.words[number - kind.least] if kind.words and chance.random() < 0.5 else str(number)
        return chance.choice((word, word.lower(), word.title()))

    def span() -> str:
        low = chance.randint(kind.least, kind.most)
        return f"{low}-{chance.randint(low, kind.most)}"

    step = chance.choice((1, 2, 3, 5, 7, 10, 15, 20, 30, 100))
    shapes: tuple[Callable[[], str], ...] = (
        lambda: "*", lambda: "*", lambda: "?", value, value, span,
        lambda: f"*/{step}", lambda: f"?/{step}", lambda: f"{value()}/{step}", lambda: f"{span()}/{step}",
        lambda: f"{value()},{value()}", lambda: f"{value()},{span()}", lambda: f"*,{value()}",
        lambda: f"{span()}/{step},{value()}",
    )  # fmt: skip
    return chance.choice(shapes)()


def schedule(chance: random.Random) -> str:
    """Any schedule; of every field's shapes."""
    return " ".join(field(chance, kind) for kind in KINDS)


def around(chance: random.Random, zone: str, change: datetime) -> Iterator[tuple[str, datetime]]:
    """Schedules that have to do with a change, each with an instant shortly before it, or within it."""
    known = ZoneInfo(zone)
    before, after = (change - timedelta(seconds=1)).astimezone(known), change.astimezone(known)
    midnight = after.replace(hour=0, minute=0)
    hours = sorted({before.hour, after.hour, (before.hour + 1) % 24, (after.hour - 1) % 24})
    for hour in hours:
        yield f"{chance.choice((0, 15, 30, 45, 59))} {hour} * * *", start(chance, change)
    hour, minute = chance.choice(hours), chance.choice((0, 1, 15, 29, 30, 31, 59))
    weekday = midnight.isoweekday() % 7
    for text in (
        f"{minute} {hour} {after.day} {after.month} *",
        f"{minute} {hour} {before.day} * *",
        f"{minute} {hour} {after.day} * {weekday}",
        f"{minute} * * * {weekday}",
        f"*/{chance.choice((7, 20, 40))} {hours[0]}-{hours[-1]} * * *",
        f"*/20 */{chance.choice((1, 2, 3))} {before.day}-{max(before.day, after.day)} * ?",
        "0 0 * * *",
        f"@every {chance.choice(('90m', '1.5s', '400ms', '24h', '7h30m'))}",
        chance.choice(("@hourly", "@daily", "@midnight", "@weekly", "@monthly")),
        schedule(chance),
        schedule(chance),
    ):
        yield text, start(chance, change)


def start(chance: random.Random, change: datetime) -> datetime:
    """An instant from three days before a change to three hours after it, in any fraction of a second."""
    reach = chance.choice((1, 60, 3600, 10_800, 86_400, 259_200))
    moment = change - timedelta(seconds=chance.randint(0, reach))
    if chance.random() < 0.2:
        moment = change + timedelta(seconds=chance.randint(0, 10_800))
    return moment + timedelta(microseconds=chance.choice((0, 0, 1, 500_000, 999_999)))


def anywhere(chance: random.Random) -> datetime:
    """An instant of the years under test."""
    return FIRST + timedelta(seconds=chance.randrange(int((LAST - FIRST).total_seconds())))


ODD = (
    "", "*", "?", "*/0", "*/1", "1-2-3", "1--2", "-", "-1", "5-", "-5", "1-", "*-5", "*-5/2", "?-x", "1,,2", ",", ",1",
    "1,", "/", "/5", "5/", "*/", "*/-1", "*/+2", "+5", "+5-+7", "1/2/3", "5-1", "22-4", "FRI-SUN", "sun-sat", "Mon",
    "mon-FRI/2", "jan", "JAN-MAR", "MON/2", "janx", "L", "5L", "5#2", "W", "15W", "7", "5-7", "0-7", "00", "007", "0",
    "1.5", "1e1", "0x5", "1_0", "\u0663", "\uff19", "60", "59", "61", "24", "23", "31", "32", "12", "13", "6",
    "99999999999", "9223372036854775807", "9223372036854775808", "*/9223372036854775807", "*/9223372036854775808", "**",
    "*5", "5*", "* ", "*/*", "*/2,3", "FR\u0130", "\u0130", "H", "H/5", "@daily", "\u00a0", "\x1c", "\u2003", "~",
    "1~5", "!5",
)  # fmt: skip
ODD_WORDS = (
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot", "@DAILY", "@daily ",
    " @daily", "@every", "@every ", "@every 5", "@every 0", "@every +0", "@every -0", "@every 5m", "@every  5m",
    "@every 5m ", "@every\t5m", "@EVERY 5m", "@every 1h30m", "@every 1.5s", "@every 400ms", "@every .5h",
    "@every 5.h", "@every .h", "@every -5m", "@every +5m", "@every 1d", "@every 5µs", "@every 5μs", "@every 5ns",
    "@every 1h-5m", "@every 1..5h", "@every 1.5.5h", "@every 2562047h47m16s", "@every 2562047h47m17s",
    "@every 9223372036854775807ns", "@every 9223372036854775808ns", "@every -9223372036854775808ns",
    "@every -9223372036854775809ns", "@every 99999999999999999999h", "@every 5M", "@every 0.999999999999999999999s",
    "@every 000000000000000000000000005m", "@every \u0665m", "@every 5 m", "@", "@every 0.0000001h",
    "@every 3000000h", "", " ", "\t", "\n",
)  # fmt: skip
_GAPS = (" ", "  ", "\t", "\n", "\u00a0", "\u2003", "\x1c", "\u200b", " \t ")


def odd(chance: random.Random) -> str:
    """A text that may be a schedule: odd parts, odd gaps, a field too many or too few."""
    words = [field(chance, kind) if chance.random() < 0.7 else odd_field(chance) for kind in KINDS]
    if chance.random() < 0.1:
        words = words[1:] if chance.random() < 0.5 else [*words, "*"]
    gap = chance.choice(_GAPS) if chance.random() < 0.2 else " "
    edge = chance.choice(_GAPS) if chance.random() < 0.1 else ""
    return edge + gap.join(words) + edge


def odd_field(chance: random.Random) -> str:
    """One odd part, or letters put together by chance."""
    if chance.random() < 0.6:
        return chance.choice(ODD)
    return "".join(chance.choice("0123456789*?,-/+JANSUNmon L#") for _ in range(chance.randint(1, 5)))
