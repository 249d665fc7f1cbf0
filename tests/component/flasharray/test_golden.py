"""What goes over the wire, request by request, against files that are read in reviews.

After an intended change, run with UPDATE_GOLDEN=1, look at the difference, and commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from component.flasharray.rig import TOKEN, Rig, done

from vvol_replication.storage.flasharray.adapter import FlashArray

GOLDEN = Path(__file__).parent / "golden"
SECRETS = {"api-token", "x-auth-token", "cookie"}
ENVIRONMENT = {"host", "accept-encoding"}
"""Headers that say something of the machine and not of the request."""


OPERATIONS: dict[str, Callable[[FlashArray], Awaitable[Any]]] = {
    "login": lambda array: array.about(),
    "connections": lambda array: array.connections(),
    "protection-group": lambda array: array.protection_group("erp"),
    "snapshots": lambda array: array.snapshots("erp"),
    "transfers": lambda array: array.transfers(["erp", "crm"]),
    "policies": lambda array: array.policies(["erp", "crm"]),
    "push": lambda array: array.push("erp", "vr-1"),
    "push-of-a-name-that-is-taken": lambda array: array.push("erp", "taken"),
    "logout": lambda array: array.close(),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_requests_are_as_written(rig: Rig, operation: str) -> None:
    rig.world.replication.take(rig.erp, "taken", replicate=True, retained=True)
    requests: list[dict[str, Any]] = []

    async def record(request: web.BaseRequest) -> None:
        requests.append(shown(request, await request.read()))

    array = rig.connect(workers=1)
    if operation != "login":
        done(await array.about())
    rig.override = record
    outcome = await OPERATIONS[operation](array)
    assert outcome is None or done(outcome)
    seen = json.dumps(requests, indent=2) + "\n"
    assert TOKEN not in seen
    file = GOLDEN / rig.words.restVersion.lower() / f"{operation}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(seen)
    assert seen == file.read_text()


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.rglob("*.json")} == set(OPERATIONS)


def shown(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    """One request without secrets and without what another machine or release would say differently."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers |= dict.fromkeys(SECRETS & headers.keys(), "***")
    headers["user-agent"] = re.sub(r"/.*", "/<version>", headers["user-agent"])
    text = body.decode().replace(TOKEN, "***")
    return {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": {name: headers[name] for name in sorted(headers.keys() - ENVIRONMENT)},
        "body": json.loads(text) if text else None,
    }
