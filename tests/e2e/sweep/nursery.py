"""A program that has the operator loaded and starts it by fork, as a process of its own, as often as it is asked to.

    python nursery.py SOCKET

Each connection to the Unix socket orders one process, by one line of JSON: `arguments` of the operator, `log` (a path),
and `plan` (see `instrument.Plan`; without it nothing is instrumented). The process tells its pid, then its points, on
that connection, and the connection ends when the process does, however it ends. What is saved is half a second of
imports for each process; everything from `main` on is the product's.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "operator"), str(ROOT / "tests"), str(ROOT / "hack")]

from e2e.sweep.instrument import Channel, Plan, instrument  # noqa: E402 - after the path

from vvol_replication.process import main as operator  # noqa: E402 - as above
from vvol_replication.wiring import load_storage  # noqa: E402 - as above


def _child(connection: socket.socket, order: dict[str, Any]) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    random.seed()
    channel = Channel(connection.fileno())
    channel.tell({"pid": os.getpid()})
    if order["plan"] is not None:
        instrument(Plan(**order["plan"]), channel)
    return operator(order["arguments"])


def _serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            with connection.makefile("rb") as lines:
                order = json.loads(lines.readline())
            if os.fork():
                continue
            listener.close()
            status = 1
            try:
                status = _child(connection, order)
            finally:
                logging.shutdown()
                os._exit(status)


def main() -> None:
    """Serve until ended."""
    path = sys.argv[1]
    load_storage()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended: the kernel buries them
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        _serve(listener)


if __name__ == "__main__":
    main()
