"""Argo CD's, kstatus' and Flux's own code, asked about many objects in one call, and held against the contract."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from health import contract

import toolchain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Object = dict[str, Any]
ROOT = Path(__file__).parents[2]
ARGOCD_CM = ROOT / "manifests" / "health" / "argocd" / "argocd-cm-patch.yaml"
FLUX_EXPRESSIONS = ROOT / "manifests" / "health" / "flux" / "health-check-exprs.yaml"
TOOLS = ("argocd-judge", "flux-judge")


@dataclass(frozen=True)
class Opinion:
    """What the programs say of one object; the fields of their answers are in `hack/toolchain/*/`."""

    argo: Object
    flux: Object


def _lines(command: Sequence[str], documents: Iterable[Any]) -> list[Object]:
    text = "".join(json.dumps(one) + "\n" for one in documents)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def argocd(questions: Iterable[Object], config: Path = ARGOCD_CM) -> list[Object]:
    """Argo CD's and kstatus' answers; a question is `{"object": ..., "action": name or nothing}`."""
    return _lines([str(toolchain.ensure(TOOLS)["argocd-judge"]), "judge", str(config)], questions)


def flux(objects: Iterable[Object], expressions: Path = FLUX_EXPRESSIONS) -> list[Object]:
    """Flux's answers."""
    return _lines([str(toolchain.ensure(TOOLS)["flux-judge"]), "judge", str(expressions), *contract.NEGATIVE], objects)


def opinions(objects: Sequence[Object]) -> list[Opinion]:
    """What all of them say of each object."""
    asked = argocd({"object": one} for one in objects)
    return [Opinion(*pair) for pair in zip(asked, flux(objects), strict=True)]


def differences(obj: Object, opinion: Opinion) -> list[str]:
    """Where the programs and the contract disagree about an object; it has to be one that breaks nothing by itself."""
    wanted, said, flux_said = contract.expect(obj), opinion.argo, opinion.flux
    wrong = []
    for what, expected, found in (
        ("kstatus", wanted.kstatus, said["kstatus"] or said.get("kstatusError")),
        ("Argo CD", wanted.argo, said["argo"] or said.get("argoError")),
        ("Flux's expressions", wanted.flux, flux_said["health"] or flux_said.get("healthError")),
    ):
        if expected != found:
            wrong.append(f"{what} says {found!r}, expected {expected!r} (row: {wanted.row.name})")
    if wanted.argo == wanted.row.argo and not said["message"].startswith(wanted.row.words):
        wrong.append(f"Argo CD's message {said['message']!r} does not begin with {wanted.row.words!r}")
    if not said["message"].strip():
        wrong.append("Argo CD shows no message")
    if problem := said.get("actionsError"):
        wrong.append(f"Argo CD cannot tell the actions: {problem}")
    if wanted.checked:
        rules = ("stepFail", "stepWarn") if wanted.stepping else ("fail", "warn")
        wrong += [f"Flux's rules: {text}" for rule in rules for text in flux_said[rule]]
    return wrong
