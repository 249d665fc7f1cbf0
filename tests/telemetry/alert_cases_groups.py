"""Situations of groups and schedules: in which their alerts fire, and in which not."""

from __future__ import annotations

from telemetry.alert_case import Case

from monitoring.alerts import groups

ERP = {"namespace": "erp-prod", "group": "erp"}
NIGHTLY = {"namespace": "erp-prod", "schedule": "nightly", "group": "erp"}
_ERP = 'namespace="erp-prod",group="erp"'
AGES = {f"vvol_group_objective_seconds{{{_ERP}}}": "900x300"}


def of(metric: str, values: str, pod: str = "one") -> dict[str, str]:
    """A series of the group, as one replica has it."""
    return {f'vvol_group_{metric}{{{_ERP},pod="{pod}"}}': values}


def missed(values: str, pod: str = "one") -> dict[str, str]:
    """The missed runs of the schedule, as one replica has them."""
    return {f'vvol_schedule_missed_runs_total{{{_ERP},schedule="nightly",pod="{pod}"}}': values}


VIOLATED = groups.OBJECTIVE_VIOLATED
NEAR, UNKNOWN, NO_POINT = groups.OBJECTIVE_NEAR, groups.OBJECTIVE_UNKNOWN, groups.NO_POINT_IN_TIME
STALLED, STALE = groups.TRANSFER_STALLED, groups.PREPARATION_STALE
PREPARED, ARMED, MISSED = groups.PREPARED_FOR_LONG, groups.SYNC_LEFT_ARMED, groups.SCHEDULE_MISSED

CASES = (
    Case(VIOLATED, "it is behind for two minutes", of("objective_violated", "0x4 1x10"), 8, ERP),
    Case(VIOLATED, "it has been behind for one minute", of("objective_violated", "0x4 1x10"), 6),
    Case(VIOLATED, "it is within its objective", of("objective_violated", "0x20"), 20),
    Case(VIOLATED, "a sync has helped", of("objective_violated", "1x9 0x9"), 12),
    Case(VIOLATED, "it has no objective", of("ready", "1x20"), 20),
    Case(
        VIOLATED,
        "another replica takes over while it is behind",
        of("objective_violated", "1x9 stale", "one") | of("objective_violated", "_x13 1x20", "two"),
        12,
        ERP,
    ),
    Case(VIOLATED, "the group was deleted", of("objective_violated", "1x9 stale _x20"), 16),
    Case(
        NEAR,
        "nine tenths of the objective have passed",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "0x300"),
        14,
        ERP,
        "93.33%",
    ),
    Case(
        NEAR,
        "half of the objective has passed",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "0x300"),
        8,
    ),
    Case(
        NEAR,
        "it is missed already",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "0x15 1x300"),
        18,
    ),
    Case(
        NEAR,
        "a sync comes every ten minutes",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x10 600x9 1200x9") | of("objective_violated", "0x300"),
        19,
    ),
    Case(
        UNKNOWN,
        "the target cannot be read and the last known one is too old",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "0x5 stale"),
        30,
        ERP,
        "30m 0s",
    ),
    Case(
        UNKNOWN,
        "the target cannot be read and the last known one is recent",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "0x5 stale"),
        14,
    ),
    Case(
        UNKNOWN,
        "it is known to be missed",
        AGES | of("newest_point_in_time_timestamp_seconds", "0x300") | of("objective_violated", "1x300"),
        30,
    ),
    Case(NO_POINT, "none is listed for half an hour", of("points_in_time", "0x60"), 31, ERP),
    Case(NO_POINT, "the first one comes", of("points_in_time", "0x20 1x60"), 40),
    Case(NO_POINT, "they cannot be listed", of("ready", "0x60"), 60),
    Case(
        NO_POINT,
        "the operator is restarted again and again",
        of("points_in_time", "0x12 stale _x2 0x12 stale _x2 0x30"),
        32,
        ERP,
    ),
    Case(STALLED, "it does not move", of("transfer_progress_ratio", "0.4x90"), 45, ERP, "40%"),
    Case(STALLED, "it has begun ten minutes ago", of("transfer_progress_ratio", "_x35 0x10"), 45),
    Case(STALLED, "it moves", of("transfer_progress_ratio", "0+0.01x90"), 45),
    Case(
        STALLED,
        "a long one moves by bytes alone",
        of("transfer_progress_ratio", "0.4x90") | of("transfer_bytes", "1e9+1e6x90"),
        45,
    ),
    Case(
        STALLED,
        "neither percent nor bytes move",
        of("transfer_progress_ratio", "0.4x90") | of("transfer_bytes", "1e9x90"),
        45,
        ERP,
        "40%",
    ),
    Case(
        STALLED,
        "another replica shows it where the first one left it",
        of("transfer_progress_ratio", "0.1+0.01x40 stale", "one") | of("transfer_progress_ratio", "_x42 0.5x20", "two"),
        46,
    ),
    Case(
        STALLED,
        "it stands still, whichever replica looks",
        of("transfer_progress_ratio", "0.4x40 stale", "one") | of("transfer_progress_ratio", "_x42 0.4x20", "two"),
        46,
        ERP,
        "40%",
    ),
    Case(STALLED, "it has landed", of("transfer_progress_ratio", "0.4x40 stale _x20"), 50),
    Case(STALE, "it is stale", of("preparation_valid", "1x5 0x20"), 12, ERP),
    Case(STALE, "it is valid", of("preparation_valid", "1x20"), 12),
    Case(STALE, "it is called off", of("preparation_valid", "0x4 stale _x20"), 12),
    Case(PREPARED, "five hours have passed", of("prepared_since_timestamp_seconds", "0x400"), 300, ERP, "5h 0m 0s"),
    Case(PREPARED, "three hours have passed", of("prepared_since_timestamp_seconds", "0x400"), 180),
    Case(PREPARED, "it has failed over", of("prepared_since_timestamp_seconds", "0x230 stale _x90"), 300),
    Case(ARMED, "two hours have passed", of("sync_left_armed_since_timestamp_seconds", "0x200"), 120, ERP, "2h 0m 0s"),
    Case(ARMED, "half an hour has passed", of("sync_left_armed_since_timestamp_seconds", "0x200"), 30),
    Case(ARMED, "something has landed", of("sync_left_armed_since_timestamp_seconds", "0x50 stale _x90"), 120),
    Case(MISSED, "a run is missed", missed("3x30 4x60"), 40, NIGHTLY, "1"),
    Case(MISSED, "the first one of all is missed", missed("0x30 1x60"), 40, NIGHTLY, "1"),
    Case(MISSED, "none was missed recently", missed("2x30 4x300"), 200),
    Case(MISSED, "the operator is restarted", missed("4x30 stale") | missed("_x34 4x60", "two"), 40),
    Case(
        MISSED,
        "two are missed while no operator runs",
        missed("4x30 stale") | missed("_x34 6x60", "two"),
        40,
        NIGHTLY,
        "2",
    ),
    Case(MISSED, "the object is made again", missed("4x30 0x60"), 40),
)
