"""Secrets that change under a running operator: what is in flight goes on, and no account is locked."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING

import pytest
from e2e.rig import PUSH, RECOVERY, SECRETS, SOURCE, TARGET, Rig, Site, ready, topology

from testbed.waiting import eventually

if TYPE_CHECKING:
    from e2e.rig import Object

WITHIN = 30.0
TRIES = 3


def with_values(secret: Object, **values: str) -> Object:
    """The Secret with other values."""
    changed = copy.deepcopy(secret)
    changed.pop("stringData", None)
    changed["data"] = {**secret.get("data", {})} | {
        key: base64.b64encode(value.encode()).decode() for key, value in values.items()
    }
    return changed


def secret_of(site: Site, kind: str, name: str) -> Object:
    """The Secret that the object names."""
    obj = site.object(kind, name)
    wanted = obj["spec"]["credentialsSecretRef" if kind == "VCenter" else "apiTokenSecretRef"]["name"]
    return next(one for one in site.objects() if one["kind"] == "Secret" and one["metadata"]["name"] == wanted)


def logins(site: Site, books: str, name: str, what: str) -> int:
    """How many logins there were, by the simulator's books."""
    return int(site.simulator.state()[books][name][what])


def wait_logins(site: Site, books: str, name: str, what: str, count: int) -> None:
    """Wait until there were that many."""
    eventually(
        lambda: logins(site, books, name, what),
        what=f"{count} {what} at {name}",
        until=lambda seen: seen >= count,
        timeout=WITHIN,
    )


def test_a_secret_that_changes_during_a_sync_drops_nothing_and_takes_effect(rig: Rig) -> None:
    with rig.site(topology("erp")) as site:
        group = site.group("erp")
        site.wait_group(group)
        site.act("hold", "erp")
        request = site.request(group)
        request.wait_reason("Transferring")
        places = {("arrays", name): ("FlashArray", name) for name in (SOURCE, TARGET)}
        seen = {place: logins(site, *place, "logins") for place in places}
        for name in (SOURCE, TARGET):
            site.apply(with_values(secret_of(site, "FlashArray", name), apiToken=SECRETS[4]))
        for place, (kind, name) in places.items():
            site.rig.kubectl.wait_until(
                kind.lower(), site.prefix + name, lambda one: ready(one)[0] == "LoginFailed", what="LoginFailed"
            )
            wait_logins(site, *place, "failedLogins", TRIES)
        assert all(logins(site, *place, "failedLogins") == TRIES for place in places)
        for name in (SOURCE, TARGET):
            site.apply(secret_of(site, "FlashArray", name))
        for place in places:
            wait_logins(site, *place, "logins", seen[place] + 1)
        site.act("release", "erp")
        request.assert_true_success("erp")
        assert len(site.calls(PUSH, "erp")) == 1
        site.wait_group(group)


@pytest.mark.parametrize(("kind", "name"), [("VCenter", RECOVERY), ("FlashArray", SOURCE)], ids=["vcenter", "array"])
def test_a_wrong_password_is_three_logins_however_the_object_is_edited(kind: str, name: str, rig: Rig) -> None:
    books = "vcenters" if kind == "VCenter" else "arrays"
    key = "password" if kind == "VCenter" else "apiToken"
    with rig.site(topology("erp"), connected=False) as site:
        site.apply(with_values(secret_of(site, kind, name), **{key: SECRETS[4]}), site.object(kind, name))
        full = site.prefix + name

        def locked(obj: Object) -> bool:
            return ready(obj)[0] == "LoginFailed" and "3 times in a row" in ready(obj)[1]

        rig.kubectl.wait_until(kind.lower(), full, locked, what="three refusals", timeout=WITHIN)
        rig.kubectl(
            "patch", kind.lower(), full, "--type=merge", "--patch", json.dumps({"spec": {"maxConcurrentCalls": 5}})
        )

        def judged(obj: Object) -> bool:
            return locked(obj) and obj["status"]["observedGeneration"] == obj["metadata"]["generation"]

        rig.kubectl.wait_until(kind.lower(), full, judged, what="the edit to be seen", timeout=WITHIN)
        assert logins(site, books, name, "failedLogins") == TRIES
