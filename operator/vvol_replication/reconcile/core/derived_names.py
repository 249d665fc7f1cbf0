"""Names that are pure functions of a request, so that every restart and every replica arrives at the same ones."""

from __future__ import annotations

import hashlib

SUFFIX_PREFIX = "vr-"
_DIGEST_CHARACTERS = 32
_LONGEST_NAME = 63
"""Characters of a derived name of a point in time. How many VASA providers take is not documented; any name on an array
may have so many."""
_PIECE = 12


def suffix_for(*, source_array_id: str, protection_group: str, namespace: str, request_id: str) -> str:
    """The snapshot suffix of a request on one source protection group (invariant 1).

    No time and no attempt goes in: the same request finds its own snapshot again, whatever happened in between.
    Names on the array are case-insensitive, so ids and group names are folded first. 35 characters of the 63 that
    Purity allows, beginning with a letter, never all digits.
    """
    parts = (source_array_id.lower(), protection_group.lower(), namespace, request_id)
    text = "\n".join(f"{len(part)}:{part}" for part in parts)
    return SUFFIX_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def point_in_time_name_for(*, namespace: str, name: str, suffix: str) -> str:
    """The derived name of a point in time: who asked, and a piece of the suffix that leads back to the snapshot."""
    who = f"{namespace}.{name}"[: _LONGEST_NAME - _PIECE - 1].rstrip(".-")
    return f"{who}.{suffix[len(SUFFIX_PREFIX) :][:_PIECE]}"
