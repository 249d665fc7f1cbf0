"""The steps of Containerfile, performed without an engine, make an operator that runs as a strict pod would run it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e.rig import topology
from image.build import Build
from image.containerfile import parse
from packaging.markers import Marker
from pages.markdown import ROOT

from testbed import accounts, stage
from testbed.controlplane import free_ports
from testbed.processes import supervised
from testbed.waiting import eventually
from vvol_simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.controlplane import ControlPlane

USER = 65532
LAUNCHER = ROOT / "tests" / "image" / "launch.py"
COMPILERS = re.compile(r"(?:.*-)?(?:gcc|g\+\+|cc|c\+\+|cpp|clang|clang\+\+|ld|as|make|cargo|rustc|go)(?:-[\d.]+)?")
STAGES = parse((ROOT / "Containerfile").read_text("utf-8"))


class Image:
    """What was built: the last stage, with its root directory and its environment."""

    def __init__(self, build: Build, root: Path) -> None:
        self.build, self.root, self.stage = build, root, STAGES[-1]
        self.environment = build.environment(self.stage)
        self.entrypoint = [build.mapped(self.stage, word) for word in self.stage.entrypoint]

    @property
    def packages(self) -> Path:
        """Where its Python packages are."""
        (found,) = self.root.glob("opt/vvol-replication/lib/python3.*/site-packages")
        return found


def is_open(path: Path) -> bool:
    """May any user of this machine read it?"""
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (path.resolve(), *path.resolve().parents))


def interpreter() -> Path:
    """A Python that fits, of this machine; one that any user may run, if there is one."""
    names = [f"python3.{minor}" for minor in (13, 14, 12, 11)]
    found = [Path(one) for name in names if (one := shutil.which(name)) is not None]
    return next((one for one in found if is_open(one)), Path(sys.executable))


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A directory that other users can read; not pytest's own, which they cannot."""
    with tempfile.TemporaryDirectory(prefix="vvol-image-") as made:
        place = Path(made).resolve()
        place.chmod(0o755)
        yield place
        for directory, _, _ in os.walk(place):
            Path(directory).chmod(0o755)


@pytest.fixture(scope="module")
def image(home: Path) -> Image:
    uv = subprocess.run([ROOT / "hack" / "setup.sh", "uv"], capture_output=True, text=True, check=True).stdout.strip()
    build = Build(home, ROOT, uv, interpreter())
    root = build.perform(STAGES)
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return Image(build, root)


def wanted() -> dict[str, str]:
    """Name and version of each distribution that uv.lock has for running the operator, on this platform."""
    locked = {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    found: dict[str, str] = {}
    ahead: list[tuple[str, tuple[str, ...]]] = [("vvol-replication", ("metrics-tls", "tracing"))]
    while ahead:
        name, extras = ahead.pop()
        one = locked[name]
        more = [each for extra in extras for each in one.get("optional-dependencies", {}).get(extra, ())]
        if name in found and not more:
            continue
        found[name] = one["version"]
        ahead += [
            (each["name"], tuple(each.get("extra", ())))
            for each in [*one.get("dependencies", ()), *more]
            if "marker" not in each or Marker(each["marker"]).evaluate()
        ]
    return found


def test_it_has_the_distributions_of_the_lock_and_no_other(image: Image) -> None:
    folders = [path.name.removesuffix(".dist-info") for path in image.packages.glob("*.dist-info")]
    had = dict(folder.rsplit("-", 1) for folder in folders)

    assert {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in had.items()} == wanted()


def test_it_has_no_simulator_no_tests_and_no_compiler(image: Image) -> None:
    files = [path.relative_to(image.root).as_posix() for path in image.root.rglob("*")]

    assert [one for one in files if "simulator" in one] == []
    assert [one for one in files if COMPILERS.fullmatch(Path(one).name) and os.access(image.root / one, os.X_OK)] == []
    assert {one.split("/")[0] for one in files} == {"opt"}
    assert {path.name for path in (image.root / "opt").iterdir()} == {"vvol-replication"}


def test_what_was_removed_from_python_is_there_for_purestorage(image: Image) -> None:
    code = "import distutils, purestorage, pyVmomi; print(distutils.__file__)"
    python = image.entrypoint[0]
    said = subprocess.run([python, "-c", code], env=image.environment, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == str(image.packages / "setuptools" / "_distutils" / "__init__.py")


def test_nothing_that_was_removed_is_imported(image: Image) -> None:
    code = (
        "import importlib, pkgutil, vvol_replication as it;"
        "names = [one.name for one in pkgutil.walk_packages(it.__path__, 'vvol_replication.')];"
        "print(len([importlib.import_module(name) for name in names]))"
    )
    command = [image.entrypoint[0], "-c", code]
    done = subprocess.run(command, env=image.environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == len(list((image.packages / "vvol_replication").rglob("*.py"))) - 1


def kubeconfig_without_data(plane: ControlPlane, directory: Path, namespace: str) -> Path:
    """The shipped account's kubeconfig with files in the place of data: the client would write files of its own."""
    said = json.loads(accounts.kubeconfig(plane.client, directory, namespace).read_text("utf-8"))
    for holder in (said["clusters"][0]["cluster"], said["users"][0]["user"]):
        for key in [key for key in holder if key.endswith("-data")]:
            name = key.removesuffix("-data")
            (directory / name).write_bytes(base64.b64decode(holder.pop(key)))
            holder[name] = str(directory / name)
    made = directory / "kubeconfig"
    made.write_text(json.dumps(said), "utf-8")
    return made


class Running:
    """The operator, started from the image's entrypoint as a strict pod would start it."""

    def __init__(self, image: Image, kubeconfig: Path, *arguments: str) -> None:
        (self.port,) = free_ports(1)
        where = ["--kubeconfig", str(kubeconfig), "--http-host=127.0.0.1", f"--http-port={self.port}"]
        user = USER if is_open(Path(image.entrypoint[0])) and is_open(image.root) else None
        asked = {
            "user": user,
            "directory": str(image.root),
            "environment": image.environment,
            "argv": [*image.entrypoint, *where, *arguments],
        }
        self.pid_file = kubeconfig.with_name("pid")
        self._process = subprocess.Popen(
            supervised([sys.executable, "-I", str(LAUNCHER), json.dumps(asked)], pid_file=self.pid_file),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log += line

    @property
    def pid(self) -> int:
        """The operator's own process."""
        return int(eventually(lambda: self.pid_file.exists() and self.pid_file.read_text(), what="the pid"))

    def answers(self, path: str) -> int:
        """What a probe gets; 0 while nobody listens."""
        assert self._process.poll() is None, self.log
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", path)
            return connection.getresponse().status
        return 0

    def terminate(self) -> int:
        """SIGTERM, as the kubelet sends it; the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        status = self._process.wait(30)
        self._reader.join()
        return status

    def close(self) -> None:
        """End it, whatever happened."""
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
        self._reader.join()


@pytest.fixture
def running(
    image: Image, home: Path, control_plane: ControlPlane, crds: tuple[str, ...]
) -> Iterator[tuple[Running, str]]:
    """The operator, and the namespace that it has its Secrets in."""
    assert crds
    namespace = f"e2e-{uuid.uuid4().hex[:10]}"
    control_plane.kubectl("create", "namespace", namespace)
    directory = home / namespace
    directory.mkdir()
    made = Running(
        image, kubeconfig_without_data(control_plane, directory, namespace), "--operator-namespace", namespace
    )
    try:
        yield made, namespace
    finally:
        made.close()


def test_it_works_and_ends_under_the_restrictions_of_a_pod(
    running: tuple[Running, str], control_plane: ControlPlane, image: Image
) -> None:
    operator, namespace = running
    eventually(
        lambda: operator.answers("/readyz"), what="/readyz to answer 200", until=lambda said: said == HTTPStatus.OK
    )
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{operator.pid}/status").read_text().splitlines())
    if os.geteuid() == 0 and is_open(Path(image.entrypoint[0])):
        assert status["Uid"].split() == [str(USER)] * 4
        assert status["Groups"].strip() == ""
        assert int(status["CapEff"], 16) == 0

    with Simulator.start(topology("erp")) as simulator:
        objects = stage.endpoints(simulator.ready, namespace, "image-")
        connected = [(one["kind"], one["metadata"]["name"]) for one in objects if one["kind"] != "Secret"]
        control_plane.client.apply(*objects)
        try:
            for kind, name in connected:
                control_plane.client.wait_for_condition(kind.lower(), name, "Ready")
        finally:
            for kind, name in connected:
                control_plane.kubectl("delete", kind.lower(), name)

    assert operator.terminate() == 0
    assert "SIGTERM: ending" in operator.log
    assert "Traceback" not in operator.log
