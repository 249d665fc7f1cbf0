"""A request over arrays that offer both REST families, and over a pair of which one has but the old one."""

from __future__ import annotations

import pytest
from e2e.rig import REST_1, SOURCE, TARGET, Rig, topology

REST_2 = [f"2.{minor}" for minor in range(27)]


@pytest.mark.parametrize("target", ["REST1", "REST2"])
def test_a_request_over_rest_2(rig: Rig, target: str) -> None:
    world = topology("modern", rest_versions=REST_1 + REST_2)
    if target == "REST1":
        world["arrays"][TARGET]["restVersions"] = REST_1
    with rig.site(world) as site:
        for name, spoken in ((SOURCE, "2.26"), (TARGET, "1.19" if target == "REST1" else "2.26")):
            array = rig.kubectl.wait_for_condition("flasharray", f"{site.prefix}{name}", "Ready")
            assert array["status"]["restVersion"] == spoken
        group = site.group("modern")
        site.wait_group(group)
        site.request(group, pointInTimeName="over-rest-2").assert_true_success("modern")
