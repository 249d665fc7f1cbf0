"""Members that more than one VM has: shared disks, VMs that are registered twice. Each of these VMs has to be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.members import PowerState
from vvol_simulator.soap import pbm

from .test_members import ask, only_vm, source_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vvol_simulator.model import Site, Vm

    from .conftest import Sites


def answer_for(monkeypatch: pytest.MonkeyPatch, vm: Vm, rows: Callable[[Any], list[Any]]) -> None:
    """What PBM says of this one."""
    real = pbm._rows  # noqa: SLF001 - the answer that is replaced

    def instead(site: Site, entity: Any) -> Iterator[Any]:
        return iter(rows(entity)) if entity.key.startswith(vm.moid) else real(site, entity)

    monkeypatch.setattr(pbm, "_rows", instead)


SAID: dict[str, Callable[[Any], list[Any]]] = {
    "a fault": lambda entity: [pbm._failed(entity, "PbmFault", "The profile cannot be read.")],  # noqa: SLF001 - as above
    "not known": lambda entity: [pbm._failed(entity, "PbmFaultNotFound", "There is no such entity.")],  # noqa: SLF001 - as above
    "nothing": lambda _: [],
}


@pytest.mark.parametrize("said", SAID)
async def test_a_running_vm_that_shares_a_disk_with_one_that_is_off_is_not_overlooked(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """A cluster's nodes on one disk: the provider counts it once, and PBM cannot say where the second node's is."""
    first = only_vm(sites)
    second = sites.site("austin").add_vm("node-2", "poweredOn", None, [source_id(sites)])
    second.disks[0].vvol_id = first.disks[0].vvol_id
    answer_for(monkeypatch, second, SAID[said])
    told = await ask(sites)
    assert {vm.name: vm.power for vm in told.vms} == {"erp-db": PowerState.OFF, "node-2": PowerState.ON}
    assert told.unaccounted == ()


@pytest.mark.parametrize("said", [*SAID, "no group"])
async def test_a_vm_that_is_registered_twice_counts_as_both_show_it(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    first = only_vm(sites)
    second = sites.site("austin").add_vm("erp-db (1)", "poweredOn", source_id(sites), [])
    second.home_vvol_id = first.home_vvol_id
    answer_for(monkeypatch, second, SAID.get(said, lambda entity: [pbm._row(entity, None)]))  # noqa: SLF001 - as above
    told = await ask(sites)
    assert {vm.name: vm.power for vm in told.vms} == {"erp-db": PowerState.OFF, "erp-db (1)": PowerState.ON}


async def test_a_group_of_a_vm_that_cannot_be_read_is_that_vms_hole(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id with nothing in it, as pyVmomi makes of one that is missing."""
    mine = only_vm(sites)
    other = sites.site("austin").add_vm("other", "poweredOn", None, [])
    nowhere = type(source_id(sites))("", "")
    answer_for(monkeypatch, other, lambda entity: [pbm._row(entity, nowhere)])  # noqa: SLF001 - as above
    told = await ask(sites)
    assert [vm.moid for vm in told.vms] == [mine.moid]
    assert told.complete
    sites.site("austin").add_vm("hidden", "poweredOn", source_id(sites), []).hidden = True
    told = await ask(sites)
    assert any("The group of VM" in line and "fault domain id is missing" in line for line in told.problems)
