"""When a failover counts as called off, and which object is not the one to say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from unit.cli.objects import Object, condition, group

from vvol_cli.commands.call_off import called_off_at, prepared_since
from vvol_cli.outcome import Outcome, Stop

SINCE = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("behind", [timedelta(minutes=-5), timedelta(), timedelta(minutes=5)])
def test_it_is_after_the_preparation_also_by_a_clock_that_is_behind(behind: timedelta) -> None:
    assert called_off_at(SINCE, SINCE - behind) > SINCE


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([], "group/erp is not prepared for failover. Nothing was changed."),
        (
            [condition("Prepared", "True", "FailoverPrepared", "See 'prod/two'.")],
            "Nothing was changed. See 'prod/two'.",
        ),
    ],
)
def test_an_object_that_remembers_no_preparation_is_not_changed(conditions: list[Object], said: str) -> None:
    with pytest.raises(Stop) as stop:
        prepared_since(group(*conditions))
    assert (stop.value.outcome, str(stop.value)) == (Outcome.REFUSED, said)
