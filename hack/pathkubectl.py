"""The kubectl of PATH: whether it may be used with an API server of a version, and if not, why.

Kubernetes supports a kubectl within one minor version of the API server, older or newer (its version skew policy).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SUPPORTED_SKEW = 1
PATIENCE = 10.0


@dataclass(frozen=True)
class Choice:
    """``program``: the kubectl to use, None if that of PATH does not do; ``reason`` says why, in both cases."""

    program: Path | None
    reason: str


def minor_version(said: str) -> tuple[int, int] | None:
    """Return (major, minor) from what ``kubectl version --client -o json`` said; None if that cannot be read."""
    try:
        version = json.loads(said)["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    found = re.match(r"v(\d{1,4})\.(\d{1,4})\.\d", version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None


def within_skew(client: tuple[int, int], server: tuple[int, int]) -> bool:
    """Whether a client of a (major, minor) version may be used with a server of another one."""
    return client[0] == server[0] and abs(client[1] - server[1]) <= SUPPORTED_SKEW


def _ask(program: str) -> str:
    # no kubeconfig: neither a cluster of the user's nor a plugin of theirs has a say in it
    environment = {**os.environ, "KUBECONFIG": os.devnull, "KUBERC": "off"}
    return subprocess.run(
        [program, "version", "--client", "-o", "json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        check=True,
        timeout=PATIENCE,
    ).stdout.decode(errors="replace")


def choose(server: tuple[int, int]) -> Choice:
    """Return the kubectl of PATH if it fits an API server of version ``server`` (major, minor)."""
    found = shutil.which("kubectl")
    if found is None:
        return Choice(None, "no kubectl on PATH")
    try:
        client = minor_version(_ask(found))
    except subprocess.TimeoutExpired:
        return Choice(None, f"{found} did not tell its version within {PATIENCE:g} s")
    except subprocess.CalledProcessError as error:
        return Choice(None, f"{found} version --client ended with {error.returncode}")
    except OSError as error:
        return Choice(None, f"{found} cannot be run ({error.strerror})")
    if client is None:
        return Choice(None, f"{found} told no version that can be read")
    both = f"{found} is {client[0]}.{client[1]}, the API server {server[0]}.{server[1]}"
    if not within_skew(client, server):
        return Choice(None, f"{both}: more than one minor version apart, which Kubernetes does not support")
    return Choice(Path(found).absolute(), both)
