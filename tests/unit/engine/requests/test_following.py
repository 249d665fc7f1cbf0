"""What of a target's polls reaches a request: events at once, mere progress now and then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from unit.engine.requests.test_calls import RESOLVED

from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done, Outcome, Unavailable
from vvol_replication.engine.monitors.poller import Deliver, Rows
from vvol_replication.engine.requests.following import FollowedTransfers

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
UNDER_WAY = Snapshot("a:erp.one", BEGUN, started=BEGUN, progress=0.1, bytes_transferred=100)


class Poller:
    """A poller that delivers what a test says."""

    def __init__(self) -> None:
        self.deliver: Deliver | None = None

    def follow(self, uid: str, array_id: str, protection_group: str, deliver: Deliver) -> None:
        assert (uid, array_id, protection_group) == ("uid-1", "id-b", "array-a:erp")
        self.deliver = deliver

    def leave(self, uid: str) -> None:
        assert uid == "uid-1"
        self.deliver = None


class Followed:
    """One request that follows its transfer, and what it was told when."""

    def __init__(self) -> None:
        self.poller = Poller()
        self.told: list[float] = []
        context: Any = SimpleNamespace(
            registry=SimpleNamespace(arrays={"b": SimpleNamespace(poller=self.poller)}),
            calls=SimpleNamespace(name_at_target=lambda _: "array-a:erp"),
        )
        self.transfers = FollowedTransfers(context, "uid-1", self._note)
        self.transfers.follow(RESOLVED)

    def _note(self, _: Outcome[Rows], at: datetime) -> None:
        self.told.append((at - BEGUN).total_seconds())

    def poll(self, second: float, *rows: Snapshot, outcome: Outcome[Rows] | None = None) -> None:
        assert self.poller.deliver is not None
        self.poller.deliver(outcome or Done(rows), BEGUN + timedelta(seconds=second))


def test_mere_progress_is_told_now_and_then() -> None:
    followed = Followed()
    for tick in range(9):
        followed.poll(tick / 2, replace(UNDER_WAY, progress=tick / 10, bytes_transferred=tick))
    assert followed.told == [0.0, 1.5, 3.0]


@pytest.mark.parametrize(
    "event",
    [
        (),
        (UNDER_WAY, replace(UNDER_WAY, name="a:erp.two")),
        (replace(UNDER_WAY, completed=BEGUN),),
        (replace(UNDER_WAY, completed=BEGUN, progress=1.0),),
        (replace(UNDER_WAY, destroyed=True),),
        (replace(UNDER_WAY, started=None),),
    ],
)
def test_what_happens_is_told_at_once(event: tuple[Snapshot, ...]) -> None:
    followed = Followed()
    followed.poll(0, UNDER_WAY)
    followed.poll(0.1, *event)
    followed.poll(0.2, *event)
    assert followed.told == [0.0, 0.1]


def test_a_snapshot_that_becomes_whole_after_it_was_completed_is_told_at_once() -> None:
    followed = Followed()
    followed.poll(0, replace(UNDER_WAY, completed=BEGUN, progress=0.99))
    followed.poll(0.1, replace(UNDER_WAY, completed=BEGUN, progress=1.0))
    assert followed.told == [0.0, 0.1]


def test_each_failure_is_told_and_what_comes_after_it() -> None:
    followed = Followed()
    followed.poll(0, UNDER_WAY)
    for second in (0.1, 0.2):
        followed.poll(second, outcome=Unavailable("Unreachable", "gone"))
    followed.poll(0.3, UNDER_WAY)
    followed.poll(0.4, UNDER_WAY)
    assert followed.told == [0.0, 0.1, 0.2, 0.3]


def test_who_follows_once_more_is_told_at_once() -> None:
    followed = Followed()
    followed.poll(0, UNDER_WAY)
    followed.transfers.follow(RESOLVED)
    followed.poll(0.1, UNDER_WAY)
    followed.transfers.leave()
    assert followed.poller.deliver is None
    followed.transfers.follow(RESOLVED)
    followed.poll(0.2, UNDER_WAY)
    assert followed.told == [0.0, 0.2]
