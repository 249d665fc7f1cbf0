"""Who else owns an object: a tool that applies it would create it again after a deletion, and so run it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LABELS = {
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "argocd.argoproj.io/instance": "Argo CD",
    # Argo CD's label of old, and Helm's recommendation for charts: either way a tool applies the object.
    "app.kubernetes.io/instance": "Argo CD or Helm",
}
_ANNOTATIONS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/installation-id": "Argo CD",
    "meta.helm.sh/release-name": "Helm",
}
_MANAGERS = {"helm": "Helm", "argocd": "Argo CD", "argo-cd": "Argo CD", "flux": "Flux"}


def owner_of(metadata: Mapping[str, Any]) -> str | None:
    """The tool and the mark by which it is told, for people; None where no tool is known to own the object."""
    labels, annotations = _texts(metadata.get("labels")), _texts(metadata.get("annotations"))
    manager = _MANAGERS.get(labels.get("app.kubernetes.io/managed-by", "").casefold())
    found = [(tool, f"annotation {key}") for key, tool in _ANNOTATIONS.items() if key in annotations]
    found += [(tool, f"label {key}") for key, tool in _LABELS.items() if key in labels]
    found += [(manager, "label app.kubernetes.io/managed-by")] if manager else []
    return f"{found[0][0]} ({found[0][1]})" if found else None


def _texts(raw: object) -> Mapping[str, str]:
    return raw if isinstance(raw, Mapping) else {}
