"""What `kubectl get` tells of a request: its columns while it goes on, and its events, each part once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from e2e.rig import Rig, Site, topology
from pages.markdown import ROOT

from testbed import stage
from testbed.waiting import eventually
from vvol_replication.api.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ["NAME", "GROUP", "PHASE", "REASON", "PERCENT", "POINT IN TIME", "NAMED", "AGE"]
STORY = [("Arming", "Normal"), ("Transferring", "Normal"), ("PointInTimeCreated", "Normal")]


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("told", "again", "refused", "held")) as made:
        for one in ("told", "again", "refused", "held"):
            made.wait_group(made.group(one))
        yield made


def columns(rig: Rig, name: str) -> dict[str, str]:
    """One line of `kubectl get replicationsyncs`, by its headings."""
    head, *lines = rig.kubectl("get", "replicationsyncs").stdout.splitlines()
    starts = [head.index(one) for one in COLUMNS]
    (line,) = [line for line in lines if line.split()[0] == name]
    ends = [*starts[1:], len(line)]
    assert " ".join(head.split()) == " ".join(COLUMNS)
    return {column: line[start:end].strip() for column, start, end in zip(COLUMNS, starts, ends, strict=True)}


def test_a_request_is_told_in_columns_and_events_also_when_the_operator_is_killed_on_the_way(
    rig: Rig, site: Site
) -> None:
    site.act("hold", "told")
    request = site.request(f"{site.prefix}told", "told", pointInTimeName="before-upgrade")
    request.wait_reason("Transferring")
    seen = columns(rig, "told")
    assert (seen["GROUP"], seen["PHASE"], seen["REASON"]) == (f"{site.prefix}told", "Running", "Transferring")
    eventually(request.story, what="the push to be told", until=lambda told: told == STORY[:2])

    for _ in range(2):
        rig.kill()
        rig.start()
        request.wait("the next one to go on", lambda obj: stage.condition(obj, "Ready"))
    site.act("release", "told")
    request.assert_true_success("told")
    rig.kill()
    rig.start()

    eventually(request.story, what="the whole story", until=lambda told: told == STORY)
    seen = columns(rig, "told")
    assert (seen["PHASE"], seen["REASON"]) == ("Succeeded", "PointInTimeCreated")
    assert seen["POINT IN TIME"] == request.get()["status"]["pointInTime"]["name"]
    assert seen["AGE"]

    # What follows is told after all that the restarted one had to tell of the first.
    following = site.request(f"{site.prefix}again")
    following.wait_complete()
    eventually(following.story, what="the next story", until=lambda told: told[-1:] == STORY[-1:])
    assert request.story() == STORY


def test_an_object_that_cannot_be_carried_out_is_told_once(rig: Rig, site: Site) -> None:
    request = site.request(f"{site.prefix}refused", notAfter="2020-01-01T00:00:00Z")
    request.wait_finished()
    eventually(request.story, what="the end", until=lambda told: told == [("Expired", "Normal")])
    rig.kill()
    rig.start()
    following = site.request(f"{site.prefix}refused")
    following.wait_complete()
    eventually(following.story, what="the next story", until=lambda told: told[-1:] == STORY[-1:])
    assert request.story() == [("Expired", "Normal")]


def reasons(printed: str, name: str) -> list[str]:
    """The reasons of this object's events as they stand in what kubectl printed, from top to bottom."""
    told = printed.partition("Events:")[2] or "\n".join(line for line in printed.splitlines() if f"/{name} " in line)
    words = [[word for word in line.split() if word in set(Reason)] for line in told.splitlines()]
    return [found[0] for found in words if found]


def test_what_the_pages_say_of_events_shows_them_in_the_order_in_which_they_came(site: Site) -> None:
    request = site.request(f"{site.prefix}held", "held", suspend=True)
    request.wait_reason("Suspended")
    eventually(request.story, what="the suspension", until=lambda told: told == [("Suspended", "Normal")])
    site.act("hold", "held")
    request.patch(suspend=False)
    request.wait_reason("Transferring")
    site.act("release", "held")
    request.wait_complete()
    came = ["Suspended", *(reason for reason, _ in STORY)]
    eventually(request.story, what="the story", until=lambda told: [reason for reason, _ in told] == came)

    pages = [(ROOT / "docs" / page).read_text("utf-8") for page in ("troubleshooting.md", "kinds/replicationsync.md")]
    said = [
        one for page in pages for one in re.findall(r"kubectl ((?:get )?events [^`\n]+|describe repl[^`\n]+)", page)
    ]
    assert {one.split()[0] for one in said} == {"events", "describe", "get"}
    for one in said:
        here = one.replace("NAMESPACE", request.namespace).replace("-n erp-prod", f"-n {request.namespace}")
        words = here.replace("NAME", request.name).split()
        printed = request.kubectl(*words).stdout
        assert reasons(printed, request.name) == came, f"kubectl {one}\n{printed}"
