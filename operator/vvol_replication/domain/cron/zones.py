"""Time zones by their names, as the API server takes them in a CronJob."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from .errors import CronError, quoted

_PART = re.compile(r"[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}")
_MACHINES = {"local", "localtime"}
"""Not names of a zone, but of whichever one a machine is set to."""


def zone_of(name: str | None) -> tzinfo:
    """The zone of that name in the IANA's spelling; UTC where none is named.

    Raises:
        CronError: if the API server would not take it in a CronJob, or nothing is known here of the zone.
    """
    if name is None or name == "UTC":
        return UTC
    if not name:
        raise CronError("The time zone is empty: leave it out for UTC, or write a name like Europe/Berlin")
    if name.lower() in _MACHINES:
        raise CronError(f"The time zone {quoted(name)} would be the machine's own: write a name like Europe/Berlin")
    parts = name.split("/")
    if all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        try:
            return ZoneInfo(name)
        except (LookupError, OSError, ValueError):
            pass  # not found, a directory, or a file that is no zone: nothing of that name either way
    raise CronError(
        f"The time zone {quoted(name)} is not known: write a name like Europe/Berlin, America/New_York or UTC. Upper "
        "and lower case are different"
    )
