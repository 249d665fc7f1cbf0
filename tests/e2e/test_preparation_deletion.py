"""Deleting a preparation never hangs, whatever it was doing and whoever is away; its group goes on to know."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from bench.rest import Api, ApiError, syncs
from e2e.preparing import (
    POINTS_IN_TIME,
    PREPARE,
    Preparation,
    app_of,
    bound,
    power,
    powered,
    prepare,
    prepares,
    wait_prepare,
)
from e2e.rig import PROTECTED, RECOVERY, SOURCE, TARGET, Rig, Site

from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WITHIN = 10.0
NOT_FOUND = 404


def waiting(site: Site, group: str, name: str) -> Preparation:
    """A VM is on."""
    power(site, app_of(name), "poweredOn")
    preparation = prepare(site, group)
    preparation.wait_reason("VMPoweredOn")
    return preparation


def unread(site: Site, group: str, _: str) -> Preparation:
    """Its checks cannot be made."""
    hanging = site.hang(RECOVERY, "QueryReplicationGroupInfo")
    preparation = prepare(site, group)
    site.wait_hit(hanging)
    return preparation


def suspended(site: Site, group: str, _: str) -> Preparation:
    preparation = prepare(site, group, suspend=True)
    preparation.wait_reason("Suspended")
    return preparation


def dry(site: Site, group: str, _: str) -> Preparation:
    """A report whose readings hang."""
    hanging = site.hang(RECOVERY, "QueryReplicationGroupInfo")
    preparation = prepare(site, group, dryRun=True)
    site.wait_hit(hanging)
    return preparation


def calling(site: Site, group: str, _: str) -> Preparation:
    """The call hangs before it has taken effect."""
    hanging = site.hang(PROTECTED, PREPARE)
    preparation = prepare(site, group)
    site.wait_hit(hanging)
    return preparation


def called(site: Site, group: str, name: str) -> Preparation:
    """The call has taken effect, and its answer does not come."""
    site.hang(PROTECTED, PREPARE, when="after")
    preparation = prepare(site, group)
    wait_prepare(site, name)
    return preparation


def transferring(site: Site, group: str, name: str) -> Preparation:
    site.act("hold", name)
    preparation = prepare(site, group)
    preparation.wait_reason("Transferring")
    return preparation


def verifying(site: Site, group: str, name: str) -> Preparation:
    """The data has landed, and its point in time cannot be listed."""
    preparation = transferring(site, group, name)
    hanging = site.hang(RECOVERY, POINTS_IN_TIME)
    site.act("land", name)
    site.wait_hit(hanging)
    return preparation


PHASES: dict[str, Callable[[Site, str, str], Preparation]] = {
    one.__name__: one for one in (waiting, unread, suspended, dry, calling, called, transferring, verifying)
}
REMEMBERED = {"calling", "called", "transferring", "verifying"}
"""Here the call was made, or may have been."""


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered(*PHASES)) as made:
        yield made


@pytest.mark.parametrize("phase", PHASES)
def test_it_is_gone_at_once_although_no_endpoint_answers_and_the_group_knows_of_the_call(
    phase: str, rig: Rig, site: Site
) -> None:
    group = bound(site, phase)
    preparation = PHASES[phase](site, group, phase)
    preparation.wait("our finalizer", lambda obj: obj["metadata"].get("finalizers"))
    for endpoint in (PROTECTED, RECOVERY, SOURCE, TARGET):
        site.hang(endpoint, "*")
    path = f"{syncs(rig.namespace).replace('replicationsyncs', 'failoverpreparations')}/{preparation.name}"

    def is_gone(api: Api) -> bool:
        try:
            api.call("GET", path)
        except ApiError as error:
            return error.status == NOT_FOUND
        return False

    with Api(rig.plane.server, rig.plane.directory) as api:
        begun = time.monotonic()
        api.call("DELETE", path)
        eventually(lambda: is_gone(api), what=f"{preparation.name} to be gone", every=0.02)
        seconds = time.monotonic() - begun

    assert seconds < WITHIN
    print(f"\ndeleted while {phase}: gone after {seconds:.2f} s")  # noqa: T201 - figures, for -s
    site.simulator.clear_faults()
    site.act("release", phase)
    site.wait_group(group)
    assert prepares(site, phase) <= int(phase in REMEMBERED)
    remembered = eventually(
        lambda: rig.kubectl.get("replicationgroup", group)["status"].get("prepared"),
        what="the group's memory",
        until=lambda seen: bool(seen) == (phase in REMEMBERED),
    )
    assert (remembered or {}).get("proven", False) is False
