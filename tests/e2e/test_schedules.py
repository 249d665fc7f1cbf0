"""Schedules against a real API server: runs in real seconds, kills in between, two nights in which clocks change."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, Request, Rig, Site, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object

SET_CLOCK = Path(__file__).with_name("setclock.py")
BERLIN = "Europe/Berlin"


class Schedule(Request):
    """One ReplicationSchedule, and its runs."""

    kind = "replicationschedule"

    def runs(self) -> list[Object]:
        """The ReplicationSyncs that it made and has not deleted, oldest first."""
        listed = self.kubectl.get("replicationsyncs", f"--selector=replication.vvol.dev/schedule={self.name}")
        return sorted(listed["items"], key=lambda one: str(one["spec"]["requestID"]))

    def wait_outcome(self, status: str = "True") -> Object:
        """Wait until a run has ended, well or not."""

        def ended(obj: Object) -> bool:
            found = stage.condition(obj, "LastRunSucceeded")
            return found is not None and found["status"] == status

        return self.wait(f"LastRunSucceeded={status}", ended)


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("erp", "crm", "kills", "spring", "autumn")) as made:
        yield made


def scheduled(site: Site, protection_group: str, **spec: object) -> Schedule:
    group = site.group(protection_group)
    site.wait_group(group)
    return applied(site, group, **spec)


def applied(site: Site, group: str, **spec: object) -> Schedule:
    name, namespace = f"{group}-plan", site.rig.namespace
    site.rig.plane.client.have(
        {
            "apiVersion": "replication.vvol.dev/v1alpha1",
            "kind": "ReplicationSchedule",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"groupRef": {"name": group}, **spec},
        }
    )
    return Schedule(site, name, namespace)


def test_runs_come_by_themselves_are_kept_within_the_limits_and_stop_when_suspended(site: Site) -> None:
    plan = scheduled(
        site,
        "erp",
        schedule="@every 3s",
        successfulHistoryLimit=2,
        pointInTimeNamePrefix="often",
        startingDeadline="1m",
    )
    plan.wait_outcome()
    eventually(lambda: len(site.calls(PUSH, "erp")), what="four runs", until=lambda count: count >= 4, timeout=90)
    plan.patch(suspend=True)
    plan.wait(
        "it to be suspended, and nothing under way",
        lambda obj: (
            (stage.condition(obj, "Ready") or {}).get("reason") == "Suspended" and not obj["status"].get("active")
        ),
    )
    runs = eventually(plan.runs, what="two runs to be left", until=lambda found: len(found) == 2)

    pushes = Counter(one["arguments"]["suffix"] for one in site.calls(PUSH, "erp"))
    assert set(pushes.values()) == {1}
    newest = runs[-1]
    at = plan.get()["status"]["lastScheduleTime"]
    assert newest["spec"]["requestID"].endswith(at)
    assert newest["status"]["pointInTime"]["name"] == f"often-{at.replace('-', '').replace(':', '')}"
    (owner,) = newest["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ReplicationSchedule", plan.name, True)
    assert "blockOwnerDeletion" not in owner
    assert newest["spec"]["notAfter"] > at
    row = site.rig.kubectl("get", "repsched", plan.name).stdout.splitlines()
    assert row[0].split() == [
        "NAME",
        "GROUP",
        "SCHEDULE",
        "SUSPEND",
        "LAST",
        "RUN",
        "OUTCOME",
        "ACTIVE",
        "NEXT",
        "RUN",
        "READY",
        "AGE",
    ]
    assert "PointInTimeCreated" in row[1]


def test_a_text_in_run_now_is_one_run_whatever_happens_to_the_operator(rig: Rig, site: Site) -> None:
    plan = scheduled(site, "kills", schedule="@yearly")
    for number in range(3):
        plan.patch(runNow=f"CHG-{number}")
        if number:
            site.wait_effect(ARM if number == 1 else PUSH, "kills", number + 1)
        rig.kill()
        rig.start()
        plan.wait(f"CHG-{number} to have had its run", lambda obj: obj["status"].get("lastRunNow") == f"CHG-{number}")  # noqa: B023
    rig.kubectl("wait", "--for=condition=RunNowSucceeded", f"repsched/{plan.name}", "--timeout=30s")

    assert len(plan.runs()) == 3
    assert Counter(one["arguments"]["suffix"] for one in site.calls(PUSH, "kills")).most_common(1)[0][1] == 1
    assert len(site.calls(PUSH, "kills")) == 3


def test_a_run_that_fails_is_told_by_its_schedule(site: Site) -> None:
    plan = scheduled(site, "crm", schedule="@yearly", runNow="now")
    run = eventually(plan.runs, what="the run", until=bool)[0]["metadata"]["name"]
    Request(site, run, site.rig.namespace).patch(cancel=True)
    ended = plan.wait(
        "the run to have ended", lambda obj: (obj["status"].get("lastRunNowResult") or {}).get("name") == run
    )
    outcome = stage.condition(ended, "RunNowSucceeded")
    assert outcome is not None
    if outcome["status"] == "False":  # else it was done before it could be cancelled
        assert outcome["reason"] == "Cancelled"
        assert ("RunFailed", "Warning") in eventually(plan.story, what="its event", until=bool)


# 2026-03-29: in Berlin the clocks go from 02:00 to 03:00, at 01:00 in UTC. 2026-10-25: from 03:00 back to 02:00.


def at_night(rig: Rig, time: str) -> None:
    """Let the operator go on at that time."""
    rig.kill()
    rig.start((str(SET_CLOCK), time))


@pytest.fixture
def _clock_as_before(rig: Rig) -> Iterator[None]:
    yield
    rig.kill()
    rig.start()


@pytest.mark.usefixtures("_clock_as_before")
def test_a_time_that_the_spring_night_leaves_out_has_no_run_and_the_next_one_has(rig: Rig, site: Site) -> None:
    group = site.group("spring")
    at_night(rig, "2026-03-29T00:59:50+00:00")
    left_out = applied(site, group, schedule="30 2 * * *", timeZone=BERLIN)
    first = left_out.wait("its next time", lambda obj: obj["status"].get("nextScheduleTime"))
    assert first["status"]["nextScheduleTime"] == "2026-03-30T00:30:00Z"
    left_out.patch(schedule="0 3 * * *")

    ended = left_out.wait_outcome()

    assert ended["status"]["lastScheduleTime"] == "2026-03-29T01:00:00Z"
    assert ended["status"]["nextScheduleTime"] == "2026-03-30T01:00:00Z"
    assert len(site.calls(PUSH, "spring")) == 1


@pytest.mark.usefixtures("_clock_as_before")
def test_a_time_that_comes_twice_in_the_autumn_night_has_two_runs(rig: Rig, site: Site) -> None:
    group = site.group("autumn")
    at_night(rig, "2026-10-25T00:29:50+00:00")
    plan = applied(site, group, schedule="30 2 * * *", timeZone=BERLIN, pointInTimeNamePrefix="night")
    first = plan.wait_outcome()
    assert first["status"]["lastScheduleTime"] == "2026-10-25T00:30:00Z"
    assert first["status"]["nextScheduleTime"] == "2026-10-25T01:30:00Z"

    at_night(rig, "2026-10-25T01:29:55+00:00")
    second = plan.wait("the second run", lambda obj: obj["status"].get("lastScheduleTime") == "2026-10-25T01:30:00Z")
    assert second["status"]["nextScheduleTime"] == "2026-10-26T01:30:00Z"
    plan.wait("the second run to have ended", lambda obj: not obj["status"].get("active"))

    names = [one["name"] for one in site.points("autumn") if one["name"]]
    assert names == ["night-20261025T003000Z", "night-20261025T013000Z"]
    assert not plan.get()["status"].get("missed")
