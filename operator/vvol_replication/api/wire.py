"""Between status dataclasses and their JSON: one rule for all of them, so that what is written can be read back.

A field's JSON name follows from its Python name. Absent and null are `None` (or the field's default); `None` and
empty lists are not written. Modules that define such dataclasses do not postpone annotations: the types are read here.
"""

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from .errors import SpecError
from .times import format_time, parse_time

T = TypeVar("T")

_FIELDS: dict[Any, tuple[dataclasses.Field[Any], ...]] = {}
"""By dataclass: asking `dataclasses` for them each time took a third of the work."""
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
    if dataclasses.is_dataclass(value):
        pairs = ((json_name(f.name), to_json(getattr(value, f.name))) for f in _fields(type(value)))
        return {key: item for key, item in pairs if item is not None and item != []}
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
    value: T = _read(kind, raw, path)
    return value


def read_fields(kind: type[Any], raw: Mapping[str, object], path: str, *, strict: frozenset[str]) -> dict[str, Any]:
    """The constructor's arguments for `kind`, leaving out what is absent, or unreadable and not named in `strict`.

    Raises:
        SpecError: for an unreadable field named in `strict`.
    """
    found: dict[str, Any] = {}
    for field in _fields(kind):
        key = json_name(field.name)
        if raw.get(key) is None:
            continue
        try:
            found[field.name] = _read(field.type, raw[key], f"{path}.{key}")
        except SpecError:
            if field.name in strict:
                raise
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


def _fields(kind: Any) -> tuple[dataclasses.Field[Any], ...]:
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = dataclasses.fields(kind)
    return found


@lru_cache(maxsize=256)
def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    return kind


def _read(kind: Any, raw: object, path: str) -> Any:
    kind = _without_none(kind)
    if kind in (str, int, bool):
        return _scalar(kind, raw, path)
    if kind is datetime:
        return parse_time(_scalar(str, raw, path), path)
    origin = get_origin(kind)
    if origin is tuple:
        if not isinstance(raw, list):
            raise SpecError(path, "must be a list")
        return tuple(_read(get_args(kind)[0], item, f"{path}[{index}]") for index, item in enumerate(raw))
    if origin is Literal:
        return _one_of(get_args(kind), raw, path)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, raw, path)
    if issubclass(kind, StrEnum):
        return kind(_one_of(tuple(member.value for member in kind), raw, path))
    return _scalar(kind, raw, path)


def _read_dataclass(kind: Any, raw: object, path: str) -> Any:
    if not isinstance(raw, Mapping):
        raise SpecError(path, "must be an object with fields")
    everything = frozenset(field.name for field in _fields(kind))
    found = read_fields(kind, raw, path, strict=everything)
    for field in _fields(kind):
        if field.name not in found and field.default is dataclasses.MISSING:
            raise SpecError(f"{path}.{json_name(field.name)}", "is missing")
    try:
        return kind(**found)
    except ValueError as error:
        raise SpecError(path, str(error)) from error


def _one_of(words: tuple[str, ...], raw: object, path: str) -> str:
    text: str = _scalar(str, raw, path)
    if text not in words:
        raise SpecError(path, f"must be one of {', '.join(words)}")
    return text


def _scalar(kind: type[T], raw: object, path: str) -> T:
    if not isinstance(raw, kind) or (isinstance(raw, bool) and kind is not bool):
        raise SpecError(path, f"must be of type {kind.__name__}")
    return raw
