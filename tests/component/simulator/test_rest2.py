"""REST 2 on the wire: what its clients rely on, and how arrays refuse."""

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from component.simulator.rest2_client import Rest2Client

from testbed import simulated
from vvol_simulator.client import Simulator, SimulatorError
from vvol_simulator.topology import default_topology

ERP = "flasharray-a:erp"

Login = Callable[..., Rest2Client]


@pytest.fixture
def login(sim: Simulator) -> Login:
    def logged_in(array: str, version: str = "2.44") -> Rest2Client:
        client = Rest2Client(sim, array, version)
        assert client.login().status == 200
        return client

    return logged_in


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_versions_of_both_families_in_ascending_order(sim: Simulator) -> None:
    told = Rest2Client(sim, "flasharray-a").call("GET", "/api_version").body["version"]
    assert told[:2] == ["1.0", "1.1"]
    assert told[-1] == "2.44"
    assert told == sorted(told, key=lambda item: [int(part) for part in item.split(".")])


def test_login_gives_a_token_and_logout_takes_it(sim: Simulator) -> None:
    client = Rest2Client(sim, "flasharray-a")
    assert client.get("arrays").status == 401
    assert client.login().items == [{"username": "pureuser"}]
    assert client.token
    assert names(client.get("arrays").items) == ["flasharray-a"]
    assert sim.state()["arrays"]["flasharray-a"]["sessions"] == 1
    assert client.call("POST", "logout").status == 200
    assert client.get("arrays").status == 401
    assert sim.state()["arrays"]["flasharray-a"]["sessions"] == 0


def test_a_wrong_token_opens_nothing(sim: Simulator) -> None:
    answer = Rest2Client(sim, "flasharray-a").call("POST", "login", headers={"api-token": "guess"})
    assert (answer.status, answer.headers.get("x-auth-token")) == (401, None)
    assert sim.state()["arrays"]["flasharray-a"]["failedLogins"] == 1


def test_a_push_is_done_on_the_target_when_completed_with_progress_one(sim: Simulator, login: Login) -> None:
    sim.action("hold", protectionGroup="erp")
    source, target = login("flasharray-a"), login("flasharray-b")
    (taken,) = source.push("vr-1").items
    assert (taken["name"], taken["suffix"], taken["destroyed"]) == ("erp.vr-1", "vr-1", False)
    for asked in (f"{ERP}.vr-1", ERP, f"{ERP}.*", "*:*.vr-1"):
        (row,) = target.get("protection-group-snapshots/transfer", names=asked).items
        assert (row["progress"], row["completed"]) == (0.0, None)
    sim.action("land", protectionGroup="erp")
    (row,) = target.get("protection-group-snapshots/transfer", names=f"{ERP}.vr-1").items
    assert row["progress"] == 1.0
    assert row["started"] <= row["completed"] <= time.time() * 1000 + 1
    assert row["data_transferred"] == 1 << 30


def test_a_suffix_is_taken_until_eradication(login: Login) -> None:
    source = login("flasharray-a")
    assert source.push("vr-1").status == 200
    again = source.push("VR-1")
    assert (again.status, again.refusal) == (400, "Protection group snapshot already exists.")
    assert again.body["errors"][0]["context"] == "erp.vr-1"
    snapshot = "protection-group-snapshots"
    assert source.call("DELETE", snapshot, names="erp.vr-1").status == 400
    (gone,) = source.call("PATCH", snapshot, {"destroyed": True}, names="erp.vr-1").items
    assert (gone["destroyed"], 0 < gone["time_remaining"] <= 86_400_000) == (True, True)
    assert source.push("vr-1").status == 400
    assert names(source.get(snapshot, destroyed="true").items) == ["erp.vr-1"]
    assert source.get(snapshot, destroyed="false").items == []
    assert source.call("PATCH", snapshot, {"destroyed": False}, names="erp.vr-1").status == 200
    assert source.call("PATCH", snapshot, {"destroyed": True}, names="erp.vr-1").status == 200
    assert source.call("DELETE", snapshot, names="erp.vr-1").status == 200
    assert source.push("vr-1").status == 200


@pytest.mark.parametrize(("unasked", "listed"), [(True, ["erp.vr-1"]), (False, [])])
def test_whether_destroyed_ones_are_listed_unasked_is_a_switch(
    sim: Simulator, login: Login, *, unasked: bool, listed: list[str]
) -> None:
    sim.action("set-switch", name="rest2DestroyedUnasked", value=unasked)
    source = login("flasharray-a")
    source.push("vr-1")
    sim.action("destroy-snapshot", protectionGroup="erp", suffix="vr-1")
    assert names(source.get("protection-group-snapshots").items) == listed
    assert names(source.get("protection-group-snapshots", names="erp.vr-1").items) == ["erp.vr-1"]


def test_a_test_refuses_what_a_push_would_refuse_and_takes_nothing(sim: Simulator, login: Login) -> None:
    source = login("flasharray-a")
    asked: dict[str, Any] = {"source_names": "erp", "replicate_now": "true"}
    (told,) = source.call("POST", "protection-group-snapshots/test", {"suffix": "vr-1"}, **asked).items
    assert (told["success"], told["resource"]["name"]) == (True, "erp")
    assert sim.group(ERP)["snapshots"] == []
    source.push("vr-1")
    refused = source.call("POST", "protection-group-snapshots/test", {"suffix": "vr-1"}, **asked)
    assert refused.status == 400
    assert [entry["call"] for entry in sim.journal()] == ["POST protection-group-snapshots"]


def test_an_existing_snapshot_is_sent_to_a_target_later(login: Login, sim: Simulator) -> None:
    source = login("flasharray-a")
    source.push("vr-1", replicate_now="false")
    assert sim.group(ERP)["transfers"] == []
    path = "protection-group-snapshots/replica"
    assert "Target does not exist" in source.call("POST", path, names="erp.vr-1", on="nowhere").refusal
    assert source.call("POST", path, names="erp.vr-1", on="flasharray-b").status == 200
    assert [item["target"] for item in sim.group(ERP)["transfers"]] == ["flasharray-b"]


def test_the_target_decides_what_it_allows(sim: Simulator, login: Login) -> None:
    source, target = login("flasharray-a"), login("flasharray-b")
    path = "protection-groups/targets"
    assert source.call("PATCH", path, {"allowed": False}, group_names="erp").status == 400
    assert target.call("PATCH", path, {"allowed": False}, group_names=ERP).status == 200
    (row,) = source.get(path, group_names="erp").items
    assert (row["allowed"], row["status"], row["member"]["name"]) == (False, "disallowed", "flasharray-b")
    sim.action("allow", protectionGroup="erp")
    sim.action("set-suspended", protectionGroup="erp", suspended=True)
    (row,) = source.get(path, group_names="erp").items
    assert (row["allowed"], row["status"]) == (True, "suspended")
    source.push("vr-1")
    assert sim.group(ERP)["transfers"] == []


@pytest.mark.parametrize(
    ("version", "path", "query", "status"),
    [
        ("2.3", "array-connections", {}, 404),
        ("2.4", "array-connections", {}, 200),
        ("2.25", "protection-groups", {"ids": "x"}, 400),
        ("2.26", "protection-groups", {"ids": "x"}, 200),
        ("2.37", "protection-groups", {"context_names": "flasharray-a"}, 400),
        ("2.38", "protection-groups", {"context_names": "flasharray-a"}, 200),
        ("2.38", "protection-groups", {"context_names": "elsewhere"}, 400),
        ("2.44", "protection-groups", {"colour": "red"}, 400),
        ("2.12", "arrays", {}, 404),
    ],
)
def test_what_is_newer_than_the_version_is_refused(
    shared: Simulator, version: str, path: str, query: dict[str, str], status: int
) -> None:
    client = Rest2Client(shared, "flasharray-a", "2.44")
    client.login()
    client.version = version
    assert client.get(path, **query).status == status


def test_a_push_parameter_newer_than_the_version_is_refused(shared: Simulator) -> None:
    client = Rest2Client(shared, "flasharray-a", "2.3")
    client.login()
    assert client.push("vr-1").refusal == "Invalid parameter: replicate_now."
    client.version = "2.24"
    assert client.push("vr-1", allow_throttle="true").refusal == "Invalid parameter: allow_throttle."
    assert shared.group(ERP)["snapshots"] == []


def test_fields_newer_than_the_version_are_not_shown(shared: Simulator) -> None:
    client = Rest2Client(shared, "flasharray-a")
    client.login()
    for version, path, query, field, shown in (
        ("2.36", "protection-groups/targets", {"group_names": "erp"}, "status", False),
        ("2.37", "protection-groups/targets", {"group_names": "erp"}, "status", True),
        ("2.39", "array-connections", {}, "remote", False),
        ("2.40", "array-connections", {}, "remote", True),
        ("2.25", "protection-groups", {}, "id", False),
        ("2.26", "protection-groups", {}, "id", True),
    ):
        client.version = version
        assert (field in client.get(path, **query).items[0]) is shown, (version, path, field)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("name='erp'", ["erp"]),
        ('name="E*"', ["erp"]),
        ("name=('erp','mail')", ["erp", "mail"]),
        ("name!='erp'", ["crm", "mail"]),
        ("not(name='erp') and target_count>0", ["crm", "mail"]),
        ("name='erp' or name='crm'", ["erp", "crm"]),
        ("replication_schedule.enabled='true'", ["erp"]),
        ("replication_schedule.frequency<=900000", ["erp"]),
        ("contains(name,'m')", ["crm", "mail"]),
        ("time_remaining>0", []),
    ],
)
def test_filters(shared: Simulator, expression: str, found: list[str]) -> None:
    client = Rest2Client(shared, "flasharray-a")
    client.login()
    assert names(client.get("protection-groups", filter=expression).items) == found


@pytest.mark.parametrize("expression", ["name", "name='x", "name==1", "(name='a'", "name='a' extra", "contains(name)"])
def test_what_is_no_filter_is_refused(shared: Simulator, expression: str) -> None:
    client = Rest2Client(shared, "flasharray-a")
    client.login()
    answer = client.get("protection-groups", filter=expression)
    assert (answer.status, answer.refusal) == (400, "Invalid filter expression.")


def test_order_pages_and_totals(shared: Simulator) -> None:
    client = Rest2Client(shared, "flasharray-a")
    client.login()
    assert names(client.get("protection-groups", sort="name").items) == ["crm", "erp", "mail"]
    assert names(client.get("protection-groups", sort="target_count,name-").items) == ["mail", "erp", "crm"]
    first = client.get("protection-groups", sort="name", limit=2, total_item_count="true")
    assert (names(first.items), first.body["more_items_remaining"]) == (["crm", "erp"], True)
    assert first.body["total_item_count"] == 3
    token = first.headers["x-next-token"]
    assert token == first.body["continuation_token"]
    rest = client.get("protection-groups", sort="name", limit=2, continuation_token=token)
    assert (names(rest.items), rest.body["more_items_remaining"]) == (["mail"], False)
    assert "x-next-token" not in rest.headers
    assert client.get("protection-groups", limit=0).body["total_item_count"] == 3
    assert client.get("protection-groups", continuation_token="junk").status == 400


def test_pages_are_cut_by_the_array_and_miss_nothing_when_rows_go(sim: Simulator, login: Login) -> None:
    sim.action("set-switch", name="rest2PageLimit", value=2)
    source = login("flasharray-a")
    for number in range(5):
        source.push(f"vr-{number}")
    first = source.get("protection-group-snapshots", limit=100)
    assert names(first.items) == ["erp.vr-0", "erp.vr-1"]
    sim.action("destroy-snapshot", protectionGroup="erp", suffix="vr-0")
    sim.action("eradicate", protectionGroup="erp", suffix="vr-0")
    token = first.headers["x-next-token"]
    second = source.get("protection-group-snapshots", continuation_token=token)
    assert names(second.items) == ["erp.vr-2", "erp.vr-3"]


def test_every_answer_shows_the_arrays_clock(sim: Simulator, login: Login) -> None:
    sim.action("set-skew", endpoint="flasharray-a", seconds=-3600)
    source = login("flasharray-a")
    sim.fault("flasharray-a", "GET pods", "httpStatus", status=503)
    sim.fault("flasharray-a", "GET alerts", "garbage", contentType="application/json", body="{}")
    for path in ("arrays", "nothing", "protection-groups?names=nope", "/api_version", "/3.0/x", "pods", "alerts"):
        answer = source.get(path)
        told = parsedate_to_datetime(str(answer.headers["Date"])).timestamp()
        assert abs(told - (time.time() - 3600)) < 60, (path, answer.status)
    shown = source.get("arrays").items[0]["_as_of"] / 1000
    assert abs(shown - (time.time() - 3600)) < 60


def test_a_repeated_name_of_nothing_is_an_error_with_its_context(login: Login) -> None:
    answer = login("flasharray-a").get("protection-groups", names="erp,nope")
    assert (answer.status, answer.refusal) == (400, "Protection group does not exist.")
    assert answer.body["errors"][0]["context"] == "nope"


def test_a_group_is_destroyed_recovered_and_eradicated(login: Login) -> None:
    source = login("flasharray-a")
    assert source.call("PATCH", "protection-groups", {"destroyed": True}, names="erp").status == 200
    assert "destroyed" in source.push("vr-1").refusal
    (row,) = source.get("protection-groups", names="erp", destroyed="true").items
    assert row["time_remaining"] > 0
    assert source.call("PATCH", "protection-groups", {"destroyed": False}, names="erp").status == 200
    assert source.push("vr-1").status == 200
    assert source.call("DELETE", "protection-groups", names="erp").status == 400


def test_a_snapshot_for_replication_only_and_its_tags(sim: Simulator, login: Login) -> None:
    tags = [{"key": "request", "value": "CHG-1"}]
    source = login("flasharray-a")
    asked: dict[str, Any] = {"source_names": "erp", "replicate_now": "true", "for_replication": "true"}
    body = {"suffix": "vr-1", "tags": tags}
    assert source.call("POST", "protection-group-snapshots", body, **asked).status == 200
    assert sim.group(ERP)["snapshots"][0]["tags"] == tags


PUSH = "POST protection-group-snapshots"


@pytest.mark.parametrize(
    ("kind", "order", "effect"),
    [
        ("resetBefore", {}, False),
        ("resetAfter", {}, True),
        ("httpStatus", {"status": 504, "when": "after"}, True),
        ("expiredSession", {}, False),
    ],
)
def test_pushes_go_wrong_on_order(
    sim: Simulator, login: Login, kind: str, order: dict[str, Any], *, effect: bool
) -> None:
    source = login("flasharray-a")
    sim.fault("flasharray-a", PUSH, kind, times=1, **order)
    if kind.startswith("reset"):
        with pytest.raises(OSError, match=r"reset|closed|Remote end|EOF"):
            source.push("vr-1")
    else:
        assert source.push("vr-1").status == (401 if kind == "expiredSession" else 504)
    assert [item["suffix"] for item in sim.group(ERP)["snapshots"]] == (["vr-1"] if effect else [])
    assert [(entry["call"], entry["tookEffect"]) for entry in sim.journal()] == [(PUSH, effect)]
    source.login()
    assert source.push("vr-1").status == (400 if effect else 200)


def test_a_push_that_stalls_moves_when_it_is_resumed(sim: Simulator, login: Login) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    sim.fault("flasharray-a", PUSH, "stalledTransfer", times=1)
    source, target = login("flasharray-a"), login("flasharray-b")
    source.push("vr-1")
    asked = {"names": f"{ERP}.vr-1"}
    assert target.get("protection-group-snapshots/transfer", **asked).items[0]["completed"] is None
    sim.action("resume", protectionGroup="erp")
    assert target.get("protection-group-snapshots/transfer", **asked).items[0]["progress"] == 1.0


def test_of_several_targets_each_tells_of_itself_and_the_source_of_the_slowest() -> None:
    topology = default_topology() | {"transferSeconds": 0}
    topology["arrays"]["flasharray-c"] = {}
    topology["connections"].append({"arrays": ["flasharray-a", "flasharray-c"]})
    topology["protectionGroups"][0]["targets"].append({"array": "flasharray-c"})
    with simulated.serving(topology) as sim:
        clients = {name: Rest2Client(sim, name) for name in topology["arrays"]}
        for client in clients.values():
            client.login()
        source = clients["flasharray-a"]
        rows = source.get("protection-groups/targets", group_names="erp", member_names="flasharray-c").items
        assert [row["member"]["name"] for row in rows] == ["flasharray-c"]
        sim.action("hold", protectionGroup="erp")
        source.push("vr-1")
        sim.action("land", protectionGroup="erp", target="flasharray-b")

        def progress(array: str, name: str) -> float:
            (row,) = clients[array].get("protection-group-snapshots/transfer", names=name).items
            return float(row["progress"])

        assert progress("flasharray-b", f"{ERP}.vr-1") == 1.0
        assert progress("flasharray-c", f"{ERP}.vr-1") == 0.0
        assert progress("flasharray-a", "erp.vr-1") == 0.0
        sim.action("land", protectionGroup="erp")
        assert progress("flasharray-a", "erp.vr-1") == 1.0
        sim.action("release", protectionGroup="erp")
        source.push("vr-2", replicate_now="false")
        again = source.call("POST", "protection-group-snapshots/replica", names="erp.vr-2", on="flasharray-c")
        assert again.status == 200
        sent = [(it["suffix"], it["target"]) for it in sim.group(ERP)["transfers"] if it["suffix"] == "vr-2"]
        assert sent == [("vr-2", "flasharray-c")]


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    with simulated.serving() as running:
        yield running


@pytest.mark.parametrize(
    ("action", "arguments", "words"),
    [
        ("set-array", {"array": "flasharray-a", "restVersions": ["3.0"]}, "like 1.19 or 2.44"),
        ("set-array", {"array": "flasharray-a", "sessionLimit": -1}, "sessionLimit is a number from 0"),
        ("set-role", {"array": "flasharray-a", "role": "king"}, "role is one of readonly"),
        ("set-pod", {"array": "flasharray-a", "pod": "p", "demoted": True}, "no pod 'p'; it has none"),
        ("set-suspended", {"protectionGroup": "erp", "target": "flasharray-a", "suspended": True}, "is not a target"),
        ("rename-group", {"protectionGroup": "erp", "name": "CRM"}, "The name .CRM. is taken"),
        ("rename-group", {"protectionGroup": "erp", "name": "a.b"}, "Invalid name"),
    ],
)
def test_a_control_mistake_says_what_would_be_right(
    shared: Simulator, action: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(SimulatorError, match=words):
        shared.action(action, **arguments)
