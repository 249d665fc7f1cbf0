"""The vendor's REST 2 client judges a whole run: reading, paging, pushing, expiry, rate limit, destroying, logout."""

import json
import subprocess
from pathlib import Path

import oracles
from vvol_simulator.client import Simulator

PROGRAM = Path(__file__).parent / "judge_rest2.py"


def test_end_to_end(judges: oracles.Oracles, tmp_path: Path) -> None:
    with Simulator.start() as sim:
        source, target = sim.array("flasharray-a"), sim.array("flasharray-b")
        given = {
            "source": source,
            "target": target,
            "ca": str(sim.ca_file),
            "control": sim.control_url,
        }
        done = subprocess.run(
            [judges.python, PROGRAM, json.dumps(given)], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        state = sim.state()
    assert json.loads(done.stdout) == {
        "version": "2.44",
        "array": ["flasharray-a", source["id"], "Purity//FA"],
        "connection": ["flasharray-b", "connected", "async-replication", target["id"]],
        "paged": ["erp", "crm", "mail"],
        "descending": ["mail", "erp", "crm"],
        "filtered": ["mail"],
        "target": ["flasharray-b", True, "replicating"],
        "pushed": "erp.judged-1",
        "again": [400, "Protection group snapshot already exists.", "erp.judged-1"],
        "landed": {"progress": 1.0, "after": True, "bytes": 1 << 30},
        "renewed": "flasharray-a",
        "limited": ["flasharray-a"] * 3,
        "destroyed": [True, True],
        "eradicated": 200,
        "left": [],
        "remote": [False, "flasharray-a"],
    }
    assert state["arrays"]["flasharray-a"]["sessions"] == 0
    assert state["arrays"]["flasharray-b"]["sessions"] == 0
