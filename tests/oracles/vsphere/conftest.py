"""A vCenter of govmomi's for each test, and our adapters for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import gobuild
import toolchain
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.storage.tls import TLSTrust
from vvol_replication.storage.vsphere import Timeouts, VCenter

from .govmomi import PASSWORD, USERNAME, Govmomi

QUICK = Timeouts(connect=10.0, answer=20.0, call=60.0, inventory=60.0, close=10.0)


@dataclass
class Oracle:
    """govmomi's vCenter and the adapters made for it."""

    vcenter: Govmomi
    made: list[VCenter] = field(default_factory=list)

    def adapter(self, **changes: Any) -> VCenter:
        """An adapter; `changes` replace arguments."""
        arguments: dict[str, Any] = {
            "address": self.vcenter.address,
            "username": USERNAME,
            "password": PASSWORD,
            "trust": trust(self.vcenter.authority),
            "leading": lambda: True,
            "timeouts": QUICK,
        } | changes
        adapter = VCenter(**arguments)
        self.made.append(adapter)
        return adapter


def trust(pem: str | None) -> TLSTrust:
    """Trust in a CA."""
    made = TLSTrust.create(pem)
    assert isinstance(made, TLSTrust), made
    return made


@pytest.fixture(scope="session")
def program(pytestconfig: pytest.Config) -> Path:
    """The program of govmomi's vCenter; the first run builds it, and shows it."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        try:
            return toolchain.ensure(["govmomi-vcenter"])["govmomi-vcenter"]
        except gobuild.BuildError as error:
            pytest.fail(f"govmomi's vCenter is missing and could not be built: {error}", pytrace=False)


@pytest.fixture
async def meet(program: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Oracle]]:
    """Starts vCenters of govmomi's, which end with the test; arguments go into the setup line."""
    met: list[Oracle] = []

    def one(**setup: Any) -> Oracle:
        met.append(Oracle(Govmomi(program, tmp_path / f"govmomi-{len(met)}.log", **setup)))
        return met[-1]

    yield one
    for oracle in met:
        for adapter in oracle.made:
            await adapter.close()
        assert oracle.vcenter.end() == 0


@pytest.fixture
def oracle(meet: Callable[..., Oracle]) -> Oracle:
    """One vCenter with three VMs and no replication."""
    return meet()


@pytest.fixture
def value() -> Callable[[Outcome[Any]], Any]:
    """The value of a call that must have been `Done`."""

    def unpack(outcome: Outcome[Any]) -> Any:
        assert isinstance(outcome, Done), outcome
        return outcome.value

    return unpack
