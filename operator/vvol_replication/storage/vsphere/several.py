"""One question about several groups of one fault domain.

Only what is plainly told of a group is taken from such an answer. A group that is told a fault, or nothing, or a number
instead of a list, is left out: it is asked for alone, and what it is told then is what it would have been told anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.outcomes import Done, Outcome

from . import convert
from .managers import ask_manager
from .points import points_of
from .transport import Unreadable, answered
from .vmomi import sms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vvol_replication.domain.groups import Group, GroupId
    from vvol_replication.domain.points import PointInTime

    from .session import Session

T = TypeVar("T")


def several_groups(session: Session, groups: tuple[GroupId, ...]) -> Mapping[GroupId, Outcome[Group]]:
    """The groups as they are now, by one `QueryReplicationGroupInfo`. Raises what `Session.call` raises."""
    wanted = sms.ReplicationGroupFilter(groupId=[convert.wire_group_id(group) for group in groups])
    rows = answered(ask_manager(session, lambda manager: manager.QueryReplicationGroupInfo(wanted)))
    return _plainly_told(rows, groups, _group)


def several_points(
    session: Session, provider: Any, groups: tuple[GroupId, ...]
) -> Mapping[GroupId, Outcome[tuple[PointInTime, ...]]]:
    """Their points in time, by one `QueryPointInTimeReplica` to their provider. Raises what `Session.call` raises."""
    query = sms.storage.replication.QueryPointInTimeReplicaParam(preferDetails=True)
    ids = [convert.wire_group_id(group) for group in groups]
    rows = answered(session.call(lambda: provider.QueryPointInTimeReplica(ids, query)))
    return _plainly_told(rows, groups, points_of)


def _group(row: Any) -> Group:
    group = convert.group(getattr(row, "rgInfo", None))
    if group.id != convert.group_id(row.groupId):
        raise Unreadable("details of another group")
    return group


def _plainly_told(
    rows: Iterable[Any], groups: tuple[GroupId, ...], read: Callable[[Any], T]
) -> Mapping[GroupId, Outcome[T]]:
    found: dict[GroupId, list[T]] = {group: [] for group in groups}
    for row in rows:
        try:
            told = found.get(convert.group_id(row.groupId))
            if told is not None:
                told.append(read(row))
        except Unreadable:
            continue
    return {group: Done(told[0]) for group, told in found.items() if len(told) == 1}
