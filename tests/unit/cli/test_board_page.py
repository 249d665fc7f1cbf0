"""Objects as the parts of the board's page."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from unit.cli.objects import NOW, Object, condition, group, obj, sync

from vvol_cli.board.page import Seen, document, parts
from vvol_cli.views.words import advice_of

CURRENT = condition("RecoveryPointCurrent", "True", "WithinObjective")
BEHIND = condition("RecoveryPointCurrent", "False", "BehindObjective", "It is too old.")
SUSPENDED = sync("waits", "GroupSuspended", "False", "The group is suspended.")


class Texts(HTMLParser):
    """The elements and the texts of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown(*objects: Object, **more: Any) -> dict[str, str]:
    return dict(parts(Seen(objects, more.pop("refused", ()), more.pop("at", NOW), **more), NOW))


def said(html: str) -> str:
    return " ".join(" ".join(Texts(html).texts).split())


def test_a_group_has_its_state_its_newest_point_in_time_and_its_age_against_the_objective() -> None:
    text = said(shown(group(BEHIND, behindObjectiveSince="2026-11-30T11:55:00Z"))["groups"])
    assert text.startswith(
        "prod erp Behind 2026-11-30T11:50:00Z 10m objective 15m: missed since 2026-11-30T11:55:00Z -24 h now"
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (group(CURRENT), "objective 15m: held"),
        (group(condition("RecoveryPointCurrent", "Unknown", "ClockUnknown")), "objective 15m: not known"),
        (group(), "objective 15m: not judged yet"),
        (group(CURRENT) | {"spec": {}}, "10m no objective"),
        (group(newestPointInTime=None), "erp Ready not known not known"),
    ],
)
def test_what_is_not_known_of_a_group_is_told_so(seen: Object, words: str) -> None:
    assert words in said(shown(seen)["groups"])


def test_groups_are_in_the_order_of_their_names_whatever_comes_first() -> None:
    elsewhere = group(CURRENT, name="a") | {"metadata": {"name": "a", "namespace": "test", "generation": 1}}
    page = shown(elsewhere, group(CURRENT, name="crm"), group(CURRENT, name="bank"))["groups"]
    assert re.findall(r'<tr><td>(\w+)</td><th scope="row">(\w+)</th>', page) == [
        ("prod", "bank"),
        ("prod", "crm"),
        ("test", "a"),
    ]


def test_what_runs_has_its_progress_for_eyes_and_for_ears() -> None:
    moves = sync(
        "moves",
        "Transferring",
        transfer={"percent": 25, "bytesTransferred": 6 * 10**9, "startedAt": "2026-11-30T11:59:00Z"},
    )
    over = sync("over", "PointInTimeCreated", "True", finishedAt="2026-11-30T11:00:00Z")
    over["status"]["conditions"].append(condition("Finished", "True", "PointInTimeCreated"))
    page = shown(group(CURRENT), moves, over)

    assert said(page["running"]) == "prod sync/moves erp Transferring 25 %, 100 MB/s, 3m remaining"
    (bar,) = [one for one in Texts(page["running"]).attributes if "max" in one]
    assert bar == {"max": "100", "value": "25", "aria-label": "Progress of sync/moves in prod"}
    assert page["summary"] == "Groups: 1. Running: 1. Needs you: 0."


def test_what_needs_a_person_has_its_message_and_what_to_do() -> None:
    page = shown(group(BEHIND), SUSPENDED)

    assert said(page["needs"]) == (
        "BehindObjective group/erp in prod It is too old. "
        f"What to do: {advice_of('BehindObjective')} "
        "GroupSuspended sync/waits in prod The group is suspended. "
        f"What to do: {advice_of('GroupSuspended')}"
    )
    assert page["summary"].endswith("Needs you: 2.")
    assert page["title"] == "(2) vVol replication"


def test_a_schedule_that_is_in_trouble_and_a_request_without_a_group_need_a_person_too() -> None:
    failed = condition("LastRunSucceeded", "False", "PushRefused", "The push was refused.")
    nightly = obj("ReplicationSchedule", "nightly", {}, [condition("Ready", "True", "Scheduled"), failed])
    unseen = sync("new", "x") | {"status": {}}
    page = shown(nightly, SUSPENDED, unseen)

    assert re.findall(r"<strong>(\w+)</strong> (\S+) ", page["needs"]) == [
        ("PushRefused", "schedule/nightly"),
        ("GroupSuspended", "sync/waits"),
        ("NotSeen", "sync/new"),
    ]


def test_an_empty_cluster_is_told_as_that() -> None:
    page = shown()
    assert (said(page["groups"]), said(page["running"]), said(page["needs"])) == (
        "There is no ReplicationGroup here.",
        "Nothing runs.",
        "Nothing needs you.",
    )
    assert page["title"] == "vVol replication"


def test_markup_in_names_and_messages_is_text() -> None:
    evil = '<img src=x onerror="alert(1)">'
    bad = group(condition("RecoveryPointCurrent", "False", "BehindObjective", evil), name=evil, newestPointInTime=evil)
    bad["metadata"]["namespace"] = evil
    bad["spec"]["recoveryPointObjective"] = evil
    runs = sync(evil, evil, "False", evil, transfer={"percent": 1})
    runs["spec"]["groupRef"]["name"] = evil
    nightly = obj("ReplicationSchedule", evil, {}, [condition("LastRunSucceeded", "False", evil, evil)])
    page = shown(bad, runs, nightly, refused=[evil], trouble=evil)

    for id_ in ("groups", "running", "needs"):
        assert evil in "".join(Texts(page[id_]).texts), id_
        assert "img" not in Texts(page[id_]).tags, id_
        assert all("onerror" not in one for one in Texts(page[id_]).attributes), id_


def test_what_may_not_be_listed_and_what_cannot_be_read_now_is_told() -> None:
    page = shown(group(CURRENT), refused=["replicationschedules is forbidden"], trouble="No route.")
    assert page["notes"] == "Not shown: replicationschedules is forbidden"
    assert page["trouble"] == "What is shown is of 2026-11-30T12:00:00Z. No route."
    assert shown(group(CURRENT))["trouble"] == ""


def test_a_question_that_hangs_is_told_too() -> None:
    assert shown(at=NOW - timedelta(seconds=60))["trouble"] == ""
    assert shown(at=NOW - timedelta(seconds=61))["trouble"] == (
        "What is shown is of 2026-11-30T11:58:59Z. The API server has not answered since then."
    )


def test_the_page_needs_nothing_from_elsewhere_and_has_a_place_for_each_part() -> None:
    page = document("a-nonce")
    read = Texts(page)
    assert {one["id"] for one in read.attributes if "id" in one} >= set(shown()) - {"title"}
    assert page.count('nonce="a-nonce"') == 2
    assert "{" + "nonce}" not in page
    assert "://" not in page
    assert [one[name] for one in read.attributes for name in ("src", "href") if name in one] == ["data:,", "#content"]
    assert not [one for one in read.attributes if any(name.startswith("on") for name in one) or "style" in one]
