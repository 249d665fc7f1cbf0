"""The program around govmomi's simulator: it ends when it is told to, and says what is wrong with a setup."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from .govmomi import PASSWORD, VMS, Govmomi

if TYPE_CHECKING:
    from pathlib import Path


def test_it_has_the_vms_it_was_told_of_and_ends_with_its_standard_input(program: Path, tmp_path: Path) -> None:
    vcenter = Govmomi(program, tmp_path / "log")
    assert vcenter.begun.vms.keys() == VMS.keys()
    assert vcenter.begun.calls == {}
    assert vcenter.end() == 0


def test_it_ends_at_sigterm(program: Path, tmp_path: Path) -> None:
    with Govmomi(program, tmp_path / "log") as vcenter:
        os.kill(vcenter.pid, signal.SIGTERM)
        assert vcenter.wait() == 0


def test_a_key_that_does_not_fit_is_told_without_secrets(program: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="certificate and key of the setup do not do") as caught:
        Govmomi(program, tmp_path / "log", key="no key")
    assert PASSWORD not in str(caught.value)


def test_an_order_that_cannot_be_carried_out_is_refused(program: Path, tmp_path: Path) -> None:
    with Govmomi(program, tmp_path / "log") as vcenter:
        with pytest.raises(RuntimeError, match='no such fault: "Nothing"'):
            vcenter.fault("Login", "Nothing")
        with pytest.raises(RuntimeError, match='"VirtualMachineConfigInfo" is no fault'):
            vcenter.fault("Login", "VirtualMachineConfigInfo")
        with pytest.raises(RuntimeError, match='no such VM: "erp-none"'):
            vcenter.do("power", vm="erp-none", state="poweredOn")
        with pytest.raises(RuntimeError, match='no such command: "dance"'):
            vcenter.do("dance")
