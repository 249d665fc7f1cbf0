"""One status of each kind with every field filled, and hypothesis strategies for any status that may be written."""

from __future__ import annotations

import dataclasses
import functools
import types
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from vvol_replication.api.conditions import Condition
from vvol_replication.api.status import RequestStatus

MOMENT = datetime(2026, 11, 24, 3, 0, 7, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
READY = Condition("Ready", "True", "Ready", "all is well", 3, MOMENT)
FINISHED = Condition("Finished", "True", "Ready", "all is well", 3, MOMENT)
MOMENTS = st.datetimes(timezones=st.just(UTC))


def full(kind: Any) -> Any:
    """An instance of a status type (a dataclass or a field's type), nothing in it left empty."""
    plain = _without_none(kind)
    if get_origin(plain) is tuple:
        element = get_args(plain)[0]
        return (READY, FINISHED) if element is Condition else (full(element),)
    if get_origin(plain) is Literal:
        return get_args(plain)[0]
    if dataclasses.is_dataclass(plain):
        return plain(**{f.name: full(f.type) for f in dataclasses.fields(plain)})  # type: ignore[operator]  # a class
    if plain is datetime:
        return MOMENT
    if issubclass(plain, StrEnum):
        return next(iter(plain))
    return {str: "text", int: 7, bool: True}[plain]


@functools.cache
def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """All instances of a status type that may be written; made once, which takes longer than drawing from it."""
    plain = _without_none(kind)
    if plain is not kind:
        return st.none() | any_of(plain)
    if get_origin(plain) is tuple:
        element = get_args(plain)[0]
        unique = (lambda one: one.type) if element is Condition else None
        return st.lists(any_of(element), max_size=4, unique_by=unique).map(tuple)
    if get_origin(plain) is Literal:
        return st.sampled_from(get_args(plain))
    if dataclasses.is_dataclass(plain):
        built: st.SearchStrategy[Any] = st.builds(plain, **{f.name: any_of(f.type) for f in dataclasses.fields(plain)})  # type: ignore[arg-type]  # a class
        return built.map(_ended_in_full) if issubclass(plain, RequestStatus) else built  # type: ignore[arg-type]  # a class
    if plain is datetime:
        return MOMENTS
    if issubclass(plain, StrEnum):
        return st.sampled_from(plain)
    return {str: TEXTS, int: st.integers(-1, 2**53), bool: st.booleans()}[plain]


def _ended_in_full(status: RequestStatus) -> RequestStatus:
    """The time of an end is not written without its condition."""
    if status.finished_at is None:
        return status
    others = tuple(one for one in status.conditions if one.type != "Finished")
    return dataclasses.replace(status, conditions=(*others, FINISHED))


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    return kind
