"""docs/simulator.md says what the code does: nothing is left out of what it is made from."""

import re
from typing import Any

import pytest
import yaml

from docs import simulator
from vvol_simulator.control.api import ACTIONS
from vvol_simulator.control.door_actions import DOOR_ACTIONS
from vvol_simulator.fields import Fields
from vvol_simulator.model.faults import ARGUMENTS, EFFECTS, KINDS
from vvol_simulator.model.switches import SOURCES, Switches
from vvol_simulator.topology import build
from vvol_simulator.topology_keys import KEYS

EVERYTHING = """
arrays:
  a: {users: {reader: {role: readonly}}, rateLimit: {perSecond: 5, burst: 2}, pods: {pod1: {demoted: false}}}
  b: {}
connections: [{arrays: [a, b]}]
vCenters: {austin: {providers: [{arrays: [a]}]}}
protectionGroups:
  - name: erp
    source: a
    targets: [{array: b, groupId: g}]
    snapshots: [{suffix: old, destroyed: true}]
    schedule: {every: 60}
    retention: {allFor: 60}
    vms: [{name: vm-1}]
"""


def test_every_fault_and_every_argument_is_explained() -> None:
    assert set(EFFECTS) == set(KINDS)
    assert set(ARGUMENTS) == {name for arguments in KINDS.values() for name in arguments}


def test_sources_are_those_of_switches_that_exist() -> None:
    assert set(SOURCES) <= set(vars(Switches()))


def test_every_action_and_switch_is_on_the_page() -> None:
    page = simulator.render()
    for name in (*ACTIONS, *DOOR_ACTIONS, *Switches().as_dict()):
        assert re.search(rf"^\| `{name}` \| .+ \|$", page, re.MULTILINE), name


def test_the_explained_keys_are_the_keys_the_reader_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: dict[str, set[str]] = {}
    finish = Fields.finish

    def record(fields: Fields) -> None:
        place = re.sub(r"\[\d+\]", "[]", fields.place.removeprefix("topology").removeprefix("."))
        place = re.sub(r"^(arrays|vCenters)\.[^.]+", r"\1.<name>", place)
        place = re.sub(r"\.(users|pods)\.[^.]+$", r".\1.<name>", place)
        taken.setdefault(place, set()).update(fields._known)  # noqa: SLF001 - what it asked for is its secret
        finish(fields)

    monkeypatch.setattr(Fields, "finish", record)
    described: Any = yaml.safe_load(EVERYTHING)
    build(described)
    assert taken == {place: set(names) for place, names in KEYS.items()}
