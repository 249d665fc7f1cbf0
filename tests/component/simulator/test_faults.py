"""Faults on demand, seen through the vendor's client: with and without the effect, counted, and removable."""

import re
import threading
import urllib.request
from typing import Any

import pytest
import requests
from component.simulator.rest_client import Connect, PureError, PureHTTPError

from vvol_simulator.client import Simulator, SimulatorError

pytestmark = pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning")
"""purestorage compares versions with distutils."""

ARRAY, PUSH = "flasharray-a", "POST pgroup"


def push(source: Any, suffix: str) -> Any:
    return source.create_pgroup_snapshot("erp", suffix=suffix, replicate_now=True, apply_retention=True)


def suffixes(sim: Simulator) -> list[str]:
    return [item["suffix"] for item in sim.group("flasharray-a:erp")["snapshots"]]


@pytest.mark.parametrize(("kind", "effect"), [("resetBefore", False), ("resetAfter", True)])
def test_a_reset_comes_before_or_after_the_effect(sim: Simulator, connect: Connect, kind: str, *, effect: bool) -> None:
    source = connect(ARRAY)
    sim.fault(ARRAY, PUSH, kind, times=1)
    with pytest.raises(PureError) as caught:
        push(source, "vr-1")
    assert isinstance(caught.value.reason, requests.exceptions.ConnectionError)
    assert suffixes(sim) == (["vr-1"] if effect else [])
    assert [(item["tookEffect"], item["fault"]) for item in sim.journal()] == [(effect, kind)]
    push(source, "vr-2")
    assert sim.faults()[0]["hits"] == 1


@pytest.mark.parametrize(("when", "effect"), [("before", False), ("after", True)])
def test_a_status_comes_before_or_after_the_effect(
    sim: Simulator, connect: Connect, when: str, *, effect: bool
) -> None:
    source = connect(ARRAY)
    sim.fault(ARRAY, PUSH, "httpStatus", status=503, body="busy", contentType="text/plain", when=when, times=1)
    with pytest.raises(PureHTTPError) as caught:
        push(source, "vr-1")
    assert (caught.value.code, caught.value.text) == (503, "busy")
    assert suffixes(sim) == (["vr-1"] if effect else [])


def test_garbage_and_a_cut_answer(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    sim.fault(ARRAY, "GET array", "garbage", times=1)
    with pytest.raises(PureError, match="not in JSON"):
        source.get()
    sim.fault(ARRAY, PUSH, "truncated", bytes=5, times=1)
    with pytest.raises((PureError, requests.exceptions.RequestException)):
        push(source, "vr-1")
    assert suffixes(sim) == ["vr-1"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hanging_call_goes_on_when_the_fault_is_removed(sim: Simulator, connect: Connect, when: str) -> None:
    source = connect(ARRAY)
    sim.fault(ARRAY, PUSH, "hang", when=when, times=1)
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(push(source, "vr-1")))
    caller.start()
    while not sim.counters()[ARRAY].get(PUSH):
        assert caller.is_alive()
    assert suffixes(sim) == (["vr-1"] if when == "after" else [])
    sim.clear_faults()
    caller.join(30)
    assert [answer["name"] for answer in answers] == ["erp.vr-1"]


def test_a_caller_that_gave_up_leaves_no_effect_behind_a_hang_before(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    source._request_kwargs["timeout"] = 0.2  # noqa: SLF001 - the client has no public way to change it
    sim.fault(ARRAY, PUSH, "hang")
    with pytest.raises(PureError) as caught:
        push(source, "vr-1")
    assert isinstance(caught.value.reason, requests.exceptions.ReadTimeout)
    sim.clear_faults()
    entry = sim.wait_journal(lambda item: bool(item["call"] == PUSH))
    assert (entry["tookEffect"], entry["outcome"]) == (False, "caller gone")
    assert suffixes(sim) == []


def test_skip_and_times_choose_the_calls(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    sim.fault("*", "GET arr*", "httpStatus", status=500, skip=1, times=2)
    seen = []
    for _ in range(4):
        try:
            seen.append(source.get()["array_name"])
        except PureHTTPError as problem:
            seen.append(problem.code)
    assert seen == [ARRAY, 500, 500, ARRAY]
    assert (sim.faults()[0]["seen"], sim.faults()[0]["hits"]) == (3, 2)


def test_an_expired_session_is_a_fault_too(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    sim.fault(ARRAY, PUSH, "expiredSession", times=1)
    push(source, "vr-1")
    assert sim.counters()[ARRAY]["POST auth/session"] == 2
    assert suffixes(sim) == ["vr-1"]


def test_a_refused_endpoint_comes_back_on_the_same_port(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    sim.action("refuse-connections", endpoint=ARRAY)
    with pytest.raises(PureError) as caught:
        source.get()
    assert isinstance(caught.value.reason, requests.exceptions.ConnectionError)
    sim.action("accept-connections", endpoint=ARRAY)
    assert source.get()["array_name"] == ARRAY


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"kind": "explode"}, "no fault kind 'explode'"),
        ({"kind": "slow"}, "needs the argument 'seconds'"),
        ({"kind": "hang", "when": "later"}, "before or after"),
        ({"kind": "hang", "times": 0}, "times is a whole number from 1"),
        ({"kind": "resetBefore", "status": 5}, "takes no argument 'status'"),
        ({"kind": "httpStatus", "status": "500"}, "wrong type"),
        (
            {"kind": "hang", "endpoint": "nowhere"},
            "no endpoint 'nowhere'; there are austin, dallas, flasharray-a, flasharray-b",
        ),
    ],
)
def test_a_wrong_order_says_what_is_wrong(sim: Simulator, order: dict[str, Any], words: str) -> None:
    with pytest.raises(SimulatorError, match=words):
        sim.fault(**({"endpoint": "*", "call": "*"} | order))
    assert sim.faults() == []


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"call": "POST protection-group-snapshot"}, "Is it 'POST protection-group-snapshots'"),
        ({"call": "POST pgroups"}, "Is it 'POST pgroup'"),
        ({"call": "SyncReplicationGroup_Task"}, "has no call 'SyncReplicationGroup_Task'. There are: DELETE auth/sess"),
        ({"endpoint": "dallas", "call": "SyncReplicationGroup"}, "Is it 'SyncReplicationGroup_Task'"),
        ({"endpoint": "dallas", "call": "GET *"}, "There are: CancelRetrievePropertiesEx, "),
        ({"endpoint": "*", "call": "nothing"}, "has no call 'nothing'"),
        ({"kind": "soapFault", "name": "X"}, "never meets a soapFault: that is for calls of a vCenter"),
        (
            {"kind": "taskError", "name": "X", "endpoint": "dallas", "call": "Login"},
            "PrepareFailoverReplicationGroup_T",
        ),
        ({"kind": "stalledTransfer", "call": "GET *"}, "that is for calls that push: POST pgroup, POST protection"),
        ({"on": "vasaProvider-101"}, "is an array: its calls are on no object"),
    ],
)
def test_an_order_that_nothing_can_meet_is_refused_with_what_there_is(
    sim: Simulator, order: dict[str, Any], words: str
) -> None:
    with pytest.raises(SimulatorError, match=re.escape(words)):
        sim.fault(**({"endpoint": ARRAY, "call": "*", "kind": "hang"} | order))
    assert sim.faults() == []


@pytest.mark.parametrize(
    ("endpoint", "call"),
    [("*", "GET arr*"), ("*", "*"), (ARRAY, "GET alerts"), (ARRAY, "GET volume"), (ARRAY, "GET api_version"),
     ("dallas", "Fetch.capability"), ("dallas", "Query*"), ("dallas", "vimServiceVersions")],
)  # fmt: skip
def test_an_order_that_can_be_met_is_taken(sim: Simulator, endpoint: str, call: str) -> None:
    sim.fault(endpoint, call, "hang")
    assert len(sim.faults()) == 1


def test_what_is_counted_can_be_ordered_to_go_wrong(sim: Simulator, connect: Connect) -> None:
    connect(ARRAY).get()
    counted = sim.counters()[ARRAY]
    assert counted
    for call in counted:
        sim.fault(ARRAY, call, "slow", seconds=0.01)


def test_a_person_reads_the_journal_in_lines_and_programs_get_json(sim: Simulator, connect: Connect) -> None:
    source = connect(ARRAY)
    source.create_pgroup_snapshot("erp", replicate_now=True, suffix="by-hand")
    with urllib.request.urlopen(f"{sim.control_url}/journal") as answer:  # as curl asks  # noqa: S310 - the loopback
        lines = answer.read().decode().splitlines()
    (line,) = [one for one in lines if "by-hand" in one]
    number, time_of_day, endpoint, method, resource, *rest = line.split()
    assert (number, endpoint, method, resource) == ("1", ARRAY, "POST", "pgroup")
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d\d", time_of_day)
    assert " ".join(rest).startswith("took effect (200)")
    assert "suffix=by-hand" in rest
    (entry,) = sim.journal()
    assert entry["arguments"]["suffix"] == "by-hand"
    with urllib.request.urlopen(f"{sim.control_url}/counters") as answer:  # noqa: S310 - the loopback
        assert len(answer.read().decode().splitlines()) > 3
