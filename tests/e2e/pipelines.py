"""Samples as a pipeline uses them: rendered by the real kustomize, run in a shell; and what they asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml
from e2e.rig import ARM, PUSH

import toolchain

if TYPE_CHECKING:
    from e2e.rig import Rig, Site

Object = dict[str, Any]
SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"


def rendered(rig: Rig, directory: Path) -> str:
    """What `kubectl kustomize` makes of a directory."""
    return rig.kubectl("kustomize", str(directory)).stdout


def sample(*names: str) -> str:
    """Files of a sample, as one text."""
    return "\n---\n".join((SAMPLES / name).read_text() for name in names)


def documents(text: str) -> list[Object]:
    """The objects of a text."""
    return [one for one in yaml.safe_load_all(text) if one]


def asked(site: Site) -> list[str]:
    """All that was asked of the storage so far and changed something there."""
    return [one["call"] for one in site.simulator.journal() if one["call"] in {ARM, PUSH} and one["tookEffect"]]


def once(count: int = 1) -> list[str]:
    """What so many requests ask for, one after another."""
    return [ARM, PUSH] * count


def environment(rig: Rig, namespace: str | None = None) -> dict[str, str]:
    """A pipeline's: kubectl and this installation's programs on PATH, the namespace (the rig's) in the kubeconfig."""
    config = rig.directory / f"pipeline-kubeconfig-{namespace or rig.namespace}"
    if not config.exists():
        document = yaml.safe_load(rig.plane.kubeconfig.read_text())
        document["contexts"][0]["context"]["namespace"] = namespace or rig.namespace
        config.write_text(yaml.safe_dump(document))
    path = os.pathsep.join([str(rig.kubectl.program.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "KUBECONFIG": str(config), "KUBERC": "off", "HOME": str(rig.directory)}


def shell(
    rig: Rig, *command: str, directory: Path | None = None, namespace: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as a pipeline would."""
    return subprocess.run(
        command,
        cwd=directory,
        env=environment(rig, namespace),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


class Started:
    """A program that was given its input, and is looked at while it works; it ends with the block at the latest."""

    def __init__(self, command: list[str], text: str) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.close()
        self._process.stdin = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ended(self, timeout: float = 120) -> tuple[int, list[Object], str]:
        """Wait for its end: exit status, the lines that it printed (JSON), what it complained of."""
        out, err = self._process.communicate(timeout=timeout)
        return self._process.returncode, [json.loads(line) for line in out.splitlines()], err


def argocd_sync(rig: Rig, manifests: str, config: Path, revision: str) -> Started:
    """Start one sync by Argo CD's sync engine, with the health of that `argocd-cm`."""
    command = [str(toolchain.ensure(["argocd-judge"])["argocd-judge"]), "sync", str(rig.plane.kubeconfig)]
    return Started([*command, rig.namespace, str(config), revision], manifests)


def flux_apply(rig: Rig, manifests: str, name: str, timeout: str, *expressions: str) -> tuple[int, list[Object], str]:
    """What one Kustomization with `wait: true` does, by the library of Flux's controller."""
    command = [str(toolchain.ensure(["flux-judge"])["flux-judge"]), "apply", str(rig.plane.kubeconfig)]
    with Started([*command, rig.namespace, name, timeout, *expressions], manifests) as running:
        return running.ended()
