"""What a user of Argo CD or Flux pastes: made from the Lua files in `manifests/health` and from the list of kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GROUP = "replication.vvol.dev"
API_VERSION = f"{GROUP}/v1alpha1"
CUSTOMIZATIONS = ROOT / "manifests" / "health" / "argocd" / "resource_customizations" / GROUP
ARGOCD = "manifests/health/argocd/argocd-cm-patch.yaml"
FLUX = "manifests/health/flux/health-check-exprs.yaml"

ONE_SHOT = ("ReplicationSync", "FailoverPreparation")
SCHEDULES = ("ReplicationSchedule",)
MONITORED = ("VCenter", "FlashArray", "ReplicationGroup")

_ARGOCD_HEAD = """# Health and actions of our kinds for Argo CD: merge this into the ConfigMap of its settings.
#   kubectl patch configmap argocd-cm --namespace argocd --patch-file argocd-cm-patch.yaml
# With the Helm chart argo-cd, put the keys of `data` under `configs.cm`. No restart is needed.
"""
_FLUX_HEAD = """# Health of our kinds for Flux, in words: put spec.healthCheckExprs into a Kustomization of Flux 2.5
# or newer. Without it Flux computes the same from the conditions; docs/gitops.md says when it is worth it.
"""


class _Text(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that Lua stays readable."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Text.add_representer(str, _text)


def dump(document: Any) -> str:
    """A document as YAML that people can read."""
    return yaml.dump(document, Dumper=_Text, sort_keys=False, allow_unicode=True, width=1000)


def render_argocd() -> str:
    """The patch of `argocd-cm`."""
    data: dict[str, str] = {}
    for kind in (*ONE_SHOT, *SCHEDULES, *MONITORED):
        directory = CUSTOMIZATIONS / kind
        data[f"resource.customizations.health.{GROUP}_{kind}"] = (directory / "health.lua").read_text("utf-8")
        if (directory / "actions").is_dir():
            data[f"resource.customizations.actions.{GROUP}_{kind}"] = dump(_actions(directory / "actions"))
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": data}
    return _ARGOCD_HEAD + dump(document)


def _actions(directory: Path) -> dict[str, Any]:
    """The actions of a kind, as Argo CD's setting has them."""
    return {
        "discovery.lua": (directory / "discovery.lua").read_text("utf-8"),
        "definitions": [
            {"name": path.parent.name, "action.lua": path.read_text("utf-8")}
            for path in sorted(directory.glob("*/action.lua"))
        ],
    }


def render_flux() -> str:
    """A Flux Kustomization with `healthCheckExprs` for each kind; `exists` on an empty list is false, `all` is not."""
    checks = [
        {"apiVersion": API_VERSION, "kind": kind, **expressions(stalls=kind not in MONITORED)}
        for kind in (*ONE_SHOT, *SCHEDULES, *MONITORED)
    ]
    document = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "replication", "namespace": "flux-system"},
        "spec": {"wait": True, "healthCheckExprs": checks},
    }
    return _FLUX_HEAD + dump(document)


def expressions(*, stalls: bool) -> dict[str, str]:
    """The CEL expressions of a kind; `stalls`: it can be at a point where waiting does not help.

    Flux asks them in this order and takes the first that is true; before them it compares the generations.
    """
    found = {"inProgress": _not_yet("Reconciling")} if stalls else {}
    if stalls:
        found["failed"] = _has("Stalled")
    return {**found, "current": _has("Ready")}


def _has(type_: str) -> str:
    return f"has(status.conditions) && status.conditions.exists(c, c.type == '{type_}' && c.status == 'True')"


def _not_yet(type_: str) -> str:
    return f"!has(status.conditions) || status.conditions.exists(c, c.type == '{type_}' && c.status == 'True')"
