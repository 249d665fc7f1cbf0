"""The messages of the rows, as they were read on the sockets: data beside the rows, for the page and the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from component.faults.rows import Row

FILE = Path(__file__).with_name("messages.json")
RECORD = "RECORD_FAULT_MESSAGES"
"""The environment variable that makes the tests write what they read, instead of holding it against the file."""


def messages() -> dict[str, str]:
    """Row key -> message, normalized; rows that tell nobody anything have an empty one."""
    found: dict[str, str] = json.loads(FILE.read_text("utf-8"))
    return found


def record(rows: tuple[Row, ...], read: Mapping[str, str]) -> None:
    """Keep what was read; what is of no row any more goes."""
    kept = messages() if FILE.exists() else {}
    merged = kept | dict(read)
    keys = [row.key for row in rows if row.key in merged]
    FILE.write_text(json.dumps({key: merged[key] for key in keys}, indent=1, ensure_ascii=False) + "\n", "utf-8")
