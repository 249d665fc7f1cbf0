"""`explain`: the catalogue's page for a reason, or for what an object says now."""

from __future__ import annotations

import click

from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, formatted, one_object
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.reading import items, text
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Sheet
from vvol_cli.views.words import NOT_ACCEPTED, PLURALS, resource_name, spoken_name
from vvol_replication.api.reasons import CATALOGUE, info_of

UNKNOWN = "This version of kubectl-vvol does not know that reason. A newer operator may have written it."


@click.command(
    cls=Command,
    examples=("kubectl vvol explain GroupBusy", "kubectl vvol explain group/erp", "kubectl vvol explain vc/dallas"),
)
@click.argument("subject", metavar="REASON|TYPE/NAME")
@connected
@formatted()
def explain(cluster: Cluster, subject: str, form: str) -> Outcome:
    """Explain a reason, or all that an object says now.

    It says what that means, and what to do. A reason is explained without a cluster. Types are `group`, `sync`,
    `prep`, `schedule`, `vcenter` and `array`.
    """
    print_out(_of_object(cluster, subject) if "/" in subject else _of_reason(subject), form)
    return Outcome.DONE


def _of_reason(word: str) -> Sheet:
    known = info_of(word) or next((info for reason, info in CATALOGUE.items() if reason.lower() == word.lower()), None)
    if known is None:
        raise Stop(
            Outcome.USAGE, f"There is no reason {word}. docs/reasons.md has all; an object is written like group/erp."
        )
    lines = [
        ("Reason", word),
        ("Meaning", known.meaning),
        ("Goes on by itself", "yes" if known.retried else "no"),
        ("What to do", known.advice),
    ]
    data = {"reason": word, "meaning": known.meaning, "goesOnByItself": known.retried, "whatToDo": known.advice}
    return Sheet(lines, Row(word, (), data), "Explanation")


def _of_object(cluster: Cluster, word: str) -> Sheet:
    kind, name = one_object(word, *PLURALS)
    found = cluster.get(PLURALS[kind], name)
    conditions = items(found, "status.conditions")
    lines = [("Object", spoken_name(found))]
    said: list[dict[str, object]] = []
    told: dict[tuple[str, str], str] = {}
    for one in conditions:
        reason, type_ = text(one, "reason"), text(one, "type")
        known = info_of(reason)
        first = told.setdefault((reason, text(one, "message")), type_)
        lines += [("", ""), (type_, f"{text(one, 'status')}, {reason}, since {text(one, 'lastTransitionTime')}")]
        lines += (
            [("It says", f"the same as {first}.")]
            if first != type_
            else [
                ("It says", text(one, "message")),
                ("Meaning", known.meaning if known else UNKNOWN),
                ("What to do", known.advice if known else "Read the message."),
            ]
        )
        said.append({**one, "meaning": known.meaning if known else None, "whatToDo": known.advice if known else None})
    if not conditions:
        lines.append(("It says", f"nothing. {NOT_ACCEPTED}"))
    return Sheet(
        lines, Row(resource_name(found), (), {"object": spoken_name(found), "conditions": said}), "Explanation"
    )
