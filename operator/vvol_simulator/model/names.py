"""Names as Purity takes them: letters, digits and hyphens, compared without regard to case.

Source: docs/facts/flasharray.md#names.
"""

import re

from .errors import ArrayError

_SHAPE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LETTER_OR_HYPHEN = re.compile(r"[A-Za-z-]")

MAX_NAME = 63
MAX_ARRAY_NAME = 56


def is_valid(name: str, limit: int = MAX_NAME) -> bool:
    """Whether Purity would accept this as the name of a new object."""
    return bool(len(name) <= limit and _SHAPE.fullmatch(name) and _LETTER_OR_HYPHEN.search(name))


def check_suffix(suffix: str) -> None:
    """Raise `ArrayError` unless this can be a snapshot suffix."""
    if not is_valid(suffix):
        raise ArrayError(
            "Invalid suffix: use 1-63 letters, digits and hyphens, begin and end with a letter or digit, "
            "and have at least one letter or hyphen.",
            suffix,
        )


def check_name(name: str, limit: int = MAX_NAME) -> None:
    """Raise `ArrayError` unless this can be the name of an array or protection group."""
    if not is_valid(name, limit):
        raise ArrayError(
            f"Invalid name: use 1-{limit} letters, digits and hyphens, begin and end with a letter or digit, "
            "and have at least one letter or hyphen.",
            name,
        )


def key(name: str) -> str:
    """What two names are compared by."""
    return name.casefold()


def split_snapshot(name: str) -> tuple[str, str | None]:
    """`erp.before-1` -> (`erp`, `before-1`); a name without a dot has no suffix."""
    group, dot, suffix = name.partition(".")
    return group, suffix if dot else None
