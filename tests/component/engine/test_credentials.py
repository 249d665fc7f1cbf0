"""Secrets and specs that change: a new session within 30 s, nothing dropped, nothing forgotten, no account locked."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import ends, hangs, takes
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER, Kind
from vvol_replication.domain.outcomes import Refused, Unavailable

VC = {"address": "vc", "credentialsSecretRef": {"name": "vc"}}
WITHIN = 30.0


def ready(rig: Rig, kind: Kind, name: str) -> tuple[str, str] | None:
    found: tuple[str, str] | None = rig.api.condition(kind, name, "Ready", "prod" if kind.namespaced else None)
    return found


def message(rig: Rig, kind: Kind, name: str) -> str:
    status = rig.api.objects[kind.plural, None, name]["status"]
    return next(str(one["message"]) for one in status["conditions"] if one["type"] == "Ready")


def said(rig: Rig, kind: Kind, name: str, since: int = 0) -> set[tuple[str, str]]:
    """All that Ready said, from the so-manieth version of the object on."""
    bodies = rig.api.history[kind.plural, "prod" if kind.namespaced else None, name][since:]
    return {
        (one["status"], one["reason"])
        for body in bodies
        for one in body["status"].get("conditions", ())
        if one["type"] == "Ready"
    }


async def well(rig: Rig) -> None:
    """Until all of the rig is ready."""
    for kind, name in ((VCENTER, "dallas"), (FLASHARRAY, "a"), (FLASHARRAY, "b"), (REPLICATION_GROUP, "erp")):
        await until(lambda kind=kind, name=name: ready(rig, kind, name) == ("True", "Ready"))  # type: ignore[misc]  # bound now


def rotate(rig: Rig) -> None:
    """Endpoints and Secrets get new credentials."""
    secret = "rotated"
    rig.world.accepted.add(secret)
    rig.api.secrets["vc"] = {"username": "operator", "password": secret}
    rig.api.secrets["a"] = rig.api.secrets["b"] = {"apiToken": secret}


@virtual
async def test_the_secret_of_an_endpoint_that_is_well_is_looked_at_in_its_own_pace_and_not_with_each_reading() -> None:
    async with running(Rig(chances=(0.0, 0.7, 0.3))) as rig:
        await well(rig)
        rig.api.secret_reads.clear()
        await asyncio.sleep(600)
        for name in ("vc", "a", "b"):
            times = [at for at, one in rig.api.secret_reads if one == name]
            pauses = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
            assert 11 < min(pauses) <= max(pauses) < 15.1, name


@pytest.mark.parametrize("method", ["inventory", "about", "connections"])
@virtual
async def test_a_rotated_secret_takes_effect_although_a_reading_hangs_and_nothing_flaps(method: str) -> None:
    async with running(Rig(chances=(0.0, 0.7, 0.3))) as rig:
        await well(rig)
        rig.world.before[method] = [hangs() for _ in range(3)]
        asked = rig.count(method)
        await until(lambda: rig.count(method) >= asked + (1 if method == "inventory" else 2))
        history = {key: len(versions) for key, versions in rig.api.history.items()}
        rig.world.before.clear()
        rotate(rig)
        hung = rig.count(method)
        await until(lambda: len(rig.world.opened) == 6, within=WITHIN)
        await until(lambda: rig.count(method) > hung + (0 if method == "inventory" else 1), within=2)
        await asyncio.sleep(600)

        assert len(rig.world.opened) == 6, "one new session each"
        assert len(rig.world.closed) == 3
        assert set(rig.world.graces) == {120.0}
        assert sorted(rig.connector.pins[3:]) == [("a", "id-a"), ("b", "id-b"), ("vc", "uuid-dallas")]
        for kind, name in ((VCENTER, "dallas"), (FLASHARRAY, "a"), (FLASHARRAY, "b"), (REPLICATION_GROUP, "erp")):
            key = (kind.plural, "prod" if kind.namespaced else None, name)
            assert said(rig, kind, name, history[key]) <= {("True", "Ready")}
        assert rig.api.events == []


@pytest.mark.parametrize(
    "method",
    ["group", "protection_group", "snapshots", "start_sync", "task", "push", "transfers", "points_in_time"],
)
@pytest.mark.parametrize("side", ["before", "after"])
@virtual
async def test_a_secret_rotated_during_any_call_of_a_sync_drops_nothing(method: str, side: str) -> None:
    async with running() as rig:
        await well(rig)
        await asyncio.sleep(1)
        versions = len(rig.api.history["replicationgroups", "prod", "erp"])
        steps = getattr(rig.world, side)
        steps[method] = [takes(40.0)]
        rig.request("one")
        await until(lambda: not steps[method], within=60)
        rotate(rig)
        await until(lambda: len(rig.world.opened) == 6, within=WITHIN)
        await rig.until_ended("one")

        assert rig.reason("one") == "PointInTimeCreated"
        assert len(rig.world.pushed) == len(rig.world.armed) == 1
        assert said(rig, REPLICATION_GROUP, "erp", versions) <= {("True", "Ready")}


@virtual
async def test_new_credentials_that_are_wrong_are_told_and_the_old_session_is_used_no_more() -> None:
    async with running(Rig(transfer=100.0)) as rig:
        await well(rig)
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        old = rig.world.opened[0]
        rig.api.secrets["vc"]["password"] = "wrong"
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "LoginFailed"), within=WITHIN)
        assert old in rig.world.closed
        status = rig.api.objects["vcenters", None, "dallas"]["status"]
        assert status["instanceUUID"] == "uuid-dallas"
        await asyncio.sleep(300)
        assert rig.world.logins["vc"] == 3
        rig.api.secrets["vc"]["password"] = "right"
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=WITHIN)
        await rig.until_ended("one")
        assert rig.reason("one") == "PointInTimeCreated"
        assert len(rig.world.pushed) == 1


@virtual
async def test_a_wrong_password_is_tried_three_times_whatever_happens_around_it() -> None:
    rig = Rig()
    rig.secrets()
    rig.api.secrets["vc"]["password"] = "wrong"
    async with running(rig, connect=False):
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: rig.world.logins["vc"] == 3, within=60)
        shut = asyncio.get_running_loop().time()
        await until(lambda: "3 times in a row" in message(rig, VCENTER, "dallas"), within=5)
        assert "2026-06-01T12:15:" in message(rig, VCENTER, "dallas")

        rig.api.apply(VCENTER, "dallas", {**VC, "maxConcurrentCalls": 7})
        await asyncio.sleep(60)
        rig.api.apply(VCENTER, "dallas", {**VC, "address": "vc:443"})
        rig.api.apply(VCENTER, "twin", {**VC, "maxConcurrentCalls": 3})
        await asyncio.sleep(60)
        secret = rig.api.secrets.pop("vc")
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "SecretNotFound"), within=WITHIN)
        rig.api.secrets["vc"] = secret
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "LoginFailed"), within=WITHIN)
        rig.api.remove(VCENTER, "dallas")
        await asyncio.sleep(1)
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "LoginFailed"), within=WITHIN)
        assert "3 times in a row" in message(rig, VCENTER, "dallas")
        await asyncio.sleep(shut + 895 - asyncio.get_running_loop().time())
        assert rig.world.logins["vc"] == 3
        await until(lambda: rig.world.logins["vc"] == 4, within=60)
        await asyncio.sleep(800)
        assert rig.world.logins["vc"] == 4

        rig.api.secrets["vc"] = {"username": "operator", "password": "wrong too"}
        await until(lambda: rig.world.logins["vc"] == 7, within=60)
        rig.secrets()
        await until(lambda: ready(rig, VCENTER, "twin") == ("True", "Ready"), within=WITHIN)


@virtual
async def test_the_message_counts_the_tries_and_is_not_written_again_and_again() -> None:
    rig = Rig()
    rig.secrets()
    rig.api.secrets["a"] = {"apiToken": "wrong"}
    async with running(rig, connect=False):
        rig.api.apply(FLASHARRAY, "a", {"address": "a", "apiTokenSecretRef": {"name": "a"}})
        await until(lambda: rig.world.logins["a"] == 3)
        await asyncio.sleep(1)
        bodies = rig.api.history["flasharrays", None, "a"]
        told = [one["message"] for body in bodies for one in body["status"].get("conditions", ())[:1]]
        assert ["Refused once" in told[0], "Refused 2 times" in told[1]] == [True, True]
        assert "refused 3 times in a row" in told[-1]
        versions = len(bodies)
        await asyncio.sleep(290)
        assert len(bodies) == versions


@virtual
async def test_another_address_forgets_and_the_same_one_by_another_secret_or_discovery_keeps_the_session() -> None:
    async with running() as rig:
        await well(rig)
        rig.api.secrets["vc-2"] = dict(rig.api.secrets["vc"])
        rig.api.apply(VCENTER, "dallas", {**VC, "credentialsSecretRef": {"name": "vc-2"}})
        await asyncio.sleep(60)
        rig.api.apply(VCENTER, "dallas", {**VC, "discovery": {"namespace": "prod"}})
        await asyncio.sleep(60)
        assert len(rig.world.opened) == 3
        rig.world.site_uuid = "uuid-houston"
        rig.api.apply(VCENTER, "dallas", {**VC, "address": "other-vc"})
        await until(lambda: rig.connector.pins[-1] == ("other-vc", None), within=2)

        def met() -> bool:
            return bool(rig.api.objects["vcenters", None, "dallas"]["status"].get("instanceUUID") == "uuid-houston")

        await until(met, within=5)
        assert ready(rig, VCENTER, "dallas") == ("True", "Ready")
        assert ("False", "IdentityChanged") not in said(rig, VCENTER, "dallas")


@virtual
async def test_a_new_session_that_meets_another_one_is_told_before_it_is_met_anew() -> None:
    async with running() as rig:
        await well(rig)
        rig.world.array_ids["b"], rig.world.site_uuid = "id-stranger", "uuid-stranger"
        rotate(rig)
        for kind, name in ((VCENTER, "dallas"), (FLASHARRAY, "b")):
            await until(lambda kind=kind, name=name: ("False", "IdentityChanged") in said(rig, kind, name), within=40)  # type: ignore[misc]  # bound now
            await until(lambda kind=kind, name=name: ready(rig, kind, name) == ("True", "Ready"), within=40)  # type: ignore[misc]  # bound now
        assert rig.api.objects["flasharrays", None, "b"]["status"]["arrayID"] == "id-stranger"


@virtual
async def test_a_secret_that_goes_and_comes_back_is_met_by_what_was_known() -> None:
    async with running() as rig:
        await well(rig)
        secret = rig.api.secrets.pop("vc")
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "SecretNotFound"), within=WITHIN)
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("False", "SecretNotFound"), within=5)
        assert rig.api.objects["vcenters", None, "dallas"]["status"]["instanceUUID"] == "uuid-dallas"
        rig.api.secrets["vc"] = secret
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=WITHIN)
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("True", "Ready"), within=5)
        assert rig.connector.pins[-1] == ("vc", "uuid-dallas")


@virtual
async def test_looking_at_secrets_costs_little() -> None:
    async with running(Rig(chances=(0.0, 0.4, 0.9))) as rig:
        await well(rig)
        before = len(rig.api.secret_reads)
        await asyncio.sleep(3600)
        assert 3 * 240 <= len(rig.api.secret_reads) - before <= 3 * 480


@virtual
async def test_stopping_waits_for_no_session_that_is_drained() -> None:
    async with running() as rig:
        await well(rig)
        rotate(rig)
        await until(lambda: len(rig.world.opened) == 6, within=WITHIN)
        rig.world.closed.clear()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await rig.engine.stop()
        assert loop.time() - begun < 3.0
        assert {id(port) for port in rig.world.closed} == {id(port) for port in rig.world.opened[3:]}


@virtual
async def test_a_defect_in_looking_at_a_secret_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as rig:
        await well(rig)
        original = rig.api.secret

        async def broken(name: str) -> Any:
            raise RuntimeError(name)

        rig.api.secret = broken  # type: ignore[method-assign]  # a defect of this test
        await until(
            lambda: any("Secret of VCenter dallas could not be checked" in one.message for one in caplog.records),
            within=30,
        )
        rig.api.secret = original  # type: ignore[method-assign]  # as above
        rotate(rig)
        await until(lambda: len(rig.world.opened) == 6, within=WITHIN)


def longest_gap(rig: Rig, method: str, what: str | None = None) -> float:
    """Seconds between two such calls."""
    asked = [at for at, one, about in rig.world.asked if one == method and what in (None, about)]
    return max((late - early).total_seconds() for early, late in itertools.pairwise(asked))


@pytest.mark.parametrize("reason", ["EndpointBusy", "Unreachable"])
@virtual
async def test_an_endpoint_that_asks_for_a_pause_gets_it_from_monitors_and_pollers(reason: str) -> None:
    async with running(Rig(transfer=400.0)) as rig:
        await well(rig)
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        methods = ("inventory", "connections", "transfers", "points_in_time")
        for method in methods:
            rig.world.before[method] = [ends(Unavailable(reason, "not now", 200.0))]
        await until(lambda: not any(rig.world.before.values()), within=300)
        rig.api.apply(VCENTER, "dallas", {**VC, "maxConcurrentCalls": 4})  # no reason to ask again
        await rig.until_ended("one", within=2000)
        for method in ("inventory", "transfers", "points_in_time"):
            assert 200 <= longest_gap(rig, method) < 400, method
        assert 200 <= max(longest_gap(rig, "connections", side) for side in ("a", "b")) < 400
        assert rig.reason("one") == "PointInTimeCreated"


@virtual
async def test_an_outage_is_an_event_and_so_is_its_end() -> None:
    async with running() as rig:
        await well(rig)
        rig.world.away.add("vcenter")
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "Unreachable"), within=WITHIN)
        await asyncio.sleep(600)
        rig.world.away.clear()
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=WITHIN)
        await asyncio.sleep(5)
        assert rig.api.events == [("dallas", "Warning", "Unreachable"), ("dallas", "Normal", "Ready")]


@virtual
async def test_refused_credentials_are_said_of_the_endpoint_that_answers_and_its_groups_count_nothing() -> None:
    async with running() as rig:
        await well(rig)
        rig.api.secrets["vc"]["password"] = "wrong"
        group = ("replicationgroups", "prod", "erp")
        await until(lambda: "The login was refused." in str(rig.api.objects[group]["status"]), within=60)
        await until(lambda: "3 times in a row" in message(rig, VCENTER, "dallas"), within=60)
        await asyncio.sleep(60)
        said = str(rig.api.objects[group]["status"]["conditions"])
        assert "Condition Authenticated of VCenter 'dallas' says why, and what to correct." in said
        assert "once" not in said
        conditions = {one["type"]: one for one in rig.api.objects["vcenters", None, "dallas"]["status"]["conditions"]}
        assert (conditions["Reachable"]["status"], conditions["Reachable"]["reason"]) == ("True", "Connected")
        assert conditions["Authenticated"]["reason"] == "LoginPaused"
        assert "It is Secret 'vc' in namespace 'vvol'." in conditions["Ready"]["message"]


@virtual
async def test_a_key_that_is_missing_names_the_secret_and_its_namespace() -> None:
    async with running() as rig:
        await well(rig)
        del rig.api.secrets["vc"]["password"]
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "SecretKeyMissing"), within=WITHIN)
        assert "It is Secret 'vc' in namespace 'vvol'." in message(rig, VCENTER, "dallas")


@virtual
async def test_events_tell_each_transition_once_and_a_restart_none() -> None:
    async with running() as rig:
        await well(rig)
        assert rig.api.events == []
        rig.api.secrets["vc"]["password"] = "wrong"
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "LoginFailed"), within=WITHIN)
        await asyncio.sleep(400)
        refused = [("dallas", "Warning", "LoginFailed"), ("dallas", "Warning", "LoginPaused")]
        assert rig.api.events == refused
        await rig.restart()
        await asyncio.sleep(400)
        assert rig.api.events == refused
        rig.secrets()
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=WITHIN)
        await asyncio.sleep(400)
        rig.world.before["inventory"] = [ends(Unavailable("CertificateNotTrusted", "whose is it?"))] * 4
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "CertificateNotTrusted"), within=60)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=60)
        rig.world.before["inventory"] = [ends(Refused("IdentityChanged", "another"))]
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "IdentityChanged"), within=60)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=60)
        await asyncio.sleep(5)
        assert [(kind, reason) for _, kind, reason in rig.api.events] == [
            ("Warning", "LoginFailed"),
            ("Warning", "LoginPaused"),
            ("Normal", "Ready"),
            ("Warning", "CertificateNotTrusted"),
            ("Normal", "Ready"),
            ("Warning", "IdentityChanged"),
            ("Normal", "Ready"),
        ]


@virtual
async def test_tls_that_is_not_verified_is_one_event_until_it_is_verified_again() -> None:
    insecure = {**VC, "tls": {"insecureSkipVerify": True}}
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", insecure)
        await asyncio.sleep(700)
        rig.api.apply(VCENTER, "dallas", {**insecure, "maxConcurrentCalls": 4})
        await asyncio.sleep(60)
        await rig.restart()
        await asyncio.sleep(700)
        assert rig.api.events == [("dallas", "Warning", "TLSNotVerified")]
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: rig.api.condition(VCENTER, "dallas", "TLSVerified") is None, within=5)
        rig.api.apply(VCENTER, "dallas", insecure)
        await asyncio.sleep(60)
        assert len(rig.api.events) == 2
