"""Marked credentials and sessions through every fault of the simulator: they are in nothing that anybody can read."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from component.engine.figures import scraped
from component.engine.real import NAMES, Real, real
from component.engine.virtual import until

from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.names import FLASHARRAY, VCENTER
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.telemetry.logs import JsonFormatter, TextFormatter

USER, PASSWORD, TOKEN = "marked-user-a41", "marked-password-b52&<", "marked-token-c63"
KINDS = {VCENTER, FLASHARRAY}


class Heard(logging.Handler):
    """All that is logged, in both formats."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        for formatter in (TextFormatter(), JsonFormatter()):
            self.text += formatter.format(record) + "\n"


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Everything, from DEBUG on, of our own loggers and of the libraries'."""
    root, handler = logging.getLogger(), Heard()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


def marks(rig: Real) -> set[str]:
    """All that must not be told, as it is now; a user name is no secret."""
    return {PASSWORD, TOKEN, *rig.site.sessions, *rig.array.sessions}


def faults(endpoint: str) -> list[tuple[str, dict[str, Any]]]:
    """Each kind of fault; where one speaks, it repeats the credentials that were sent to it."""
    said = f"you sent {TOKEN}" if endpoint == NAMES[FLASHARRAY] else f"you sent {USER} and {PASSWORD}"
    return [
        ("resetBefore", {}),
        ("resetAfter", {}),
        ("truncated", {"bytes": 40}),
        ("expiredSession", {}),
        ("garbage", {"body": said}),
        ("garbage", {"body": json.dumps({"cookies": said}), "contentType": "application/json"}),
        ("httpStatus", {"status": 400, "body": json.dumps([{"ctx": said, "msg": said}])}),
        *(("httpStatus", {"status": status, "body": said}) for status in (302, 401, 403, 404, 429, 500, 503)),
        *(
            ("soapFault", {"name": name, "message": said})
            for name in ("InvalidLogin", "InvalidSession", "NotAuthenticated", "NoPermission", "SystemError")
        ),
    ]


def ports(rig: Real) -> tuple[VCenterPort, ArrayPort]:
    """Ports of the test's own, as the engine has them."""
    specs = [rig.api.objects[kind.plural, None, NAMES[kind]]["spec"] for kind in (VCENTER, FLASHARRAY)]
    site = rig.connector.vcenter(VCenterSpec.parse(specs[0]), username=USER, password=PASSWORD)
    array = rig.connector.array(FlashArraySpec.parse(specs[1]), api_token=TOKEN)
    return site, array  # type: ignore[return-value]  # nothing is refused here


async def every_call(site: VCenterPort, array: ArrayPort, group: GroupId) -> str:
    """What each call of both ports comes to."""
    outcomes = await asyncio.gather(
        site.about(),
        site.inventory(),
        site.group(group),
        site.points_in_time(group),
        site.start_sync(group, "name"),
        site.task("no-task", group),
        site.members(group),
        site.start_prepare(group),
        array.about(),
        array.connections(),
        array.protection_group("erp"),
        array.snapshots("erp"),
        array.transfers(["erp"]),
        array.policies(["erp"]),
        array.push("erp", "suffix"),
    )
    return repr(outcomes)


def told(rig: Real) -> str:
    """All statuses that ever were, and the events."""
    return json.dumps([list(rig.api.history.values()), rig.api.told], default=str)


def held() -> str:
    """The repr of every object of ours."""
    ours = [one for one in gc.get_objects() if str(type(one).__module__).startswith("vvol_replication.")]
    assert len(ours) > 10
    return " ".join(map(repr, ours))


def process() -> str:
    """What anybody on the machine may read of the process."""
    command = Path("/proc/self/cmdline")
    return (command.read_text() if command.exists() else "") + repr(dict(os.environ))


async def test_no_fault_makes_a_secret_readable(heard: Heard) -> None:
    async with real() as rig:
        rig.site.username, rig.site.password, rig.array.api_token = USER, PASSWORD, TOKEN
        rig.secrets()
        rig.apply(VCENTER)
        rig.apply(FLASHARRAY)
        for kind in KINDS:
            await until(lambda kind=kind: rig.says(kind) == ("True", "Ready"))  # type: ignore[misc]  # bound now
        found = rig.simulator.world.vvol_group(rig.simulator.world.protection_group("erp"), "target")
        group = GroupId(found.id.fault_domain, found.id.device_group)
        secret: set[str] = marks(rig)
        outcomes, figures = held(), ""
        wrong = [(name, *one) for name in NAMES.values() for one in faults(name)]
        for endpoint, kind_of_fault, arguments in wrong:
            site, array = ports(rig)
            rule = rig.simulator.world.faults.add(endpoint, "*", kind_of_fault, **arguments)
            outcomes += await every_call(site, array, group)
            rig.api.apply(VCENTER, NAMES[VCENTER], rig.api.objects["vcenters", None, NAMES[VCENTER]]["spec"])
            secret |= marks(rig)
            outcomes += held()
            figures += scraped(rig.engine)
            rig.simulator.world.faults.remove(rule.id)
            await site.close()
            await array.close()
        places = {"outcomes": outcomes, "logs": heard.text, "objects": told(rig), "process": process()}
        places["metrics"] = figures
        assert len(secret) > 3
        assert 'vvol_storage_calls_total{kind="VCenter",name="dallas",operation="inventory"' in figures
        for place, text in places.items():
            leaks = [one for one in secret if one in text]
            at = text.find(leaks[0]) if leaks else 0
            assert not leaks, f"{place}: {text[max(0, at - 200) : at + 60]}"


@pytest.mark.parametrize("family", ["REST1", "REST2"])
async def test_a_session_that_an_endpoint_repeats_is_told_by_nobody(family: str, heard: Heard) -> None:
    async with real() as rig:
        rig.site.username, rig.site.password, rig.array.api_token = USER, PASSWORD, TOKEN
        rig.secrets()
        rig.apply(VCENTER)
        rig.apply(FLASHARRAY)
        for kind in KINDS:
            await until(lambda kind=kind: rig.says(kind) == ("True", "Ready"))  # type: ignore[misc]  # bound now
        found = rig.simulator.world.vvol_group(rig.simulator.world.protection_group("erp"), "target")
        group = GroupId(found.id.fault_domain, found.id.device_group)
        spec = rig.api.objects["flasharrays", None, NAMES[FLASHARRAY]]["spec"]
        spec["restVersion"] = family
        before = {*rig.site.sessions, *rig.array.sessions}
        site, array = ports(rig)
        for kind in KINDS:  # the engine's own sessions are others, and would hear of these
            rig.api.remove(kind, NAMES[kind])
        await every_call(site, array, group)
        at_site, at_array = ({*one.sessions} - before for one in (rig.site, rig.array))
        assert at_site
        assert at_array
        said, sessions = f"you are {' or '.join(at_array)}", at_site | at_array
        rest = [{"ctx": said, "msg": said}] if family == "REST1" else {"errors": [{"context": "x", "message": said}]}
        faults = rig.simulator.world.faults
        faults.add(NAMES[FLASHARRAY], "*", "httpStatus", status=400, body=json.dumps(rest))
        faults.add(NAMES[VCENTER], "*", "soapFault", name="SystemError", message=f"you are {' or '.join(at_site)}")
        outcomes = await every_call(site, array, group)
        assert outcomes.count("***") > 3, "the endpoints' words are passed on, without the sessions"
        for place, text in {"outcomes": outcomes, "logs": heard.text, "objects": told(rig), "held": held()}.items():
            at = next((text.find(one) for one in sessions if one in text), None)
            assert at is None, f"{place}: {text[max(0, at - 200) : at + 60]}"
        await site.close()
        await array.close()


@pytest.mark.parametrize("shape", ["\n", "\r\nX-Injected: 1", "\x00", "\N{SNOWMAN}", " ", "'\"<&>"], ids=ascii)
async def test_a_secret_of_an_odd_shape_is_told_by_nobody(shape: str, heard: Heard) -> None:
    async with real() as rig:
        odd = f"marked-{shape}-odd-d74"
        rig.api.secrets["dallas"] = {"username": odd, "password": odd}
        rig.api.secrets["flasharray-a"] = {"apiToken": odd}
        rig.apply(VCENTER)
        rig.apply(FLASHARRAY)
        for kind in KINDS:
            await until(lambda kind=kind: (rig.says(kind) or ("", ""))[0] == "False")  # type: ignore[misc]  # bound now
        for text in (heard.text, told(rig), held(), scraped(rig.engine)):
            assert "-odd-d74" not in text
