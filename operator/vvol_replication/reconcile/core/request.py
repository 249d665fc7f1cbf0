"""A request as decisions see it: who it is and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from vvol_replication.api.history import AskedBy
from vvol_replication.api.preparation import PreparationSpec
from vvol_replication.api.sync import SyncSpec

from .derived_names import point_in_time_name_for, suffix_for

SpecT = TypeVar("SpecT", SyncSpec, PreparationSpec)


@dataclass(frozen=True, slots=True)
class OneShot(Generic[SpecT]):
    """Identity and spec. `created` is the API server's creationTimestamp; `owner` a tool that owns the object.

    `asked_by` is for the group's history; nothing is decided by it.
    """

    uid: str
    namespace: str
    name: str
    generation: int
    created: datetime
    spec: SpecT
    owner: str | None = None
    asked_by: AskedBy | None = None

    @property
    def request_id(self) -> str:
        """The effective request id: the object's own, or its uid."""
        return self.spec.request_id or self.uid

    @property
    def label(self) -> str:
        """Namespace and name, as messages to people name it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Request(OneShot[SyncSpec]):
    """A ReplicationSync."""

    def suffix(self, source_array_id: str, protection_group: str) -> str:
        """The snapshot suffix of this request on that protection group."""
        return suffix_for(
            source_array_id=source_array_id,
            protection_group=protection_group,
            namespace=self.namespace,
            request_id=self.request_id,
        )

    def point_in_time_name(self, suffix: str) -> str:
        """The name to ask for: the user's as it is, or one derived from the request."""
        return self.spec.point_in_time_name or point_in_time_name_for(
            namespace=self.namespace, name=self.name, suffix=suffix
        )


@dataclass(frozen=True, slots=True)
class Preparation(OneShot[PreparationSpec]):
    """A FailoverPreparation."""
