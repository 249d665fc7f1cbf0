"""`report`: the evidence of a request or a group."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vvol_cli.cluster import Cluster
from vvol_cli.evidence import collect, html, markdown
from vvol_cli.glance import tell_refused
from vvol_cli.options import Command, connected, formatted, one_object
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.reading import namespace_of, text
from vvol_cli.views.words import PLURALS, REQUESTS, running_on

if TYPE_CHECKING:
    from vvol_cli.reading import Object

SUBJECTS = (*REQUESTS, "ReplicationGroup")


@click.command(
    cls=Command,
    examples=(
        "kubectl vvol report sync/before-upgrade",
        "kubectl vvol report erp -o html",
        "kubectl vvol report prep/erp-move -o json",
    ),
)
@click.argument("subject", metavar="GROUP|sync/NAME|prep/NAME")
@connected
@formatted("markdown", "json", "html")
def report(cluster: Cluster, subject: str, form: str) -> Outcome:
    """Write down what was asked, each step, and the result.

    It is for an auditor: who asked, what was asked, each step with its time, the point in time. It has what the
    objects say now, with the ages of the newest point in time before and after, and the VMs of a preparation. The
    HTML page needs nothing else and can be printed. Ship audit logs too, if it must be proven who asked.
    """
    kind, name = one_object(subject, *SUBJECTS, default="ReplicationGroup")
    found = cluster.get(PLURALS[kind], name, managed=True)
    evidence = _evidence(cluster, found, kind)
    match form:
        case "json":
            click.echo(json.dumps(evidence, indent=2))
        case "html":
            click.echo(html.render(evidence), nl=False)
        case _:
            click.echo(markdown.render(evidence), nl=False)
    return Outcome.DONE


def _evidence(cluster: Cluster, found: Object, kind: str) -> Object:
    namespace, now = namespace_of(found), datetime.now(UTC)
    events = _events(cluster, namespace)
    if kind == "ReplicationGroup":
        requests, refused = cluster.any_of("replicationsyncs", "failoverpreparations", namespace=namespace)
        tell_refused(refused)
        return collect.of_a_group(found, running_on(found, requests), events, now)
    try:
        group = cluster.find("replicationgroups", text(found, "spec.groupRef.name"), namespace)
    except Stop as stop:
        click.echo(f"Without what the group knows: {stop.message}", err=True)
        group = None
    return collect.of_a_request(found, group, events, now)


def _events(cluster: Cluster, namespace: str) -> list[Object]:
    """The events of a namespace; none, and a word on that, if they may not be seen."""
    try:
        found = json.loads(cluster.raw("get", "events.v1.events.k8s.io", f"--namespace={namespace}", "--output=json"))
    except Stop as stop:
        click.echo(f"Without events: {stop.message}", err=True)
        return []
    return list(found.get("items") or ())
