"""`python -m vvol_replication`, and the console script: loads the operator, and runs it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the operator; returns the exit code.

    What is loaded makes next to no garbage, and stays. So nobody looks for garbage meanwhile, which would be a tenth of
    the start, nor later in what was loaded, which would stop the event loop each time.
    """
    gc.disable()
    try:
        from vvol_replication import process  # noqa: PLC0415 - see above
    finally:
        gc.enable()
    gc.freeze()
    return process.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
