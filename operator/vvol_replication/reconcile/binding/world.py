"""What is known of the endpoints, and what a ReplicationGroup stands for when that is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import Inventory, SourceGroup, TargetGroup, VCenterAbout


@dataclass(frozen=True, slots=True)
class Binding:
    """A ReplicationGroup made concrete. `source` is there whenever `bind` made it.

    `never_read`: vSphere has told nothing of it, so ids are empty and states unknown; it serves the arrays alone.
    """

    resolved: Resolved
    target: TargetGroup
    source: SourceGroup | None
    suspended: bool
    min_push_interval: timedelta | None
    never_read: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an endpoint cannot be asked, or an operation may not go on: a word of the catalogue and a line for people.

    `final`: neither a person nor time can lift it; otherwise it is waited for.
    """

    reason: Reason
    message: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Unbound:
    """Why a ReplicationGroup cannot be made concrete yet."""

    reason: Reason
    message: str

    @classmethod
    def because_of(cls, problem: Problem) -> Unbound:
        """An endpoint that the group needs cannot be asked: what it has is the group's reason, too."""
        return cls(problem.reason, problem.message)


@dataclass(frozen=True, slots=True)
class SiteView:
    """What is known of one vCenter: all None until its first complete answer; then `problem` says why not newer."""

    about: VCenterAbout | None = None
    inventory: Inventory | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ArrayView:
    """What is known of one FlashArray object."""

    about: ArrayAbout | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The connected endpoints by object name, as last read."""

    sites: Mapping[str, SiteView]
    arrays: Mapping[str, ArrayView]
