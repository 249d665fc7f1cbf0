"""Every metric: its name, what it means, and how many series of it there are. The page of metrics is made of this."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What Prometheus takes it for."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Per(StrEnum):
    """What there is a series for."""

    GROUP = "group"
    SCHEDULE = "schedule"
    ENDPOINT = "endpoint"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters:
        name: as it is scraped; a histogram's without `_bucket`, `_sum` and `_count`.
        type: what Prometheus takes it for.
        help: one line, scraped with it.
        per: what there is a series for.
        labels: in the order in which they stand; those that say which group, schedule or endpoint come first.
        absent: when there is no series, one line; empty: there always is one.
        series: how many series there are for one group, schedule, endpoint or process.
    """

    name: str
    type: Type
    help: str
    per: Per
    labels: tuple[str, ...]
    absent: str
    series: str = "1"

    @property
    def family(self) -> str:
        """The name as prometheus_client wants it: without the suffix that follows from the type."""
        return self.name.removesuffix({Type.COUNTER: "_total", Type.INFO: "_info"}.get(self.type, ""))


_GROUP, _SCHEDULE, _ENDPOINT = ("namespace", "group"), ("namespace", "schedule", "group"), ("kind", "name")


def _group(name: str, says: str, absent: str, *more: str, series: str = "1") -> Metric:
    return Metric(f"vvol_group_{name}", Type.GAUGE, says, Per.GROUP, _GROUP + more, absent, series)


def _schedule(name: str, says: str, absent: str, of: Type = Type.GAUGE) -> Metric:
    return Metric(f"vvol_schedule_{name}", of, says, Per.SCHEDULE, _SCHEDULE, absent)


def _endpoint(name: str, says: str, absent: str, *more: str, of: Type = Type.GAUGE, series: str = "1") -> Metric:
    return Metric(f"vvol_{name}", of, says, Per.ENDPOINT, _ENDPOINT + more, absent, series)


def _process(name: str, says: str, absent: str, *labels: str, of: Type = Type.GAUGE, series: str = "1") -> Metric:
    return Metric(f"vvol_{name}", of, says, Per.PROCESS, labels, absent, series)


GROUP_READY = _group(
    "ready", "1 if the last reading of the group was complete.", "its status has no condition Ready yet"
)
GROUP_LAST_READ = _group(
    "last_read_timestamp_seconds",
    "When the points in time were listed last, by the operator's clock.",
    "they were never listed",
)
GROUP_NEWEST = _group(
    "newest_point_in_time_timestamp_seconds",
    "The time of the newest point in time at the target, by the arrays' clocks.",
    "no point in time is listed, or they were never listed",
)
GROUP_NEWEST_NAMED = _group(
    "newest_named_point_in_time_timestamp_seconds",
    "The time of the newest point in time at the target that has a name, by the arrays' clocks.",
    "no listed point in time has a name, or they were never listed",
)
GROUP_POINTS = _group("points_in_time", "How many points in time are listed at the target.", "they were never listed")
GROUP_OBJECTIVE = _group(
    "objective_seconds",
    "The recovery point objective: spec.recoveryPointObjective.",
    "the spec has none, or cannot be read",
)
GROUP_VIOLATED = _group(
    "objective_violated",
    "1 if the newest point in time is older than the objective, or there is none: RecoveryPointCurrent is False.",
    "there is no condition RecoveryPointCurrent, or it is Unknown",
)
GROUP_BEHIND = _group(
    "behind_objective_since_timestamp_seconds",
    "Since when the group is behind its objective, by the target array's clock: status.behindObjectiveSince.",
    "the group is not behind its objective, or no reading has shown it",
)
GROUP_STATE = _group(
    "state",
    "1 for the last known state in vSphere of that side of the group: source or target.",
    "that side is not known",
    "side",
    "state",
    series="1 per side that is known: 2 at most",
)
GROUP_PREPARED = _group(
    "prepared",
    "1 if the group counts as prepared for failover: syncs bring no new data.",
    "its status has no conditions yet, or the failover was called off",
)
GROUP_PREPARED_SINCE = _group(
    "prepared_since_timestamp_seconds",
    "Since when the group counts as prepared, by the operator's clock.",
    "the group does not count as prepared, or another object of the same group remembers it",
)
GROUP_PREPARATION_VALID = _group(
    "preparation_valid",
    "1 while the FailoverPreparation that prepared the group is valid, 0 once it is stale: its condition Valid.",
    "the group is not prepared, that object is gone, or Valid is Unknown",
)
GROUP_ARMED_SINCE = _group(
    "sync_left_armed_since_timestamp_seconds",
    "Since when a sync is armed at the target whose request has ended, by the operator's clock.",
    "there is none",
)
GROUP_LAST_END = _group(
    "last_request_finished_timestamp_seconds",
    "When the last request on the group ended, for each kind. outcome is its phase, or Deleted. reason is from Ready.",
    "no request of that kind is in the group's history of 20",
    "kind",
    "outcome",
    "reason",
    series="1 per kind: 2 at most",
)
GROUP_IN_FLIGHT = _group(
    "requests_in_flight",
    "Requests on the group that are in flight, by phase and reason of Ready.",
    "there is no request of that phase and reason",
    "kind",
    "phase",
    "reason",
    series="1 per phase and reason that a request in flight has",
)
GROUP_OLDEST = _group(
    "oldest_request_timestamp_seconds",
    "When the oldest request in flight on the group was accepted, by the operator's clock.",
    "no request is in flight",
)
TRANSFER_PROGRESS = _group(
    "transfer_progress_ratio",
    "The arrived part of the transfer that a request follows, 0 to 1, as the target array last said.",
    "no request follows a transfer, or it has landed",
)
TRANSFER_BYTES = _group(
    "transfer_bytes",
    "The arrived bytes of the transfer that a request follows, as the target array last said.",
    "no request follows a transfer, it has landed, or the array does not tell",
)
TRANSFER_STARTED = _group(
    "transfer_started_timestamp_seconds",
    "When the transfer that a request follows began, by the target array's clock.",
    "no request follows a transfer, it has landed, or the array does not tell",
)

SCHEDULE_READY = _schedule(
    "ready", "1 if the schedule starts its runs: condition Ready.", "its status has no condition Ready yet"
)
SCHEDULE_SUSPENDED = _schedule("suspended", "1 if spec.suspend is true.", "the spec cannot be read")
SCHEDULE_NEXT = _schedule(
    "next_run_timestamp_seconds", "When the next run is due, by the operator's clock.", "no run will be started"
)
SCHEDULE_LAST = _schedule(
    "last_run_timestamp_seconds", "The last time of the schedule for which a run was started.", "no run was started"
)
SCHEDULE_LAST_SUCCESS = _schedule(
    "last_success_timestamp_seconds", "When a run last succeeded, by the operator's clock.", "no run has succeeded"
)
SCHEDULE_MISSED = _schedule(
    "missed_runs_total",
    "Times of the schedule at which no run could be started in time, since the object was made.",
    "its status was never written",
    of=Type.COUNTER,
)
SCHEDULE_SKIPPED = _schedule(
    "skipped_runs_total",
    "Times of the schedule without a run because the run before was under way, since the object was made.",
    "its status was never written",
    of=Type.COUNTER,
)
SCHEDULE_ACTIVE = _schedule("active_runs", "Runs that were started and have not ended.", "its status was never written")

ENDPOINT_READY = _endpoint(
    "endpoint_ready", "1 if the last reading of the endpoint was complete.", "its status has no condition Ready yet"
)
ENDPOINT_UP = _endpoint(
    "endpoint_up",
    "1 if the endpoint answers, 0 if it cannot be reached: condition Reachable.",
    "Reachable is Unknown, for example after an answer that cannot be used",
)
ENDPOINT_LOGGED_IN = _endpoint(
    "endpoint_logged_in",
    "1 if the endpoint accepts the login, 0 if not: condition Authenticated.",
    "Authenticated is Unknown, for example while the endpoint cannot be reached",
)
ENDPOINT_LAST_READ = _endpoint(
    "endpoint_last_read_timestamp_seconds",
    "When the endpoint was last read completely, by the operator's clock.",
    "it was never read completely",
)
ENDPOINT_RETRIES = _endpoint(
    "endpoint_retries_total",
    "Readings that were started because the reading before had failed.",
    "",
    of=Type.COUNTER,
)
ENDPOINT_SKEW = _endpoint(
    "endpoint_clock_skew_seconds",
    "How far the endpoint's clock is ahead of the operator's. Negative: it is behind.",
    "it is a VCenter, or its answers have no time",
)
ENDPOINT_CERTIFICATE = _endpoint(
    "endpoint_certificate_expiry_timestamp_seconds",
    "When the endpoint's certificate expires, as the last verified handshake showed.",
    "no handshake was verified yet in this session, or tls.insecureSkipVerify is true",
)
CALLS = _endpoint(
    "storage_calls_total",
    "Calls of the endpoint, by operation and outcome: Done, Refused, Unavailable or Indeterminate.",
    "no call of that operation has ended so in this session",
    "operation",
    "outcome",
    of=Type.COUNTER,
    series="1 per operation (8 of a VCenter, 7 of a FlashArray) and outcome (4) that was seen",
)
CALL_DURATION = _endpoint(
    "storage_call_duration_seconds",
    "How long calls of the endpoint took, with the wait for their turn and the login.",
    "no call of that operation has ended in this session",
    "operation",
    of=Type.HISTOGRAM,
    series="9 per operation that was seen",
)
CALLS_WAITING = _endpoint(
    "storage_calls_waiting",
    "Calls that wait because spec.maxConcurrentCalls are under way.",
    "there is no session, because there is no Secret or the spec cannot be read",
)

IN_FLIGHT = _process(
    "requests_in_flight",
    "Requests in flight, by kind and phase.",
    "",
    "kind",
    "phase",
    series="8: kinds (2) by phases (Pending, Waiting, Running, Suspended)",
)
FINISHED = _process(
    "requests_finished_total",
    "Requests that ended in this process, by outcome (the phase) and reason of Ready.",
    "no request has ended so since the start",
    "kind",
    "method",
    "outcome",
    "reason",
    of=Type.COUNTER,
    series="1 per combination that was seen: methods (3 of a sync; DryRun or empty) by reasons that end a request",
)
PHASE_DURATION = _process(
    "request_phase_duration_seconds",
    "How long the phases of ended requests took: queue, arming, push, transfer, verify, and total.",
    "no request of that kind and method with that phase has ended since the start",
    "kind",
    "method",
    "phase",
    of=Type.HISTOGRAM,
    series="13 per kind, method and phase that was seen: 26 at most",
)
LEADER = _process("leader", "1 if this process may act: it holds the Lease, or there is no --leader-elect.", "")
LEASE_RENEWALS = _process(
    "lease_renewals_total", "Writes of the Lease that took effect.", "there is no --leader-elect", of=Type.COUNTER
)
LEASE_FAILURES = _process(
    "lease_renewal_failures_total",
    "Reads and writes of the Lease that failed. A conflict with another replica is not counted.",
    "there is no --leader-elect",
    of=Type.COUNTER,
)
API_WRITES = _process(
    "api_writes_total",
    "Writes to the API server, with those of kopf, by verb, resource and outcome.",
    "there was no such write since the start",
    "verb",
    "resource",
    "outcome",
    of=Type.COUNTER,
    series="1 per combination that was seen: verbs (4), resources (6 of ours and their statuses, events, leases, "
    "reviews), outcomes (8)",
)
WATCH_EVENT = _process(
    "watch_last_event_timestamp_seconds",
    "When the API server last showed an object of that kind.",
    "no object of it was shown since the start, or this process does not act",
    "kind",
    series="1 per kind (6) that has objects",
)
LOOP_LAG = _process(
    "event_loop_lag_seconds",
    "How late a timer of the event loop was. It is measured every second.",
    "",
    of=Type.HISTOGRAM,
    series="11",
)
BUILD = _process("build_info", "The running program. It is always 1.", "", "version", "python_version", of=Type.INFO)
CPU = _process(
    "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", "not on Linux", of=Type.COUNTER
)
VIRTUAL = _process("process_virtual_memory_bytes", "Virtual memory size in bytes.", "not on Linux")
RESIDENT = _process("process_resident_memory_bytes", "Resident memory size in bytes.", "not on Linux")
STARTED = _process(
    "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", "not on Linux"
)
FDS = _process("process_open_fds", "Number of open file descriptors.", "not on Linux")
MOST_FDS = _process("process_max_fds", "Maximum number of open file descriptors.", "not on Linux")

METRICS: tuple[Metric, ...] = tuple(one for one in list(globals().values()) if isinstance(one, Metric))
"""All, in the order in which they stand above."""

OUTCOMES = {
    "ok": "2xx",
    "conflict": "409: the object has changed, or exists already",
    "gone": "404",
    "denied": "401 or 403",
    "invalid": "400 or 422",
    "throttled": "429",
    "error": "any other status",
    "unanswered": "no answer, or not in time: the write may have taken effect",
}
"""How a write to the API server ends, by the status of the answer."""
