"""The trace of a request, made by the real operator and sent to a collector by OpenTelemetry's own exporter."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from e2e.rig import SECRETS, Rig, topology

from testbed.collector import Collector, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.rig import Object

    from testbed.controlplane import ControlPlane


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")  # nothing is sent before the end
    yield made
    made.close()


def nanoseconds(written: str) -> int:
    moment = datetime.fromisoformat(written)
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000


@pytest.mark.usefixtures("crds")
def test_a_request_that_outlived_its_operator_has_one_trace_with_all_its_phases(
    control_plane: ControlPlane, tmp_path: Path, collector: Collector
) -> None:
    rig = Rig(control_plane, tmp_path, more=["--tracing"])
    with rig.running(), rig.site(topology("erp")) as site:
        site.wait_group(site.group("erp"))
        site.act("hold", "erp")
        request = site.request(f"{site.prefix}erp", "before-upgrade", requestID="CHG-4711")
        request.wait_reason("Transferring")
        rig.kill()
        rig.start()
        site.act("land", "erp")
        obj: Object = request.wait_complete()
    status, uid = obj["status"], UUID(obj["metadata"]["uid"])

    root, *phases = sorted(collector.spans, key=lambda one: bool(one.parent_span_id))
    assert {one.trace_id for one in collector.spans} == {uid.bytes}
    assert {one.name for one in phases} == {"queue", "arming", "push", "transfer", "verify"}
    assert {one.parent_span_id for one in phases} == {root.span_id}
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (
        nanoseconds(status["acceptedAt"]),
        nanoseconds(status["finishedAt"]),
    )
    assert texts(root.attributes) == {
        "vvol.kind": "ReplicationSync",
        "vvol.namespace": rig.namespace,
        "vvol.name": "before-upgrade",
        "vvol.group": f"{site.prefix}erp",
        "vvol.method": "Coordinated",
        "vvol.outcome": "Succeeded",
        "vvol.reason": "PointInTimeCreated",
        "vvol.requestID": "CHG-4711",
    }
    assert [secret for secret in SECRETS if secret in str(collector.taken)] == []
    assert not re.search("OpenTelemetry|Traces", rig.log), rig.log
