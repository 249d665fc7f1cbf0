"""The fault table, row by row, and what is shown of a fault."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import VmomiSupport, sms, vim, vmodl

from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.storage import words
from vvol_replication.storage.vsphere import faults
from vvol_replication.storage.vsphere.asked import Asked

ASKED = Asked("vcenter.dallas.example.com", "QueryReplicationGroupInfo", "fd-b/erp")

# (type, reason, retriable, proves that nothing was changed)
ROWS = [
    ("vmodl.MethodFault", "EndpointFault", True, True),
    ("vmodl.RuntimeFault", "EndpointFault", True, False),
    ("vmodl.fault.InvalidArgument", "EndpointFault", False, True),
    ("vmodl.fault.InvalidRequest", "EndpointFault", False, True),
    ("vmodl.fault.NotImplemented", "NotSupported", False, True),
    ("vmodl.fault.NotSupported", "NotSupported", False, True),
    ("vmodl.fault.MethodNotFound", "NotSupported", False, True),
    ("vmodl.fault.ManagedObjectNotFound", "EndpointFault", True, True),
    ("sms.fault.DuplicateEntry", "EndpointFault", False, True),
    ("sms.fault.TooMany", "EndpointFault", False, True),
    ("sms.fault.NotSupportedByProvider", "NotSupported", False, True),
    ("sms.fault.QueryNotSupported", "NotSupported", False, True),
    ("sms.fault.ProviderUnavailable", "ProviderUnavailable", True, True),
    ("sms.fault.ProviderConnectionFailed", "ProviderUnavailable", True, False),
    ("sms.fault.InactiveProvider", "InactiveProvider", True, True),
    ("sms.fault.ProviderNotFound", "NoReplicationProvider", True, True),
    ("sms.fault.QueryExecutionFault", "EndpointFault", True, True),
    ("sms.fault.ProviderBusy", "EndpointBusy", True, True),
    ("sms.fault.ProviderOutOfResource", "EndpointBusy", True, True),
    ("sms.fault.ProviderOutOfProvisioningResource", "EndpointFault", True, True),
    ("sms.fault.ServiceNotInitialized", "EndpointBusy", True, True),
    ("sms.fault.InvalidSession", "EndpointFault", True, True),
    ("sms.fault.AuthConnectionFailed", "EndpointBusy", True, True),
    ("sms.fault.InvalidLogin", "ProviderUnavailable", True, True),
    ("vim.fault.NotAuthenticated", "EndpointFault", True, True),
    ("vim.fault.NoPermission", "PermissionDenied", False, True),
    ("vim.fault.InvalidLogin", "LoginFailed", True, True),
    ("vim.fault.NotFound", "GroupUnknown", False, True),
    ("vim.fault.ResourceInUse", "WrongState", True, True),
    ("sms.fault.ResourceInUse", "WrongState", True, True),
    ("sms.fault.replication.ReplicationFault", "EndpointFault", True, True),
    ("sms.fault.replication.InvalidFunctionTarget", "WrongSide", False, True),
    ("sms.fault.replication.InvalidReplicationState", "WrongState", False, True),
    ("sms.fault.replication.SyncOngoing", "SyncOngoing", True, True),
    ("sms.fault.replication.NoReplicationTarget", "NoReplicationTarget", True, True),
    ("sms.fault.replication.NoValidReplica", "NoValidReplica", True, True),
    ("sms.fault.replication.PeerNotReachable", "PeerNotReachable", True, True),
    ("sms.fault.replication.AlreadyDone", "EndpointFault", True, True),
]


@pytest.mark.parametrize(("name", "reason", "retriable", "proven"), ROWS)
def test_row(name: str, reason: str, *, retriable: bool, proven: bool) -> None:
    fault = VmomiSupport.GetVmodlType(name)()
    row = faults.verdict(fault)
    assert (row.reason, row.retriable, row.proven) == (reason, retriable, proven)
    outcome = faults.outcome(fault, ASKED)
    assert type(outcome) is (Unavailable if retriable else Refused)
    assert outcome.reason == reason
    assert outcome.message.startswith(
        "vCenter vcenter.dallas.example.com was asked for QueryReplicationGroupInfo for group fd-b/erp: "
    )


def test_every_row_is_tested_and_every_reason_is_a_known_word() -> None:
    assert {row[0] for row in ROWS} == set(faults.TABLE)
    assert {row.reason for row in faults.TABLE.values()} <= words.ALL


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        (vmodl.fault.SystemError(), "vmodl.RuntimeFault"),
        (vmodl.fault.InvalidType(), "vmodl.fault.InvalidRequest"),
        (sms.fault.NoCommonProviderForAllBackings(), "sms.fault.QueryExecutionFault"),
        (sms.fault.ProviderSyncFailed(), "vmodl.MethodFault"),
        (vim.fault.PasswordExpired(), "vim.fault.InvalidLogin"),
        (vim.fault.Timedout(), "vmodl.MethodFault"),
        (ValueError(), "vmodl.MethodFault"),
    ],
)
def test_a_fault_without_a_row_lands_on_its_familys(fault: Any, row: str) -> None:
    assert faults.verdict(fault) is faults.TABLE[row]


def test_a_session_is_never_shown() -> None:
    fault = sms.fault.InvalidSession(sessionCookie="fake-cookie", msg="session fake-cookie is not valid")
    assert "fake-cookie" not in faults.message(fault, ASKED)


def test_the_endpoints_own_text_is_shown_on_one_line_and_not_endlessly() -> None:
    text = faults.message(sms.fault.ProviderBusy(msg="first\n\tsecond " + "x" * 1000), ASKED)
    assert "[ProviderBusy: first second xxx" in text
    assert "\n" not in text
    assert len(text) < 500


def test_missing_privileges_are_named_once() -> None:
    missing = vim.fault.NoPermission.EntityPrivileges(privilegeIds=["StorageViews.View", "System.Read"])
    fault = vim.fault.NoPermission(privilegeId="StorageViews.View", missingPrivileges=[missing])
    assert "(grant StorageViews.View, System.Read)" in faults.message(fault, ASKED)
    assert "does not say which" in faults.message(vim.fault.NoPermission(), ASKED)


def test_states_are_named() -> None:
    fault = sms.fault.replication.InvalidReplicationState(currentState="INTEST", desiredState=["TARGET"])
    assert "(it is INTEST, needed is TARGET)" in faults.message(fault, ASKED)
    silent = sms.fault.replication.InvalidReplicationState(currentState="INTEST")
    assert "(it is INTEST, needed is another one)" in faults.message(silent, ASKED)
