"""The programs that the demo and the tests need from outside Python: kube-apiserver, etcd, kubectl; more on demand.

Looked for in ``KUBEBUILDER_ASSETS`` (a directory, as envtest lays it out) first, then in a cache; what is missing there
is built once from a Go module in ``toolchain/``, whose go.mod and go.sum pin every source; only a kubectl of PATH that
fits the API server is used before one is built. The cache is
``$VVOL_TOOLCHAIN_CACHE``, else ``vvol-replication/toolchain`` in ``$XDG_CACHE_HOME`` or ``~/.cache``. Its key is all
that decides what a module's tools are (go.mod, go.sum, programs of ours, the recipes here, the platform); which Go
compiled them is no part of it, so a restored cache works where there is no Go.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gobuild
import pathkubectl
from buildprogress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MODULES = Path(__file__).parent / "toolchain"
CONTROL_PLANE = "controlplane"
PROMETHEUS = "prometheus"
KUBE_STATE_METRICS = "kubestatemetrics"
DEFAULT_TOOLS = ("kube-apiserver", "etcd", "kubectl")
COSTLY_PASSES = ("prove", "generic_cse", "lowered_cse", "sccp", "memcombine", "branchelim")
"""Optimisations of Go's compiler that take more time than our programs ever get back; another Go may not have them."""


@dataclass(frozen=True)
class Recipe:
    """How one tool is built: its Go package, the name Go gives the program, the CPU seconds that takes, its module.

    Tools of one package are one program, which goes by the name that it is called by.
    """

    package: str
    built_as: str
    cpu_seconds: float
    module: str = CONTROL_PLANE


RECIPES = {
    "kube-apiserver": Recipe(".", "controlplane", 300),
    "etcd": Recipe(".", "controlplane", 300),
    "kubectl": Recipe("k8s.io/kubernetes/cmd/kubectl", "kubectl", 50),
    "kube-controller-manager": Recipe("k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager", 120),
    "helm": Recipe("helm.sh/helm/v3/cmd/helm", "helm", 80),
    "govmomi-vcenter": Recipe(".", "govmomi", 70, module="govmomi"),
    "argocd-judge": Recipe(".", "gitops", 200, module="gitops"),
    "flux-judge": Recipe(".", "flux", 60, module="flux"),
    "olm-judge": Recipe(".", "olm", 90, module="olm"),
    "cron-judge": Recipe(".", "cron", 20, module="cron"),
    "promtool": Recipe("github.com/prometheus/prometheus/cmd/promtool", "promtool", 170, module=PROMETHEUS),
    "prometheus": Recipe("github.com/prometheus/prometheus/cmd/prometheus", "prometheus", 90, module=PROMETHEUS),
    "kube-state-metrics": Recipe("k8s.io/kube-state-metrics/v2", "kube-state-metrics", 55, module=KUBE_STATE_METRICS),
}


def pinned_version(module_path: str, module: str = CONTROL_PLANE) -> str:
    """Return the version, e.g. ``v1.36.1``, of a module that go.mod requires."""
    file = MODULES / module / "go.mod"
    found = re.search(rf"^require {re.escape(module_path)} (v\S+)", file.read_text(), re.MULTILINE)
    if not found:
        raise gobuild.BuildError(f"{file} does not require {module_path}: restore it from the repository")
    return found.group(1)


def _flags(module: str, passes: Iterable[str] = COSTLY_PASSES) -> list[str]:
    """Return go build's flags: reproducible, stamped with versions as the projects' own builds do, and soon done.

    No debug information is made, and what no program here spends its time in is not optimised: without inlining and
    these passes the compiler takes a third less time. The standard library, where they do spend it, is as always.
    """
    stamps = _stamps() if module == CONTROL_PLANE else []
    quick = " ".join(["-dwarf=false", "-l", *(f"-d=ssa/{one}/off" for one in passes)])
    compiler = [f"-gcflags=all={quick}", "-gcflags=std=-dwarf=false"]
    # Clients of clouds, by which Prometheus can find what to scrape, are two thirds of its code: none is asked here.
    tags = ["-tags=remove_all_sd"] if module == PROMETHEUS else []
    return ["-trimpath", "-buildvcs=false", *tags, *compiler, "-ldflags", " ".join(["-s", "-w", *stamps])]


def _kubernetes() -> tuple[int, int]:
    """Return the version of the API server: major, minor."""
    major, minor, *_ = pinned_version("k8s.io/kubernetes").removeprefix("v").split(".")
    return int(major), int(minor)


def _stamps() -> list[str]:
    major, minor = _kubernetes()
    version = pinned_version("k8s.io/kubernetes")
    values = {"gitVersion": version, "gitMajor": str(major), "gitMinor": str(minor), "gitTreeState": "clean"}
    stamps = [
        f"-X {package}.{key}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for key, value in values.items()
    ]
    stamps.append(f"-X helm.sh/helm/v3/internal/version.version={pinned_version('helm.sh/helm/v3')}")
    return stamps


def cache_root() -> Path:
    """Return the directory that holds built tools and, where a machine has none, Go."""
    if given := os.environ.get("VVOL_TOOLCHAIN_CACHE"):
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "vvol-replication" / "toolchain"


def cache_directory(module: str = CONTROL_PLANE) -> Path:
    """Return the directory of a module's tools as this checkout pins them."""
    digest = hashlib.sha256()
    recipes = [(name, recipe.package) for name, recipe in sorted(RECIPES.items()) if recipe.module == module]
    for part in (
        (MODULES / module / "go.mod").read_bytes(),
        (MODULES / module / "go.sum").read_bytes(),
        *(source.read_bytes() for source in sorted((MODULES / module).glob("*.go"))),
        repr((recipes, _flags(module), platform.system(), platform.machine())).encode(),
    ):
        digest.update(hashlib.sha256(part).digest())
    return cache_root() / digest.hexdigest()[:16]


def _present(directory: Path, names: Iterable[str]) -> dict[str, Path]:
    paths = {name: directory / name for name in names}
    return {name: path for name, path in paths.items() if path.is_file() and os.access(path, os.X_OK)}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the kernel frees it when its holder ends, however that ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another process is at it: waiting for it (lock: {path})", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(names: Sequence[str], module: str, directory: Path) -> None:
    """Build ``names`` of a module into ``directory``; each appears there whole or not at all."""
    recipes = {name: RECIPES[name] for name in names}
    programs = {recipe.package: recipe for recipe in recipes.values()}
    expected = sum(recipe.cpu_seconds for recipe in programs.values()) / (os.cpu_count() or 1)
    source = MODULES / module
    go = gobuild.find_go(source, cache_root())
    progress = Progress(f"building {', '.join(names)} (once, into {directory})", expected)
    for left_over in directory.glob("building-*"):  # by a build that was killed: we hold the lock
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=directory) as staging:
        flags = _flags(module, [one for one in COSTLY_PASSES if one in gobuild.passes(go)])
        gobuild.build(go, source, list(programs), flags=flags, into=Path(staging), progress=progress)
        for name, recipe in recipes.items():
            whole = Path(staging) / f"{name}.whole"
            whole.hardlink_to(Path(staging) / recipe.built_as)
            whole.replace(directory / name)
    progress.end("done")


def _from_path(wanted: Sequence[str]) -> dict[str, Path]:
    """Return the kubectl of PATH, if it is ``wanted`` and fits the API server; the screen says what is used and why."""
    if "kubectl" not in wanted:
        return {}
    choice = pathkubectl.choose(_kubernetes())
    if choice.program is None:
        print(f"building kubectl {pinned_version('k8s.io/kubernetes')}: {choice.reason}", flush=True)
        return {}
    return {"kubectl": choice.program}


def _from_cache(module: str, wanted: Sequence[str]) -> dict[str, Path]:
    """Return the tools ``wanted`` of one module, after building those that neither the cache nor PATH has."""
    directory = cache_directory(module)
    found = _present(directory, wanted)
    if missing := [name for name in wanted if name not in found]:
        found |= _from_path(missing)
        missing = [name for name in missing if name not in found]
    if missing:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory / ".lock"):
            packages = {RECIPES[name].package for name in missing if name not in _present(directory, missing)}
            if packages:
                together = [name for name, one in RECIPES.items() if one.module == module and one.package in packages]
                _build(together, module, directory)
        found |= _present(directory, missing)
    return found


def ensure(names: Iterable[str] = DEFAULT_TOOLS) -> dict[str, Path]:
    """Return the path of each tool, after building those that are nowhere to be found.

    Raises gobuild.BuildError if one is unknown or cannot be built, with what to do about it.
    """
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in RECIPES]:
        raise gobuild.BuildError(f"no such tool: {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        given = _present(Path(assets).absolute(), wanted)
        absent = [name for name in DEFAULT_TOOLS if name in wanted and name not in given]
        if absent:
            print(f"KUBEBUILDER_ASSETS={assets} has no {', '.join(absent)}: using the toolchain's own", flush=True)
            given = {}  # an API server and an etcd from two places may not fit each other
    else:
        given = {}
    needed: dict[str, list[str]] = {}
    for name in wanted:
        if name not in given:
            needed.setdefault(RECIPES[name].module, []).append(name)
    found = dict(given)
    for module, tools in needed.items():
        found |= _from_cache(module, tools)
    return {name: found[name] for name in wanted}


def main() -> int:
    """Make sure that tools are there and print where."""
    parser = argparse.ArgumentParser(description="Find or build the tools that the demo and the tests need.")
    parser.add_argument("names", nargs="*", default=DEFAULT_TOOLS, help=f"of {', '.join(RECIPES)}")
    try:
        tools = ensure(parser.parse_args().names)
    except (gobuild.BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, path in tools.items():
        print(f"{name:24} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
