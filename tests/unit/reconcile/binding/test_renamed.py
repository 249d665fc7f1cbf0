"""A group that is not listed under its name: the name that its pair has now is told, if its ids are remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vvol_replication.api.group import GroupRef, ReplicationGroupSpec, ReplicationGroupStatus, SourceSide, TargetSide
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupId, GroupState, Inventory, SourceGroup, TargetGroup, VCenterAbout
from vvol_replication.reconcile.binding.renamed import explained
from vvol_replication.reconcile.binding.world import SiteView, Unbound, World

SOURCE, TARGET = GroupId("fd-a", "dg-a"), GroupId("fd-b", "dg-b")
SPEC = ReplicationGroupSpec(recovery_site="dallas", protected_site="austin", group_name="fa-a:erp")
STATUS = ReplicationGroupStatus(
    source=SourceSide("fd-a", "dg-a", "fa-a:erp", "SOURCE", "array-a", "id-a", "erp", "austin", "uuid-austin"),
    target=TargetSide("fd-b", "dg-b", None, "TARGET", "array-b", "id-b", "dallas", "uuid-dallas"),
)
NOT_FOUND = Unbound(Reason.SOURCE_GROUP_NOT_FOUND, "It is not there.")


def site(*groups: SourceGroup | TargetGroup) -> SiteView:
    return SiteView(VCenterAbout("uuid", "8.0.3.0", ()), Inventory((), groups))


def named(name: str | None) -> SourceGroup:
    return SourceGroup(SOURCE, name, GroupState.SOURCE, (TARGET,))


def said(
    sites: dict[str, SiteView], unbound: Unbound = NOT_FOUND, status: ReplicationGroupStatus = STATUS, **spec: Any
) -> Unbound:
    return explained(replace(SPEC, **spec), status, unbound, World(sites, {}))


@pytest.mark.parametrize(
    "sites",
    [
        {"austin": site(named("fa-a:erp-new")), "dallas": site()},
        {"dallas": site(TargetGroup(TARGET, SOURCE, GroupState.TARGET), named("fa-a:erp-new"))},
    ],
)
def test_the_name_of_now_is_told_with_both_ways_to_go_on(sites: dict[str, SiteView]) -> None:
    found = said(sites)
    assert found.reason is Reason.SOURCE_GROUP_NOT_FOUND
    for part in ("'fa-a:erp'", "'fa-a:erp-new'", "spec.group.name", "faultDomainID 'fd-b'", "deviceGroupID 'dg-b'"):
        assert part in found.message


@pytest.mark.parametrize(
    ("sites", "changes"),
    [
        ({"austin": site(named(None)), "dallas": SiteView()}, {}),
        ({"austin": site(named("fa-a:x"))}, {"unbound": Unbound(Reason.TARGET_GROUP_NOT_FOUND, "")}),
        ({"austin": site(named("fa-a:x"))}, {"status": ReplicationGroupStatus()}),
        ({"austin": site(named("fa-a:x"))}, {"status": replace(STATUS, target=None)}),
        ({"austin": site(named("fa-a:x"))}, {"group_name": "fa-a:other"}),
        ({"austin": site(named("fa-a:x"))}, {"group_name": None, "target": GroupRef("fd-b", "dg-b")}),
    ],
)
def test_what_is_not_known_is_not_told(sites: dict[str, SiteView], changes: dict[str, Any]) -> None:
    unbound = changes.get("unbound", NOT_FOUND)
    assert said(sites, **changes) is unbound
