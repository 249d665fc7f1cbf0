"""Run a bare control plane on the loopback until Ctrl-C: `testbed.controlplane` as a program."""

from __future__ import annotations

import sys

from testbed.controlplane import main

if __name__ == "__main__":
    sys.exit(main())
