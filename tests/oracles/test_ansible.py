"""The vendor's Ansible collections drive the arrays: look, push, push again, destroy, eradicate."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import oracles
from vvol_simulator.client import Simulator
from vvol_simulator.model.array import REST_1, REST_2
from vvol_simulator.topology import default_topology

Json = dict[str, Any]

RESULT = re.compile(r"^(ok|changed|fatal): \[localhost\](?:: FAILED!)? => (\{.*\})$", re.MULTILINE)
REMOTE = "flasharray-a:erp"


class Play:
    """Runs tasks of one collection, all in one play, as somebody with a shell would."""

    def __init__(self, judges: oracles.Oracles, family: str, sim: Simulator, scratch: Path) -> None:
        self._judges = judges
        self._collections = judges.collections(family)
        self._sim = sim
        self._scratch = scratch

    def __call__(self, *tasks: tuple[str, str, Json]) -> list[Json]:
        """What each task answered; a task is (module, array, arguments). A failing one does not end the play."""
        rendered = [
            {f"purestorage.flasharray.{module}": self._access(array) | arguments, "ignore_errors": True}
            for module, array, arguments in tasks
        ]
        book = self._scratch / "play.yml"
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": rendered}
        book.write_text(json.dumps([play]))
        command = [str(self._judges.playbook), "-i", "localhost,", "-v", str(book)]
        command += ["-e", f"ansible_python_interpreter={self._judges.python}"]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        results = [{"failed": word == "fatal"} | json.loads(text) for word, text in RESULT.findall(done.stdout)]
        assert len(results) == len(tasks), done.stdout + done.stderr
        return results

    def _access(self, array: str) -> Json:
        known = self._sim.array(array)
        return {"fa_url": known["address"], "api_token": known["apiToken"]}

    def _environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
            "ANSIBLE_HOME": str(self._scratch / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self._scratch / "temp"),
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(self._scratch),
            "LC_ALL": "C.UTF-8",
            "NO_PROXY": "*",
            "PATH": os.environ["PATH"],
        }


def push(suffix: str, **more: Any) -> tuple[str, str, Json]:
    return "purefa_pgsnap", "flasharray-a", {"name": "erp", "suffix": suffix, **more}


def look(array: str) -> tuple[str, str, Json]:
    return "purefa_info", array, {"gather_subset": ["minimum", "pgroups", "arrays"]}


FAMILIES = pytest.mark.parametrize(
    ("family", "versions"), [("rest1", REST_1), ("rest2", REST_1 + REST_2)], ids=["1.19.1", "1.40.0"]
)


@FAMILIES
def test_a_snapshot_is_pushed_once_seen_on_the_target_and_destroyed(
    judges: oracles.Oracles, tmp_path: Path, family: str, versions: tuple[str, ...]
) -> None:
    topology = default_topology() | {"transferSeconds": 0}
    topology["arrays"] = {name: {"restVersions": list(versions)} for name in topology["arrays"]}
    now = {"now": True, "apply_retention": True} | ({"remote": True} if family == "rest1" else {})
    with Simulator.start(topology) as sim:
        play = Play(judges, family, sim, tmp_path)
        pushed, again, there, gone, gone_already = play(
            push("by-ansible", **now),
            push("by-ansible", **now),
            look("flasharray-b"),
            push("by-ansible", state="absent", eradicate=True),
            push("by-ansible", state="absent", eradicate=True),
        )
        assert (pushed["changed"], again["changed"]) == (True, False)
        told = there["purefa_info"]
        assert told["default"]["array_name"] == "flasharray-b"
        assert told["default"]["protection_groups"] == 3
        assert told["arrays"]["flasharray-a"]["status"] == "connected"
        transfer = told["pgroups"][REMOTE]["snaps"][f"{REMOTE}.by-ansible"]
        assert transfer["progress"] == 1.0
        assert transfer["completed"] is not None
        assert (gone["changed"], gone_already["changed"]) == (True, False)
        pushes = [entry for entry in sim.journal() if entry["call"].startswith("POST ")]
        assert [entry["tookEffect"] for entry in pushes] == [True]
        assert sim.group(REMOTE)["snapshots"] == []


@FAMILIES
def test_refusals_reach_the_person(
    judges: oracles.Oracles, tmp_path: Path, family: str, versions: tuple[str, ...]
) -> None:
    topology = default_topology()
    topology["arrays"] = {name: {"restVersions": list(versions), "role": "readonly"} for name in topology["arrays"]}
    with Simulator.start(topology) as sim:
        nobody, refused = Play(judges, family, sim, tmp_path)(
            ("purefa_pgsnap", "flasharray-a", {"name": "nope", "suffix": "x-1"}), push("x-2")
        )
        assert nobody["failed"] is True
        assert "does not exist" in nobody["msg"]
        assert refused["failed"] is True
        assert sim.group(REMOTE)["snapshots"] == []
