"""`history`: the last requests on a group."""

from __future__ import annotations

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, formatted
from vvol_cli.outcome import Outcome
from vvol_cli.screen import print_out
from vvol_cli.views import history as view


@click.command(cls=Command, examples=("kubectl vvol history erp", "kubectl vvol history erp -o wide"))
@click.argument("group")
@connected
@formatted()
def history(cluster: Cluster, group: str, form: str) -> Outcome:
    """Show the last 20 requests on a group.

    Each has its end, who asked, and how old the newest point in time was. `BEFORE` and `AFTER` are the ages of the
    newest point in time, before anything was asked for and at the end. Requests stay here when their objects are
    deleted.
    """
    print_out(view.table(cluster.get("replicationgroups", group)), form)
    return Outcome.DONE
