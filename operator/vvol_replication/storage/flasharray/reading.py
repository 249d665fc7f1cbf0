"""Decoded JSON read piece by piece: what is none of the expected is `Unreadable`, or unknown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import Unreadable


def rows(answer: Any, where: str) -> list[Mapping[str, Any]]:
    """The objects of a list; a null among them says nothing and is passed over."""
    if not isinstance(answer, list):
        raise Unreadable(f"{where} was answered with {kind(answer)} instead of a list")
    return [mapping(row, where) for row in answer if row is not None]


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """The value as an object. Raises `Unreadable`."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"{where} was answered with {kind(value)} instead of an object")
    return value


def text(row: Mapping[str, Any], field: str, where: str) -> str:
    """A string that has to be there, not empty. Raises `Unreadable`."""
    value = optional_text(row, field)
    if value is None:
        raise Unreadable(f"the answer to {where} has no {field}")
    return value


def optional_text(row: Mapping[str, Any], field: str) -> str | None:
    """A string that is not empty, if there is one."""
    value = row.get(field)
    return value if isinstance(value, str) and value else None


def progress(value: Any) -> float | None:
    """From 0.0 to 1.0; anything else is unknown."""
    part = number(value)
    return part if part is not None and 0.0 <= part <= 1.0 else None


def count(value: Any) -> int | None:
    """Not below zero; anything else is unknown."""
    whole = number(value)
    return int(value) if whole is not None and whole >= 0 else None


def number(value: Any) -> float | None:
    """A finite number; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        finite = float(value)
    except OverflowError:
        return None
    return finite if math.isfinite(finite) else None


def kind(value: Any) -> str:
    """What it is instead, for messages."""
    if value is None:
        return "null"
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")
