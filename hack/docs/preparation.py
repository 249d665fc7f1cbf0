"""The page of a preparation's table: what the decisions make of every state and guard, from cells that are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unit.reconcile.preparation.table import GOOD, GUARDS, MEMORIES, STATES, Situation, everything, played

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = """\
# When a preparation waits, ends, or makes its call

States of both groups, what the ReplicationGroup remembers, and each guard, with what a `FailoverPreparation` comes to.
Each cell is a test on the decisions themselves, from the acceptance up to the call; the whole product is {count} cells,
and the call is made in {calls} of them. What these words mean:

- `waits`: until a person or time solves it, at the latest until `notAfter`. Other requests need not wait for it.
- `fails`, `completes`: the end. Nothing was called.
- `calls`: every check passed, twice; the one prepare call is made.
- `would wait`, `would fail`, `could`, `cannot tell`: the same, predicted by a dry run, which ends `DryRun` either way
  and says so in condition `Preparable`.

[Reasons](reasons.md) has the meaning of each word and what to do. If several things are in the way, the page shows
the one that the status shows: what ends the request first, then in the order of `status.checks`.
"""
_COLUMNS: dict[str, Situation] = {
    "nothing else": Situation(),
    "target in test": Situation(target="INTEST"),
    "target failed over": Situation(target="FAILEDOVER"),
    "prepared already": Situation(memory="prepared by another object"),
    "dry run, nothing else": Situation(dry=True),
}


def render() -> str:
    """The page as Markdown."""
    cells = [played(where) for where in everything()]
    head = _HEAD.format(count=len(cells), calls=sum(one.calls for one in cells))
    return f"{head}\n{_states()}\n{_memories()}\n{_guards()}"


def _states() -> str:
    rows = [
        [f"`{target}`", *(str(played(Situation(target=target, source=source))) for source in STATES)]
        for target in STATES
    ]
    text = "The target group's answer down, the source group's across; no guard refuses. "
    text += f"Wanted are `{GOOD[0]}` and `{GOOD[1]}`; *other side*: replication was reversed, or the object is wrong."
    across = ["target, source", *(f"`{one}`" for one in STATES)]
    return f"## States\n\n{text}\n\n{_table(across, rows)}"


def _memories() -> str:
    rows = [[memory, *(str(played(Situation(memory=memory, dry=dry))) for dry in (False, True))] for memory in MEMORIES]
    text = "What the ReplicationGroup remembers; all else is well."
    return f"## Memory\n\n{text}\n\n{_table(['remembered', 'real run', 'dry run'], rows)}"


def _guards() -> str:
    rows = []
    for name in GUARDS:
        situations = (Situation(one.target, one.source, one.memory, (name,), one.dry) for one in _COLUMNS.values())
        rows.append([name, *(str(played(one)) for one in situations)])
    text = "Each guard that refuses, and what else may be the matter."
    return f"## Guards\n\n{text}\n\n{_table(['refused', *_COLUMNS], rows)}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
