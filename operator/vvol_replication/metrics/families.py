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


class Families:
    """Takes values, and skips what is not known: None is no series."""

    def __init__(self) -> None:
        self._families = {one.name: Family(one.family, one.help, one.type) for one in METRICS}

    def put(self, metric: Metric, labels: tuple[str, ...], value: float | None) -> None:
        """The value of one series; `labels` in the catalogue's order."""
        if value is not None:
            named = dict(zip(metric.labels, labels, strict=True))
            self._families[metric.name].samples.append(Sample(metric.name, named, float(value)))

    def put_time(self, metric: Metric, labels: tuple[str, ...], time: object) -> None:
        """A time, as a status has it or as a datetime."""
        self.put(metric, labels, seconds_of(time))

    def put_durations(self, metric: Metric, labels: tuple[str, ...], durations: Durations) -> None:
        """A histogram."""
        named, count = dict(zip(metric.labels, labels, strict=True)), 0
        samples = self._families[metric.name].samples
        for bound, number in zip((*map(repr, durations.bounds), "+Inf"), durations.counts, strict=True):
            count += number
            samples.append(Sample(f"{metric.name}_bucket", {**named, "le": bound}, float(count)))
        samples.append(Sample(f"{metric.name}_count", named, float(count)))
        samples.append(Sample(f"{metric.name}_sum", named, durations.total))

    def collect(self) -> Iterator[Family]:
        """Those that have series."""
        yield from (family for family in self._families.values() if family.samples)


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
