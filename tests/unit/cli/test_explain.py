"""What an object says now, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unit.cli.objects import Object, condition, obj

from vvol_cli.cluster import Cluster
from vvol_cli.commands.explain import explain

if TYPE_CHECKING:
    import pytest


def test_what_two_conditions_say_in_the_same_words_is_explained_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [
        condition("Ready", "False", "GroupPrepared", "It is prepared."),
        condition("Failed", "True", "GroupPrepared", "It is prepared."),
        condition("Named", "False", "NotNamed", "No name came."),
    ]
    refused = obj("ReplicationSync", "late", {}, said)

    def get(_: Cluster, plural: str, name: str) -> Object:
        assert (plural, name) == ("replicationsyncs", "late")
        return refused

    monkeypatch.setattr(Cluster, "get", get)
    explain.main(["sync/late"], standalone_mode=False)
    told = capsys.readouterr().out
    assert told.count("It is prepared.") == 1
    assert "Failed:      True, GroupPrepared" in told
    assert "It says:     the same as Ready." in told
    assert "No name came." in told
