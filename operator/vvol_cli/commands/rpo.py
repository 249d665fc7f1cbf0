"""`rpo`: ages against objectives, for a report."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, everywhere, formatted
from vvol_cli.outcome import Outcome
from vvol_cli.screen import print_out
from vvol_cli.views import rpo as view


@click.command(cls=Command, examples=("kubectl vvol rpo -A", "kubectl vvol rpo -o json"))
@click.option("-l", "--selector", default="", metavar="LABELS", help="groups with these labels, like app=erp")
@connected
@everywhere
@formatted()
def rpo(cluster: Cluster, selector: str, form: str, *, everywhere: bool) -> Outcome:
    """Show how recent each group is against its objective.

    `HELD` is what the operator says: True, False or Unknown. Without an objective there is nothing to hold.
    """
    groups, _ = cluster.all_of("replicationgroups", everywhere=everywhere, selector=selector)
    print_out(view.table(groups, datetime.now(UTC)), form)
    return Outcome.DONE
