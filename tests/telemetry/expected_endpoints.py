"""What the dashboard of the endpoints has to show of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.numbers import Number, between, exactly
from telemetry.scenario import SKEW, Scene

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GOOD = ("austin", "dallas", "flasharray-a", "flasharray-b", "late")
_ARRAYS = ("flasharray-a", "flasharray-b", "late")
_ALL = (*_GOOD, "locked", "garbled", "gone")
_DAY = 24 * 3600.0


def _row(name: str) -> str:
    return f"kind={'VCenter' if name in {'austin', 'dallas'} else 'FlashArray'}, name={name}"


def _each(names: Iterable[str], number: Number) -> dict[str, Number]:
    return {_row(name): number for name in names}


def expected(_: Scene) -> dict[str, tuple[Mapping[str, Number], ...]]:
    """Rows for each query, by the title of the panel."""
    up = {**_each((*_GOOD, "locked"), exactly(1)), **_each(["gone"], exactly(0))}
    skew = _each(_ARRAYS, between(-2, 2)) | {_row("late"): between(SKEW - 2, SKEW + 2)}
    return {
        "Endpoints": (
            _each(_GOOD, exactly(1)) | _each(("locked", "garbled", "gone"), exactly(0)),
            up,
            _each(_GOOD, exactly(1)) | _each(["locked"], exactly(0)),
            _each(_GOOD, between(0, 300)),
            # They are good for 30 days from an hour before they were made.
            _each((*_GOOD, "locked", "garbled"), between(29.9 * _DAY, 30 * _DAY)),
            skew,
        ),
        "Reachable": (up,),
        "Repeated readings": (_each(_GOOD, exactly(0)) | _each(("locked", "garbled", "gone"), between(0.5, 50)),),
        "Calls by outcome": (
            {
                **{f"{_row(name)}, outcome=Done": between(0.001, 50) for name in _GOOD},
                f"{_row('locked')}, outcome=Unavailable": between(0.001, 50),
                f"{_row('garbled')}, outcome=Unavailable": between(0.001, 50),
                f"{_row('gone')}, outcome=Unavailable": between(0.001, 50),
            },
        ),
        "Duration of calls, 95th percentile": (_each(_ALL, between(0, 60)),),
        "Calls that wait": (_each(_ALL, exactly(0)),),
        "Difference of clocks": (skew,),
    }
