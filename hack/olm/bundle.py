"""The files of the bundle for the Operator Lifecycle Manager."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import yaml

from olm import service_version, source
from vvol_replication.api.names import GROUP, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

DIRECTORY = "bundle"
_SCORECARD = "quay.io/operator-framework/scorecard-test:v1.42.0"
_BASIC = ("basic-check-spec",)
_OLM = (
    *("olm-bundle-validation", "olm-crds-have-validation", "olm-crds-have-resources"),
    *("olm-spec-descriptors", "olm-status-descriptors"),
)
_LABELS = {
    "operators.operatorframework.io.bundle.mediatype.v1": "registry+v1",
    "operators.operatorframework.io.bundle.manifests.v1": "manifests/",
    "operators.operatorframework.io.bundle.metadata.v1": "metadata/",
    "operators.operatorframework.io.bundle.package.v1": source.NAME,
    "operators.operatorframework.io.bundle.channels.v1": service_version.CHANNEL,
    "operators.operatorframework.io.bundle.channel.default.v1": service_version.CHANNEL,
    "operators.operatorframework.io.test.mediatype.v1": "scorecard+v1",
    "operators.operatorframework.io.test.config.v1": "tests/scorecard/",
}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are, and no anchors."""

    def ignore_aliases(self, _: object) -> bool:
        """Write equal parts out."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _yaml(*objects: source.Object) -> str:
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def default_image() -> str:
    """Return the image that the repository's bundle names."""
    return f"{source.IMAGE}:{source.version()}"


def files(image: str) -> Mapping[str, Callable[[], str]]:
    """Return what makes the text of each file, by its path in the bundle."""
    return {
        f"manifests/{source.NAME}.clusterserviceversion.yaml": lambda: _yaml(service_version.made(image)),
        **{f"manifests/{GROUP}_{kind.plural}.yaml": functools.partial(source.crd_text, kind) for kind in KINDS},
        **{f"manifests/{_name(one)}": functools.partial(_yaml, one) for one in objects()},
        "metadata/annotations.yaml": lambda: _yaml({"annotations": _LABELS}),
        "tests/scorecard/config.yaml": lambda: _yaml(_scorecard()),
        "bundle.Dockerfile": _dockerfile,
    }


def pages() -> Mapping[str, Callable[[], str]]:
    """Return the repository's bundle: its files by their path from the root."""
    return {f"{DIRECTORY}/{path}": made for path, made in files(default_image()).items()}


def write(directory: Path, image: str) -> None:
    """Write the bundle for an image. FileExistsError: there is something else in the directory."""
    texts = files(image)
    there = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    if strange := sorted(there - texts.keys()):
        raise FileExistsError(f"{directory} has files that are no part of a bundle: {', '.join(strange[:3])}")
    for name, made in texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(), "utf-8")


def objects() -> list[source.Object]:
    """Return what OLM is to apply beside the ClusterServiceVersion and the CRDs.

    Namespaces are OLM's to say, except that of the account to which the Role is bound: it must be told.
    """
    ours = [one for one in source.rbac() if one not in source.granted() and one["kind"] != "ClusterRoleBinding"]
    return [*ours, *source.people(), *source.beside()]


def _name(obj: source.Object) -> str:
    return f"{obj['metadata']['name']}_{obj['kind'].lower()}.yaml"


def _scorecard() -> source.Object:
    def test(name: str, suite: str) -> source.Object:
        return {
            "image": _SCORECARD,
            "entrypoint": ["scorecard-test", name],
            "labels": {"suite": suite, "test": f"{name}-test"},
            "storage": {"spec": {"mountPath": {}}},
        }

    tests = [*(test(name, "basic") for name in _BASIC), *(test(name, "olm") for name in _OLM)]
    return {
        "apiVersion": "scorecard.operatorframework.io/v1alpha3",
        "kind": "Configuration",
        "metadata": {"name": "config"},
        "stages": [{"parallel": True, "tests": tests}],
        "storage": {"spec": {"mountPath": {}}},
    }


def _dockerfile() -> str:
    labels = "".join(f"LABEL {name}={value}\n" for name, value in _LABELS.items())
    copies = "COPY manifests /manifests/\nCOPY metadata /metadata/\nCOPY tests/scorecard /tests/scorecard/\n"
    return f"# Build it in this directory: buildah build -f bundle.Dockerfile .\nFROM scratch\n\n{labels}\n{copies}"
