"""The dashboards as Grafana reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from .dashboards import endpoints, fleet, group, operator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grafana_foundation_sdk.builders.dashboard import Dashboard

BOARDS: Mapping[str, Callable[[], Dashboard]] = {
    "fleet": fleet.build,
    "group": group.build,
    "endpoints": endpoints.build,
    "operator": operator.build,
}
"""Each by the name of its file."""


def text_of(name: str) -> str:
    """The file of a dashboard. Its panels are numbered in their order, so that a link to one stays true."""
    built = BOARDS[name]().build()
    for number, panel in enumerate(built.panels or (), 1):
        panel.id_val = number
    return JSONEncoder(indent=1, sort_keys=True).encode(built) + "\n"
