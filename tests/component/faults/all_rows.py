"""The whole table of faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import access_rows, array_rows, status_rows, table_rows, transport_rows, vcenter_rows
from .rows import Row

ROWS: Final[tuple[Row, ...]] = tuple(
    row
    for module in (transport_rows, status_rows, access_rows, vcenter_rows, array_rows, table_rows)
    for row in module.rows()
)
"""In the order of the page's chapters."""

NOT_SHOWN: Final[Mapping[tuple[str, str], str]] = {
    ("pbm.fault.PBMFault", "calls and tasks of SMS"): "SMS cannot write it; the policy service's calls can",
    ("every fault", "the task of a `start_prepare`"): "read by the same code as the task of a `start_sync`",
}
"""What has no row, and where, and why."""
