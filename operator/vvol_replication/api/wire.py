"""Between status dataclasses and their JSON: one rule for all of them, so that what is written can be read back.

A field's JSON name follows from its Python name. Absent and null are `None` (or the field's default); `None` and
empty lists are not written. Modules that define such dataclasses do not postpone annotations: the types are read here.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache, partial
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from .errors import SpecError
from .times import format_time, parse_time

T = TypeVar("T")
_Reader = Callable[[object], Any]
"""Reads a value. It raises SpecError with the path from that value on: empty, or from its next dot or bracket."""

_SPELLINGS = {"id": "ID", "uuid": "UUID", "vcenter": "VCenter"}
_WHOLE = {
    "fault_domain": "faultDomainID",
    "device_group": "deviceGroupID",
    "vcenter": "vCenter",
    "vcenter_uuid": "vCenterUUID",
}


@lru_cache(maxsize=1024)
def json_name(name: str) -> str:
    """`recovery_vcenter_uuid` -> `recoveryVCenterUUID`; the first word stays in lower case (`id`, `armings`).

    The two halves of a group's id are called in JSON what VMware calls them; a vCenter is one everywhere.
    """
    if name in _WHOLE:
        return _WHOLE[name]
    first, *rest = name.split("_")
    return first + "".join(_SPELLINGS.get(word, word.capitalize()) for word in rest)


def to_json(value: object) -> Any:
    """The JSON of a dataclass, or of anything that is a field of one."""
    parts = _parts(type(value))
    if parts is not None:
        pairs = ((part.key, to_json(item)) for part in parts if (item := getattr(value, part.name)) is not None)
        return {key: item for key, item in pairs if item != []}
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value


def from_json(kind: type[T], raw: object, path: str) -> T:
    """Read a dataclass of type `kind`, strictly.

    Raises:
        SpecError: at the exact path, for a missing field or one of the wrong type.
    """
    value: T = _at(path, _reader(kind), raw)
    return value


def read_fields(kind: type[Any], raw: Mapping[str, object], path: str, *, strict: frozenset[str]) -> dict[str, Any]:
    """The constructor's arguments for `kind`, leaving out what is absent, or unreadable and not named in `strict`.

    Raises:
        SpecError: for an unreadable field named in `strict`.
    """
    found: dict[str, Any] = {}
    for part, read in _readers(kind):
        if (item := raw.get(part.key)) is None:
            continue
        try:
            found[part.name] = read(item)
        except SpecError as error:
            if part.name in strict:
                raise SpecError(f"{path}.{part.key}{error.path}", error.message) from error
    return found


def read_each(kind: type[T], raw: object, path: str) -> tuple[T, ...]:
    """The elements of a list that can be read; of what is no list, none."""
    found: list[T] = []
    for index, item in enumerate(raw if isinstance(raw, list) else ()):
        try:
            found.append(from_json(kind, item, f"{path}[{index}]"))
        except SpecError:
            continue
    return tuple(found)


class _Part(NamedTuple):
    """A field of a dataclass."""

    name: str
    key: str
    kind: Any
    required: bool


def _fields_of(kind: Any) -> tuple[_Part, ...] | None:
    """The fields of a dataclass; None: it is none."""
    if not dataclasses.is_dataclass(kind):
        return None
    fields = dataclasses.fields(kind)
    return tuple(_Part(one.name, json_name(one.name), one.type, one.default is dataclasses.MISSING) for one in fields)


_parts: Callable[[Any], tuple[_Part, ...] | None] = cache(_fields_of)


def _at(path: str, read: _Reader, raw: object) -> Any:
    """Read what stands at that path, as it is seen from there where the error is told."""
    try:
        return read(raw)
    except SpecError as error:
        raise SpecError(f"{path}{error.path}", error.message) from error


def _make_reader(kind: Any) -> _Reader:
    """How a value of that type is read."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    if kind is datetime:
        return lambda raw: parse_time(_scalar(str, raw), "")
    origin = get_origin(kind)
    if origin is tuple:
        return partial(_tuple, _reader(get_args(kind)[0]))
    if origin is Literal:
        return partial(_one_of, get_args(kind))
    if dataclasses.is_dataclass(kind):
        return partial(_dataclass, kind, frozenset(part.name for part in _parts(kind) or ()))
    if issubclass(kind, StrEnum):
        words = tuple(member.value for member in kind)
        return lambda raw: kind(_one_of(words, raw))
    return partial(_scalar, kind)


_reader: Callable[[Any], _Reader] = cache(_make_reader)
"""Once for each type: to ask what a type is takes longer than to read a value."""


def _readers_of(kind: Any) -> tuple[tuple[_Part, _Reader], ...]:
    """The fields of a dataclass, and how each is read."""
    return tuple((part, _reader(part.kind)) for part in _parts(kind) or ())


_readers: Callable[[Any], tuple[tuple[_Part, _Reader], ...]] = cache(_readers_of)


def _tuple(read: _Reader, raw: object) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise SpecError("", "must be a list")
    return tuple(_at(f"[{index}]", read, item) for index, item in enumerate(raw))


def _dataclass(kind: Any, names: frozenset[str], raw: object) -> Any:
    if not isinstance(raw, Mapping):
        raise SpecError("", "must be an object with fields")
    found = read_fields(kind, raw, "", strict=names)
    for part in _parts(kind) or ():
        if part.required and part.name not in found:
            raise SpecError(f".{part.key}", "is missing")
    try:
        return kind(**found)
    except ValueError as error:
        raise SpecError("", str(error)) from error


def _one_of(words: tuple[str, ...], raw: object) -> str:
    text: str = _scalar(str, raw)
    if text not in words:
        raise SpecError("", f"must be one of {', '.join(words)}")
    return text


def _scalar(kind: type[T], raw: object) -> T:
    if not isinstance(raw, kind) or (isinstance(raw, bool) and kind is not bool):
        raise SpecError("", f"must be of type {kind.__name__}")
    return raw
