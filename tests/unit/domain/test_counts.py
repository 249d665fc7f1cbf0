"""Counts as a person reads them."""

from vvol_replication.domain.counts import counted


def test_one_is_one_and_any_other_number_is_several() -> None:
    assert [counted(number, "group") for number in (0, 1, 2)] == ["0 groups", "1 group", "2 groups"]
    assert counted(1, "point in time", "points in time") == "1 point in time"
    assert counted(2, "point in time", "points in time") == "2 points in time"
