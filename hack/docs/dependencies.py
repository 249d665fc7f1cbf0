"""The page of run-time dependencies: those that we chose, each with its reason, and what comes with them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
US = "vvol-replication"


@dataclass(frozen=True)
class Chosen:
    """A direct dependency: what it is for, and what would be done without it."""

    why: str
    instead: str


CHOSEN = {
    "aiohttp": Chosen(
        "HTTP towards the API server, shared with kopf, and REST 2 of the arrays",
        "httpx. kopf would still bring aiohttp",
    ),
    "kopf": Chosen(
        "watches, handlers, and the order of events of one object",
        "`kubernetes` with watches of our own, and what kopf does about their ends and gaps",
    ),
    "prometheus-client": Chosen(
        "both formats of a scrape, and the figures of the process",
        "`opentelemetry-exporter-prometheus`, which needs more packages",
    ),
    "purestorage": Chosen(
        "REST 1 of the arrays. Loaded with the first array that needs it",
        "a client of our own, as for REST 2. See below",
    ),
    "pyvmomi": Chosen("SOAP of vCenter: vim, PBM and SMS, with their types", "none that is kept up, and knows SMS"),
    "pyyaml": Chosen("reads a kubeconfig", "nothing: kopf would still bring it"),
    "setuptools": Chosen(
        "`distutils`, for `purestorage`. Loaded only with it",
        "nothing, when `purestorage` goes",
    ),
    "tzdata": Chosen("time zones of schedules, where the image has none", "the package `tzdata` of the base image"),
}

LICENCES = {
    "aiohappyeyeballs": "PSF-2.0", "aiohttp": "Apache-2.0 AND MIT", "aiosignal": "Apache-2.0", "attrs": "MIT",
    "certifi": "MPL-2.0", "charset-normalizer": "MIT", "click": "BSD-3-Clause", "frozenlist": "Apache-2.0",
    "idna": "BSD-3-Clause", "iso8601": "MIT", "jsonpatch": "BSD-3-Clause", "jsonpointer": "BSD-3-Clause",
    "kopf": "MIT", "multidict": "Apache-2.0", "prometheus-client": "Apache-2.0 AND BSD-2-Clause",
    "propcache": "Apache-2.0", "purestorage": "BSD-2-Clause", "python-json-logger": "BSD-2-Clause",
    "pyvmomi": "Apache-2.0", "pyyaml": "MIT", "requests": "Apache-2.0", "setuptools": "MIT",
    "typing-extensions": "PSF-2.0", "tzdata": "Apache-2.0", "urllib3": "MIT", "yarl": "Apache-2.0",
}  # fmt: skip
"""By SPDX, as each package says of itself (tests/unit/test_dependencies.py)."""

ALLOWED = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0"})
"""Licences under which others may pass the image on. MPL-2.0 asks for changed files only, and none is changed."""

_HEAD = """# Dependencies

What the operator needs at run time. Versions and hashes are in `uv.lock`, also for the image. A test holds that each
package below has a licence of the allow-list: {allowed}.

| chosen | for | without it |
|---|---|---|
{chosen}

## What they bring

| package | version | licence |
|---|---|---|
{all}

## purestorage

The newest release of `purestorage` is of June 2020 (the lock has its date), and it speaks REST 1 only. So:

- REST 2 is used wherever an array offers it. REST 1 is for arrays without it, or with `restVersion: REST1`.
- Only `storage/flasharray/rest1/client.py` imports it, and only when an array needs REST 1. Its size, its start time
  and its faults do not reach an operator whose arrays offer REST 2.
- It imports `distutils`, which Python 3.12 dropped. `setuptools` brings a replacement. If a later Python or setuptools
  ends that, an array that offers only REST 1 cannot be used with that Python. All others can. `requires-python` ends
  below the first Python that nobody has tried, so such a Python is not installed by surprise.
- What would replace it: an adapter of our own for REST 1, in the same folder and behind the same port.

## Each month

1. `make lock ARGS=--upgrade` and `make image-lock ARGS=--upgrade`: newer versions, with hashes.
2. `make docs`: this page. Read what changed. A package that is new needs its licence in `hack/docs/dependencies.py`.
3. Read the release notes of the direct dependencies. `make test` and `make oracles`.
4. Go programs of the tests: newer versions in the modules of `hack/toolchain`, then `make tools` and `make test`.
5. One commit for each of them, so that a fault can be traced.
"""


@cache
def locked() -> dict[str, dict[str, Any]]:
    """Each package of `uv.lock` by its name."""
    return {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}


def direct() -> list[str]:
    """What the project itself asks for at run time."""
    return sorted(one["name"] for one in locked()[US]["dependencies"])


def needed() -> list[str]:
    """All that is installed with the operator, on some platform or Python."""
    found, left = set[str](), direct()
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [one["name"] for one in locked()[name].get("dependencies", ())]
    return sorted(found)


def render() -> str:
    """The page's text."""
    return _HEAD.format(
        allowed=", ".join(f"`{one}`" for one in sorted(ALLOWED)),
        chosen="\n".join(f"| `{one}` | {CHOSEN[one].why} | {CHOSEN[one].instead} |" for one in direct()),
        all="\n".join(f"| `{one}` | {locked()[one]['version']} | `{LICENCES[one]}` |" for one in needed()),
    )
