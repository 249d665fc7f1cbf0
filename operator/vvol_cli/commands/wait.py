"""`wait`: until requests have ended."""

from __future__ import annotations

from datetime import timedelta

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, display, formatted, one_object, waiting
from vvol_cli.outcome import Outcome
from vvol_cli.views.words import PLURALS, REQUESTS

from .ends import print_ends


@click.command(
    cls=Command, examples=("kubectl vvol wait sync/before-upgrade", "kubectl vvol wait prep/erp-move --timeout 30m")
)
@click.argument("requests", nargs=-1, required=True, metavar="sync/NAME|prep/NAME...")
@connected
@waiting
@formatted()
def wait(cluster: Cluster, requests: tuple[str, ...], timeout: timedelta, form: str) -> Outcome:
    """Wait until requests have ended. The exit code says how.

    A request that has ended already is reported immediately, so a pipeline may ask again. A name without a kind is
    that of a ReplicationSync.
    """
    from vvol_cli.following.follow import follow  # noqa: PLC0415 - not for the help

    named = [one_object(one, *REQUESTS, default="ReplicationSync") for one in requests]
    found = [cluster.get(PLURALS[kind], name) for kind, name in dict.fromkeys(named)]
    ends = follow(cluster, found, timeout.total_seconds(), display(form))
    return print_ends(ends, form)
