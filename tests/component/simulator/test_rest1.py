"""The vendor's REST 1 client against simulated arrays: what it needs, and how arrays answer it."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from component.simulator.rest_client import Connect, PureHTTPError

from vvol_simulator.client import Simulator

pytestmark = pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning")
"""purestorage compares versions with distutils."""

ERP = "flasharray-a:erp"


def rows(target: Any, suffix: str) -> list[dict[str, Any]]:
    found = target.get_pgroup(ERP, snap=True, transfer=True)
    return [dict(item) for item in found if item["name"] == f"{ERP}.{suffix}"]


def row(target: Any, suffix: str) -> dict[str, Any]:
    (found,) = rows(target, suffix)
    return found


def push(source: Any, suffix: str) -> Any:
    return source.create_pgroup_snapshot("erp", suffix=suffix, replicate_now=True, apply_retention=True)


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(PureHTTPError) as caught:
        call(*args, **kwargs)
    assert caught.value.code == 400
    return str(caught.value.text)


def test_identity_versions_and_one_session_for_many_calls(sim: Simulator, connect: Connect) -> None:
    array = connect("flasharray-a")
    assert array.get_rest_version() == "1.19"
    assert array.get()["id"] == sim.array("flasharray-a")["id"]
    assert array.get()["array_name"] == "flasharray-a"
    assert sim.counters()["flasharray-a"] == {"GET api_version": 1, "POST auth/session": 1, "GET array": 2}


def test_connection_health_is_a_word_from_1_17_and_a_bool_before(sim: Simulator, connect: Connect) -> None:
    newer, older = connect("flasharray-a"), connect("flasharray-a", rest_version="1.16")
    assert newer.list_array_connections()[0]["status"] == "connected"
    assert older.list_array_connections()[0]["connected"] is True
    sim.action("disconnect", array="flasharray-a", other="flasharray-b")
    assert newer.list_array_connections()[0]["status"] != "connected"
    assert older.list_array_connections()[0]["connected"] is False


def test_a_wrong_token_is_refused_with_the_switched_status(sim: Simulator, connect: Connect) -> None:
    sim.action("set-credentials", endpoint="flasharray-a", apiToken="another")
    for status in (400, 401):
        sim.action("set-switch", name="badTokenStatus", value=status)
        with pytest.raises(PureHTTPError) as caught:
            connect("flasharray-a")
        assert caught.value.code == status
    assert sim.state()["arrays"]["flasharray-a"]["failedLogins"] == 2


def test_groups_by_side_schedule_and_retention(connect: Connect) -> None:
    source, target = connect("flasharray-a"), connect("flasharray-b")
    assert {item["name"] for item in source.list_pgroups(source=True)} == {"erp", "crm", "mail"}
    assert source.list_pgroups(target=True) == []
    assert ERP in {item["name"] for item in target.list_pgroups(target=True)}
    erp = source.get_pgroup("ERP")
    assert erp["targets"] == [{"name": "flasharray-b", "allowed": True}]
    assert source.get_pgroup("erp", schedule=True)["replicate_frequency"] == 900
    assert source.get_pgroup("erp", retention=True)["target_all_for"] == 86400
    assert "does not exist" in refusal(source.get_pgroup, "nope")
    assert "Invalid parameter" in refusal(source.get_pgroup, "erp", on_demand=True)


def test_a_push_is_done_on_the_target_when_completed_with_progress_one(sim: Simulator, connect: Connect) -> None:
    sim.action("set-transfer-seconds", seconds=0.5)
    source, target = connect("flasharray-a"), connect("flasharray-b")
    assert push(source, "vr-1")["name"] == "erp.vr-1"
    deadline = time.monotonic() + 30
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["completed"] is None:
        assert time.monotonic() < deadline
        seen.append(row(target, "vr-1"))
    assert seen[0]["progress"] < 1.0
    assert seen[-1]["progress"] == 1.0
    assert seen[-1]["created"] <= seen[-1]["completed"]


def test_a_held_push_moves_only_when_released_and_lands_on_order(sim: Simulator, connect: Connect) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    sim.action("hold", protectionGroup="erp", suffix="vr-held")
    sim.action("hold", protectionGroup="crm", queued=True)
    source, target = connect("flasharray-a"), connect("flasharray-b")
    push(source, "vr-held")
    push(source, "vr-free")
    source.create_pgroup_snapshot("crm", suffix="vr-queued", replicate_now=True)
    held, free = row(target, "vr-held"), row(target, "vr-free")
    assert held["started"] is not None
    assert held["progress"] == 0.0
    assert free["progress"] == 1.0
    assert target.list_pgroups(names="flasharray-a:crm", snap=True, transfer=True)[0]["started"] is None
    sim.action("release", protectionGroup="erp")
    assert sim.action("land", protectionGroup="crm") == {"landed": ["vr-queued"]}
    released = row(target, "vr-held")
    assert released["completed"] is not None


def test_a_stall_outlives_a_release(sim: Simulator, connect: Connect) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    sim.fault("flasharray-a", "POST pgroup", "stalledTransfer", times=1)
    source, target = connect("flasharray-a"), connect("flasharray-b")
    push(source, "vr-1")
    sim.action("release", protectionGroup="erp")
    stalled = row(target, "vr-1")
    assert stalled["completed"] is None
    sim.action("resume", protectionGroup="erp", suffix="vr-1")
    resumed = row(target, "vr-1")
    assert resumed["progress"] == 1.0


def test_a_suffix_is_taken_in_any_case_and_until_eradication(connect: Connect) -> None:
    source = connect("flasharray-a")
    push(source, "vr-1")
    assert "already exists" in refusal(push, source, "VR-1")
    source.destroy_pgroup("erp.vr-1")
    assert source.get_pgroup("erp", snap=True) == []
    assert "already exists" in refusal(push, source, "vr-1")
    pending = source.get_pgroup("erp", snap=True, pending_only=True)
    assert [item["name"] for item in pending] == ["erp.vr-1"]
    assert 0 < pending[0]["time_remaining"] <= 86400
    source.eradicate_pgroup("erp.vr-1")
    assert push(source, "vr-1")["name"] == "erp.vr-1"


def test_suffixes_follow_the_rules_for_names_and_default_to_numbers(connect: Connect) -> None:
    source = connect("flasharray-a")
    for bad in ("123", "a.b", "-a", "a_b", "x" * 64):
        assert "Invalid" in refusal(push, source, bad)
    names = [source.create_pgroup_snapshot("erp", replicate_now=True)["name"] for _ in range(2)]
    assert names == ["erp.1", "erp.2"]


def test_pending_with_transfer_depends_on_the_switch(sim: Simulator, connect: Connect) -> None:
    source, target = connect("flasharray-a"), connect("flasharray-b")
    push(source, "vr-1")
    target.destroy_pgroup(f"{ERP}.vr-1")
    assert rows(target, "vr-1") == []
    pending = target.get_pgroup(ERP, snap=True, transfer=True, pending=True)
    assert [item["name"] for item in pending] == [f"{ERP}.vr-1"]
    sim.action("set-switch", name="rest1PendingWithTransfer", value=False)
    assert "Invalid combination" in refusal(target.get_pgroup, ERP, snap=True, transfer=True, pending=True)


def test_a_disallowed_or_disconnected_target_keeps_the_snapshot_local(sim: Simulator, connect: Connect) -> None:
    source, target = connect("flasharray-a"), connect("flasharray-b")
    target.set_pgroup(ERP, allowed=False)
    assert source.get_pgroup("erp")["targets"] == [{"name": "flasharray-b", "allowed": False}]
    push(source, "vr-1")
    target.set_pgroup(ERP, allowed=True)
    assert "already allowed on" in refusal(target.set_pgroup, ERP, allowed=True)
    sim.action("disconnect", array="flasharray-a", other="flasharray-b")
    push(source, "vr-2")
    assert len(source.get_pgroup("erp", snap=True)) == 2
    assert target.get_pgroup(ERP, snap=True, transfer=True) == []


def test_many_groups_in_one_listing_with_paging_and_order(sim: Simulator, connect: Connect) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    source, target = connect("flasharray-a"), connect("flasharray-b")
    for group in ("erp", "crm", "mail"):
        source.create_pgroup_snapshot(group, suffix="vr-1", replicate_now=True)
    asked = target.list_pgroups(names=f"{ERP},flasharray-a:crm", snap=True, transfer=True)
    assert [item["name"] for item in asked] == [f"{ERP}.vr-1", "flasharray-a:crm.vr-1"]
    by_pattern = target.list_pgroups(names="*:*.vr-1", snap=True, transfer=True, sort="name-")
    assert [item["name"][-9:] for item in by_pattern] == ["mail.vr-1", ":erp.vr-1", ":crm.vr-1"]
    first = target.list_pgroups(snap=True, limit=2)
    rest = target.list_pgroups(snap=True, limit=2, token=first.headers["x-next-token"])
    assert (len(first), len(rest)) == (2, 1)
    assert "x-next-token" not in rest.headers


def test_an_expired_session_is_renewed_by_the_client(sim: Simulator, connect: Connect) -> None:
    source = connect("flasharray-a")
    assert sim.action("expire-sessions", endpoint="flasharray-a") == {"expired": 1}
    push(source, "vr-1")
    assert sim.state()["arrays"]["flasharray-a"]["logins"] == 2
    assert [(item["tookEffect"], item["outcome"][:3]) for item in sim.journal()] == [(False, "401"), (True, "200")]
    source.invalidate_cookie()
    assert sim.state()["arrays"]["flasharray-a"]["sessions"] == 0


def test_clock_skew_shows_in_created_and_in_the_date_of_replies(sim: Simulator, connect: Connect) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    sim.action("set-skew", endpoint="flasharray-b", seconds=-3600)
    push(connect("flasharray-a"), "vr-1")
    target = connect("flasharray-b")
    landed = row(target, "vr-1")
    assert landed["completed"] < landed["created"]
    told = parsedate_to_datetime(target.get().headers["Date"])
    assert abs(told.timestamp() - (time.time() - 3600)) < 60


def test_a_renamed_array_renames_what_the_target_shows(sim: Simulator, connect: Connect) -> None:
    target = connect("flasharray-b")
    sim.action("rename-array", array="flasharray-a", name="flasharray-x")
    names = {item["name"] for item in target.list_pgroups(target=True)}
    assert names == {"flasharray-x:erp", "flasharray-x:crm", "flasharray-x:mail"}
    assert target.list_array_connections()[0]["array_name"] == "flasharray-x"


def test_a_renamed_protection_group_takes_snapshots_replicas_and_vvol_groups_along(
    sim: Simulator, connect: Connect
) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    source, target = connect("flasharray-a"), connect("flasharray-b")
    push(source, "vr-1")
    sim.action("rename-group", protectionGroup="erp", name="erp-new")
    assert {item["name"] for item in source.list_pgroups()} == {"erp-new", "crm", "mail"}
    assert {item["name"] for item in source.get_pgroup("erp-new", snap=True)} == {"erp-new.vr-1"}
    shown = target.get_pgroup("flasharray-a:erp-new", snap=True, transfer=True)
    assert {item["name"] for item in shown} == {"flasharray-a:erp-new.vr-1"}
    assert "flasharray-a:erp-new" in sim.state()["protectionGroups"]
    sim.action("rename-group", protectionGroup="erp-new", name="ERP-new")  # another case is another name
