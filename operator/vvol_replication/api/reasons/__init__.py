"""The closed catalogue of reasons: each word of a condition's `reason`, what it means, and what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from .discovery import DISCOVERY
from .info import ReasonInfo, Severity
from .objective import OBJECTIVE
from .preparations import PREPARATIONS
from .reason import Reason
from .requests import REQUESTS
from .schedules import SCHEDULES
from .storage import STORAGE

__all__ = ["CATALOGUE", "Reason", "ReasonInfo", "Severity", "info_of", "known_reason"]

CATALOGUE: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {**REQUESTS, **PREPARATIONS, **STORAGE, **OBJECTIVE, **DISCOVERY, **SCHEDULES}
)
_WORDS = frozenset(Reason)


def info_of(word: str) -> ReasonInfo | None:
    """What the catalogue says of a stored condition's reason; None for a word that it does not have."""
    return CATALOGUE[Reason(word)] if word in _WORDS else None


def known_reason(word: object) -> str:
    """A reason, if it is one of the catalogue; empty for what somebody else wrote into a status."""
    return str(word) if isinstance(word, str) and info_of(word) is not None else ""
