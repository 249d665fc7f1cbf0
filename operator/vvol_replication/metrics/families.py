"""Metrics of the catalogue, filled: a family for each, in the catalogue's order, whether or not it has series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client import Metric as Family
from prometheus_client.samples import Sample

from vvol_replication.api.errors import SpecError
from vvol_replication.api.times import parse_time
from vvol_replication.domain.measures import Durations

from .catalogue import METRICS, Metric

Series = tuple[str, tuple[str, ...], str]
"""A sample's name, the values of its labels, and its bucket where it is one."""


class Families:
    """Takes values, and skips what is not known: None is no series.

    What it holds is plain, and becomes the library's objects family by family: thousands of those at once would have
    Python look for garbage in all that the process has, which holds up the event loop as well.
    """

    def __init__(self) -> None:
        # One value for a series, whatever is told twice: Prometheus refuses a whole answer in which one is.
        self._rows: dict[str, dict[Series, float]] = {one.name: {} for one in METRICS}

    def put(self, metric: Metric, labels: tuple[str, ...], value: float | None) -> None:
        """The value of one series; `labels` in the catalogue's order."""
        if value is not None:
            self._rows[metric.name][metric.name, labels, ""] = float(value)

    def put_time(self, metric: Metric, labels: tuple[str, ...], time: object) -> None:
        """A time, as a status has it or as a datetime."""
        self.put(metric, labels, seconds_of(time))

    def put_durations(self, metric: Metric, labels: tuple[str, ...], durations: Durations) -> None:
        """A histogram."""
        rows, count = self._rows[metric.name], 0
        for bound, number in zip((*map(repr, durations.bounds), "+Inf"), durations.counts, strict=True):
            count += number
            rows[f"{metric.name}_bucket", labels, bound] = float(count)
        rows[f"{metric.name}_count", labels, ""] = float(count)
        rows[f"{metric.name}_sum", labels, ""] = durations.total

    def collect(self) -> Iterator[Family]:
        """Those that have series, each made when it is asked for."""
        for metric in METRICS:
            if rows := self._rows[metric.name]:
                family = Family(metric.family, metric.help, metric.type)
                family.samples = [_sample(metric, *series, value) for series, value in rows.items()]
                yield family


def _sample(metric: Metric, name: str, labels: tuple[str, ...], bucket: str, value: float) -> Sample:
    named = dict(zip(metric.labels, labels, strict=True))
    if bucket:
        named["le"] = bucket
    return Sample(name, named, value)


def seconds_of(time: object) -> float | None:
    """POSIX seconds of a time as a status has it, or of a datetime; None for anything else."""
    if isinstance(time, datetime):
        return time.timestamp()
    if not isinstance(time, str):
        return None
    try:
        return parse_time(time).timestamp()
    except SpecError:
        return None


def truth(conditions: Mapping[str, Mapping[str, object]], type_: str) -> float | None:
    """1 for a condition that is True, 0 for False; None for Unknown, and where it is not there."""
    return {"True": 1.0, "False": 0.0}.get(str(conditions.get(type_, {}).get("status")))


def conditions_of(status: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    """The conditions of a status by their types; a status may have been written by anybody."""
    listed = status.get("conditions")
    found = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, Mapping)]
    return {str(one.get("type")): one for one in found}
