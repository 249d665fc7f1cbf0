"""`prepare`: a planned failover, after a dry run and a confirmation."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from vvol_cli import requests
from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, Duration, connected, display, formatted, waiting
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.reading import items, name_of, text
from vvol_cli.screen import print_table
from vvol_cli.tables import Row, Table
from vvol_cli.views.words import spoken_name
from vvol_replication.api.durations import format_duration

from .ends import print_ends
from .sync import create

if TYPE_CHECKING:
    from vvol_cli.following.follow import Ended
    from vvol_cli.reading import Object

TITLES = ("CHECK", "RESULT", "REASON", "MESSAGE")


@click.command(
    cls=Command,
    examples=("kubectl vvol prepare erp --dry-run", "kubectl vvol prepare erp --yes --valid-for 4h --timeout 30m"),
)
@click.argument("group")
@click.option("--dry-run", is_flag=True, help="make every check, and end there")
@click.option("--yes", is_flag=True, help="do not ask for the name of the group: for pipelines")
@click.option(
    "--not-after", type=Duration(), default="15m", show_default=True, help="it may begin until then, from now on"
)
@click.option("--valid-for", type=Duration(), help="after that the preparation counts as stale")
@connected
@waiting
@formatted()
def prepare(
    *, cluster: Cluster, group: str, not_after: timedelta, valid_for: timedelta | None, timeout: timedelta, form: str,
    dry_run: bool, yes: bool,
) -> Outcome:  # fmt: skip
    """Prepare the planned failover of a group.

    First comes a dry run with every check, then your confirmation, then the preparation. No call undoes a
    preparation: afterwards syncs of the group bring nothing until it has failed over. So shut its VMs down first.
    If a check refuses, nothing is prepared, and the exit code is 3. On a terminal you type the name of the group.
    """
    if not dry_run and not yes and not sys.stdin.isatty():
        raise Stop(Outcome.USAGE, "There is no terminal to confirm it on. Nothing was done. In a pipeline, use --yes.")
    found = cluster.get("replicationgroups", group)
    checked = _carried_out(cluster, found, not_after, timeout, form, dry_run=True)
    print_table(_checks(checked.obj))
    if checked.outcome is not Outcome.DONE or dry_run:
        if checked.outcome is Outcome.REFUSED:
            click.echo("Nothing was prepared.", err=True)
        return print_ends([checked], form)
    if not yes:
        typed = click.prompt(
            f"To prepare the failover of {name_of(found)}, type its name", default="", show_default=False
        )
        if typed != name_of(found):
            raise Stop(Outcome.REFUSED, "That is not its name. Nothing was prepared.")
    ended = _carried_out(
        cluster, found, not_after, timeout, form, dry_run=False,
        validFor=None if valid_for is None else format_duration(valid_for),
    )  # fmt: skip
    return print_ends([ended], form)


def _carried_out(
    cluster: Cluster, group: Object, not_after: timedelta, timeout: timedelta, form: str, *, dry_run: bool,
    **spec: str | None,
) -> Ended:  # fmt: skip
    """Create a preparation and follow it."""
    from vvol_cli.following.follow import follow  # noqa: PLC0415 - not for the help

    now = datetime.now(UTC)
    name = requests.new_name(name_of(group), now, secrets.token_hex(3), "check" if dry_run else "prepare")
    wanted = requests.preparation(group, name, now + not_after, dry_run=dry_run, **spec)
    made, trouble = create(cluster, [wanted])
    if trouble is not None:
        raise trouble
    click.echo(f"created {spoken_name(made[0])}", err=True)
    return follow(cluster, made, timeout.total_seconds(), display(form))[0]


def _checks(preparation: Object) -> Table:
    rows = [
        Row("", (text(one, "name"), text(one, "result"), text(one, "reason"), text(one, "message")), one)
        for one in items(preparation, "status.checks")
    ]
    return Table("Check", TITLES, rows, len(TITLES), empty="No check was made.")
