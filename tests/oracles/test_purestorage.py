"""The vendor's REST 1 client, from the versions to the eradication, at the oldest and newest version it knows."""

import warnings
from typing import Any

import pytest

from testbed import waiting
from vvol_simulator.client import Simulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import purestorage

pytestmark = pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning")
"""purestorage compares versions with distutils."""

REMOTE = "flasharray-a:erp"


@pytest.mark.parametrize("version", ["1.4", "1.19"])
def test_end_to_end(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Simulator.start() as sim:

        def connect(name: str) -> Any:
            array = sim.array(name)
            kwargs = {"verify": str(sim.ca_file), "timeout": (5, 20)}
            return purestorage.FlashArray(
                array["address"], api_token=array["apiToken"], rest_version=version, request_kwargs=kwargs
            )

        source, target = connect("flasharray-a"), connect("flasharray-b")
        assert source.get()["array_name"] == "flasharray-a"
        assert [peer["array_name"] for peer in source.list_array_connections()] == ["flasharray-b"]
        assert source.get_pgroup("erp")["targets"] == [{"name": "flasharray-b", "allowed": True}]
        assert source.get_pgroup("erp", schedule=True)["replicate_enabled"] is True
        assert source.get_pgroup("erp", retention=True)["all_for"] == 86400
        sim.action("hold", protectionGroup="erp")
        taken = source.create_pgroup_snapshot("erp", suffix="judged-1", replicate_now=True, apply_retention=True)
        assert taken["name"] == "erp.judged-1"

        def row() -> Any:
            (found,) = target.get_pgroup(REMOTE, snap=True, transfer=True)
            return found

        assert (row()["progress"], row()["completed"]) == (0.0, None)
        sim.action("release", protectionGroup="erp")
        landed = waiting.eventually(row, what="a completed transfer", until=lambda it: it["completed"] is not None)
        assert landed["progress"] == 1.0
        source.destroy_pgroup("erp.judged-1")
        assert [it["name"] for it in source.get_pgroup("erp", snap=True, pending_only=True)] == ["erp.judged-1"]
        source.recover_pgroup("erp.judged-1")
        source.destroy_pgroup("erp.judged-1")
        source.eradicate_pgroup("erp.judged-1")
        assert source.get_pgroup("erp", snap=True, pending=True) == []
        for array in (source, target):
            array.invalidate_cookie()
        assert [array["sessions"] for array in sim.state()["arrays"].values()] == [0, 0]
