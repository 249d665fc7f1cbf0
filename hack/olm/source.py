"""What the bundle for the Operator Lifecycle Manager is made of: the chart's metadata, manifests, CRDs and examples."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml
from pages import markdown

from vvol_replication.api.names import API_VERSION, GROUP, KINDS, Kind

Object = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
NAME = "vvol-replication"
IMAGE = "registry.example.com/vvol-replication"
"""Where no registry is named: an address that leads nowhere, and not to somebody else's image."""
_BASE = ROOT / "manifests" / "base"
_RBAC = (
    _BASE / "rbac" / "operator-home.yaml",
    _BASE / "rbac" / "operator-sites.yaml",
    _BASE / "rbac" / "metrics.yaml",
    ROOT / "manifests" / "overlays" / "cluster-wide" / "rbac.yaml",
)
"""All that the operator may do, if it acts in every namespace."""
_EXAMPLES = "docs/objects.md"


@functools.cache
def chart() -> Object:
    """Return Chart.yaml, which has version, description and the oldest Kubernetes."""
    return _one(ROOT / "charts" / NAME / "Chart.yaml")


def version() -> str:
    """Return the operator's version."""
    return str(chart()["appVersion"])


def _one(path: Path) -> Object:
    found: Object = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return found


def _all(path: Path) -> list[Object]:
    return list(yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader))


def namespace() -> Object:
    """Return the operator's Namespace."""
    return _one(_BASE / "namespace.yaml")


def deployment() -> Object:
    """Return the Deployment."""
    return _one(_BASE / "deployment.yaml")


def beside() -> list[Object]:
    """Return the Service for metrics and the disruption budget. Older versions of OLM refuse a NetworkPolicy."""
    return [_one(_BASE / "metrics-service.yaml"), _one(_BASE / "poddisruptionbudget.yaml")]


def rbac() -> list[Object]:
    """Return the operator's roles, and who has them."""
    return [one for path in _RBAC for one in _all(path)]


def granted() -> list[Object]:
    """Return the ClusterRoles that the operator's account has."""
    bound = {one["roleRef"]["name"] for one in rbac() if one["kind"] == "ClusterRoleBinding"}
    return [one for one in rbac() if one["kind"] == "ClusterRole" and one["metadata"]["name"] in bound]


def people() -> list[Object]:
    """Return the ClusterRoles for people and pipelines."""
    return _all(_BASE / "rbac" / "users.yaml")


def crd_text(kind: Kind) -> str:
    """Return a CRD's file."""
    return (ROOT / "crds" / f"{GROUP}_{kind.plural}.yaml").read_text("utf-8")


def schema(kind: Kind) -> Object:
    """Return the OpenAPI schema of a kind."""
    (only,) = yaml.load(crd_text(kind), Loader=yaml.CSafeLoader)["spec"]["versions"]
    found: Object = only["schema"]["openAPIV3Schema"]
    return found


@functools.cache
def examples() -> tuple[Object, ...]:
    """Return an object of each kind, from the page that shows them; the tests of pages apply the same."""
    blocks = [one for one in markdown.read(_EXAMPLES) if isinstance(one, markdown.Block) and one.is_yaml]
    found = [
        obj
        for block in blocks
        for obj in yaml.load_all(block.text, Loader=yaml.CSafeLoader)
        if obj["apiVersion"] == API_VERSION
    ]
    by_kind = {obj["kind"]: obj for obj in reversed(found)}
    return tuple(by_kind[kind.kind] for kind in KINDS)
