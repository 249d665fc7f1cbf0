"""A schedule means here what it means in a CronJob: the same instants as robfig/cron's, and the same refusals."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from component.cron import robfig
from unit.domain.cron import generated

from vvol_replication.domain.cron import CronError, parse_schedule

RUNS = 50
ODD_TEXTS = 12_000
LEAST_TRIPLES = 3_000
LEAST_ZONES = 40


def questions(zone: str) -> list[robfig.Question]:
    """Every change of a zone's clocks with schedules that have to do with it; and others at any time."""
    chance = random.Random(zone)  # noqa: S311 - the same in each run
    asked = [pair for change in generated.changes(zone) for pair in generated.around(chance, zone, change)]
    asked += [(generated.schedule(chance), generated.anywhere(chance)) for _ in range(20)]
    return [robfig.Question(text, zone, after, RUNS) for text, after in asked]


def ours(question: robfig.Question) -> list[datetime]:
    schedule = parse_schedule(question.schedule, question.zone)
    runs, at = list[datetime](), schedule.next_after(question.after)
    while at is not None and len(runs) < question.runs:
        runs.append(at)
        at = schedule.next_after(at)
    return runs


def accepted(text: str) -> bool:
    try:
        parse_schedule(text, None)
    except CronError:
        return False
    return True


@pytest.mark.parametrize("zone", [*generated.CHANGING, *generated.STEADY])
def test_the_next_fifty_runs_are_a_cronjobs(zone: str) -> None:
    asked = questions(zone)
    said = robfig.ask(asked)
    assert [one.refused for one in said] == [None] * len(asked)
    differ = [(question, ours(question), answer.runs) for question, answer in zip(asked, said, strict=True)]
    assert [one for one in differ if one[1] != one[2]] == []


@pytest.mark.parametrize("zone", generated.ODD_CHANGES)
def test_changes_of_an_odd_length_mean_the_same(zone: str) -> None:
    chance = random.Random(zone)  # noqa: S311 - the same in each run
    year, _ = generated.ODD_CHANGES[zone]
    found = generated.changes(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 2, tzinfo=UTC))
    asked = [
        robfig.Question(text, zone, after, RUNS)
        for change in found
        for _ in range(10)
        for text, after in generated.around(chance, zone, change)
    ]
    assert len(asked) >= 100
    differ = [(one, ours(one), answer.runs) for one, answer in zip(asked, robfig.ask(asked), strict=True)]
    assert [one for one in differ if one[1] != one[2]] == []


def test_enough_is_compared() -> None:
    """What the test above is about: the changes of 40 zones, and 3,000 schedules."""
    per_zone = {zone: len(generated.changes(zone)) for zone in generated.CHANGING}
    assert sum(count > 0 for count in per_zone.values()) >= LEAST_ZONES, per_zone
    assert not any(generated.changes(zone) for zone in generated.STEADY)
    assert sum(len(questions(zone)) for zone in generated.CHANGING) >= LEAST_TRIPLES


def test_what_is_accepted_is_what_robfig_accepts() -> None:
    chance = random.Random("odd")  # noqa: S311 - the same in each run
    texts = [generated.odd(chance) for _ in range(ODD_TEXTS)] + list(generated.ODD_WORDS)
    for place in range(5):
        fields = ["*"] * 5
        texts += [" ".join([*fields[:place], part, *fields[place + 1 :]]) for part in generated.ODD]
    said = robfig.ask([robfig.Question(text, "UTC", generated.FIRST, 0) for text in texts])
    differ = [(text, one.refused) for text, one in zip(texts, said, strict=True) if accepted(text) != (not one.refused)]
    assert differ == []
    took = sum(not one.refused for one in said)
    assert min(took, len(said) - took) > len(said) // 5, "both happen often"


def test_what_odd_schedules_mean_is_what_robfig_means() -> None:
    chance = random.Random("meaning")  # noqa: S311 - the same in each run
    texts = [text for text in (generated.odd(chance) for _ in range(ODD_TEXTS // 10)) if accepted(text)]
    texts += [text for text in generated.ODD_WORDS if accepted(text)]
    asked = [robfig.Question(text, "Europe/Berlin", generated.anywhere(chance), 3) for text in texts]
    differ = [
        (question, ours(question), answer.runs) for question, answer in zip(asked, robfig.ask(asked), strict=True)
    ]
    assert [one for one in differ if one[1] != one[2]] == []
