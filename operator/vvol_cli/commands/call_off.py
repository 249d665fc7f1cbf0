"""`call-off`: the planned failover that a group is prepared for will not happen."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.reading import at, message_of, moment, reason_of, status_of
from vvol_cli.views.words import spoken_name
from vvol_replication.api.times import format_time

if TYPE_CHECKING:
    from vvol_cli.reading import Object


@click.command(cls=Command, examples=("kubectl vvol call-off erp --yes",))
@click.argument("group")
@click.option("--yes", is_flag=True, help="do not ask: for pipelines")
@connected
def call_off(*, cluster: Cluster, group: str, yes: bool) -> Outcome:
    """Say that the planned failover of a group will not happen.

    The preparation is not valid any more then, and the next sync asks the target whether it takes syncs again.
    Nothing is asked of the storage now, and what the preparation did there is not undone.

    It sets spec.failoverCalledOffAt of the group.
    """
    found = cluster.get("replicationgroups", group)
    if (reason_of(found, "Prepared"), status_of(found, "Prepared")) == ("FailoverCalledOff", "Unknown"):
        click.echo(f"{spoken_name(found)} called off already")
        return Outcome.DONE
    since = prepared_since(found)
    if not yes:
        _confirm(found)
    when = called_off_at(since, datetime.now(UTC))
    cluster.patch("replicationgroups", group, {"failoverCalledOffAt": format_time(when)})
    click.echo(f"{spoken_name(found)} called off")
    return Outcome.DONE


def called_off_at(since: datetime, now: datetime) -> datetime:
    """A time after the preparation, also where the clock of this machine is behind that of the operator."""
    return max(now, since + timedelta(seconds=1))


def prepared_since(group: Object) -> datetime:
    """When it was prepared. Raises `Stop` where this object is not the one to call that off."""
    since = moment(at(group, "status.prepared.since"))
    if since is not None:
        return since
    if status_of(group, "Prepared") == "True":  # another object of the same group remembers it, and is named
        raise Stop(Outcome.REFUSED, f"Nothing was changed. {message_of(group, 'Prepared')}")
    raise Stop(Outcome.REFUSED, f"{spoken_name(group)} is not prepared for failover. Nothing was changed.")


def _confirm(group: Object) -> None:
    if not sys.stdin.isatty():
        raise Stop(
            Outcome.USAGE, "There is no terminal to confirm it on. Nothing was changed. In a pipeline, use --yes."
        )
    click.echo(message_of(group, "Prepared"))
    if not click.confirm(f"Call off the failover of {spoken_name(group)}?"):
        raise Stop(Outcome.REFUSED, "Nothing was changed.")
