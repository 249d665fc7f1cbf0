"""What the operator is told when it is started."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from vvol_replication.cluster.election import Timing
from vvol_replication.configuration import Configuration, read_configuration

ROOT = Path(__file__).parents[2]
ELECT = ["--operator-namespace", "vvol", "--leader-elect"]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("OPERATOR_NAMESPACE", "POD_NAME", "POD_NAMESPACE"):
        monkeypatch.delenv(one, raising=False)


def test_little_need_be_said() -> None:
    assert read_configuration(["--operator-namespace", "vvol"]) == Configuration("vvol", (), "", None, "text", None)


def test_the_namespace_of_secrets_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_NAMESPACE", "from-env")
    assert read_configuration([]).operator_namespace == "from-env"
    assert read_configuration(["--operator-namespace", "said"]).operator_namespace == "said"


def test_everything_said() -> None:
    said = ["--operator-namespace=vvol", "--namespace=a", "--namespace", "b", "--namespace=a", "--http-host=127.0.0.1"]
    said += ["--http-port=0", "--log-format=json", "--log-level=debug", "--kubeconfig=/some/file"]
    found = read_configuration(said)
    assert found == Configuration("vvol", ("a", "b"), "127.0.0.1", 0, "json", "/some/file", log_level="debug")


def test_protected_metrics_have_a_port_and_maybe_a_certificate() -> None:
    said = ["--operator-namespace=vvol", "--metrics-port=8443"]
    assert read_configuration(said) == Configuration("vvol", (), "", None, "text", None, metrics_port=8443)
    found = read_configuration([*said, "--metrics-cert-path=/certificate"])
    assert found.metrics_cert_path == "/certificate"


def test_an_election_is_in_the_operators_namespace_and_each_process_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POD_NAME", "vvol-1")
    first, second = (read_configuration(ELECT).election for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.namespace, first.name, first.timing) == ("vvol", "vvol-replication", Timing(15, 10, 2))
    assert first.identity.startswith("vvol-1_")
    assert first.identity != second.identity
    assert first.holder == second.holder == "vvol-1", "the pod's earlier container is dead: no stranger"
    monkeypatch.delenv("POD_NAME")
    elsewhere = read_configuration(ELECT).election
    assert elsewhere is not None
    assert elsewhere.holder == elsewhere.identity
    monkeypatch.setenv("POD_NAMESPACE", "pods")
    found = read_configuration([*ELECT, "--leader-elect-lease-duration=1m", "--leader-elect-resource-name=x"]).election
    assert found is not None
    assert (found.namespace, found.name, found.timing.duration) == ("pods", "x", 60)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--operator-namespace (or OPERATOR_NAMESPACE) is required"),
        (["--operator-namespace", "../default"], "is not a namespace's name"),
        (["--operator-namespace", "vvol", "--namespace", "A b"], "is not a namespace's name"),
        (["--operator-namespace", "vvol", "--namespace", ""], "is not a namespace's name"),
        (["--operator-namespace", "vvol", "--http-port", "65536"], "is not a port"),
        (["--operator-namespace", "vvol", "--http-port", "-1"], "is not a port"),
        (["--operator-namespace", "vvol", "--http-port", "http"], "is not a port"),
        (["--operator-namespace", "vvol", "--metrics-port", "-1"], "is not a port"),
        (["--operator-namespace", "vvol", "--metrics-cert-path", "/x"], "is for --metrics-port, which is not given"),
        (["--operator-namespace", "vvol", "--log-format", "xml"], "invalid choice"),
        (["--operator-namespace", "vvol", "--log-level", "loud"], "invalid choice"),
        ([*ELECT, "--leader-elect-lease-duration", "10s"], "must be shorter than the Lease's duration"),
        ([*ELECT, "--leader-elect-retry-period", "5s"], "longer than two retry periods"),
        ([*ELECT, "--leader-elect-renew-deadline", "soon"], "is not a duration"),
        ([*ELECT, "--leader-elect-resource-name", "A b"], "is not a Lease's name"),
        ([*ELECT, "--leader-elect-resource-namespace", "A b"], "is not a namespace's name"),
        (["--operator-namespace", "vvol", "--replicas", "2"], "unrecognized arguments"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_message(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_configuration(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_version_is_told_without_anything_else_being_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_configuration(["--version"])
    assert ended.value.code == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert capsys.readouterr().out == f"vvol-replication {project['version']}\n"
