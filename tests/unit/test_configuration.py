"""What the operator is told when it is started."""

from __future__ import annotations

import pytest

from vvol_replication.configuration import Configuration, read_configuration


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPERATOR_NAMESPACE", raising=False)


def test_little_need_be_said() -> None:
    assert read_configuration(["--operator-namespace", "vvol"]) == Configuration("vvol", (), "", None, "text", None)


def test_the_namespace_of_secrets_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_NAMESPACE", "from-env")
    assert read_configuration([]).operator_namespace == "from-env"
    assert read_configuration(["--operator-namespace", "said"]).operator_namespace == "said"


def test_everything_said() -> None:
    said = ["--operator-namespace=vvol", "--namespace=a", "--namespace", "b", "--namespace=a", "--http-host=127.0.0.1"]
    said += ["--http-port=0", "--log-format=json", "--kubeconfig=/some/file"]
    found = read_configuration(said)
    assert found == Configuration("vvol", ("a", "b"), "127.0.0.1", 0, "json", "/some/file")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--operator-namespace (or OPERATOR_NAMESPACE) is required"),
        (["--operator-namespace", "../default"], "is no namespace's name"),
        (["--operator-namespace", "vvol", "--namespace", "A b"], "is no namespace's name"),
        (["--operator-namespace", "vvol", "--namespace", ""], "is no namespace's name"),
        (["--operator-namespace", "vvol", "--http-port", "65536"], "is no port"),
        (["--operator-namespace", "vvol", "--http-port", "-1"], "is no port"),
        (["--operator-namespace", "vvol", "--http-port", "http"], "is no port"),
        (["--operator-namespace", "vvol", "--log-format", "xml"], "invalid choice"),
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
