"""`sync`: ask for points in time, and follow them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from vvol_cli import requests
from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, Duration, connected, display, everywhere, formatted, waiting
from vvol_cli.outcome import Outcome, Stop, worst
from vvol_cli.reading import name_of, namespace_of
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Table
from vvol_cli.views.words import PLURALS, kind_of, resource_name, spoken_name
from vvol_replication.api.durations import format_duration

from .ends import print_ends

if TYPE_CHECKING:
    from vvol_cli.reading import Object

METHODS = ("Coordinated", "ArrayOnly", "AwaitSchedule")


@click.command(
    cls=Command,
    examples=(
        "kubectl vvol sync erp",
        "kubectl vvol sync erp --name before-upgrade-42 --timeout 30m",
        "kubectl vvol sync -l app=erp --max-age 10m -o json",
    ),
)
@click.argument("groups", nargs=-1, metavar="GROUP...")
@click.option("-l", "--selector", default="", metavar="LABELS", help="all groups with these labels, like app=erp")
@click.option(
    "--name", "point", metavar="NAME", help="the name of the point in time; default: derived from the request"
)
@click.option("--method", type=click.Choice(METHODS), help="how it is made; default: Coordinated")
@click.option("--max-age", type=Duration(), help="be content with a point in time that is younger")
@click.option("--request-id", metavar="ID", help="what makes it the same request if it is asked again; for one group")
@click.option("--wait/--no-wait", "follows", default=True, show_default=True, help="follow the requests to their ends")
@connected
@everywhere
@waiting
@formatted()
def sync(
    *, cluster: Cluster, groups: tuple[str, ...], selector: str, point: str | None, method: str | None,
    max_age: timedelta | None, request_id: str | None, timeout: timedelta, form: str, follows: bool, everywhere: bool,
) -> Outcome:  # fmt: skip
    """Ask for a point in time of each group, and follow it.

    The points in time are the output. All requests are created first, then followed together. Without a group that
    can be asked, nothing is created. With --request-id a command that is repeated makes nothing twice: the request
    is known again.
    """
    chosen = _chosen(cluster, groups, selector, everywhere=everywhere)
    if request_id is not None and len(chosen) > 1:
        raise Stop(Outcome.USAGE, "--request-id is for one group: it makes one request the same.")
    if method == "ArrayOnly" and form == "name" and follows:
        raise Stop(
            Outcome.USAGE,
            "-o name prints names of points in time. --method ArrayOnly does not learn them. Nothing was asked for.",
        )
    now, mark = datetime.now(UTC), secrets.token_hex(3)
    spec = {
        "pointInTimeName": point,
        "method": method,
        "maxAge": None if max_age is None else format_duration(max_age),
        "requestID": request_id,
    }
    wanted = [requests.sync(one, requests.new_name(name_of(one), now, mark), **spec) for one in chosen]
    made, trouble = create(cluster, wanted)
    if trouble is not None:
        click.echo(trouble.message, err=True)
    outcomes = [Outcome.DONE] if trouble is None else [trouble.outcome]
    if follows and made:
        from vvol_cli.following.follow import follow  # noqa: PLC0415 - not for the help

        ends = follow(cluster, made, timeout.total_seconds(), display(form))
        outcomes.append(print_ends(ends, form))
    elif made:
        rows = [Row(resource_name(one), (name_of(one),), {"request": spoken_name(one)}) for one in made]
        print_out(Table("Request", ("REQUEST",), rows, 1), form)
    return worst(outcomes)


def _chosen(cluster: Cluster, names: tuple[str, ...], selector: str, *, everywhere: bool) -> list[Object]:
    """The groups that are meant. Raises `Stop`, if there is none, or one is missing."""
    if bool(names) == bool(selector):
        raise Stop(Outcome.USAGE, "Name the groups, or choose them with -l LABELS.")
    if everywhere and names:
        raise Stop(Outcome.USAGE, "-A goes with -l: a name alone does not say in which namespace.")
    if len(names) == 1:
        return [cluster.get("replicationgroups", names[0])]
    found, _ = cluster.all_of("replicationgroups", everywhere=everywhere, selector=selector)
    if not names:
        if not found:
            raise Stop(Outcome.USAGE, f"No ReplicationGroup has the labels {selector}. Nothing was asked for.")
        return found
    known = {name_of(one): one for one in found}
    if missing := [name for name in names if name not in known]:
        raise Stop(
            Outcome.USAGE,
            f"There is no ReplicationGroup {', '.join(missing)} in this namespace. Nothing was asked for.",
        )
    return [known[name] for name in dict.fromkeys(names)]


def create(cluster: Cluster, wanted: list[Object]) -> tuple[list[Object], Stop | None]:
    """Create requests; those that are there, in their order, and the trouble if one is missing.

    Where an answer was lost, the object is looked for by its name, which nobody else has.
    """
    made, trouble = cluster.create(wanted)
    there: list[Object] = []
    lost = False
    for one in wanted:
        found = made.get((namespace_of(one), name_of(one)))
        if found is None and trouble is not None and not trouble.answered:
            try:
                found = cluster.find(PLURALS[kind_of(one)], name_of(one), namespace_of(one))
            except Stop:
                lost = True
        if found is not None:
            there.append(found)
    if lost and trouble is not None:
        trouble = Stop(Outcome.UNKNOWN, f"{trouble.message} It is not known whether all requests were created.")
    return there, None if len(there) == len(wanted) else trouble
