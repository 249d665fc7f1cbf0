"""Specs that are right and specs that are wrong, judged alike by the typed values and by a real API server."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest

from vvol_replication.api import names
from vvol_replication.api.flasharray import FlashArraySpec, FlashArrayStatus
from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.api.names import Kind
from vvol_replication.api.preparation import PreparationSpec, PreparationStatus
from vvol_replication.api.sync import SyncSpec, SyncStatus
from vvol_replication.api.vcenter import VCenterSpec, VCenterStatus

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

TYPES: dict[Kind, tuple[type[Any], type[Any]]] = {
    names.VCENTER: (VCenterSpec, VCenterStatus),
    names.FLASHARRAY: (FlashArraySpec, FlashArrayStatus),
    names.REPLICATION_GROUP: (ReplicationGroupSpec, ReplicationGroupStatus),
    names.REPLICATION_SYNC: (SyncSpec, SyncStatus),
    names.FAILOVER_PREPARATION: (PreparationSpec, PreparationStatus),
}
"""The dataclasses of each kind's spec and status."""

LEAST: dict[Kind, dict[str, Any]] = {
    names.VCENTER: {"address": "vcenter.dallas.example.com", "credentialsSecretRef": {"name": "vcenter-dallas"}},
    names.FLASHARRAY: {"address": "flasharray-a", "apiTokenSecretRef": {"name": "flasharray-a"}},
    names.REPLICATION_GROUP: {
        "recoverySite": {"vCenterRef": {"name": "dallas"}},
        "group": {"name": "flasharray-a:erp"},
    },
    names.REPLICATION_SYNC: {"groupRef": {"name": "erp"}},
    names.FAILOVER_PREPARATION: {"groupRef": {"name": "erp"}, "consent": "erp", "notAfter": "2026-12-01T00:00:00Z"},
}
"""The least that each kind's spec must say."""

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
}
"""Each kind's spec with everything that can be said at once."""


@dataclass(frozen=True)
class Case:
    """The least spec of `kind` with `path` set to `value` (`None`: removed).

    A wrong one has `where`, the path that the typed value complains of, and `server`, a part of what the API server
    says to the person who applies it.
    """

    kind: Kind
    path: str
    value: Any = field(hash=False)
    where: str = ""
    server: str = ""

    @property
    def spec(self) -> dict[str, Any]:
        """The spec that the case is about."""
        spec = copy.deepcopy(LEAST[self.kind])
        put(spec, self.path, self.value)
        return spec


def put(spec: dict[str, Any], path: str, value: object) -> None:
    """Set a nested field, or remove it for `None`."""
    *parents, last = path.split(".")
    for parent in parents:
        spec = spec.setdefault(parent, {})
    if value is None:
        spec.pop(last, None)
    else:
        spec[last] = value


def params(cases: list[Case]) -> list[Any]:
    """The cases as pytest parameters with ids that can be read."""
    return [pytest.param(case, id=f"{case.kind.kind}-{case.path}={str(case.value)[:30]!r}") for case in cases]


VC, FA, RG, RS, FP = names.KINDS
BOUNDS = "must be written like 90s, 15m or 1h30m, and be longer than zero and at most 8760h"
TARGET = {"faultDomainID": "array-b", "deviceGroupID": "0001"}

TIMES = ("2026-12-01T00:00:00.5Z", "2026-12-01T01:00:00+01:00", "2026-12-01T00:00:00-23:59", "9999-12-31T23:59:59Z")
"""Times, as they may be written."""
NO_TIMES = ("2026-12-01T25:00:00Z", "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00+01:60", "0000-12-01T00:00:00Z")
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
    *(Case(RS, "pointInTimeName", name) for name in ("a", "before upgrade 42", "Zürich: vor dem Update", "x" * 80)),
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
]

WRONG = [
    *(
        Case(VC, "address", address, "spec.address", "spec.address in body should match")
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
    Case(VC, "address", "vc:0", "spec.address", "the port must be between 1 and 65535"),
    Case(VC, "address", "[::1]:65536", "spec.address", "the port must be between 1 and 65535"),
    Case(VC, "address", "", "spec.address", "spec.address in body should be at least 1 chars long"),
    Case(VC, "address", None, "spec.address", "spec.address: Required value"),
    Case(VC, "address", 7, "spec.address", "spec.address in body must be of type string"),
    Case(VC, "credentialsSecretRef", None, "spec.credentialsSecretRef", "spec.credentialsSecretRef: Required value"),
    Case(VC, "credentialsSecretRef", {}, "spec.credentialsSecretRef.name", "credentialsSecretRef.name: Required value"),
    Case(VC, "credentialsSecretRef.name", "Not A Name", "spec.credentialsSecretRef.name", "should match"),
    Case(
        VC, "tls", {"caCertificates": PEM, "insecureSkipVerify": True}, "spec.tls", "contradict each other: choose one"
    ),
    Case(VC, "tls.caCertificates", "/etc/ca.pem", "spec.tls.caCertificates", "must hold certificates in PEM form"),
    Case(VC, "tls.caCertificates", PEM + "x" * 65536, "spec.tls.caCertificates", "may not be more than 65536 bytes"),
    Case(VC, "tls.insecureSkipVerify", "yes", "spec.tls.insecureSkipVerify", "must be of type boolean"),
    Case(VC, "maxConcurrentCalls", 0, "spec.maxConcurrentCalls", "should be greater than or equal to 1"),
    Case(VC, "maxConcurrentCalls", 17, "spec.maxConcurrentCalls", "should be less than or equal to 16"),
    Case(VC, "discovery", {}, "spec.discovery.namespace", "spec.discovery.namespace: Required value"),
    Case(VC, "discovery.namespace", "a.b", "spec.discovery.namespace", "should match"),
    Case(FA, "apiTokenSecretRef", None, "spec.apiTokenSecretRef", "spec.apiTokenSecretRef: Required value"),
    Case(FA, "restVersion", "2.26", "spec.restVersion", 'supported values: "Auto", "REST1", "REST2"'),
    Case(RG, "recoverySite", None, "spec.recoverySite", "spec.recoverySite: Required value"),
    Case(RG, "recoverySite", {}, "spec.recoverySite.vCenterRef", "spec.recoverySite.vCenterRef: Required value"),
    Case(RG, "protectedSite.vCenterRef.name", "A", "spec.protectedSite.vCenterRef.name", "should match"),
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
        "means a group that is created on demand",
    ),
    Case(RG, "group.name", "a\nb", "spec.group.name", "should match"),
    *(
        Case(RG, "protectionGroup", name, "spec.protectionGroup", "should match")
        for name in ("array:erp", "erp.1", "-erp", "a b", "x" * 64, "pod::")
    ),
    Case(RG, "minPushInterval", "0s", "spec.minPushInterval", BOUNDS),
    Case(RG, "targetArrayRef", {"name": ""}, "spec.targetArrayRef.name", "should be at least 1 chars long"),
    Case(RS, "groupRef", None, "spec.groupRef", "spec.groupRef: Required value"),
    Case(RS, "groupRef.name", "erp/x", "spec.groupRef.name", "should match"),
    Case(RS, "groupRef.name", "x" * 254, "spec.groupRef.name", "may not be more than 253 bytes"),
    *(
        Case(RS, "pointInTimeName", name, "spec.pointInTimeName", "should match")
        for name in (" a", "a ", "a\tb", "a\x7f", "line\nline", "a\x85b")
    ),
    Case(RS, "pointInTimeName", "x" * 81, "spec.pointInTimeName", "may not be more than 80 bytes"),
    Case(RS, "pointInTimeName", "", "spec.pointInTimeName", "should be at least 1 chars long"),
    Case(RS, "requestID", "a b", "spec.requestID", "should match"),
    Case(RS, "requestID", "x" * 129, "spec.requestID", "may not be more than 128 bytes"),
    Case(RS, "method", "Magic", "spec.method", 'supported values: "Coordinated", "ArrayOnly", "AwaitSchedule"'),
    *(
        Case(RS, "maxAge", text, "spec.maxAge", "should match")
        for text in ("10", "10 m", "1d", "30m1h", "-5m", "1.5h", "10m\n", "99999h")
    ),
    *(Case(RS, "timeout", text, "spec.timeout", BOUNDS) for text in ("0s", "0h0m", "8761h", "8760h1s")),
    Case(RS, "timeout", "", "spec.timeout", "should be at least 2 chars long"),
    *(
        Case(RS, "notAfter", text, "spec.notAfter", "spec.notAfter in body")
        for text in ("tomorrow", "2026-12-01", "2026-12-01T00:00:00", "2026-13-01T00:00:00Z", *NO_TIMES)
    ),
    Case(RS, "retryLimit", -1, "spec.retryLimit", "should be greater than or equal to 0"),
    Case(RS, "retryLimit", 101, "spec.retryLimit", "should be less than or equal to 100"),
    Case(RS, "retryLimit", 1.5, "spec.retryLimit", "must be of type integer"),
    Case(RS, "ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished", "should be greater than or equal to 0"),
    Case(RS, "suspend", "yes", "spec.suspend", "must be of type boolean"),
    Case(RS, "cancel", 1, "spec.cancel", "must be of type boolean"),
    *(
        Case(RG, "failoverCalledOffAt", text, "spec.failoverCalledOffAt", "spec.failoverCalledOffAt in body")
        for text in ("yesterday", *NO_TIMES)
    ),
    Case(FP, "groupRef", None, "spec.groupRef", "spec.groupRef: Required value"),
    Case(FP, "consent", None, "spec.consent", "spec.consent: Required value"),
    Case(FP, "consent", "", "spec.consent", "should be at least 1 chars long"),
    Case(FP, "consent", "Yes", "spec.consent", "should match"),
    Case(FP, "notAfter", None, "spec.notAfter", "spec.notAfter: Required value"),
    *(Case(FP, "notAfter", text, "spec.notAfter", "spec.notAfter in body") for text in ("tonight", *NO_TIMES)),
    Case(FP, "validFor", "0s", "spec.validFor", BOUNDS),
    Case(FP, "dryRun", "yes", "spec.dryRun", "must be of type boolean"),
    Case(FP, "requestID", "a b", "spec.requestID", "should match"),
    Case(FP, "timeout", "8761h", "spec.timeout", BOUNDS),
    Case(FP, "ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished", "should be greater than or equal to 0"),
]
