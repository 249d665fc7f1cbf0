"""The API server, asked through the caller's own kubectl: its kubeconfig, its logins, its flags, its rights."""

from __future__ import annotations

import json
import os
import re

from . import headstart
from .outcome import Outcome, Stop
from .reading import Object

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

FIELD_MANAGER = "kubectl-vvol"
_FROM_SERVER = re.compile(r"^Error from server \((\w+)\): (?:error when creating \"STDIN\": )?(.*)", re.MULTILINE)
_INVALID = re.compile(r"^(?=The \w+ \"[^\"]*\" is invalid: )", re.MULTILINE)
"""How kubectl begins what the API server finds invalid, if it was asked for one object."""
_NO_KIND = re.compile(
    r"the server doesn't have a resource type(?: \"(\w+)\")?|no matches for kind|"
    r"the server could not find the requested"
)
_NOT_FOUND = re.compile(r"(\w+)\.replication\.vvol\.dev \"([^\"]*)\" not found")
_KINDS = ("VCenter", "FlashArray", "ReplicationGroup", "ReplicationSync", "ReplicationSchedule", "FailoverPreparation")
_EVERYWHERE = _KINDS[:2]
_LATER = ("ReplicationSchedule",)
"""Kinds that came after the others."""
_LOG_LINE = re.compile(r"^[EWI]\d{4} .*\n?", re.MULTILINE)
_WRONG = ("NotFound", "Invalid", "BadRequest", "AlreadyExists", "Conflict")
NO_KINDS = (
    "This cluster does not know the kinds of replication.vvol.dev, so no operator of this product works here. "
    "Install the CRDs and the operator (docs/install.md), or choose another cluster with --context."
)

NOT_THIS_KIND = (
    "This cluster does not know the kind {}. Its CRDs are missing, or of an older version. Apply those of the version "
    "of your operator (docs/install.md). `kubectl vvol doctor` shows what is missing."
)


def trouble_of(stderr: str) -> Stop:
    """What kubectl said as it ended with an error: the outcome and a message for people."""
    if found := _NO_KIND.search(stderr):
        return Stop(Outcome.NO_ACCESS, _unknown_kind(found[1] or ""))
    stderr = _INVALID.sub("Error from server (Invalid): ", stderr)
    if found := _FROM_SERVER.search(stderr):
        outcome = Outcome.USAGE if found[1] in _WRONG else Outcome.NO_ACCESS
        said = " ".join(one[1] for one in _FROM_SERVER.findall(stderr))
        rest = _FROM_SERVER.sub("", _LOG_LINE.sub("", stderr))
        return Stop(outcome, _missing(said) or f"The API server answers {found[1]}: {said}", answered=not rest.strip())
    said = " ".join(_LOG_LINE.sub("", stderr).split()) or "kubectl ended with an error, and said nothing"
    wrong = "unknown flag" in said or "context was not found" in said or "does not exist" in said
    return Stop(Outcome.USAGE if wrong else Outcome.NO_ACCESS, f"kubectl: {said}")


def _unknown_kind(plural: str) -> str:
    """That a kind is not known: one that CRDs of an older version lack says nothing of the others."""
    later = next((one for one in _LATER if f"{one.lower()}s" == plural), None)
    return NO_KINDS if later is None else NOT_THIS_KIND.format(later)


def _missing(said: str) -> str:
    """An object of ours that is not there, in words; empty: it is something else that the API server said."""
    found = _NOT_FOUND.fullmatch(said.strip())
    kind = next((one for one in _KINDS if found is not None and f"{one.lower()}s" == found[1]), None)
    if found is None or kind is None:
        return ""
    where = "" if kind in _EVERYWHERE else " in this namespace"
    return f"There is no {kind} {found[2]}{where}."


class Cluster:
    """One cluster, and a namespace of it, as kubectl's flags name them.

    Each method raises `Stop`, with the outcome and what the API server said, where it did not do what was asked.
    """

    def __init__(self, flags: Mapping[str, Sequence[str]] | None = None) -> None:
        self.flags = dict(flags or {})

    def command(self, *words: str, namespace: str | None = None) -> tuple[str, ...]:
        """The command line of a question; `namespace` goes before that of the flags."""
        flags = self.flags if namespace is None else {**self.flags, "namespace": [namespace]}
        return headstart.kubectl(flags, *words)

    def get(self, plural: str, name: str, namespace: str | None = None, *, managed: bool = False) -> Object:
        """One object; with `managed`, also who set which field."""
        more = ["--show-managed-fields"] if managed else []
        command = self.command("get", headstart.resource(plural), name, *more, "--output=json", namespace=namespace)
        return _decoded(_told(*_ask(command)))

    def overview(self) -> tuple[list[Object], list[str]]:
        """Groups and requests of the namespace, and what could not be listed; the program may have begun to ask."""
        return self._listed(headstart.overview(self.flags), "replicationgroups")

    def all_of(
        self, *plurals: str, everywhere: bool = False, selector: str = "", namespace: str | None = None
    ) -> tuple[list[Object], list[str]]:
        """Objects of these kinds, and what could not be listed: the first kind must be, others may be forbidden."""
        where = ["--all-namespaces"] if everywhere else []
        which = [f"--selector={selector}"] if selector else []
        kinds = ",".join(map(headstart.resource, plurals))
        command = self.command("get", kinds, *where, *which, "--output=json", namespace=namespace)
        return self._listed(command, plurals[0])

    def any_of(self, *plurals: str, namespace: str | None = None) -> tuple[list[Object], list[str]]:
        """The same, where each kind may be forbidden, and where objects of none of them have to be there."""
        command = self.command("get", ",".join(map(headstart.resource, plurals)), "--output=json", namespace=namespace)
        return self._listed(command, None)

    def _listed(self, command: Sequence[str], needed: str | None) -> tuple[list[Object], list[str]]:
        code, out, err = _ask(command)
        answers = _FROM_SERVER.findall(err)
        refused = [said for reason, said in answers if reason == "Forbidden"]
        others = len(refused) < len(answers)  # they do not say which kind is missing
        if code and (not refused or others or (needed is not None and any(one.startswith(needed) for one in refused))):
            raise trouble_of(err)
        return list(_decoded(out).get("items") or ()) if out.strip() or not refused else [], refused

    def create(self, objects: Sequence[Object]) -> tuple[dict[tuple[str, str], Object], Stop | None]:
        """Create objects one after another; those that are there, by namespace and name, and the first trouble.

        An object counts as created only if kubectl showed it. See `Cluster.find` for one whose answer was lost.
        """
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        code, out, err = _ask(
            self.command("create", "--filename=-", f"--field-manager={FIELD_MANAGER}", "--output=json"), body
        )
        made = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in _documents(out)}
        return made, trouble_of(err) if code else None

    def find(self, plural: str, name: str, namespace: str) -> Object | None:
        """An object that may be there; None: it is not."""
        command = self.command(
            "get", headstart.resource(plural), name, "--ignore-not-found", "--output=json", namespace=namespace
        )
        said = _told(*_ask(command))
        return _decoded(said) if said.strip() else None

    def patch(self, plural: str, name: str, spec: Mapping[str, Any], namespace: str | None = None) -> Object:
        """Change fields of an object's spec."""
        patch = json.dumps({"spec": spec})
        words = ("patch", headstart.resource(plural), name, "--type=merge", f"--patch={patch}", "--output=json")
        return _decoded(_told(*_ask(self.command(*words, f"--field-manager={FIELD_MANAGER}", namespace=namespace))))

    def review(self, path: str, body: Object) -> Object:
        """Ask a review of the API server, which stores nothing."""
        return _decoded(_told(*_ask(self.command("create", "--raw", path, "--filename=-"), json.dumps(body))))

    def raw(self, *words: str) -> str:
        """What kubectl prints."""
        return _told(*_ask(self.command(*words)))


def _ask(command: Sequence[str], body: str | None = None) -> tuple[int, str, str]:
    """Exit status, output and complaints of a kubectl. Raises `Stop`, if there is no kubectl."""
    if body is None and (started := headstart.take(command)) is not None:
        return started.ended()
    import subprocess  # noqa: PLC0415 - not where kubectl was started before

    given = {"stdin": subprocess.DEVNULL} if body is None else {"input": body}
    environment = {**os.environ, **headstart.QUICK}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **given)  # noqa: S603 - no shell
    except OSError as error:
        why = "it is not on PATH" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise Stop(Outcome.NO_ACCESS, f"kubectl cannot be started: {why}. This program asks through it.") from None
    return done.returncode, done.stdout, done.stderr


def _told(code: int, out: str, err: str) -> str:
    if code:
        raise trouble_of(err)
    return out


def _decoded(text: str) -> Object:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Stop(Outcome.NO_ACCESS, "kubectl answered something that is not an object in JSON.")
    return found


def _documents(text: str) -> list[Object]:
    """The objects of an answer: one, a List, or one after another."""
    decoder, found, place = json.JSONDecoder(), list[Object](), 0
    while (place := len(text) - len(text[place:].lstrip())) < len(text):
        try:
            one, place = decoder.raw_decode(text, place)
        except ValueError:
            break  # cut off: what was not shown is looked for by its name
        found += one["items"] if one.get("kind") == "List" else [one]
    return found
