"""`make matrix`: other versions of Kubernetes, built from upstream's Go modules, judge admission and the main job.

`make matrix ARGS='1.32.13 1.34.4'`. Each is built once into the toolchain's cache (5 to 10 CPU minutes). What their
modules need is chosen by Go and checked against its checksum database; only the version of `make test` is pinned by a
go.sum of ours. kubectl is that of the tests. Not judged are the words of refusals: an older API server writes
`"string"` where a newer one repeats the value.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "hack")]

import gobuild  # noqa: E402 - after the path
import toolchain  # noqa: E402 - as above

MODULE = toolchain.MODULES / toolchain.CONTROL_PLANE
TESTS = ("test_admission.py", "test_happy_path.py", "test_methods.py", "test_restarts.py", "test_kubectl_wait.py")
WORDS = "test_the_page_has_the_words_that_the_server_says"


def staging(version: str) -> str:
    """The version of the modules that are published beside a Kubernetes: v0.32.13 with 1.32.13."""
    return "v0." + version.removeprefix("1.")


def module_text(version: str, go: str, published: set[str]) -> str:
    """A go.mod for the control plane of that version, with those of its modules that are published."""
    lines = ["module vvol.dev/controlplane", f"go {go}", f"require k8s.io/kubernetes v{version}"]
    return "\n".join([*lines, *(f"replace {one} => {one} {staging(version)}" for one in sorted(published))]) + "\n"


def candidates() -> set[str]:
    """The modules of Kubernetes' own repository, as the pinned go.mod lists them."""
    return set(re.findall(r"^\t(k8s\.io/[a-z0-9-]+) =>", (MODULE / "go.mod").read_text(), re.MULTILINE))


def build(version: str) -> Path:
    """The directory with kube-apiserver, etcd and kubectl of that version, built unless it is there."""
    cache = toolchain.cache_root()
    there = cache / f"matrix-{version}"
    if (there / "kubectl").exists():
        return there
    go, work = gobuild.find_go(MODULE, cache), there / "module"
    shutil.rmtree(there, ignore_errors=True)
    work.mkdir(parents=True)
    environment = gobuild.environment() | {"GOFLAGS": "-mod=mod"}

    def run(*arguments: str) -> bool:
        return subprocess.run([go, *arguments], cwd=work, env=environment, check=False).returncode == 0

    shutil.copyfile(MODULE / "main.go", work / "main.go")
    needed = ".".join(map(str, gobuild.required_version(MODULE)))
    (work / "go.mod").write_text(module_text(version, needed, set()))
    published = {one for one in candidates() if run("list", "-m", f"{one}@{staging(version)}")}
    (work / "go.mod").write_text(module_text(version, needed, published))
    minor = version.split(".")[1]
    values = {"gitVersion": f"v{version}", "gitMajor": "1", "gitMinor": minor, "gitTreeState": "clean"}
    stamps = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())
    flags = ["-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false -l", "-ldflags", f"-s -w {stamps}"]
    if not (run("mod", "tidy") and run("build", *flags, "-o", str(there / "kube-apiserver"), ".")):
        raise gobuild.BuildError(f"Kubernetes {version} could not be built: see above. Is there such a version?")
    (there / "etcd").symlink_to("kube-apiserver")
    shutil.copyfile(toolchain.ensure(["kubectl"])["kubectl"], there / "kubectl")
    (there / "kubectl").chmod(0o755)
    shutil.rmtree(work)
    return there


def judge(version: str) -> bool:
    """Run the tests against that version."""
    print(f"== Kubernetes {version}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-k", f"not {WORDS}"]
    command += [f"tests/e2e/{one}" for one in TESTS]
    return (
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "KUBEBUILDER_ASSETS": str(build(version))}, check=False
        ).returncode
        == 0
    )


def main() -> int:
    """Judge all that were named; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="of Kubernetes, like 1.32.13")
    try:
        found = {version: judge(version) for version in parser.parse_args().versions}
    except gobuild.BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for version, well in found.items():
        print(f"Kubernetes {version}: {'all passed' if well else 'FAILED'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
