"""All that the API server is asked to take or refuse for docs/admission.md: new objects, and changes of objects."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unit.api.cases import DURATION, LEAST, put
from unit.api.schedule_cases import NO_ZONE, RUN_NOW
from unit.api.spec_cases import FULL, INSTANT, RIGHT, WRONG

from vvol_replication.api.names import (
    API_VERSION,
    FAILOVER_PREPARATION,
    KINDS,
    ONE_SHOT_KINDS,
    REPLICATION_SCHEDULE,
    REPLICATION_SYNC,
    Kind,
)

GOLDEN = Path(__file__).with_name("admission.json")
"""What the API server says to each case, by its title; empty: it takes it. `test_admission.py` holds it against a real
one, and writes it anew with VVOL_UPDATE_GOLDEN=1."""
_SHOWN = 64


@dataclass(frozen=True)
class Admission:
    """One case: `path` of a spec set to `value` (`None`: left out).

    `before` None: a new object, otherwise the least that its kind needs. Else the object is there with that spec, and
    is changed. `refused`: what is expected of the API server; `server`: a part of what it says then. `beside`: fields
    of a new object without which the case is none.
    """

    kind: Kind
    path: str
    value: Any = field(hash=False)
    refused: bool
    server: str = ""
    before: dict[str, Any] | None = field(default=None, hash=False)
    beside: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def changed(self) -> bool:
        """Is an object changed that is there?"""
        return self.before is not None

    @property
    def spec(self) -> dict[str, Any] | None:
        """The spec that is asked for; None: the object has none."""
        spec = copy.deepcopy(LEAST[self.kind] if self.before is None else self.before)
        if self.path == "spec":
            return None
        put(spec, self.path, self.value)
        return spec | (self.beside or {})

    @property
    def what(self) -> str:
        """The case for people, without its kind."""
        if not self.changed:
            fields = {self.path: self.value, **(self.beside or {})}
            return ", ".join(f"{path}: {shown(value)}" for path, value in fields.items())
        return f"{self.path}: {shown((self.before or {}).get(self.path))} -> {shown(self.value)}"

    @property
    def title(self) -> str:
        """The case in one line; no two have the same."""
        return f"{self.kind.kind} {self.what}"

    def document(self, name: str, spec: dict[str, Any] | None) -> str:
        """An object of its kind, as JSON."""
        made = {"apiVersion": API_VERSION, "kind": self.kind.kind, "metadata": {"name": name}}
        return json.dumps(made if spec is None else {**made, "spec": spec})


def shown(value: object) -> str:
    """A value as a page shows it: JSON, shortened; what is left out is a dash."""
    if value is None:
        return "-"
    text = json.dumps(value)
    length = len(value) if isinstance(value, str) else len(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}... ({length} characters)"


_OTHER = {
    "groupRef": {"name": "crm"},
    "pointInTimeName": "another",
    "requestID": "CHG-4713",
    "method": "Coordinated",
    "maxAge": "11m",
    "notAfter": "2027-12-01T00:00:00Z",
    "retryLimit": 0,
    "consent": "crm",
    "validFor": "5h",
    "dryRun": False,
}
"""Another value for each field of a request that cannot be changed."""
_FREE = {"suspend": (True, False, None), "cancel": (True, False, None), "ttlSecondsAfterFinished": (3600, 0, None)}
"""Values for each field that can, whatever it was before."""
_TIMEOUTS = (
    ("1h", "2h", True),
    ("1h", "61m", True),
    ("60m", "1h", True),
    ("1h", "59m59s", False),
    ("9m", "10m", True),  # as texts, 9m is the greater one
    ("10m", "9m", False),
    (None, "3h", True),
    (None, "2h", True),
    (None, "1h", False),  # none means 2h
    ("3h", None, False),
    ("1h", None, True),
)
"""A timeout before and after, and whether that may be."""


def _immutable(kind: Kind) -> list[Admission]:
    """Each field that cannot be changed: changed, taken away, and added later."""
    found = []
    for path, value in _OTHER.items():
        if path not in FULL[kind]:
            continue
        said = f"spec.{path}: Forbidden: {path} is immutable: create a new {kind.kind} under a new name instead"
        found.append(Admission(kind, path, value, refused=True, server=said, before=FULL[kind]))
        if path not in LEAST[kind]:
            found.append(Admission(kind, path, None, refused=True, server=said, before=FULL[kind]))
            found.append(Admission(kind, path, value, refused=True, server=said, before=LEAST[kind]))
    return found


def _mutable(kind: Kind) -> list[Admission]:
    """Each field that can be changed, those that can only grow, and a moment that is written in another way."""
    found = [
        Admission(kind, "notAfter", "2026-12-01T01:00:00+01:00", refused=False, before=FULL[kind]),
        Admission(kind, "notAfter", "tonight", refused=True, server=INSTANT, before=FULL[kind]),
        Admission(kind, "timeout", "3 hours", refused=True, server=DURATION, before=FULL[kind]),
        Admission(kind, "timeout", "", refused=True, server=DURATION, before=FULL[kind]),
        *(
            Admission(kind, path, value, refused=False, before={**LEAST[kind], path: FULL[kind][path]})
            for path, values in _FREE.items()
            for value in values
        ),
    ]
    said = "spec.timeout: Forbidden: timeout may only grow (without one it is 2h)"
    for old, new, taken in _TIMEOUTS:
        before = LEAST[kind] | ({} if old is None else {"timeout": old})
        found.append(Admission(kind, "timeout", new, refused=not taken, server="" if taken else said, before=before))
    return found


_CONSENT = "consent must repeat groupRef.name, which is "

_NAMES_NONE = {
    REPLICATION_SYNC: "spec.pointInTimeName: Forbidden: pointInTimeName has no effect with method ArrayOnly",
    REPLICATION_SCHEDULE: (
        "spec.pointInTimeNamePrefix: Forbidden: pointInTimeNamePrefix has no effect with method ArrayOnly"
    ),
}


def _named(kind: Kind, path: str, name: str) -> list[Admission]:
    """A name, or the beginning of one, beside each method: where none is made, it would be lost."""
    return [
        Admission(kind, path, name, refused=bool(said), server=said, beside={"method": method})
        for method, said in (("ArrayOnly", _NAMES_NONE[kind]), ("Coordinated", ""), ("AwaitSchedule", ""))
    ]


_NEW = {
    "groupRef": {"name": "crm"},
    "schedule": "@hourly",
    "timeZone": "UTC",
    "suspend": False,
    "startingDeadline": "1h",
    "concurrencyPolicy": "Forbid",
    "method": "Coordinated",
    "maxAge": "5m",
    "timeout": "30m",
    "pointInTimeNamePrefix": "hourly",
    "stagger": "1m",
    "successfulHistoryLimit": 1,
    "failedHistoryLimit": 2,
    "runNow": "CHG-4712",
}
"""Another value for each field of a schedule: all may be changed, for none of them is what a run was asked for."""


def _schedules() -> list[Admission]:
    """Each field of a schedule changed, taken away, and added later; and changed to what is wrong."""
    kind, found = REPLICATION_SCHEDULE, []
    for path, value in _NEW.items():
        found.append(Admission(kind, path, value, refused=False, before=FULL[kind]))
        if path not in LEAST[kind]:
            found.append(Admission(kind, path, None, refused=False, before=FULL[kind]))
            found.append(Admission(kind, path, value, refused=False, before=LEAST[kind]))
    named = LEAST[kind] | {"pointInTimeNamePrefix": "nightly"}
    return [
        *found,
        Admission(kind, "method", "ArrayOnly", refused=True, server=_NAMES_NONE[kind], before=named),
        Admission(kind, "runNow", "", refused=True, server=RUN_NOW, before=FULL[kind]),
        Admission(kind, "schedule", "TZ=UTC @daily", refused=True, server=NO_ZONE, before=FULL[kind]),
    ]


CASES: list[Admission] = [
    *(Admission(kind, "spec", None, refused=True, server="spec: Required value") for kind in KINDS),
    *(Admission(case.kind, case.path, case.value, refused=False) for case in RIGHT),
    *(Admission(case.kind, case.path, case.value, refused=True, server=case.server) for case in WRONG),
    Admission(FAILOVER_PREPARATION, "consent", "crm", refused=True, server=_CONSENT),
    Admission(REPLICATION_SYNC, "groupRef.name", "crm", refused=False),
    *_named(REPLICATION_SYNC, "pointInTimeName", "before-upgrade"),
    *_named(REPLICATION_SCHEDULE, "pointInTimeNamePrefix", "nightly"),
    *_schedules(),
    *(case for kind in ONE_SHOT_KINDS for case in (*_immutable(kind), *_mutable(kind))),
]
