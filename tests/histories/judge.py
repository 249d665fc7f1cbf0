"""What must hold in every history, by accounts of its own: from the moves and from what the API server saw.

- One run for each time and each text: no request id is asked for twice, unless its object was taken out of the world
  together with the memory of it (a status that was wiped, a backup that came back).
- None silently not: each time is started, skipped or missed, and said to be so.
- A text is credited with its own run alone, once that has ended, and that run began after the text was there.
- Nothing that is under way is deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from histories.world import Record

Body = dict[str, Any]
GRACE = timedelta(seconds=70)
"""A process looks at the clock once a minute; calls and their repetitions take seconds."""


@dataclass
class Account:
    """What a history is to be judged by.

    `tables`: which schedule counted from when, in seconds between its times, 0: suspended. `away`: from when to when
    nobody led or the API server did not answer. `forgotten`: when memory was lost. `texts`: when each was first there.
    """

    tables: list[tuple[datetime, int]] = field(default_factory=list)
    away: list[tuple[datetime, datetime]] = field(default_factory=list)
    forgotten: list[datetime] = field(default_factory=list)
    texts: dict[str, datetime] = field(default_factory=dict)


def judge(record: Record, account: Account, end: datetime, final: Body, *, offset: timedelta) -> list[str]:
    """What was broken, in words; empty if nothing was."""
    broken = _twice(record, account) + _credits(record, account)
    broken += [f"{name} was deleted in flight" for name in record.deleted_in_flight]
    if not account.forgotten:
        broken += _accounts(record, account, end, final["status"], offset)
    return broken


def _twice(record: Record, account: Account) -> list[str]:
    broken = []
    for request_id, count in Counter(one.request_id for one in record.created).items():
        if count > 1:
            first, *_, last = [one.at for one in record.created if one.request_id == request_id]
            if not any(first < lost < last for lost in account.forgotten):
                broken.append(f"{request_id} was asked for {count} times")
    return broken


def _credits(record: Record, account: Account) -> list[str]:
    """Each change of lastRunNow names a text with a run of its own that began when the text was there."""
    broken, before = [], None
    for at, status in record.statuses:
        text, result = status.get("lastRunNow"), status.get("lastRunNowResult") or {}
        if text is None or text == before:
            continue
        before = text
        mine = [one for one in record.created if one.text == text and one.name == result.get("name")]
        if not mine:
            broken.append(f"{text} was credited at {at} with {result.get('name')}, which is no run of it")
        elif min(one.at for one in mine) < account.texts[text]:
            broken.append(f"{text} was credited with a run of before it was there")
        elif any(one["name"] == result.get("name") for one in status.get("active") or ()):
            broken.append(f"{text} was credited at {at} while its run was under way")
    return broken


def _accounts(record: Record, account: Account, end: datetime, status: Body, offset: timedelta) -> list[str]:
    """Times that passed against those that are told: they agree, but for those within the seconds of an edit."""
    sure, unsure = 0, 0
    first = record.statuses[0][0] + GRACE  # whoever looks first takes the text of then for that of the creation
    edited_before = sum(1 for begin, _ in account.tables if begin < first) > 1
    if edited_before:
        texts = [every for begin, every in account.tables if begin < first and every]
        unsure += max((sum(1 for _ in _times(account.tables[0][0], every, first)) for every in texts), default=0)
    for (begin, every), (until, _) in zip(account.tables, [*account.tables[1:], (end, 0)], strict=True):
        edited = until != end
        seen = _noticed(account, until) if edited else end
        time = _next(begin, every) if every else seen
        # By a text that was replaced, a time may come that starts only after that was seen.
        while (time if edited else time + offset) < seen:
            # An edit that nobody saw at once counts from some time between: it, and what it replaced, are as good.
            start = time + offset
            near = time <= _noticed(account, begin) or (edited and start >= until - GRACE)
            near = near or (edited_before and start <= first)
            sure, unsure = (sure, unsure + 1) if near else (sure + 1, unsure)
            time = _next(time, every)
    told = sum(1 for one in record.created if one.text is None)
    told += status.get("skipped", 0) + status.get("missed", 0)
    waiting = 1 if status.get("active") else 0  # the newest may wait for that, by its policy
    if not sure - waiting <= told <= sure + unsure:
        return [f"{sure} to {sure + unsure} times have passed, and {told} are told"]
    return []


def _noticed(account: Account, edit: datetime) -> datetime:
    """By when an edit has certainly been seen."""
    seen = edit + GRACE
    for gone, back in account.away:  # in the order in which they came, so that one may follow upon the other
        seen = max(seen, back + GRACE) if edit - GRACE <= back and gone <= seen else seen
    return seen


def _times(after: datetime, every: int, until: datetime) -> Iterator[datetime]:
    time = _next(after, every)
    while time <= until:
        yield time
        time = _next(time, every)


def _next(after: datetime, every: int) -> datetime:
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (after - midnight).total_seconds()
    return midnight + timedelta(seconds=(passed // every + 1) * every)
