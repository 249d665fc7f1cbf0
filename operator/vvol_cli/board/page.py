"""Objects as the parts of the page that change, in HTML. Every text of an object is escaped. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from vvol_cli.following.progress import progress_of
from vvol_cli.reading import age, name_of, namespace_of, text, written
from vvol_cli.views.overview import objective_word, state_of
from vvol_cli.views.words import is_running, kind_of, needs_of, running_on, spoken_name, to_do

from .picture import ages_of, sentences, svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from vvol_cli.reading import Object

KINDS = ("replicationgroups", "replicationsyncs", "failoverpreparations", "replicationschedules")
"""What is shown; the first one must be readable, the others may be forbidden."""
NOT_KNOWN = "not known"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
SILENT = timedelta(minutes=1)
"""It is listed every 15 seconds: after this time without an answer a question hangs."""
Need = tuple[str, str, str, str]
"""Namespace, object, reason and message of what somebody should look at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the cluster: objects, what may not be listed, and when that was last known to be true.

    `trouble`: why it is not known now.
    """

    objects: Sequence[Object]
    refused: Sequence[str]
    at: datetime
    trouble: str = ""


def document(nonce: str) -> str:
    """The page, before there is anything on it. Its own style and script carry the nonce."""
    style, script, page = (
        resources.files(__package__).joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js", "html")
    )
    return page.replace("{style}", style).replace("{script}", script).replace("{nonce}", nonce)


def parts(seen: Seen, now: datetime) -> Mapping[str, str]:
    """What changes, by the id of its place: `groups`, `running`, `needs` in HTML, all others as text."""
    ordered = sorted(seen.objects, key=lambda one: (namespace_of(one), name_of(one), kind_of(one)))
    groups = [one for one in ordered if kind_of(one) == "ReplicationGroup"]
    running = [one for one in ordered if is_running(one)]
    needs = list(_needs(ordered, running))
    counts = f"Groups: {len(groups)}. Running: {len(running)}. Needs you: {len(needs)}."
    return {
        "groups": "".join(_group(one, now) for one in groups) or _nothing(6, "There is no ReplicationGroup here."),
        "running": "".join(_request(one, now) for one in running) or _nothing(4, "Nothing runs."),
        "needs": "".join(map(_need, needs)) or "<li>Nothing needs you.</li>",
        "summary": counts,
        "title": f"({len(needs)}) vVol replication" if needs else "vVol replication",
        "read": written(seen.at),
        "notes": " ".join(f"Not shown: {said}" for said in seen.refused),
        "trouble": _trouble(seen, now),
    }


def _trouble(seen: Seen, now: datetime) -> str:
    if not seen.trouble and now - seen.at <= SILENT:
        return ""
    return f"What is shown is of {written(seen.at)}. {seen.trouble or 'The API server has not answered since then.'}"


def _needs(objects: Sequence[Object], running: Sequence[Object]) -> Iterator[Need]:
    by_group: defaultdict[tuple[str, str], list[Object]] = defaultdict(list)
    for one in running:
        by_group[namespace_of(one), text(one, "spec.groupRef.name")].append(one)
    for one in objects:
        if kind_of(one) == "ReplicationGroup":
            yield from _of(one, running_on(one, by_group.pop((namespace_of(one), name_of(one)), [])))
        elif kind_of(one) == "ReplicationSchedule":
            yield from _of(one, ())
    for without_a_group in by_group.values():
        yield from _of(None, without_a_group)


def _of(obj: Object | None, running: Sequence[Object]) -> Iterator[Need]:
    (namespace, *_) = map(namespace_of, [obj] if obj is not None else running)
    return ((namespace, *need) for need in needs_of(obj, running))


def _need(need: Need) -> str:
    namespace, name, reason, message = need
    advice = to_do(reason, message)
    todo = f'<p class="todo">What to do: {escape(advice)}</p>' if advice else ""
    head = f"<strong>{escape(reason)}</strong> {escape(name)} <span>in {escape(namespace)}</span>"
    return f"<li><p>{head}</p><p>{_timed(message)}</p>{todo}</li>"


def _group(group: Object, now: datetime) -> str:
    newest, ages, state = text(group, "status.newestPointInTime"), ages_of(group, now), state_of(group, now)
    objective, word = text(group, "spec.recoveryPointObjective"), objective_word(group)
    since = text(group, "status.behindObjectiveSince")
    goal = f"objective {objective}: {word}" + (f" since {since}" if since else "") if objective else "no objective"
    label = f"Age of {namespace_of(group)}/{name_of(group)} over the last 24 hours"
    cells = (
        f'<td>{escape(namespace_of(group))}</td><th scope="row">{escape(name_of(group))}</th>',
        f'<td><span class="state {escape(state)}">{escape(state)}</span></td>',
        f"<td>{_timed(newest) or NOT_KNOWN}</td>",
        f"<td><b>{escape(age(newest, now)) or NOT_KNOWN}</b> <small>{_timed(goal)}</small></td>",
        f"<td>{svg(ages, label)}<small>{_timed(sentences(ages))}</small></td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _request(request: Object, now: datetime) -> str:
    progress, name = progress_of(request, now), spoken_name(request)
    label = escape(f"Progress of {name} in {namespace_of(request)}")
    bar = (
        f'<progress max="100" value="{progress.percent}" aria-label="{label}"></progress> '
        if progress.percent is not None
        else ""
    )
    return (
        f'<tr><td>{escape(namespace_of(request))}</td><th scope="row">{escape(name)}</th>'
        f"<td>{escape(text(request, 'spec.groupRef.name'))}</td><td>{bar}{escape(str(progress))}</td></tr>"
    )


def _timed(said: str) -> str:
    """A text with its times marked, so that none is broken over two lines."""
    return _TIME.sub(r"<time>\g<0></time>", escape(said))


def _nothing(columns: int, said: str) -> str:
    return f'<tr><td colspan="{columns}">{escape(said)}</td></tr>'
