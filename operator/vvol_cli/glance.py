"""`status GROUP`: all of one group. It stands apart from the commands, so that it is shown without loading click."""

from __future__ import annotations

from datetime import UTC, datetime

from .outcome import Outcome, Stop
from .reading import name_of
from .screen import echo, print_out
from .views import overview
from .views.words import kind_of

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cluster import Cluster


def show_group(cluster: Cluster, group: str, form: str) -> Outcome:
    """Print a group of the namespace, in one of the formats. Raises `Stop`, if there is none of that name."""
    objects, refused = cluster.overview()
    tell_refused(refused)
    for one in objects:
        if kind_of(one) == "ReplicationGroup" and name_of(one) == group:
            print_out(overview.sheet(one, objects, datetime.now(UTC)), form)
            return Outcome.DONE
    raise Stop(
        Outcome.USAGE, f"There is no ReplicationGroup {group} in this namespace. `kubectl vvol status -A` shows all."
    )


def tell_refused(refused: Iterable[str]) -> None:
    """Say what could not be listed."""
    for said in refused:
        echo(f"Not shown: {said}", err=True)
