"""What `/metrics` answers: both formats, the names and labels of the list, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from vvol_replication.api.names import FLASHARRAY, REPLICATION_SYNC, VCENTER
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus, TransferStatus
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.engine.measures import (
    EndpointMeasures,
    GroupMeasures,
    Measures,
    RequestMeasures,
    ScheduleMeasures,
)
from vvol_replication.engine.ports import PortMeasures, RequestEnd
from vvol_replication.metrics.catalogue import METRICS, OUTCOMES, Type
from vvol_replication.metrics.ends import EndCounter
from vvol_replication.metrics.exposition import Exposition, Sources
from vvol_replication.metrics.lag import LoopLag

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4"
TIME = "2026-06-01T12:00:00Z"


def condition(type_: str, status: str = "True", reason: str = "Ready") -> dict[str, Any]:
    """A condition as it is stored."""
    return {"type": type_, "status": status, "reason": reason, "message": "", "lastTransitionTime": TIME}


def everything() -> Measures:
    """One object of each, and all of it known."""
    calls = Calls()
    calls.note("about", Done(None), 0.1)
    calls.note("about", Unavailable("Unreachable", "a secret"), 50.0)
    group = {
        "conditions": [condition("Ready"), condition("RecoveryPointCurrent", "False"), condition("Prepared")],
        "lastReadAt": TIME,
        "newestPointInTime": TIME,
        "newestNamedPointInTime": {"time": TIME},
        "behindObjectiveSince": TIME,
        "pointInTimeCount": 3,
        "source": {"state": "SOURCE"},
        "target": {"state": "TARGET"},
        "prepared": {"since": TIME},
        "armedSync": {"since": TIME},
        "history": [{"kind": "ReplicationSync", "outcome": "Succeeded", "reason": "AlreadyDone", "finishedAt": TIME}],
    }
    schedule = {
        "conditions": [condition("Ready")],
        **dict.fromkeys(("nextScheduleTime", "lastScheduleTime", "lastSuccessfulTime"), TIME),
    }
    endpoint = {
        "conditions": [condition(one) for one in ("Ready", "Reachable", "Authenticated")],
        "lastReadAt": TIME,
    }
    transfer = TransferStatus("snapshot", 50, 1024, AT)
    return Measures(
        groups=(GroupMeasures("prod", "erp", group, timedelta(minutes=15), "True"),),
        endpoints=(
            EndpointMeasures(VCENTER, "dallas", endpoint, 0, None, None),
            EndpointMeasures(FLASHARRAY, "a", endpoint, 2, timedelta(seconds=-3), PortMeasures(calls, 1, 2e9)),
        ),
        requests=(
            RequestMeasures(
                REPLICATION_SYNC,
                "prod",
                "erp",
                SyncStatus(phase=Phase.RUNNING, accepted_at=AT, transfer=transfer),
            ),
        ),
        schedules=(ScheduleMeasures("prod", "nightly", "erp", False, schedule),),  # noqa: FBT003 - as in the spec
        observed={VCENTER: AT},
    )


def exposition(measures: Measures | None = None) -> Exposition:
    """One that tells everything, unless it is told what else."""
    ends, lag = EndCounter(), LoopLag()
    if measures is None:
        ref = ObjectRef(REPLICATION_SYNC, "prod", "one", "u1")
        status = SyncStatus(phase=Phase.FAILED, accepted_at=AT, finished_at=AT)
        ends.ended(RequestEnd(ref, "erp", "Coordinated", "u1", status))
        lag.seen.observe(0.03)
    writes = SimpleNamespace(ended=Counter({("patch", "replicationgroups/status", "ok"): 5}))
    sources: Any = Sources(
        version="1.2.3",
        measures=lambda: everything() if measures is None else measures,
        leading=lambda: measures is None,
        renewals=lambda: (7, 1),
        connections=(SimpleNamespace(writes=writes), SimpleNamespace(writes=writes)),  # type: ignore[arg-type]  # a part
    )
    return Exposition(sources, ends, lag)


def families(accept: str = "", measures: Measures | None = None) -> Iterator[Family]:
    """What a scraper reads of it."""
    told = exposition(measures)
    body, headers = told.write(told.look(), accept, "")
    read = read_openmetrics if "openmetrics" in headers["Content-Type"] else read_text
    yield from read(body.decode())


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "OpenMetrics"])
def test_what_is_told_is_what_the_list_says(accept: str) -> None:
    told = {family.name: family for family in families(accept)}
    text_names = {one.name if one.type is Type.INFO and not accept else one.family: one for one in METRICS}
    assert set(told) == set(text_names)
    for name, metric in text_names.items():
        family = told[name]
        assert family.documentation == metric.help
        assert family.type == ("gauge" if metric.type is Type.INFO and not accept else metric.type)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
            assert not sample.name.endswith("_created")


def test_names_and_units_follow_the_conventions() -> None:
    names = [one.name for one in METRICS]
    assert len(set(names)) == len(names)
    for one in METRICS:
        assert re.fullmatch(r"vvol_[a-z]+(_[a-z]+)*", one.name)
        assert one.name.endswith("_total") == (one.type is Type.COUNTER)
        assert one.name.endswith("_info") == (one.type is Type.INFO)
        assert not re.search(r"_(age|milliseconds|percent|minutes|kib|mib)(_|$)", one.name)
        assert one.help.endswith(".")
        assert "timestamp" not in one.name or one.name.endswith("_timestamp_seconds")


def test_the_values_are_those_of_the_statuses() -> None:
    found = {sample.name: sample.value for family in families() for sample in family.samples}
    assert found["vvol_group_objective_violated"] == 1
    assert found["vvol_group_points_in_time"] == 3
    assert found["vvol_group_newest_named_point_in_time_timestamp_seconds"] == AT.timestamp()
    assert found["vvol_group_transfer_progress_ratio"] == 0.5
    assert found["vvol_group_transfer_bytes"] == 1024
    assert found["vvol_endpoint_clock_skew_seconds"] == -3
    assert found["vvol_endpoint_certificate_expiry_timestamp_seconds"] == 2e9
    assert found["vvol_storage_calls_waiting"] == 1
    assert found["vvol_api_writes_total"] == 10
    assert (found["vvol_lease_renewals_total"], found["vvol_lease_renewal_failures_total"]) == (7, 1)
    assert found["vvol_leader"] == 1


def test_a_replica_that_stands_by_tells_of_itself_only() -> None:
    told = {family.name: family for family in families(measures=Measures())}
    assert told["vvol_leader"].samples[0].value == 0
    assert told["vvol_process_cpu_seconds"].samples
    assert told["vvol_build_info"].samples
    assert not [name for name in told if name.startswith(("vvol_group", "vvol_endpoint", "vvol_schedule"))]


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"conditions": "none", "source": 1, "target": [], "history": {}, "pointsInTime": 3, "prepared": "yes"},
        {
            "conditions": [1, {"type": "Ready"}, condition("RecoveryPointCurrent", "Unknown")],
            "source": {"state": "a secret"},
            "history": [None, {"kind": "a secret"}, {"kind": "ReplicationSync", "outcome": "a secret"}],
            "lastReadAt": "a secret",
            "pointInTimeCount": "a secret",
            "pointsInTime": ["a secret", {"name": "a secret", "time": "yesterday"}],
            "armedSync": {"since": 5},
        },
    ],
    ids=["none", "other types", "other words"],
)
def test_a_status_that_somebody_else_wrote_tells_nothing(status: dict[str, Any]) -> None:
    group = GroupMeasures("prod", "erp", status, None, None)
    found = [
        sample
        for family in families(measures=Measures(groups=(group,)))
        for sample in family.samples
        if sample.name.startswith("vvol_group")
    ]
    assert [(one.name, one.value) for one in found] in ([], [("vvol_group_prepared", 0)])
    assert "a secret" not in str(found)


def test_the_newest_named_point_of_an_older_status_is_among_those_that_it_shows() -> None:
    points = [
        {"time": "2026-06-01T13:00:00Z"},
        {"name": "x", "time": TIME},
        {"name": "y", "time": "2026-05-01T00:00:00Z"},
    ]
    group = GroupMeasures("prod", "erp", {"pointsInTime": points}, None, None)
    told = {family.name: family for family in families(measures=Measures(groups=(group,)))}
    (sample,) = told["vvol_group_newest_named_point_in_time_timestamp_seconds"].samples
    assert sample.value == AT.timestamp()


def test_an_object_that_is_known_twice_for_a_moment_has_one_series() -> None:
    old, new = (ScheduleMeasures("prod", "nightly", "erp", one, {}) for one in (True, False))
    told = {family.name: family for family in families(measures=Measures(schedules=(old, new)))}
    assert [one.value for one in told["vvol_schedule_suspended"].samples] == [0]


def test_the_buckets_of_a_histogram_add_up() -> None:
    told = {family.name: family for family in families()}
    found = told["vvol_storage_call_duration_seconds"].samples
    counts = [one.value for one in found if one.name.endswith("_bucket")]
    assert counts == sorted(counts) == [0, 1, 1, 1, 1, 1, 2]
    assert [one.value for one in found if one.name.endswith("_count")] == [2]
    assert [one.value for one in found if one.name.endswith("_sum")] == [pytest.approx(50.1)]


async def test_it_is_written_in_another_thread_and_gzipped_for_who_takes_that() -> None:
    told = exposition()
    written: list[threading.Thread] = []
    write = told.write

    def watched(*given: Any) -> Any:
        written.append(threading.current_thread())
        return write(*given)

    told.write = watched  # type: ignore[assignment, method-assign]
    answers = await asyncio.gather(told.answer("", "gzip, deflate"), told.answer(OPENMETRICS, ""))
    assert threading.current_thread() not in written
    (packed, headers), (plain, more) = answers
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"].startswith("text/plain")
    assert b"vvol_leader 1.0\n" in gzip.decompress(packed)
    assert "Content-Encoding" not in more
    assert more["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert plain.endswith(b"# EOF\n")


def test_the_page_tells_every_outcome_of_a_write() -> None:
    assert set(OUTCOMES) == {"ok", "conflict", "gone", "denied", "invalid", "throttled", "error", "unanswered"}
