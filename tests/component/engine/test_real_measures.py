"""What is counted of the product's own adapters, on real sockets: calls, what waits, and when a certificate ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from component.engine.real import NAMES, Real, real
from component.engine.virtual import until
from cryptography import x509
from unit.storage.certificates import self_signed

from vvol_replication.api.flasharray import RestVersion
from vvol_replication.api.names import FLASHARRAY, VCENTER, Kind
from vvol_replication.engine.ports import PortMeasures

EACH_CLIENT = pytest.mark.parametrize(
    ("kind", "family"),
    [(VCENTER, RestVersion.AUTO), (FLASHARRAY, RestVersion.REST1), (FLASHARRAY, RestVersion.REST2)],
    ids=["VCenter", "REST1", "REST2"],
)


def measured(rig: Real, kind: Kind) -> PortMeasures:
    """What is counted of the session to that endpoint."""
    (found,) = [one for one in rig.engine.measures().endpoints if (one.kind, one.name) == (kind, NAMES[kind])]
    assert found.port is not None
    return found.port


@EACH_CLIENT
async def test_the_end_of_the_certificate_is_known_from_the_connections_that_are_made_anyway(
    kind: Kind, family: RestVersion, tmp_path: Path
) -> None:
    async with real() as rig:
        certificate, key = self_signed()
        await rig.certify(kind, certificate, key, tmp_path)
        rig.family = family
        rig.apply(kind, caCertificates=certificate)
        await until(lambda: rig.says(kind) == ("True", "Ready"))
        ends = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
        told = measured(rig, kind).certificate_ends
        assert told is not None
        assert datetime.fromtimestamp(told, UTC) == ends


@EACH_CLIENT
async def test_nothing_is_known_of_a_certificate_that_is_not_verified(kind: Kind, family: RestVersion) -> None:
    async with real() as rig:
        rig.family = family
        rig.apply(kind, insecureSkipVerify=True)
        await until(lambda: rig.says(kind) == ("True", "Ready"))
        assert measured(rig, kind).certificate_ends is None


@EACH_CLIENT
async def test_calls_are_counted_by_operation_and_how_they_ended(kind: Kind, family: RestVersion) -> None:
    async with real() as rig:
        rig.family = family
        rig.apply(kind)
        await until(lambda: rig.says(kind) == ("True", "Ready"))
        calls = measured(rig, kind).calls
        assert calls.ended["about", "Done"] >= 1
        assert sum(calls.took["about"].counts) == calls.ended["about", "Done"]
        rig.simulator.world.faults.add(NAMES[kind], "*", "resetBefore")
        await until(lambda: measured(rig, kind).calls.ended.total() > calls.ended.total() + 1)
        refused = {outcome for (_, outcome), number in measured(rig, kind).calls.ended.items() if number}
        assert "Unavailable" in refused
        assert measured(rig, kind).waiting == 0
