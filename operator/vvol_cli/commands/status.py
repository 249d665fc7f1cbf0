"""`status`: what is protected, how recent that is, what runs, what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from vvol_cli.cluster import Cluster
from vvol_cli.glance import show_group, tell_refused
from vvol_cli.options import Command, connected, everywhere, formatted
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.screen import print_out
from vvol_cli.views import overview

KINDS = ("replicationgroups", "replicationsyncs", "failoverpreparations")


@click.command(
    cls=Command, examples=("kubectl vvol status", "kubectl vvol status erp", "kubectl vvol status -A -o wide")
)
@click.argument("group", required=False)
@connected
@everywhere
@formatted()
def status(cluster: Cluster, group: str | None, form: str, *, everywhere: bool) -> Outcome:
    """Show what is protected, what runs, what needs a person.

    With the name of a ReplicationGroup: all of that group, and what to do. Ages are by the clock of this machine.
    Whether an objective is held is what the operator says, by the clock of the target array.
    """
    if everywhere and group:
        raise Stop(Outcome.USAGE, "A group is in one namespace: leave -A or the name out.")
    if group is not None:
        return show_group(cluster, group, form)
    objects, refused = cluster.all_of(*KINDS, everywhere=True) if everywhere else cluster.overview()
    tell_refused(refused)
    print_out(overview.table(objects, datetime.now(UTC), everywhere=everywhere), form)
    return Outcome.DONE
