"""Objects that come back from a backup, or from Git into a rebuilt cluster: what runs again, and what does not."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from e2e import velero
from e2e.rig import ARM, PUSH, Request, Rig, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUPS = ("bare", "held", "kept", "planned")
HISTORY_SECONDS = 15


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


def asked(site: Site, group: str) -> int:
    """How much was asked of the storage for that group and changed something there."""
    return len(site.calls(ARM, group)) + len(site.calls(PUSH, group))


def wipe(rig: Rig) -> None:
    """The cluster is lost: our objects with it."""
    for kind in velero.KINDS:
        rig.kubectl("delete", kind, "--all", "--timeout=60s")


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(site: Site, group: str, **requests: dict[str, Any]) -> dict[str, Request]:
    """A group and complete requests of it."""
    site.wait_group(site.group(group, name=group))
    found = {name: site.request(group, f"{group}-{name}", **spec) for name, spec in requests.items()}
    for request in found.values():
        request.wait_complete()
    return found


def test_of_requests_restored_without_status_only_one_without_an_id_or_an_end_of_its_time_runs_again(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    until = time.monotonic() + HISTORY_SECONDS + 1
    requests = made(
        site,
        "bare",
        plain={},
        known={"requestID": "CHG-1"},
        history={"notAfter": later(HISTORY_SECONDS)},
    )
    velero.backup(rig.kubectl, tmp_path / "backup.tar.gz")
    wipe(rig)
    eventually(time.monotonic, what="notAfter to pass", until=lambda now: now > until)
    before = asked(site, "bare")

    velero.restore(rig.kubectl, tmp_path / "backup.tar.gz")

    assert ready(requests["known"].wait_complete())[0] == "AlreadyDone"
    assert ready(requests["history"].wait_finished())[0] == "Expired"
    requests["plain"].assert_true_success("bare")
    assert asked(site, "bare") == before + 2, "one sync and one push: those of the request that had neither"
    wipe(rig)


def test_a_group_that_is_restored_suspended_holds_what_would_run_again(rig: Rig, site: Site, tmp_path: Path) -> None:
    requests = made(site, "held", plain={})
    velero.backup(rig.kubectl, tmp_path / "backup.tar.gz")
    wipe(rig)
    before = asked(site, "held")

    def suspended(obj: dict[str, Any]) -> None:
        if obj["kind"] == "ReplicationGroup":
            obj["spec"]["suspend"] = True

    velero.restore(rig.kubectl, tmp_path / "backup.tar.gz", modified=suspended)

    requests["plain"].wait_reason("GroupSuspended")
    rig.kubectl("delete", "replicationsync", requests["plain"].name, "--timeout=60s")
    rig.kubectl("patch", "replicationgroup", "held", "--type=merge", "--patch", '{"spec": {"suspend": false}}')
    site.wait_group("held")
    site.request("held", "held-new").assert_true_success("held")
    assert asked(site, "held") == before + 2, "those of the new request"
    wipe(rig)


def test_requests_restored_with_their_status_while_no_operator_runs_stay_what_they_were(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    requests = made(site, "kept", plain={})
    point = requests["plain"].get()["status"]["pointInTime"]
    velero.backup(rig.kubectl, tmp_path / "backup.tar.gz")
    wipe(rig)
    before = asked(site, "kept")
    rig.end()
    try:
        velero.restore(rig.kubectl, tmp_path / "backup.tar.gz", status=True)
    finally:
        rig.start()

    site.wait_group("kept")
    site.request("kept", "kept-new").assert_true_success("kept")

    kept = requests["plain"].get()
    assert stage.is_true(kept, "Complete")
    assert kept["status"]["pointInTime"] == point
    assert asked(site, "kept") == before + 2, "those of the new request"
    wipe(rig)


def test_a_restored_schedule_runs_its_text_once_more_and_its_runs_from_before_push_nothing(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    def ran() -> dict[str, Any]:
        found = rig.kubectl.get("replicationschedule", "planned").get("status", {})
        return dict(found.get("lastRunNowResult", {}))

    site.wait_group(site.group("planned", name="planned"))
    spec = {"groupRef": {"name": "planned"}, "schedule": "@yearly", "runNow": "CHG-1"}
    made = {"apiVersion": stage.API_VERSION, "kind": "ReplicationSchedule", "metadata": {"name": "planned"}}
    rig.kubectl.apply({**made, "spec": spec})
    first = eventually(ran, what="the run for the text")
    assert first["phase"] == "Succeeded"
    velero.backup(rig.kubectl, tmp_path / "backup.tar.gz")
    wipe(rig)
    before = asked(site, "planned")

    velero.restore(rig.kubectl, tmp_path / "backup.tar.gz")

    second = eventually(ran, what="the run for the text after the restore")
    assert (second["phase"], second["name"] == first["name"]) == ("Succeeded", False)
    earlier = Request(site, first["name"], rig.namespace)
    assert ready(earlier.wait_complete())[0] == "AlreadyDone"
    assert "ownerReferences" not in earlier.get()["metadata"], "no schedule deletes it"
    assert asked(site, "planned") == before + 2, "one sync and one push: those of the new run"
    wipe(rig)
