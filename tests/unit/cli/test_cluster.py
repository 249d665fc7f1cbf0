"""What kubectl says when it ends with an error, and how its answers are read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from unit.cli.objects import group

from vvol_cli import headstart
from vvol_cli.app import cli
from vvol_cli.cluster import NO_KINDS, Cluster, trouble_of
from vvol_cli.commands.sync import create
from vvol_cli.following.streams import events
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.requests import sync as new_sync
from vvol_cli.views.words import KINDS

GLOBAL = ("VCenter", "FlashArray")
FORBIDDEN = 'Error from server (Forbidden): {} is forbidden: User "x" cannot list resource'


def kubectl(directory: Path, monkeypatch: pytest.MonkeyPatch, out: str, err: str = "", code: int = 0) -> None:
    """Put a kubectl on PATH that says this, whatever it is asked; one from before, which may run, stays as it is."""
    directory = Path(tempfile.mkdtemp(dir=directory))
    (directory / "out").write_text(out)
    (directory / "err").write_text(err)
    program = directory / "kubectl"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\ncat {directory}/out\ncat {directory}/err >&2\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("said", "outcome", "answered"),
    [
        ('error: the server doesn\'t have a resource type "replicationgroups"', Outcome.NO_ACCESS, False),
        ('Error from server (NotFound): replicationgroups.replication.vvol.dev "x" not found', Outcome.USAGE, True),
        (FORBIDDEN.format("replicationgroups"), Outcome.NO_ACCESS, True),
        ('The ReplicationSync "x" is invalid: spec.pointInTimeName: Too long', Outcome.USAGE, True),
        ("Error from server (ServiceUnavailable): try later", Outcome.NO_ACCESS, True),
        ("error: You must be logged in to the server (Unauthorized)", Outcome.NO_ACCESS, False),
        ("Error in configuration: context was not found for specified context: x", Outcome.USAGE, False),
        ("Unable to connect to the server: dial tcp: no route to host", Outcome.NO_ACCESS, False),
        (
            'Error from server (NotFound): namespaces "x" not found\nUnable to connect to the server: EOF',
            Outcome.USAGE,
            False,
        ),
        ("", Outcome.NO_ACCESS, False),
    ],
)
def test_an_error_of_kubectl_has_an_outcome_and_a_message(said: str, outcome: Outcome, answered: bool) -> None:  # noqa: FBT001 - parametrized
    stop = trouble_of(said)
    assert (stop.outcome, stop.answered) == (outcome, answered)
    assert stop.message


def test_a_cluster_without_the_kinds_is_told_as_that() -> None:
    assert trouble_of('error: the server doesn\'t have a resource type "replicationsyncs"').message == NO_KINDS


@pytest.mark.parametrize(
    ("plural", "said"),
    [
        *((plural, f"There is no {kind} x in this namespace.") for plural, kind in KINDS.items() if kind not in GLOBAL),
        *((f"{kind.lower()}s", f"There is no {kind} x.") for kind in GLOBAL),
        ("newkinds", 'The API server answers NotFound: newkinds.replication.vvol.dev "x" not found'),
    ],
)
def test_an_object_that_is_not_there_is_told_in_words(plural: str, said: str) -> None:
    assert trouble_of(f'Error from server (NotFound): {plural}.replication.vvol.dev "x" not found\n').message == said


def test_lines_of_kubectls_own_log_are_left_out() -> None:
    said = (
        'E1130 04:21:52.97 3898 memcache.go:265] "Unhandled Error" err="x"\nThe connection to the server x was refused'
    )
    assert trouble_of(said).message == "kubectl: The connection to the server x was refused"


def test_what_may_be_listed_is_shown_where_another_kind_is_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl(tmp_path, monkeypatch, '{"items": [{"kind": "A"}]}', FORBIDDEN.format("failoverpreparations"), 1)
    assert Cluster().all_of("replicationgroups", "failoverpreparations")[0] == [{"kind": "A"}]

    kubectl(tmp_path, monkeypatch, '{"items": []}', FORBIDDEN.format("replicationgroups"), 1)
    with pytest.raises(Stop, match="Forbidden"):
        Cluster().all_of("replicationgroups", "failoverpreparations")


@pytest.mark.parametrize("between", ["\n", ""])
def test_of_several_that_were_created_those_that_kubectl_showed_are_known(
    between: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (json.dumps({"kind": "A", "metadata": {"namespace": "n", "name": name}}) for name in "ab")
    kubectl(tmp_path, monkeypatch, f'{one}{between}{{"kind": "List", "items": [{two}]}}{{"kind": "cut o', "EOF", 1)
    made, trouble = Cluster().create([])

    assert list(made) == [("n", "a"), ("n", "b")]
    assert trouble is not None
    assert not trouble.answered


def test_an_answer_that_is_no_json_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl(tmp_path, monkeypatch, "<html>")
    with pytest.raises(Stop, match="not an object in JSON"):
        Cluster().get("replicationgroups", "x")


def test_flags_are_handed_on_in_one_order_whatever_the_callers_is() -> None:
    flags = {"as": ["me"], "context": ["c"], "insecure-skip-tls-verify": [""], "as-group": ["a", "b"]}
    assert headstart.kubectl(flags, "get") == (
        *("kubectl", "get", "--context=c", "--as=me", "--as-group=a", "--as-group=b", "--insecure-skip-tls-verify"),
    )
    assert Cluster({"namespace": ["x"]}).command("get", namespace="y") == ("kubectl", "get", "--namespace=y")


@pytest.mark.parametrize("words", [["status", "erp", "-n", "x"], ["status", "--namespace=x", "erp"]])
def test_the_question_of_status_is_begun_and_used_once(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl(tmp_path, monkeypatch, '{"items": [{"kind": "begun"}]}')
    headstart.begin(words)
    kubectl(tmp_path, monkeypatch, '{"items": [{"kind": "asked"}]}')
    cluster = Cluster({"namespace": ["x"]})
    try:
        assert headstart.take(Cluster({"namespace": ["y"]}).command("get")) is None
        assert cluster.overview()[0][0]["kind"] == "begun"
        assert headstart.take(headstart.overview({"namespace": ["x"]})) is None
    finally:
        headstart.end()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sync", "erp"],
        ["status"],
        ["status", "a", "b"],
        ["status", "a", "-A"],
        ["status", "a", "-o", "json"],
        ["status", "--context"],
        ["status", "--help"],
    ],
)
def test_no_other_question_is_begun(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(headstart, "Started", pytest.fail)
    headstart.begin(words)


def test_without_kubectl_nothing_is_begun_and_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    headstart.begin(["status", "erp"])
    with pytest.raises(Stop, match="it is not on PATH") as caught:
        Cluster().overview()
    assert caught.value.outcome is Outcome.NO_ACCESS


def test_events_of_a_watch_are_read_one_a_line_or_indented_and_others_are_left_out() -> None:
    lines = [
        '{"type": "ADDED", "object": {"n": 1}}\n',
        "{\n",
        '  "type": "MODIFIED",\n',
        '  "object": {"n": 2}\n',
        "}\n",
        '{"type": "BOOKMARK"}\n',
        "{broken}\n",
        '{"type": "DELETED", "object": {"n": 3}}\n',
    ]
    assert [(one["type"], one["object"]["n"]) for one in events(lines)] == [
        ("ADDED", 1),
        ("MODIFIED", 2),
        ("DELETED", 3),
    ]


def test_each_kind_may_be_forbidden_where_something_else_is_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = "\n".join(FORBIDDEN.format(one) for one in ("replicationsyncs", "failoverpreparations"))
    for said in ('{"items": []}', ""):
        kubectl(tmp_path, monkeypatch, said, both, 1)
        objects, refused = Cluster().any_of("replicationsyncs", "failoverpreparations")
        assert objects == []
        assert [one.partition(" ")[0] for one in refused] == ["replicationsyncs", "failoverpreparations"]


def test_a_kind_that_is_missing_for_another_reason_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = FORBIDDEN.format("failoverpreparations") + "\nError from server (InternalError): etcd has no leader"
    kubectl(tmp_path, monkeypatch, '{"items": [{"kind": "A"}]}', said, 1)
    with pytest.raises(Stop, match="etcd has no leader"):
        Cluster().all_of("replicationgroups", "replicationsyncs", "failoverpreparations")


def test_a_kind_that_older_crds_lack_says_nothing_of_the_others() -> None:
    stop = trouble_of('error: the server doesn\'t have a resource type "replicationschedules"')
    assert stop.outcome is Outcome.NO_ACCESS
    assert "the kind ReplicationSchedule" in stop.message
    assert "no operator" not in stop.message


@pytest.mark.parametrize("command", [["points", "erp"], ["report", "erp"]])
def test_a_group_is_shown_where_its_requests_may_not_be_seen(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl(tmp_path, monkeypatch, "")
    (tmp_path / "group").write_text(json.dumps(group(pointsInTime=[{"id": "1", "name": "p-1"}])))
    program = Path(os.environ["PATH"].partition(os.pathsep)[0], "kubectl")
    program.write_text(
        f'#!/bin/sh\ncase "$2" in replicationgroups*) cat {tmp_path}/group;;\n'
        f"*) echo '{FORBIDDEN.format('replicationsyncs')}' >&2; exit 1;;\nesac\n"
    )
    assert cli.main(command, standalone_mode=False) == Outcome.DONE
    out, err = capsys.readouterr()
    assert "p-1" in out
    assert "Not shown: replicationsyncs is forbidden" in err


def test_that_creations_are_not_known_is_unknown_also_of_a_single_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl(tmp_path, monkeypatch, "", "Unable to connect to the server: EOF", 1)
    made, trouble = create(Cluster(), [new_sync(group(), "one")])
    assert made == []
    assert trouble is not None
    assert trouble.outcome is Outcome.UNKNOWN
    assert "not known whether all requests were created" in trouble.message
