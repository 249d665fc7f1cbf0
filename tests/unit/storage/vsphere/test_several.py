"""Rows about several groups: only what is plainly told of one is taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vvol_replication.domain.groups import GroupId, TargetGroup
from vvol_replication.domain.outcomes import Done
from vvol_replication.storage.vsphere import convert
from vvol_replication.storage.vsphere.several import several_groups, several_points
from vvol_replication.storage.vsphere.vmomi import sms, vmodl

R = sms.storage.replication
ONE, TWO = GroupId("fd", "one"), GroupId("fd", "two")


class Session:
    """A session over which SMS answers with these rows."""

    def __init__(self, *rows: Any) -> None:
        self.rows = list(rows)
        self.stub = SimpleNamespace(versionId="")

    def opened(self) -> Any:
        return SimpleNamespace(storage_manager="storageManager")

    def call(self, _: Any) -> Any:
        return self.rows


def told(group: GroupId, of: GroupId | None = None) -> Any:
    source = R.TargetGroupInfo.TargetToSourceInfo(sourceGroupId=convert.wire_group_id(GroupId("fd-a", "source")))
    info = R.TargetGroupInfo(groupId=convert.wire_group_id(of or group), state="TARGET", sourceInfo=source)
    return R.QueryReplicationGroupSuccessResult(groupId=convert.wire_group_id(group), rgInfo=info)


def points(group: GroupId) -> Any:
    return R.QueryPointInTimeReplicaSuccessResult(groupId=convert.wire_group_id(group), replicaInfo=[])


def fault(group: GroupId) -> Any:
    return R.GroupErrorResult(groupId=convert.wire_group_id(group), error=[vmodl.MethodFault()])


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param([], id="nothing"),
        pytest.param([fault(TWO)], id="a fault"),
        pytest.param([told(TWO, of=ONE)], id="details of another group"),
        pytest.param([told(TWO), told(TWO)], id="two answers"),
        pytest.param([R.QueryReplicationGroupSuccessResult(groupId=convert.wire_group_id(TWO))], id="no details"),
        pytest.param([R.QueryReplicationGroupSuccessResult()], id="nobody named"),
        pytest.param([told(GroupId("fd", "three"))], id="a group that was not asked for"),
    ],
)
def test_a_group_of_which_nothing_plain_is_told_is_left_out(odd: list[Any]) -> None:
    session: Any = Session(*odd, told(ONE))
    found = several_groups(session, (ONE, TWO))
    assert list(found) == [ONE]
    outcome = found[ONE]
    assert isinstance(outcome, Done)
    assert isinstance(outcome.value, TargetGroup)
    assert outcome.value.id == ONE


def test_each_group_is_told_of_in_any_order() -> None:
    session: Any = Session(told(TWO), told(ONE))
    assert {
        group: one.value.id for group, one in several_groups(session, (ONE, TWO)).items() if isinstance(one, Done)
    } == {
        ONE: ONE,
        TWO: TWO,
    }


@pytest.mark.parametrize(
    "odd",
    [fault(TWO), R.QueryPointInTimeReplicaSummaryResult(groupId=convert.wire_group_id(TWO))],
    ids=["fault", "count"],
)
def test_points_that_are_not_listed_are_left_out(odd: Any) -> None:
    session: Any = Session(odd, points(ONE))
    assert several_points(session, None, (ONE, TWO)) == {ONE: Done(())}
