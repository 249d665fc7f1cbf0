"""Starts one program as a strict pod would: another user, nothing to write, no environment but the one given.

``python launch.py '<JSON: user, directory, environment, argv>'``. The user is changed only by root. The limit of file
size is zero, so that not a byte can be written into any file; pipes and sockets are no files.
"""

from __future__ import annotations

import json
import os
import resource
import sys


def main() -> None:
    """Become what is asked for, and execute."""
    asked = json.loads(sys.argv[1])
    os.chdir(asked["directory"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if os.geteuid() == 0 and asked["user"] is not None:
        os.setgroups([])
        os.setgid(asked["user"])
        os.setuid(asked["user"])
    os.execve(asked["argv"][0], asked["argv"], asked["environment"])  # noqa: S606 - this is what it is for


main()
