"""The numbers that follow from how much is going on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vvol_replication.reconcile.core.tuning import Tuning


@pytest.mark.parametrize("followed", [0, 1, 15, 16, 100, 1000])
def test_tasks_are_asked_no_more_often_than_their_spacing_allows(followed: int) -> None:
    tuning = Tuning().among(followed)
    asked_a_minute = followed * (timedelta(minutes=1) / tuning.task_every)
    assert asked_a_minute <= timedelta(minutes=1) / Tuning().task_spacing
    assert tuning.task_every >= Tuning().task_every


def test_few_transfers_change_nothing() -> None:
    assert Tuning().among(15) == Tuning()
