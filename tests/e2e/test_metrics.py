"""A scraper at the real operator: both formats, while a sync runs and when objects are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import RECOVERY, TARGET, Rig, Site, topology
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from testbed.waiting import eventually
from vvol_replication.metrics.catalogue import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMETHEUS = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
TEXT = "text/plain;version=0.0.4"
FOREVER = 3600.0


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("told", transfer_seconds=FOREVER)) as made:
        yield made


def value(rig: Rig, name: str, /, **labels: str) -> float | None:
    """The value of the one series with these labels, as Prometheus scrapes it."""
    text, _ = rig.scrape(PROMETHEUS)
    found = [
        sample.value
        for family in read_openmetrics(text)  # type: ignore[no-untyped-call]  # the library's
        for sample in family.samples
        if sample.name == f"vvol_{name}" and labels.items() <= sample.labels.items()
    ]
    assert len(found) < 2
    return found[0] if found else None


def test_a_scrape_tells_the_same_in_both_formats_and_only_what_is_listed(rig: Rig, site: Site) -> None:
    site.wait_group(site.group("told"))
    (text, plain), (openmetrics, other) = rig.scrape(TEXT), rig.scrape(PROMETHEUS)
    assert plain.startswith("text/plain; version=0.0.4")
    assert other.startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.endswith("# EOF\n")
    told = [
        {s.name for f in read(one) for s in f.samples}
        for read, one in ((read_text, text), (read_openmetrics, openmetrics))
    ]
    assert told[0] == told[1]
    listed = {one.name for one in METRICS}
    assert {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in told[0]} <= listed
    assert {"vvol_leader", "vvol_group_ready", "vvol_endpoint_up", "vvol_process_cpu_seconds_total"} <= told[0]


def test_what_is_told_follows_a_sync_and_ends_with_its_group(rig: Rig, site: Site) -> None:
    group = site.group("told")
    site.wait_group(group)
    here = {"namespace": rig.namespace, "group": group}
    assert value(rig, "group_state", **here, side="target", state="TARGET") == 1
    request = site.request(group)
    request.wait_reason("Transferring")
    assert value(rig, "requests_in_flight", kind="ReplicationSync", phase="Running") == 1
    progress = eventually(lambda: value(rig, "group_transfer_progress_ratio", **here), what="the progress")
    assert progress is not None
    assert 0 < progress < 1
    request.patch(cancel=True)
    request.wait_finished()
    ended = {"kind": "ReplicationSync", "method": "Coordinated", "outcome": "Cancelled", "reason": "Cancelled"}
    eventually(lambda: value(rig, "requests_finished_total", **ended) == 1, what="the end to be counted")
    assert value(rig, "api_writes_total", verb="patch", resource="replicationsyncs/status", outcome="ok")
    for kind, name in (("VCenter", RECOVERY), ("FlashArray", TARGET)):
        labels = {"kind": kind, "name": f"{site.prefix}{name}"}
        assert value(rig, "endpoint_up", **labels) == 1
        assert (value(rig, "endpoint_certificate_expiry_timestamp_seconds", **labels) or 0) > 1e9
        assert value(rig, "storage_calls_total", **labels, operation="about", outcome="Done")
    rig.kubectl("delete", "replicationgroup", group, "--wait=false")
    eventually(lambda: value(rig, "group_ready", **here) is None, what="the series of the group to be gone")
