"""`points`: the points in time of a group."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from vvol_cli.cluster import Cluster
from vvol_cli.glance import tell_refused
from vvol_cli.options import Command, connected, formatted
from vvol_cli.outcome import Outcome
from vvol_cli.reading import namespace_of
from vvol_cli.screen import print_out
from vvol_cli.views import points as view


@click.command(cls=Command, examples=("kubectl vvol points erp", "kubectl vvol points erp -o wide"))
@click.argument("group")
@connected
@formatted()
def points(cluster: Cluster, group: str, form: str) -> Outcome:
    """Show the points in time of a group.

    Each has its name, its time, the request that made it, and how long it is kept. These are the newest ten that
    the target lists. `KEPT UNTIL` is the time until which the retention of the array keeps all. After that, some of
    each day may stay.
    """
    found = cluster.get("replicationgroups", group)
    requests, refused = cluster.any_of("replicationsyncs", "failoverpreparations", namespace=namespace_of(found))
    tell_refused(refused)
    print_out(view.table(found, requests, datetime.now(UTC)), form)
    return Outcome.DONE
