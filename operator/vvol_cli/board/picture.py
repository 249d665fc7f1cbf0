"""The age of a group's newest point in time over the last day, drawn and in words. Pure.

It stands on what the status of the group has: the newest ten points in time that are listed, and those of the last
twenty requests. Before the oldest listed one and after the last reading nothing is known, and nothing is drawn. A point
in time counts from its own time on: when it arrived at the target is not known of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from vvol_cli.reading import at, items, moment, short, text, written
from vvol_cli.views.overview import STALE
from vvol_replication.api.durations import parse_duration
from vvol_replication.api.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vvol_cli.reading import Object

DAY = timedelta(days=1)
_WIDTH, _HEIGHT, _EDGE = 260, 52, 2
_FOOT = 12
"""Where the words below the picture stand."""
_ROOM = 1.6
"""How much more than the objective is shown, where no age was higher."""


@dataclass(frozen=True, slots=True)
class Rise:
    """The age grows from `age` at `begin`, by a second each second, until `end`."""

    begin: datetime
    age: timedelta
    end: datetime

    @property
    def highest(self) -> timedelta:
        """The age at its end."""
        return self.age + (self.end - self.begin)


@dataclass(frozen=True, slots=True)
class Ages:
    """What is known of the day before `now`: one rise after another. `objective` is None if the group has none."""

    now: datetime
    rises: tuple[Rise, ...]
    objective: timedelta | None

    @property
    def highest(self) -> timedelta:
        """The highest age that is known."""
        return max((one.highest for one in self.rises), default=timedelta())

    @property
    def over(self) -> timedelta:
        """For how long, of what is known, the age was above the objective."""
        return sum((one.end - one.begin for one, is_over in self.parts() if is_over), timedelta())

    def parts(self) -> Iterator[tuple[Rise, bool]]:
        """The rises, cut where they cross the objective; with each, whether it is above."""
        for one in self.rises:
            if self.objective is None or one.highest <= self.objective:
                yield one, False
            elif one.age >= self.objective:
                yield one, True
            else:
                crossed = one.begin + (self.objective - one.age)
                yield Rise(one.begin, one.age, crossed), False
                yield Rise(crossed, self.objective, one.end), True


def ages_of(group: Object, now: datetime) -> Ages:
    """What the status of a group says of the last day. A time that is in the future here counts as now."""
    objective = objective_of(group)
    listed = {min(when, now) for one in items(group, "status.pointsInTime") if (when := moment(one.get("time")))}
    read = moment(at(group, "status.lastReadAt"))
    if not listed or read is None:
        return Ages(now, (), objective)
    made = (moment(at(one, "pointInTime.time")) for one in items(group, "status.history"))
    # Where all listed ones are younger, one of the history may not have been the only one.
    times = sorted(listed | {when for when in made if when is not None and min(listed) <= when <= now})
    start, last = now - DAY, min(now, max(read, times[-1]))
    shown = ((max(begin, start), begin, end) for begin, end in pairwise([*times, last]) if end >= start)
    return Ages(now, tuple(Rise(since, since - begin, end) for since, begin, end in shown), objective)


def objective_of(group: Object) -> timedelta | None:
    """The objective of a group; None: it has none, or a newer operator writes it in another way."""
    try:
        return parse_duration(text(group, "spec.recoveryPointObjective"))
    except SpecError:
        return None


def sentences(ages: Ages) -> str:
    """The picture in words."""
    if not ages.rises:
        return "Not known: no points in time were read on this day."
    begin, end = ages.rises[0].begin, ages.rises[-1].end
    said = [f"Highest age: {short(ages.highest)}."]
    if ages.objective is not None:
        over = f"above it for {short(ages.over)} in all" if ages.over else "never above it"
        said.append(f"Objective: {short(ages.objective)}, {over}.")
    if begin > ages.now - DAY:
        said.append(f"Not known before {written(begin)}.")
    if ages.now - end > STALE:
        said.append(f"Not known after {written(end)}.")
    return " ".join(said)


def svg(ages: Ages, label: str) -> str:
    """The picture: time to the right, age upwards, the objective as a dashed line; `label` names it."""
    top = max(ages.highest, (ages.objective or timedelta()) * _ROOM, timedelta(minutes=1))
    start = ages.now - DAY

    def across(when: datetime) -> float:
        return round((when - start) / DAY * _WIDTH, 1)

    def down(age: timedelta) -> float:
        return round(_HEIGHT - _EDGE - age / top * (_HEIGHT - 2 * _EDGE), 1)

    known = (across(ages.rises[0].begin), across(ages.rises[-1].end)) if ages.rises else (0.0, 0.0)
    drawn = [
        f'<rect class="unknown" x="{left}" y="0" width="{round(right - left, 1)}" height="{_HEIGHT}"/>'
        for left, right in ((0.0, known[0]), (known[1], float(_WIDTH)))
        if right > left
    ]
    if ages.objective is not None:
        goal = down(ages.objective)
        drawn.append(f'<line class="goal" x1="0" y1="{goal}" x2="{_WIDTH}" y2="{goal}"/>')
    drawn += [
        f'<line class="{"over" if is_over else "age"}" x1="{across(one.begin)}" y1="{down(one.age)}" '
        f'x2="{across(one.end)}" y2="{down(one.highest)}"/>'
        for one, is_over in ages.parts()
    ]
    drawn += [
        f'<line class="age" x1="{across(after.begin)}" y1="{down(before.highest)}" '
        f'x2="{across(after.begin)}" y2="{down(after.age)}"/>'
        for before, after in pairwise(ages.rises)
    ]
    foot = _HEIGHT + _FOOT
    drawn += [f'<text x="0" y="{foot}">-24 h</text>', f'<text x="{_WIDTH}" y="{foot}" text-anchor="end">now</text>']
    size = f'viewBox="0 0 {_WIDTH} {foot + _EDGE}" width="{_WIDTH}" height="{foot + _EDGE}"'
    return f'<svg role="img" aria-label="{escape(label)}" {size}>{"".join(drawn)}</svg>'
