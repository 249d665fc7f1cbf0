"""A recovery point objective on a real API server: missed by time alone, held again by a sync; what will be dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from e2e.rig import LONG, REST_1, Rig, Site, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object

GROUP = "erp"
CURRENT = "RecoveryPointCurrent"


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(GROUP, rest_versions=[*REST_1, "2.26"])) as made:
        yield made


def says(site: Site, name: str, condition: str, status: str, reason: str) -> Object:
    """Wait until the group says so."""

    def so(obj: Object) -> bool:
        found = stage.condition(obj, condition)
        return found is not None and (found["status"], found["reason"]) == (status, reason)

    return site.rig.kubectl.wait_until("replicationgroup", name, so, what=f"{condition} to be {reason}", timeout=LONG)


def message(obj: Object, condition: str) -> str:
    found = stage.condition(obj, condition)
    assert found is not None, obj["status"]
    return str(found["message"])


def events(site: Site, name: str) -> list[tuple[str, str]]:
    held = json.loads(site.rig.kubectl("get", "events.events.k8s.io", "--output=json").stdout)["items"]
    mine = [one for one in held if one["regarding"]["name"] == name]
    return [(one["reason"], one["type"]) for one in sorted(mine, key=lambda one: str(one["eventTime"]))]


def test_a_group_turns_by_time_alone_and_back_by_a_sync_and_a_new_named_point_is_not_expiring(
    site: Site,
) -> None:
    name = site.group(GROUP, recoveryPointObjective="15s")
    says(site, name, CURRENT, "False", "NoPointInTime")
    site.request(name, pointInTimeName="first").wait_complete()
    says(site, name, CURRENT, "True", "WithinObjective")
    obj = says(site, name, CURRENT, "False", "BehindObjective")
    assert obj["status"]["newestNamedPointInTime"]["name"] == "first"
    assert f"missed since {obj['status']['behindObjectiveSince']}" in message(obj, CURRENT)
    site.request(name, pointInTimeName="second").wait_complete()
    obj = says(site, name, CURRENT, "True", "WithinObjective")
    assert "behindObjectiveSince" not in obj["status"]

    obj = site.rig.kubectl.wait_until(
        "replicationgroup", name, lambda seen: "arrayPolicy" in seen["status"], what="arrayPolicy", timeout=LONG
    )
    assert obj["status"]["arrayPolicy"]["retention"] == {"allFor": "24h", "perDay": 4, "days": 7}
    told = events(site, name)
    assert told[:4] == [
        ("NoPointInTime", "Warning"),
        ("WithinObjective", "Normal"),
        ("BehindObjective", "Warning"),
        ("WithinObjective", "Normal"),
    ]

    assert site.act("apply-retention", GROUP, after=30 * 86_400)["destroyed"]
    look = '{"spec": {"minPushInterval": "1s"}}'  # a change of the spec lists the points in time at once
    site.rig.kubectl("patch", "replicationgroup", name, "--type=merge", "--patch", look)
    obj = says(site, name, CURRENT, "False", "NoPointInTime")
    assert "newestNamedPointInTime" not in obj["status"]
