"""The real Helm: what the chart renders, and releases in a real API server."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Object = dict[str, Any]
CHART = Path(__file__).parents[2] / "charts" / "vvol-replication"
RELEASE, NAMESPACE = "vvol-replication", "vvol-replication-system"
_VERSION = "1.36.1"


class HelmError(Exception):
    """Helm declined; its words."""


@dataclass(frozen=True)
class Helm:
    """`home`: its caches and settings, not the user's. `kubeconfig` None: no cluster is asked."""

    program: Path
    home: Path
    kubeconfig: Path | None = None

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Run it; what it printed. HelmError for an exit status other than 0."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HELM_")}
        environment |= {f"HELM_{one}_HOME": str(self.home / one.lower()) for one in ("CACHE", "CONFIG", "DATA")}
        environment["KUBECONFIG"] = str(self.kubeconfig or self.home / "none")
        done = subprocess.run(
            [self.program, *arguments], input=stdin, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            raise HelmError(done.stderr.strip())
        return done.stdout

    def text(self, values: Mapping[str, Any] | None = None, name: str = RELEASE, namespace: str = NAMESPACE) -> str:
        """The chart as it is rendered with these values and an image. The same question is asked once."""
        return _rendered(self, json.dumps(with_image(values or {}), sort_keys=True), name, namespace)

    def objects(self, values: Mapping[str, Any] | None = None, name: str = RELEASE) -> list[Object]:
        """All objects of the chart, hooks too."""
        return [one for one in yaml.load_all(self.text(values, name), Loader=yaml.CSafeLoader) if one]


def with_image(values: Mapping[str, Any]) -> dict[str, Any]:
    """These values, with the one that has no default: where the image is. As kustomize's overlays have it."""
    image = values.get("image", {})
    return {**values, "image": {"repository": RELEASE, **image} if isinstance(image, dict) else image}


@functools.cache
def _rendered(helm: Helm, values: str, name: str, namespace: str) -> str:
    where = ("template", name, str(CHART), f"--namespace={namespace}", f"--kube-version={_VERSION}")
    return helm(*where, "--values=-", stdin=values)


def one(objects: Sequence[Object], kind: str, name: str = RELEASE, namespace: str | None = None) -> Object:
    """The one object of that kind and name."""
    (found,) = [
        obj
        for obj in objects
        if (obj["kind"], obj["metadata"]["name"]) == (kind, name)
        and namespace in {None, obj["metadata"].get("namespace")}
    ]
    return found


def is_hook(obj: Object) -> bool:
    """Is it no part of the release itself?"""
    return "helm.sh/hook" in (obj["metadata"].get("annotations") or {})
