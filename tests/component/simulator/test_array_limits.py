"""What arrays do beside replication: roles, sessions and their limits, rate limit, failover, pods, start conditions."""

import time
from typing import Any

import pytest
from component.simulator.rest2_client import Rest2Client
from component.simulator.rest_client import PureHTTPError, connector

from testbed import simulated, waiting
from vvol_simulator.client import Simulator
from vvol_simulator.model import Array, ManualClock, World
from vvol_simulator.model.ratelimit import RateLimit
from vvol_simulator.topology import build, default_topology

pytestmark = pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning")
"""purestorage compares versions with distutils."""

A = "flasharray-a"


def topology(**array: Any) -> dict[str, Any]:
    return default_topology() | {"arrays": {A: array, "flasharray-b": {}}, "transferSeconds": 0}


def logged_in(sim: Simulator, array: str = A, user: str = "pureuser") -> Rest2Client:
    client = Rest2Client(sim, array)
    assert client.login(user).status == 200
    return client


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_readonly_user_looks_and_changes_nothing(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with simulated.serving(topology(role="readonly", users={"admin": {"role": "storage_admin"}})) as sim:
        sim.action("set-switch", name="readonlyStatus", value=status)
        reader, admin = logged_in(sim), logged_in(sim, user="admin")
        assert reader.get("protection-groups").status == 200
        refused = reader.push("vr-1")
        assert (refused.status, refused.refusal) == (status, "Operation not permitted.")
        with pytest.raises(PureHTTPError) as caught:
            connector(sim)(A).create_pgroup_snapshot("erp", suffix="vr-1")
        assert caught.value.code == status
        assert sim.group(f"{A}:erp")["snapshots"] == []
        assert {entry["tookEffect"] for entry in sim.journal()} == {False}
        assert admin.push("vr-1").status == 200
        sim.action("set-role", array=A, role="storage_admin")
        assert reader.push("vr-2").status == 200


@pytest.mark.parametrize(("answer", "status"), [("refused", 400), ("busy", 503), ("oldestEnds", 200)])
def test_too_many_sessions(answer: str, status: int) -> None:
    with simulated.serving(topology(sessionLimit=2) | {"switches": {"sessionLimit": answer}}) as sim:
        first, second = logged_in(sim), logged_in(sim)
        third = Rest2Client(sim, A)
        told = third.login()
        assert told.status == status
        assert (told.headers.get("Retry-After") is not None) is (answer == "busy")
        assert sim.state()["arrays"][A]["sessions"] == 2
        assert first.get("arrays").status == (401 if answer == "oldestEnds" else 200)
        assert second.get("arrays").status == 200
        second.call("POST", "logout")
        assert third.login().status == 200


def test_an_unused_session_ends_and_a_used_one_does_not() -> None:
    clock = ManualClock()
    array = Array("a")
    world = World(clock)
    token = array.login(array.api_token, world.time)
    for _ in range(3):
        clock.advance(1799)
        assert array.session(token, world.time) is not None
    clock.advance(1800)
    assert array.session(token, world.time) is None
    assert array.open_sessions(world.time) == 0


def test_an_idle_time_can_be_shrunk_on_the_wire() -> None:
    with simulated.serving(topology(idleSeconds=0.2)) as sim:
        client = logged_in(sim)
        waiting.eventually(lambda: sim.state()["arrays"][A]["sessions"] == 0, what="the end of the session")
        assert client.get("arrays").status == 401


def test_a_bucket_takes_its_burst_and_then_its_rate() -> None:
    limit = RateLimit(per_second=2, burst=3)
    assert [limit.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limit.take(0.25) == pytest.approx(0.25)
    assert [limit.take(0.5), limit.take(0.5)] == [0.0, 0.5]
    assert [limit.take(60.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limit.refused == 4


@pytest.mark.parametrize("first_family", [True, False])
def test_calls_beyond_the_rate_are_refused_before_authentication(
    monkeypatch: pytest.MonkeyPatch, *, first_family: bool
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    limits = topology() | {"switches": {"rest1RateLimited": first_family}}
    with simulated.serving(limits) as sim:
        older = connector(sim)(A)
        sim.action("set-array", array=A, rateLimit={"perSecond": 0.01, "burst": 1})
        client = Rest2Client(sim, A)
        assert client.login().status == 200
        refused = client.login()
        assert (refused.status, refused.refusal) == (429, "Too many requests.")
        assert refused.headers["RateLimit-Limit"] == "0.01;w=1;burst=1"
        assert refused.headers["RateLimit-Remaining"] == "0"
        assert 0 < int(str(refused.headers["Retry-After"])) <= 100
        assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
        if first_family:
            with pytest.raises(PureHTTPError) as caught:
                older.get()
            assert caught.value.code == 429
        else:
            assert older.get()["array_name"] == A
        assert sim.state()["arrays"][A]["rateLimit"]["refused"] >= 1
        sim.action("set-array", array=A, rateLimit={"perSecond": 0})
        assert client.login().status == 200


def test_overload_with_headers_is_a_fault() -> None:
    with simulated.serving(topology()) as sim:
        client = logged_in(sim)
        sim.fault(A, "GET arrays", "httpStatus", status=503, headers={"Retry-After": "7"}, times=1)
        answer = client.get("arrays")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert client.get("arrays").status == 200


def test_a_failover_refuses_ends_sessions_and_is_over_by_itself_or_at_once() -> None:
    with simulated.serving(topology()) as sim:
        client = logged_in(sim)
        sim.action("fail-over", array=A, seconds=600)
        with pytest.raises(OSError, match=r"refused|reset|Errno"):
            client.get("arrays")
        assert sim.state()["arrays"][A]["awayUntil"] is not None
        sim.action("end-fail-over", array=A)
        assert client.get("arrays").status == 401
        assert client.login().status == 200
        assert sim.state()["arrays"][A]["awayUntil"] is None
        sim.action("fail-over", array=A, seconds=0.2)
        waiting.eventually(lambda: sim.state()["arrays"][A]["awayUntil"] is None, what="the end of the failover")
        assert client.get("arrays").status == 401


def test_an_array_that_speaks_one_family_only_and_learns_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with simulated.serving(topology(restVersions=["2.26", "2.4"])) as sim:
        client = Rest2Client(sim, A, "2.26")
        assert client.call("GET", "/api_version").body["version"] == ["2.4", "2.26"]
        assert client.login().status == 200
        assert client.call("GET", "/1.19/array").status == 450
        assert client.call("GET", "/2.5/arrays").status == 404
        sim.action("set-array", array=A, restVersions=["1.19"])
        assert client.get("arrays").status == 404
        assert connector(sim)(A).get_rest_version() == "1.19"


def pods(**switches: Any) -> dict[str, Any]:
    described = topology(pods={"pod1": {}}) | {"switches": switches}
    described["protectionGroups"].append(
        {"name": "pod1::web", "source": A, "targets": [{"array": "flasharray-b"}], "offloads": ["nfs-1"]}
    )
    return described


def test_a_group_in_a_pod_and_its_names_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with simulated.serving(pods()) as sim:
        source, target = logged_in(sim), logged_in(sim, "flasharray-b")
        (row,) = source.get("protection-groups", names="pod1::web").items
        assert (row["pod"]["name"], row["is_local"], row["target_count"]) == ("pod1", True, 2)
        assert source.push("vr-1", group="pod1::web").items[0]["name"] == "pod1::web.vr-1"
        (there,) = target.get("protection-group-snapshots/transfer", names="pod1:web.vr-1").items
        assert there["progress"] == 1.0
        assert target.get("protection-groups", names="pod1:web").items[0]["pod"] == {}
        older = connector(sim)("flasharray-b")
        assert older.get_pgroup("pod1:web")["source"] == A
        assert [it["name"] for it in connector(sim)(A).get_pgroup("pod1::web")["targets"]] == ["flasharray-b", "nfs-1"]
        sim.action("set-pod", array=A, pod="pod1", demoted=True)
        refused = source.push("vr-2", group="pod1::web")
        assert (refused.status, refused.refusal) == (400, "Operation is not allowed on a demoted pod.")
        assert source.get("pods").items[0]["promotion_status"] == "demoted"


def test_whether_a_group_in_a_pod_is_pushed_is_a_switch() -> None:
    with simulated.serving(pods(pushFromPod="refused")) as sim:
        source = logged_in(sim)
        assert source.push("vr-1", group="pod1::web").status == 400
        assert source.push("vr-1", group="pod1::web", replicate_now="false").status == 200
        assert source.push("vr-1").status == 200


def test_snapshots_that_are_there_from_the_start_and_how_long_destroyed_ones_stay() -> None:
    described = topology(eradicationSeconds=60, safeMode=True)
    described["protectionGroups"][0]["snapshots"] = [{"suffix": "old", "destroyed": True}, {"suffix": "older"}]
    clock = ManualClock()
    world = build(described, clock)
    group = world.protection_group("erp")
    (landed, _) = world.array("flasharray-b").replicas[group]
    assert (landed.snapshot.suffix, landed.completed is not None) == ("old", True)
    assert [(it.suffix, it.destroyed_at is not None) for it in group.snapshots.values()] == [
        ("old", True),
        ("older", False),
    ]
    clock.advance(61)
    world.timeline.settle()
    assert list(group.snapshots) == ["older"]


def test_safe_mode_forbids_eradication() -> None:
    with simulated.serving(topology(safeMode=True)) as sim:
        source = logged_in(sim)
        source.push("vr-1")
        source.call("PATCH", "protection-group-snapshots", {"destroyed": True}, names="erp.vr-1")
        answer = source.call("DELETE", "protection-group-snapshots", names="erp.vr-1")
        assert (answer.status, answer.refusal) == (400, "Eradication is disabled.")
        assert source.get("arrays").items[0]["eradication_config"]["manual_eradication"] == "all-disabled"


def test_sessions_are_listed_without_their_tokens() -> None:
    with simulated.serving(topology()) as sim:
        client = logged_in(sim)
        answer = client.get("sessions")
        assert [row["user"] for row in answer.items] == ["pureuser"]
        assert answer.items[0]["start_time"] <= time.time() * 1000 + 1
        assert client.token not in str(answer.body)
