"""Specs that are right and specs that are wrong, judged alike by the typed values and by a real API server."""

from __future__ import annotations

from typing import Any

from unit.api import schedule_cases
from unit.api.cases import DURATION, NAME, Case

from vvol_replication.api import names
from vvol_replication.api.flasharray import FlashArraySpec, FlashArrayStatus
from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.api.names import Kind
from vvol_replication.api.preparation import PreparationSpec, PreparationStatus
from vvol_replication.api.schedule import ReplicationScheduleSpec, ReplicationScheduleStatus
from vvol_replication.api.sync import SyncSpec, SyncStatus
from vvol_replication.api.vcenter import VCenterSpec, VCenterStatus

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

TYPES: dict[Kind, tuple[type[Any], type[Any]]] = {
    names.VCENTER: (VCenterSpec, VCenterStatus),
    names.FLASHARRAY: (FlashArraySpec, FlashArrayStatus),
    names.REPLICATION_GROUP: (ReplicationGroupSpec, ReplicationGroupStatus),
    names.REPLICATION_SYNC: (SyncSpec, SyncStatus),
    names.FAILOVER_PREPARATION: (PreparationSpec, PreparationStatus),
    names.REPLICATION_SCHEDULE: (ReplicationScheduleSpec, ReplicationScheduleStatus),
}
"""The dataclasses of each kind's spec and status."""

FULL: dict[Kind, dict[str, Any]] = {
    names.VCENTER: {
        "address": "[2001:db8::1]:8443",
        "credentialsSecretRef": {"name": "vcenter-dallas"},
        "tls": {"caCertificates": PEM, "insecureSkipVerify": False},
        "maxConcurrentCalls": 4,
        "discovery": {"namespace": "dr"},
    },
    names.FLASHARRAY: {
        "address": "10.0.0.7:443",
        "apiTokenSecretRef": {"name": "flasharray-a"},
        "tls": {"caCertificates": PEM, "insecureSkipVerify": False},
        "restVersion": "REST1",
        "maxConcurrentCalls": 1,
    },
    names.REPLICATION_GROUP: {
        "recoverySite": {"vCenterRef": {"name": "dallas"}},
        "protectedSite": {"vCenterRef": {"name": "austin"}},
        "group": {"name": "flasharray-a:erp"},
        "targetArrayRef": {"name": "flasharray-b"},
        "protectionGroup": "erp",
        "recoveryPointObjective": "15m",
        "minPushInterval": "1m",
        "suspend": True,
        "failoverCalledOffAt": "2026-12-01T00:00:00Z",
    },
    names.REPLICATION_SYNC: {
        "groupRef": {"name": "erp"},
        "pointInTimeName": "before upgrade 42",
        "requestID": "CHG-4711",
        "method": "AwaitSchedule",
        "maxAge": "10m",
        "notAfter": "2026-12-01T00:00:00Z",
        "timeout": "2h",
        "retryLimit": 6,
        "suspend": True,
        "cancel": True,
        "ttlSecondsAfterFinished": 3600,
    },
    names.FAILOVER_PREPARATION: {
        "groupRef": {"name": "erp"},
        "consent": "erp",
        "notAfter": "2026-12-01T00:00:00Z",
        "validFor": "4h",
        "dryRun": True,
        "requestID": "CHG-4712",
        "timeout": "1h",
        "suspend": True,
        "cancel": True,
        "ttlSecondsAfterFinished": 3600,
    },
    names.REPLICATION_SCHEDULE: {
        "groupRef": {"name": "erp"},
        "schedule": "30 2 * * 1-5",
        "timeZone": "Europe/Berlin",
        "suspend": True,
        "startingDeadline": "30m",
        "concurrencyPolicy": "Queue",
        "method": "AwaitSchedule",
        "maxAge": "10m",
        "timeout": "90m",
        "pointInTimeNamePrefix": "nightly",
        "stagger": "5m",
        "successfulHistoryLimit": 7,
        "failedHistoryLimit": 1,
        "runNow": "CHG-4711",
    },
}
"""Each kind's spec with everything that can be said at once."""


VC, FA, RG, RS, FP, _ = names.KINDS
NAMESPACE = "write the name of a namespace like dr: "
ADDRESS = "write an address like "
CERTIFICATES = "write certificates in PEM form, like "
INSTANT = "write an instant like 2026-12-01T04:00:00Z or 2026-12-01T05:00:00+01:00: "
REQUEST_ID = "write an id like CHG-4711: "
POINT_IN_TIME_NAME = "write a name like before-upgrade-42: "
PROTECTION_GROUP = "write the name of a protection group on the source array like erp, or pod::erp for one in a pod: "
CONSENT = "consent must repeat groupRef.name"
CALLS, RETRIES = "write a whole number from 1 to 16, like 2", "write a whole number from 0 to 100, like 6"
TTL = "write seconds as a whole number from 0 to 31536000, like 3600"
TARGET = {"faultDomainID": "array-b", "deviceGroupID": "0001"}

TIMES = (
    *("2026-12-01T00:00:00.5Z", "2026-12-01T01:00:00+01:00", "2026-12-01T00:00:00-23:59", "9999-12-31T23:59:59Z"),
    "2028-02-29T00:00:00Z",
)
"""Times, as they may be written."""
NO_TIMES = (
    *("2026-12-01T25:00:00Z", "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00+01:60", "0000-12-01T00:00:00Z"),
    *("2027-02-29T00:00:00Z", "2026-12-01T23:59:60Z"),
)
"""What looks like a time and is none."""
RIGHT = [
    *(
        Case(VC, "address", address)
        for address in ("vc", "vc.example.com:1", "VC1.example.com:65535", "192.0.2.7:8443")
    ),
    *(Case(VC, "address", address) for address in ("[::1]", "[2001:db8::7]:443", "[::ffff:192.0.2.7]:8443")),
    Case(VC, "tls", {}),
    Case(VC, "tls.caCertificates", PEM),
    Case(VC, "tls.insecureSkipVerify", value=True),
    Case(VC, "maxConcurrentCalls", 1),
    Case(VC, "maxConcurrentCalls", 16),
    Case(VC, "discovery.namespace", "dr"),
    *(Case(FA, "restVersion", word) for word in ("Auto", "REST1", "REST2")),
    Case(RG, "group", {"target": TARGET}),
    Case(RG, "group.name", "no colon in it"),
    *(Case(RG, "protectionGroup", name) for name in ("erp", "pod::erp", "E_r-p", "x" * 63)),
    Case(RG, "minPushInterval", "1s"),
    Case(RG, "recoveryPointObjective", "8760h"),
    *(
        Case(RS, "pointInTimeName", name)
        for name in ("a", "before upgrade 42", "Zürich: vor dem Update", "x" * 80, "ü" * 80)
    ),
    *(Case(RS, "requestID", identifier) for identifier in ("CHG-4711", "a.b_c:d/e", "x" * 128)),
    *(Case(RS, "method", word) for word in ("Coordinated", "ArrayOnly", "AwaitSchedule")),
    *(Case(RS, "maxAge", text) for text in ("90s", "15m", "1h30m", "1h0m1s", "525600m")),
    *(Case(RS, "notAfter", text) for text in TIMES),
    Case(RS, "retryLimit", 0),
    Case(RS, "ttlSecondsAfterFinished", 0),
    Case(RS, "suspend", value=False),
    *(Case(RG, "failoverCalledOffAt", text) for text in TIMES),
    *(Case(FP, "notAfter", text) for text in TIMES),
    Case(FP, "validFor", "4h"),
    Case(FP, "dryRun", value=False),
    Case(FP, "requestID", "CHG-4712"),
    Case(FP, "timeout", "90s"),
    *schedule_cases.RIGHT,
]

WRONG = [
    *(
        Case(VC, "address", address, "spec.address", ADDRESS)
        for address in (
            "https://vcenter.example.com",
            "vcenter.example.com/sdk",
            "admin@vcenter",
            "2001:db8::1",
            "vcenter:",
            "-vc",
            "v c",
            "a..b",
            "[::1",
        )
    ),
    Case(VC, "address", "vc:0", "spec.address", "write a port from 1 to 65535, like vcenter.example.com:8443"),
    Case(VC, "address", "[::1]:65536", "spec.address", "write a port from 1 to 65535, like vcenter.example.com:8443"),
    Case(VC, "address", "", "spec.address", ADDRESS),
    Case(VC, "address", None, "spec.address", "spec.address: Required value"),
    Case(VC, "address", 7, "spec.address", "spec.address in body must be of type string"),
    Case(VC, "credentialsSecretRef", None, "spec.credentialsSecretRef", "spec.credentialsSecretRef: Required value"),
    Case(VC, "credentialsSecretRef", {}, "spec.credentialsSecretRef.name", "credentialsSecretRef.name: Required value"),
    Case(VC, "credentialsSecretRef.name", "Not A Name", "spec.credentialsSecretRef.name", NAME),
    Case(
        VC, "tls", {"caCertificates": PEM, "insecureSkipVerify": True}, "spec.tls", "contradict each other: choose one"
    ),
    Case(VC, "tls.caCertificates", "/etc/ca.pem", "spec.tls.caCertificates", CERTIFICATES),
    Case(VC, "tls.caCertificates", "", "spec.tls.caCertificates", CERTIFICATES),
    Case(VC, "tls.caCertificates", PEM + "x" * 65536, "spec.tls.caCertificates", "Too long: may not be "),
    Case(VC, "tls.insecureSkipVerify", "yes", "spec.tls.insecureSkipVerify", "must be of type boolean"),
    Case(VC, "maxConcurrentCalls", 0, "spec.maxConcurrentCalls", CALLS),
    Case(VC, "maxConcurrentCalls", 17, "spec.maxConcurrentCalls", CALLS),
    Case(VC, "discovery", {}, "spec.discovery.namespace", "spec.discovery.namespace: Required value"),
    Case(VC, "discovery.namespace", "a.b", "spec.discovery.namespace", NAMESPACE),
    Case(VC, "discovery.namespace", "", "spec.discovery.namespace", NAMESPACE),
    Case(FA, "address", "https://flasharray-a", "spec.address", ADDRESS),
    Case(
        FA,
        "address",
        "flasharray-a:0",
        "spec.address",
        "write a port from 1 to 65535, like flasharray-a.example.com:8443",
    ),
    Case(FA, "apiTokenSecretRef.name", "token_a", "spec.apiTokenSecretRef.name", NAME),
    Case(FA, "tls.caCertificates", "/etc/ca.pem", "spec.tls.caCertificates", CERTIFICATES),
    Case(FA, "maxConcurrentCalls", 0, "spec.maxConcurrentCalls", CALLS),
    Case(FA, "apiTokenSecretRef", None, "spec.apiTokenSecretRef", "spec.apiTokenSecretRef: Required value"),
    Case(FA, "restVersion", "2.26", "spec.restVersion", 'supported values: "Auto", "REST1", "REST2"'),
    Case(RG, "recoverySite", None, "spec.recoverySite", "spec.recoverySite: Required value"),
    Case(RG, "recoverySite", {}, "spec.recoverySite.vCenterRef", "spec.recoverySite.vCenterRef: Required value"),
    Case(RG, "protectedSite.vCenterRef.name", "A", "spec.protectedSite.vCenterRef.name", NAME),
    Case(RG, "recoverySite.vCenterRef.name", "", "spec.recoverySite.vCenterRef.name", NAME),
    Case(RG, "group", None, "spec.group", "spec.group: Required value"),
    Case(RG, "group", {}, "spec.group", "exactly one of name and target must be given"),
    Case(RG, "group.target", TARGET, "spec.group", "exactly one of name and target must be given"),
    Case(
        RG,
        "group",
        {"target": {"faultDomainID": "array-b"}},
        "spec.group.target.deviceGroupID",
        "spec.group.target.deviceGroupID: Required value",
    ),
    Case(
        RG,
        "group",
        {"target": {"faultDomainID": "b", "deviceGroupID": "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
        "spec.group.target.deviceGroupID",
        "this id means a group that the VASA provider creates on demand: write the id of a group that exists, like ",
    ),
    *(
        Case(RG, "group", {"target": TARGET | {id_field: wrong}}, f"spec.group.target.{id_field}", words)
        for id_field, words in (
            ("faultDomainID", "write the id of the target array as VASA names it, like "),
            ("deviceGroupID", "write the id of the target group as VASA names it, like "),
        )
        for wrong in ("", "a b")
    ),
    *(Case(RG, "group.name", name, "spec.group.name", "like flasharray-a:erp: ") for name in ("a\nb", "")),
    *(
        Case(RG, "protectionGroup", name, "spec.protectionGroup", PROTECTION_GROUP)
        for name in ("array:erp", "erp.1", "-erp", "a b", "x" * 64, "pod::", "")
    ),
    Case(RG, "minPushInterval", "0s", "spec.minPushInterval", DURATION),
    Case(RG, "recoveryPointObjective", "15 minutes", "spec.recoveryPointObjective", DURATION),
    Case(RG, "targetArrayRef", {"name": ""}, "spec.targetArrayRef.name", NAME),
    Case(RS, "groupRef", None, "spec.groupRef", "spec.groupRef: Required value"),
    *(Case(RS, "groupRef.name", name, "spec.groupRef.name", NAME) for name in ("erp/x", "", "erp.", "a..b")),
    Case(RS, "groupRef.name", "x" * 254, "spec.groupRef.name", "Too long: may not be "),
    *(
        Case(RS, "pointInTimeName", name, "spec.pointInTimeName", POINT_IN_TIME_NAME)
        for name in (" a", "a ", "a\tb", "a\x7f", "line\nline", "a\x85b")
    ),
    Case(RS, "pointInTimeName", "x" * 81, "spec.pointInTimeName", "Too long: may not be "),
    Case(RS, "pointInTimeName", "", "spec.pointInTimeName", POINT_IN_TIME_NAME),
    *(Case(RS, "requestID", wrong, "spec.requestID", REQUEST_ID) for wrong in ("a b", "")),
    Case(RS, "requestID", "x" * 129, "spec.requestID", "Too long: may not be "),
    Case(RS, "method", "Magic", "spec.method", 'supported values: "Coordinated", "ArrayOnly", "AwaitSchedule"'),
    *(
        Case(RS, "maxAge", text, "spec.maxAge", DURATION)
        for text in ("10", "10 m", "1d", "30m1h", "-5m", "1.5h", "10m\n", "99999h")
    ),
    *(Case(RS, "timeout", text, "spec.timeout", DURATION) for text in ("0s", "0h0m", "8761h", "8760h1s", "")),
    *(
        Case(RS, "notAfter", text, "spec.notAfter", INSTANT)
        for text in ("tomorrow", "", "2026-12-01", "2026-12-01T00:00:00", "2026-13-01T00:00:00Z", *NO_TIMES)
    ),
    Case(RS, "retryLimit", -1, "spec.retryLimit", RETRIES),
    Case(RS, "retryLimit", 101, "spec.retryLimit", RETRIES),
    Case(RS, "retryLimit", 1.5, "spec.retryLimit", "must be of type integer"),
    *(Case(RS, "ttlSecondsAfterFinished", wrong, "spec.ttlSecondsAfterFinished", TTL) for wrong in (-1, 31536001)),
    Case(RS, "suspend", "yes", "spec.suspend", "must be of type boolean"),
    Case(RS, "cancel", 1, "spec.cancel", "must be of type boolean"),
    *(Case(RG, "failoverCalledOffAt", text, "spec.failoverCalledOffAt", INSTANT) for text in ("yesterday", *NO_TIMES)),
    Case(FP, "groupRef", None, "spec.groupRef", "spec.groupRef: Required value"),
    Case(FP, "consent", None, "spec.consent", "spec.consent: Required value"),
    *(Case(FP, "consent", wrong, "spec.consent", CONSENT) for wrong in ("", "Yes")),
    Case(FP, "groupRef.name", "ERP", "spec.groupRef.name", NAME),
    Case(FP, "notAfter", None, "spec.notAfter", "spec.notAfter: Required value"),
    *(Case(FP, "notAfter", text, "spec.notAfter", INSTANT) for text in ("tonight", *NO_TIMES)),
    Case(FP, "validFor", "0s", "spec.validFor", DURATION),
    Case(FP, "dryRun", "yes", "spec.dryRun", "must be of type boolean"),
    Case(FP, "requestID", "a b", "spec.requestID", REQUEST_ID),
    Case(FP, "timeout", "8761h", "spec.timeout", DURATION),
    Case(FP, "ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished", TTL),
    *schedule_cases.WRONG,
]
