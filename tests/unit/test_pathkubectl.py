"""Which kubectl of PATH is used: that it fits the API server, and what is said of one that does not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import pathkubectl

SERVER = (1, 36)


def said(version: object) -> str:
    return json.dumps({"clientVersion": {"major": "1", "minor": "36+", "gitVersion": version}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (said("v1.36.1"), (1, 36)),
        (said("v1.32.4-dispatcher"), (1, 32)),
        (said("v1.36.0-rc.1+3f2c"), (1, 36)),
        (said("1.36.1"), None),
        (said("v1.36"), None),
        (said("v1.99999999.0"), None),
        (said(36), None),
        (said(None), None),
        ('{"clientVersion": "v1.36.1"}', None),
        ("[]", None),
        ("null", None),
        ("", None),
        ("Client Version: v1.36.1", None),
        ("[" * 100_000, None),
    ],
)
def test_a_version_is_read_or_given_up(text: str, expected: tuple[int, int] | None) -> None:
    assert pathkubectl.minor_version(text) == expected


@pytest.mark.parametrize(
    ("client", "expected"),
    [((1, 34), False), ((1, 35), True), ((1, 36), True), ((1, 37), True), ((1, 38), False), ((2, 36), False)],
)
def test_one_minor_version_up_or_down_is_supported(client: tuple[int, int], expected: bool) -> None:  # noqa: FBT001 - a column
    assert pathkubectl.within_skew(client, SERVER) is expected


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (f"echo '{said('v1.34.9')}'", r"kubectl is 1\.34, the API server 1\.36: more than one minor version apart"),
        ("echo nonsense", "told no version that can be read"),
        ("printf '\\377\\376'", "told no version that can be read"),
        ("exit 7", "version --client ended with 7"),
        ("exec sleep 60", r"did not tell its version within 0\.2 s"),
    ],
)
def test_one_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    install(tmp_path, f"#!/bin/sh\n{script}\n", monkeypatch)
    if "sleep" in script:
        monkeypatch.setattr(pathkubectl, "PATIENCE", 0.2)
    with_reason = pathkubectl.choose(SERVER)
    assert with_reason.program is None
    assert re.search(reason, with_reason.reason)


def test_one_that_is_no_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "#!/no/such/interpreter\n", monkeypatch)
    assert pathkubectl.choose(SERVER).program is None


def test_without_one_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pathkubectl.choose(SERVER) == pathkubectl.Choice(None, "no kubectl on PATH")


def test_one_that_fits_is_used_and_asked_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    script = f"#!/bin/sh\necho \"$KUBECONFIG $KUBERC $*\" >{asked}\necho '{said('v1.35.2')}'\n"
    program = install(tmp_path, script, monkeypatch)
    monkeypatch.setenv("KUBECONFIG", "/somewhere/mine")
    assert pathkubectl.choose(SERVER).program == program
    assert asked.read_text() == "/dev/null off version --client -o json\n"


def install(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = directory / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program
