"""`cancel`, `suspend` and `resume`: the fields of a spec that may change while a request is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, one_object
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.views.words import PLURALS, REQUESTS, is_running, kind_of, spoken_name

if TYPE_CHECKING:
    from vvol_cli.reading import Object

SUSPENDED = ("ReplicationGroup", *REQUESTS, "ReplicationSchedule")
"""The kinds that have `spec.suspend`."""


def _change(cluster: Cluster, word: str, kinds: tuple[str, ...], said: str, **spec: Any) -> Outcome:
    kind, name = one_object(word, *kinds)
    found = cluster.get(PLURALS[kind], name)
    if kind in REQUESTS and not is_running(found):
        raise Stop(Outcome.REFUSED, f"{spoken_name(found)} has ended. Nothing was changed.")
    if all((found.get("spec") or {}).get(key, False) == value for key, value in spec.items()):
        click.echo(f"{spoken_name(found)} {said} already")
        return Outcome.DONE
    click.echo(f"{spoken_name(cluster.patch(PLURALS[kind], name, spec))} {said}")
    if said == "suspended":
        _warn(found)
    return Outcome.DONE


def _warn(before: Object) -> None:
    if kind_of(before) in REQUESTS and (before.get("status") or {}).get("operation", {}).get("push"):
        click.echo("It has pushed already: suspending has no effect then. To end it, use cancel.", err=True)


@click.command(cls=Command, examples=("kubectl vvol cancel sync/before-upgrade",))
@click.argument("request", metavar="sync/NAME|prep/NAME")
@connected
def cancel(cluster: Cluster, request: str) -> Outcome:
    """Cancel a request.

    What was asked of the storage is not undone: data and name may still arrive.

    It sets spec.cancel, and does not wait. `kubectl vvol wait` shows how the request ended.
    """
    return _change(cluster, request, REQUESTS, "cancelled", cancel=True)


@click.command(cls=Command, examples=("kubectl vvol suspend group/erp", "kubectl vvol suspend schedule/nightly"))
@click.argument("name", metavar="group/NAME|sync/NAME|prep/NAME|schedule/NAME")
@connected
def suspend(cluster: Cluster, name: str) -> Outcome:
    """Let nothing be done on a group, request or schedule.

    It sets spec.suspend. A request that has pushed already goes on.
    """
    return _change(cluster, name, SUSPENDED, "suspended", suspend=True)


@click.command(cls=Command, examples=("kubectl vvol resume group/erp", "kubectl vvol resume schedule/nightly"))
@click.argument("name", metavar="group/NAME|sync/NAME|prep/NAME|schedule/NAME")
@connected
def resume(cluster: Cluster, name: str) -> Outcome:
    """Let a group, request or schedule go on again.

    It sets spec.suspend to false.
    """
    return _change(cluster, name, SUSPENDED, "resumed", suspend=False)
