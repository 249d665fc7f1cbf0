"""An operator whose clock is set: `setclock.py TIME <arguments of vvol_replication>`.

The clock is the port behind which the engine has its time (`wiring.SystemClock`): it says TIME when the process starts,
and goes on from there. Sockets, TLS and the Lease keep the machine's time.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from vvol_replication import wiring
from vvol_replication.__main__ import main


def set_clock(text: str) -> None:
    """From now on it is that time."""
    ahead = datetime.fromisoformat(text) - datetime.now(UTC)

    def now(self: wiring.SystemClock) -> datetime:
        del self
        return datetime.now(UTC) + ahead

    wiring.SystemClock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    set_clock(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
