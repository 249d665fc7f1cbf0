"""One object in the API server, and how a write of its status ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


class Denial(StrEnum):
    """Why the API server does not take an object."""

    NO_NAMESPACE = "no namespace"
    """It is not there, or is being deleted."""
    FORBIDDEN = "forbidden"
    OTHERS_FIELD = "others' field"
    """Somebody else has set a field to another value, or the object of that uid is not there."""
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Denied:
    """The API server answered no; nothing was written."""

    why: Denial
    message: str


ApplyResult = Written | Denied | Failed
CreateResult = Written | Conflict | Denied | Failed
