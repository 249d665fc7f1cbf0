"""The closed catalogue of reasons: each word of a condition's `reason`, what it means, and what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from .discovery import DISCOVERY
from .info import ReasonInfo
from .preparations import PREPARATIONS
from .requests import REQUESTS
from .storage import STORAGE
from .words import Reason

__all__ = ["CATALOGUE", "Reason", "ReasonInfo"]

CATALOGUE: Mapping[Reason, ReasonInfo] = MappingProxyType({**REQUESTS, **PREPARATIONS, **STORAGE, **DISCOVERY})
