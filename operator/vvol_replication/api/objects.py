"""One object in the API server, and how a write of its status ends."""

from __future__ import annotations

from dataclasses import dataclass

from .names import Kind


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object in the API server. The uid keeps apart an object and a later one of the same name."""

    kind: Kind
    namespace: str | None
    name: str
    uid: str

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind.kind} {where}"


@dataclass(frozen=True, slots=True)
class Written:
    """The status was stored; the object's new resourceVersion."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the object since it was read: read again, decide again."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The object, or the object of that uid, is no longer there."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The API server could not be asked, or did not answer: it is not known whether the write took place."""

    message: str


WriteResult = Written | Conflict | Gone | Failed
