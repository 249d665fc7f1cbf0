"""Names of protection groups and suffixes, judged before they become part of a URL (docs/facts/flasharray.md#names).

`purestorage` puts names into paths as they are, so a `/`, `?` or `#` would be another request than the one meant; in
REST 2 a comma would make two names of one, and a `*` many.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PROTECTION_GROUP: Final = re.compile(rf"(?:{_NAME}:)?(?:{_NAME}::)?{_NAME}")
_SUFFIX: Final = re.compile(rf"(?=.*[A-Za-z-]){_NAME}")
_SHOWN: Final = 80
"""How much of a wrong name is repeated in a message."""


def protection_group_problem(name: str) -> str | None:
    """Why this cannot be the name of a protection group; `None` where it can.

    Allowed: `pg` and `pod::pg` on the source, `array:pg` and `pod:pg` on the target, and `array:pod::pg`.
    """
    if _PROTECTION_GROUP.fullmatch(name):
        return None
    return (
        f"{_shown(name)} is not a protection group name. A name has 1 to 63 letters, digits and hyphens. It "
        "begins and ends with a letter or digit. It may follow an array (array:pg) or a pod (pod::pg)"
    )


def pod(name: str) -> str | None:
    """The pod that a protection group of this name lies in, if any."""
    before, colons, _ = name.partition("::")
    return before.rpartition(":")[2] if colons else None


def suffix_problem(suffix: str) -> str | None:
    """Why this cannot be the suffix of a snapshot; `None` where it can."""
    if _SUFFIX.fullmatch(suffix):
        return None
    return (
        f"{_shown(suffix)} is not a snapshot suffix. A suffix has 1 to 63 letters, digits and hyphens. It "
        "begins and ends with a letter or digit, and has not only digits"
    )


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
