"""The main job on this machine, from `kubectl apply` to a named point in time, and the preparation of a failover.

Kubernetes is real, storage is simulated.

``run`` shows it and ends everything (make demo), ``up`` shows it and leaves it running (make demo-up), ``down`` ends
what ``up`` left running (make demo-down). DEMO_KUBECONFIG=<file> uses the cluster of that kubeconfig instead of
starting one; no other kubeconfig is ever used.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT / "hack"), str(ROOT / "operator")]

from demo import interrupt  # noqa: E402 - after the path
from gobuild import BuildError  # noqa: E402 - as above
from testbed.kubectl import KubectlError  # noqa: E402 - as above

DIRECTORY = ROOT / ".demo"


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description="From kubectl apply to a named point in time, on this machine.")
    parser.add_argument("what", choices=("run", "up", "down", "keep"), help="keep: what `up` starts; not for people")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where up keeps its files; default: .demo")
    options = parser.parse_args()
    interrupt.listen()
    try:
        from demo import keeper, play  # noqa: PLC0415 - loading pyVmomi takes a second, in which Ctrl-C must be heard

        named = os.environ.get("DEMO_KUBECONFIG")
        given = Path(named).expanduser().absolute() if named else None
        root: Path = options.directory.absolute()
        if options.what == "run":
            return play.run(given)
        if options.what == "keep":
            return keeper.keep(root, given)
        return keeper.up(root) if options.what == "up" else keeper.down(root)
    except interrupt.Interrupted as asked:
        return asked.exit_status
    except (BuildError, KubectlError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
