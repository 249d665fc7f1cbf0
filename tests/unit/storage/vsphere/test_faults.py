"""The fault table, row by row, and what is shown of a fault."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import VmomiSupport, sms, vim, vmodl

from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.storage import reasons
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere import faults
from vvol_replication.storage.vsphere.asked import Asked

ASKED = Asked("vcenter.dallas.example.com", "QueryReplicationGroupInfo", "fd-b/erp", redactor=Redactor(""))

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
    ("vim.fault.LimitExceeded", "EndpointBusy", True, True),
    ("pbm.fault.PBMFault", "EndpointFault", True, True),
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
    assert {row.reason for row in faults.TABLE.values()} <= reasons.ALL


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
    assert "Grant StorageViews.View, System.Read." in faults.message(fault, ASKED)
    assert "does not say which" in faults.message(vim.fault.NoPermission(), ASKED)


def test_states_are_named() -> None:
    fault = sms.fault.replication.InvalidReplicationState(currentState="INTEST", desiredState=["TARGET"])
    assert "(it is INTEST, it must be TARGET)" in faults.message(fault, ASKED)
    silent = sms.fault.replication.InvalidReplicationState(currentState="INTEST")
    assert "(it is INTEST, it must be another one)" in faults.message(silent, ASKED)


def test_a_failed_query_is_judged_by_its_cause() -> None:
    cause = sms.fault.ProviderUnavailable(msg="array rebooting")
    fault = sms.fault.QueryExecutionFault(msg="query failed", faultCause=cause)
    assert faults.verdict(fault) is faults.TABLE["sms.fault.ProviderUnavailable"]
    assert "[ProviderUnavailable: array rebooting]" in faults.message(fault, ASKED)
    deeper = sms.fault.QueryExecutionFault(faultCause=fault)
    assert faults.verdict(deeper).reason == "ProviderUnavailable"
    # What is a fault of its own kind stays that, whatever it names as its cause.
    assert faults.verdict(vmodl.RuntimeFault(faultCause=cause)).proven is False
    assert faults.verdict(sms.fault.ProviderNotFound(faultCause=cause)).reason == "NoReplicationProvider"


def test_a_cause_with_a_session_in_it_is_not_shown() -> None:
    cause = sms.fault.InvalidSession(sessionCookie="fake-cookie", msg="fake-cookie")
    assert "fake-cookie" not in faults.message(sms.fault.QueryExecutionFault(faultCause=cause), ASKED)


def test_causes_that_go_in_circles_end() -> None:
    fault = sms.fault.QueryExecutionFault()
    fault.faultCause = fault
    assert faults.verdict(fault).reason == "EndpointFault"


@pytest.mark.parametrize(
    "text",
    [
        'Unsupported version URI "urn:sms/7.0.0.1"',
        "Request version 'urn:pbm/6.5' and namespace 'urn:pbm' are not supported",
    ],
)
def test_a_refused_version_is_no_fault_inside(text: str) -> None:
    outcome = faults.outcome(vmodl.RuntimeFault(msg=text), ASKED)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "NotSupported"
    assert "version" in outcome.message


def test_a_limit_says_how_much_it_takes() -> None:
    assert "(it takes 16 at a time)" in faults.message(sms.fault.TooMany(maxBatchSize=16), ASKED)


def test_the_catalogue_tells_every_row_in_words() -> None:
    entries = faults.catalogue()
    assert len(entries) == len(faults.TABLE) == len({(entry.namespace, entry.fault) for entry in entries})
    assert {entry.namespace for entry in entries} == {"urn:vim25", "urn:sms", "urn:pbm"}
    assert {entry.read for entry in entries} == {"Refused", "Unavailable"}
    unproven = {entry.fault for entry in entries if entry.change == "Indeterminate"}
    assert unproven == {"RuntimeFault", "ProviderConnectionFailed"}
    for entry in entries:
        assert entry.retried is (entry.read == "Unavailable")
        assert entry.message
        assert "\n" not in entry.message
