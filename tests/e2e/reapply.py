"""GitOps tools apply the same manifests again and again, people label and annotate: a storm of it, and its traces."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.rest import Api, ApiError, syncs

from vvol_replication.api.names import FINALIZER

if TYPE_CHECKING:
    from testbed.controlplane import ControlPlane

Object = dict[str, Any]
OURS = "vvol-replication-operator"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
CONFLICT = 409


@dataclass
class Storm:
    """Re-applies manifests of one namespace, by the seed. `manifests`: what GitOps has in its repository."""

    api: Api
    namespace: str
    manifests: list[Object]
    seed: int
    done: Counter[str] = field(default_factory=Counter)

    def blow(self, rounds: int) -> None:
        """So many rounds; in each, one thing is done to each object."""
        chance = random.Random(self.seed)  # noqa: S311 - a test's choice
        for number in range(rounds):
            for manifest in self.manifests:
                act = chance.choice((self.apply, self.apply, self.replace, self.label, self.annotate))
                act(manifest, number)
                self.done[act.__name__] += 1

    def apply(self, manifest: Object, _: int) -> None:
        """Server-side apply, with force-conflicts."""
        self.api.call("PATCH", f"{self._path(manifest)}?fieldManager=gitops&force=true", manifest, APPLY)

    def replace(self, manifest: Object, _: int) -> None:
        """`kubectl replace`: labels, annotations and finalizers that the manifest does not have are gone."""
        while True:
            version = self.api.call("GET", self._path(manifest))["metadata"]["resourceVersion"]
            body = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
            try:
                self.api.call("PUT", self._path(manifest), body)
            except ApiError as error:
                if error.status != CONFLICT:
                    raise
            else:
                return

    def label(self, manifest: Object, number: int) -> None:
        """A label comes, changes, or goes."""
        value = None if number % 3 == 0 else f"n{number}"
        self.api.call("PATCH", self._path(manifest), {"metadata": {"labels": {"team": value}}}, MERGE)

    def annotate(self, manifest: Object, number: int) -> None:
        """An annotation comes, changes, or goes."""
        value = None if number % 4 == 0 else f"{number}"
        self.api.call("PATCH", self._path(manifest), {"metadata": {"annotations": {"example.com/n": value}}}, MERGE)

    def _path(self, manifest: Object) -> str:
        return f"{syncs(self.namespace)}/{manifest['metadata']['name']}"


def ours(plane: ControlPlane, namespace: str) -> list[Object]:
    """All that the operator wrote in a namespace, from the API server's audit log."""
    return [one for one in plane.writes(namespace) if one.get("userAgent") == OURS and "objectRef" in one]


def beside(write: Object) -> str:
    """What one of our writes changed beside `status` and our finalizer; empty: nothing."""
    where = write["objectRef"]
    if where["resource"] == "events" or where.get("subresource") == "status":
        return ""
    body = write.get("requestObject")
    operations = body if isinstance(body, list) else None
    if write["verb"] == "patch" and operations is not None:
        tested = [one for one in operations if one["op"] == "test"]
        changed = [one for one in operations if one not in tested]
        if all(one["path"].startswith("/metadata/finalizers") for one in changed) and not _foreign(changed):
            return ""
    if write["verb"] == "patch" and isinstance(body, dict) and set(body) == {"metadata"}:
        kept = {key: value for key, value in body["metadata"].items() if key not in {"uid", "resourceVersion"}}
        if set(kept) <= {"finalizers"} and not _foreign([{"value": kept.get("finalizers")}]):
            return ""
    return f"{write['verb']} {where['resource']}/{where.get('name')} {where.get('subresource', '')}: {json.dumps(body)}"


def _foreign(changes: list[Object]) -> list[str]:
    """Finalizers in these changes that are not ours."""
    values = [one.get("value") or [] for one in changes]
    named = [name for value in values for name in ([value] if isinstance(value, str) else value)]
    return [name for name in named if name != FINALIZER]
