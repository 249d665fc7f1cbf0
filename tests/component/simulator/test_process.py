"""The program itself: start, what it writes, topology and control mistakes, and that it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from testbed import simulated
from vvol_simulator.client import Simulator, SimulatorError
from vvol_simulator.model import WorldError
from vvol_simulator.topology import build, default_topology, generated_topology

OPERATOR = Path(__file__).parents[3] / "operator"


def start(directory: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "vvol_simulator", "--directory", str(directory), *options]
    environment = os.environ | {"PYTHONPATH": str(OPERATOR)}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.parametrize("way", ["stdin", "term", "interrupt"])
def test_it_says_when_it_is_ready_and_ends_cleanly(tmp_path: Path, way: str) -> None:
    process = start(tmp_path, "--until-stdin-closes")
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())["ready"]
    assert ready == json.loads((tmp_path / "simulator.json").read_text())
    assert (tmp_path / "simulator.json").stat().st_mode & 0o777 == 0o600
    assert Path(ready["caFile"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert set(ready["vcenters"]) == {"austin", "dallas"}
    if way != "stdin":
        process.send_signal(signal.SIGTERM if way == "term" else signal.SIGINT)
    _, stderr = process.communicate(timeout=30)  # closes stdin
    assert (process.returncode, stderr) == (0, "")


def test_a_hanging_call_does_not_keep_it_alive(tmp_path: Path) -> None:
    with Simulator.start(directory=tmp_path) as sim:
        sim.fault("*", "*", "hang")
        assert Simulator.attach(tmp_path / "simulator.json").faults() == sim.faults()
    with pytest.raises(SimulatorError, match="does not answer"):
        sim.state()


def test_a_bad_topology_is_told_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("arrays: {a: {colour: red}}\n")
    process = start(tmp_path, "--topology", str(bad))
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (2, "")
    assert re.fullmatch(
        r"vvol_simulator: topology\.arrays\.a: unknown colour; known here: skew, id, [A-Za-z, ]+, port\.\n", stderr
    )


def change(path: list[Any], value: Any) -> dict[str, Any]:
    topology = default_topology()
    place: Any = topology
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return topology


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        ([], r"topology: a mapping of names to values is expected"),
        (change(["colour"], "red"), r"topology: unknown colour"),
        (change(["transferSeconds"], "2s"), r"transferSeconds is a number from 0, not '2s'"),
        (change(["switches"], {"syncOngoing": "never"}), r"syncOngoing is one of thrown, groupError, taskError"),
        (change(["switches"], {"nope": 1}), r"no switch 'nope'"),
        (change(["vCenters", "austin"], {"arrays": ["x"]}), r"vCenters.austin: There is no array 'x'"),
        (
            change(["protectionGroups", 0, "targets"], [{"array": "flasharray-a"}]),
            r"targets\[0\]: .*have no connection",
        ),
        (change(["protectionGroups", 0, "name"], "123"), r"protectionGroups\[0\]: 123: Invalid name"),
        (change(["protectionGroups", 0, "name"], "CRM"), r"protectionGroups\[1\]: .*already"),
        (change(["protectionGroups", 0, "vms"], [{"name": "x", "power": "off"}]), r"power is one of poweredOn"),
        (change(["connections"], [{"arrays": ["flasharray-a"]}]), r"names the two ends"),
    ],
)
def test_a_topology_mistake_names_its_place(topology: Any, words: str) -> None:
    with pytest.raises(WorldError, match=words):
        build(topology)


def test_a_generated_topology_is_as_large_as_asked() -> None:
    world = build(generated_topology(array_pairs=2, groups_per_pair=25, vms_per_group=2, schedule_every=60))
    assert (len(world.arrays), len(world.vasa.groups)) == (4, 100)
    assert len(world.site("austin").vms) == 100


def test_a_generated_topology_shares_its_arrays_among_its_vcenters() -> None:
    world = build(generated_topology(array_pairs=5, groups_per_pair=1, vcenter_pairs=3))
    arrays = {array.id: array.name for array in world.arrays.values()}
    shared = {name: {arrays[one] for one in site.array_ids()} for name, site in world.sites.items()}
    assert shared == {
        "austin": {"array-1a", "array-4a"},
        "dallas": {"array-1b", "array-4b"},
        "austin-2": {"array-2a", "array-5a"},
        "dallas-2": {"array-2b", "array-5b"},
        "austin-3": {"array-3a"},
        "dallas-3": {"array-3b"},
    }


@pytest.mark.parametrize(
    ("action", "arguments", "words"),
    [
        ("fly", {}, "no action 'fly'"),
        ("hold", {}, "protectionGroup is missing"),
        ("hold", {"protectionGroup": "nope"}, "no protection group 'nope'; there are flasharray-a:erp"),
        ("hold", {"protectionGroup": "erp", "colour": 1}, "unknown colour; known here: protectionGroup"),
        ("land", {"protectionGroup": "erp"}, "No transfer of erp is under way"),
        ("set-state", {"protectionGroup": "erp", "state": "LOST"}, "state is one of SOURCE, TARGET"),
        ("set-switch", {"name": "targetRowBeforeStart", "value": "yes"}, "true or false"),
        ("power", {"vm": "nobody", "state": "poweredOff"}, "no VM 'nobody'"),
        ("destroy-snapshot", {"protectionGroup": "erp", "suffix": "x"}, "no erp.x on its source"),
        ("snapshot", {"protectionGroup": "erp", "suffix": "1"}, "Invalid suffix"),
        (
            "refuse-connections",
            {"endpoint": "nowhere"},
            "no endpoint 'nowhere'; there are austin, dallas, flasharray-a, flasharray-b",
        ),
    ],
)
def test_a_control_mistake_says_what_would_be_right(
    shared: Simulator, action: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(SimulatorError, match=words):
        shared.action(action, **arguments)


@pytest.fixture(scope="module")
def shared() -> Any:
    with simulated.serving() as running:
        yield running


def test_actions_show_in_the_state(sim: Simulator) -> None:
    sim.action("set-transfer-seconds", seconds=0)
    assert sim.action("run-schedule", protectionGroup="erp") == {"suffix": "1"}
    sim.action("snapshot", protectionGroup="erp", suffix="by-hand", replicate=False)
    sim.action("destroy-snapshot", protectionGroup="erp", suffix="1", target="flasharray-b")
    assert sim.action("power", protectionGroup="erp", state="suspended") == {"vms": ["erp-db", "erp-app"]}
    sim.action("set-vm-group", vm="crm-db", disk=0, protectionGroup="erp")
    sim.action("add-vm", protectionGroup="mail", name="mail-2", disks=3)
    sim.action("set-state", protectionGroup="erp", state="INTEST")
    sim.action("prepare", protectionGroup="crm")
    state = sim.state()
    erp = state["protectionGroups"]["flasharray-a:erp"]
    assert [item["suffix"] for item in erp["snapshots"]] == ["1", "by-hand"]
    assert [(item["suffix"], item["destroyed"]) for item in erp["transfers"]] == [("1", True)]
    assert (erp["targetGroups"][0]["state"], erp["targetGroups"][0]["pointsInTime"]) == ("INTEST", [])
    assert state["protectionGroups"]["flasharray-a:crm"]["sourceGroup"]["prepared"] is True
    vms = {vm["name"]: vm for vm in state["vcenters"]["austin"]["vms"]}
    assert vms["crm-db"]["groups"] == ["flasharray-a:crm", "flasharray-a:erp"]
    assert (vms["erp-db"]["power"], vms["mail-2"]["power"]) == ("suspended", "poweredOn")


def test_counters_start_again_and_a_journal_without_news_is_empty(sim: Simulator) -> None:
    assert sim.journal(wait=0.05) == []
    with pytest.raises(SimulatorError, match=r"No such journal entry within 0\.05 s"):
        sim.wait_journal(lambda _: True, timeout=0.05)
    sim.reset_counters()
    assert sim.counters() == {}


def test_every_action_is_explained(shared: Simulator) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{shared.control_url}/actions", timeout=10) as answer:
        told = json.loads(answer.read())
    assert {"land", "hold", "expire-sessions", "refuse-connections"} <= set(told)
    assert all(told.values())
