"""Names are pure functions of a request; small pieces that need no model."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.sync import SyncSpec, SyncStatus
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import StartedSync
from vvol_replication.reconcile.core.derived_names import point_in_time_name_for, suffix_for
from vvol_replication.reconcile.core.observation import Moment, Observation
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.sync.absorb import absorb_armed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST = Request("u1", "prod", "now", 1, NOW, SyncSpec(group="erp"))
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.tuples(WORDS, WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS, WORDS, WORDS))
def test_the_suffix_tells_any_two_requests_apart(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    def suffix(parts: tuple[str, ...]) -> str:
        array, group, namespace, request_id = parts
        return suffix_for(source_array_id=array, protection_group=group, namespace=namespace, request_id=request_id)

    folded = [(a.lower(), g.lower(), n, r) for a, g, n, r in (one, other)]
    assert (suffix(one) == suffix(other)) == (folded[0] == folded[1])
    assert re.fullmatch(r"vr-[0-9a-f]{32}", suffix(one))


def test_the_request_id_is_the_objects_uid_unless_one_is_given() -> None:
    assert REQUEST.request_id == "u1"
    assert replace(REQUEST, spec=SyncSpec(group="erp", request_id="CHG-1")).request_id == "CHG-1"


def test_the_derived_name_says_who_asked_and_leads_to_the_snapshot() -> None:
    suffix = REQUEST.suffix("id-a", "erp")
    assert REQUEST.point_in_time_name(suffix) == f"prod.now.{suffix[3:15]}"
    longest = point_in_time_name_for(namespace="n" * 63, name="o" * 253, suffix=suffix)
    assert len(longest) == 63, "as long as a name on an array may be"
    assert longest.endswith(f".{suffix[3:15]}")


@given(st.integers(1, 100), st.floats(0, 0.999))
def test_backoff_grows_to_a_bound_and_is_never_nothing(failures: int, jitter: float) -> None:
    tuning = Tuning()
    assert timedelta() < tuning.backoff(failures, jitter) <= tuning.backoff_most
    assert tuning.backoff(failures, 0) <= tuning.backoff(failures + 1, 0)


def test_an_answer_without_a_ledger_is_absorbed_all_the_same() -> None:
    status, _ = absorb_armed(SyncStatus(), Observation(), Done(StartedSync("task-1")), Moment(NOW, Tuning()))
    assert status.operation is not None
    assert status.operation.sync is not None
    assert status.operation.sync.task == "task-1"
