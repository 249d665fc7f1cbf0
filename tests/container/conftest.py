"""The image, built on a base of Debian packages; a control plane with the chart's objects; simulated storage."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.helm import NAMESPACE, Helm
from pages.markdown import ROOT

import toolchain
from container import base, engine
from testbed.controlplane import ControlPlane

BASE = "localhost/vvol-python:test"


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """All programs are there, or it is said which are not. Images are kept apart from the user's, in .cache."""
    engine.required("buildah", "podman", "runc", "mmdebstrap", "skopeo")
    if os.geteuid() != 0:
        raise engine.ContainerError("image-test runs containers as root does: run it as root")
    kept = ROOT / ".cache" / "containers"
    kept.mkdir(parents=True, exist_ok=True)
    settings = kept / "storage.conf"
    settings.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{kept}/images"\nrunroot = "{kept}/run"\n', "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_STORAGE_CONF", str(settings))
        patch.setenv("BUILDAH_ISOLATION", os.environ.get("BUILDAH_ISOLATION", "chroot"))
        patch.delenv("STORAGE_DRIVER", raising=False)
        yield


@pytest.fixture(scope="session")
def python_image(programs: None) -> str:
    """The base."""
    assert programs is None
    return base.make(BASE)


def built(context: Path, name: str, python_image: str) -> str:
    """Build a checkout; the image's name."""
    commit = engine.source(ROOT)
    engine.build(context, engine.Wanted(name, python_image, "0.0.1", commit))
    return name


@pytest.fixture(scope="session")
def image(python_image: str) -> str:
    """The image of this checkout."""
    return built(ROOT, "localhost/vvol-replication:test", python_image)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The same files in another directory, and of another age."""
    copied = tmp_path / "somewhere" / "else"
    for name in engine.output(("git", "-C", str(ROOT), "ls-files")).splitlines():
        if (ROOT / name).is_file():
            (copied / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copied / name, follow_symlinks=False)
            shutil.copymode(ROOT / name, copied / name, follow_symlinks=False)
    return copied


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A kube-apiserver with the operator's namespace."""
    with ControlPlane.start(tmp_path_factory.mktemp("control-plane")) as running:
        running.client.make_namespace(NAMESPACE)
        yield running


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, to render the chart."""
    return Helm(toolchain.ensure(["helm"])["helm"], tmp_path_factory.mktemp("helm"))
