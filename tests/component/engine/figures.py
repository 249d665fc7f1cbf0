"""The metrics of an engine in memory, by name and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from component.engine.rig import Rig

from vvol_replication.engine.engine import Engine
from vvol_replication.engine.measures import Measures
from vvol_replication.metrics.ends import EndCounter
from vvol_replication.metrics.exposition import Exposition, Sources
from vvol_replication.metrics.families import Families
from vvol_replication.metrics.lag import LoopLag
from vvol_replication.metrics.objects import put_objects


def scraped(engine: Engine, ends: EndCounter | None = None, accept: str = "") -> str:
    """What `/metrics` answers of this engine, which leads alone."""
    sources = Sources("0.1.0", engine.measures, lambda: True, lambda: None, ())
    told = Exposition(sources, ends or EndCounter(), LoopLag())
    return told.write(told.look(), accept, "")[0].decode()


class Figures:
    """What a scrape of this rig's engine would tell now."""

    def __init__(self, measures: Callable[[], Measures], ends: EndCounter) -> None:
        families = Families()
        put_objects(families, measures())
        ends.put(families)
        self.samples = [sample for family in families.collect() for sample in family.samples]

    @classmethod
    def of(cls, rig: Rig) -> Figures:
        return cls(rig.engine.measures, rig.ends)

    def all(self, name: str, /, **labels: str) -> list[tuple[dict[str, str], float]]:
        """The series of that name which have these labels, among others."""
        return [
            (sample.labels, sample.value)
            for sample in self.samples
            if sample.name == f"vvol_{name}" and labels.items() <= sample.labels.items()
        ]

    def one(self, name: str, /, **labels: str) -> float | None:
        """The value of the one series; None: there is none."""
        found = self.all(name, **labels)
        assert len(found) < 2, found
        return found[0][1] if found else None

    def labels(self, name: str, /, **labels: str) -> dict[str, Any]:
        """The labels of the one series."""
        ((found, _),) = self.all(name, **labels)
        return found
