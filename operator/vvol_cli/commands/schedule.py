"""`schedule run-now`: one more run of a schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, display, formatted, waiting
from vvol_cli.outcome import Outcome, Stop, of_reason
from vvol_cli.reading import at, condition, is_seen, items, text, written
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Table
from vvol_cli.views.words import resource_name, spoken_name

from .ends import print_ends

if TYPE_CHECKING:
    from collections.abc import Callable

    from vvol_cli.following.follow import Ended
    from vvol_cli.reading import Object

_CONDITION = "RunNowSucceeded"


@click.group()
def schedule() -> None:
    """Act on a ReplicationSchedule."""


@schedule.command(
    "run-now",
    cls=Command,
    examples=("kubectl vvol schedule run-now nightly", "kubectl vvol schedule run-now nightly --text CHG-4711"),
)
@click.argument("name", metavar="SCHEDULE")
@click.option("--text", "asked", metavar="TEXT", help="what the run is for; default: the time. Each text has one run")
@click.option("--wait/--no-wait", "follows", default=True, show_default=True, help="follow the run to its end")
@connected
@waiting
@formatted()
def run_now(
    cluster: Cluster, name: str, asked: str | None, timeout: timedelta, form: str, *, follows: bool
) -> Outcome:  # fmt: skip
    """Ask for one more run of a schedule now, follow it, and print its point in time.

    It sets spec.runNow. A text that had its run before starts nothing. Nor does a schedule that is suspended: then
    nothing is written, and the exit code is 3.
    """
    found = cluster.get("replicationschedules", name)
    run = asked if asked is not None else written(datetime.now(UTC))
    if at(found, "spec.suspend") is True:
        raise Stop(
            Outcome.REFUSED, f"schedule/{name} is suspended. Nothing was asked for. `kubectl vvol resume` ends that."
        )
    waits = text(found, "spec.runNow")
    if condition(found, _CONDITION).get("reason") == "RunNowWaiting" and waits != run:
        raise Stop(Outcome.REFUSED, f"The run for {waits} has not been started yet. Another text would take its place.")
    changed = cluster.patch("replicationschedules", name, {"runNow": run})
    if not follows:
        row = Row(resource_name(changed), (spoken_name(changed), run), {"schedule": name, "runNow": run})
        print_out(Table("RunNow", ("SCHEDULE", "RUN NOW"), [row], 2), form)
        return Outcome.DONE
    from vvol_cli.following.follow import follow  # noqa: PLC0415 - not for the help

    ended = follow(cluster, [changed], timeout.total_seconds(), display(form), judge=judge(run))[0]
    return print_ends([_run_of(ended, run)], form)


def judge(run: str) -> Callable[[Object], Outcome | None]:
    """How the run for a text has ended, by the schedule's status; None: it has not."""

    def judged(obj: Object) -> Outcome | None:
        said = condition(obj, _CONDITION)
        if text(obj, "spec.runNow") != run:
            return Outcome.UNKNOWN  # somebody has written another text: nobody says how this one ends
        if not is_seen(obj) or said.get("status") not in {"True", "False"}:
            return None
        if said["status"] == "True":
            return Outcome.DONE
        return of_reason(str(said.get("reason", "")), asked=True)

    return judged


def _run_of(ended: Ended, run: str) -> Ended:
    """The run, as its schedule knows it, in the form of a request."""
    from vvol_cli.following.follow import Ended as _Ended  # noqa: PLC0415 - loaded by now

    obj = ended.obj
    last = at(obj, "status.lastRunNowResult") or {}
    last = last if last.get("runNow") == run else {}
    started = next((one for one in items(obj, "status.active") if one.get("runNow") == run), {})
    said = condition(obj, _CONDITION)
    request: Object = {
        "kind": "ReplicationSync" if last or started else "ReplicationSchedule",
        "metadata": {
            "name": last.get("name") or started.get("name") or text(obj, "metadata.name"),
            "namespace": text(obj, "metadata.namespace"),
        },
        "spec": {"groupRef": at(obj, "spec.groupRef")},
        "status": {"pointInTime": last.get("pointInTime"), "conditions": [{**said, "type": "Ready"}] if said else []},
    }
    return _Ended(request, ended.outcome)
