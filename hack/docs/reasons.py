"""The page of reasons: every word that may stand in a condition's `reason`, by the chapters of the catalogue."""

from __future__ import annotations

import inspect
import re
from itertools import groupby
from typing import TYPE_CHECKING

from vvol_replication.api.reasons import CATALOGUE, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# Reasons

Every condition carries a `reason` from this closed list, and a message that says what was asked, what was seen, and
what to do next. *Goes on by itself*: the operator waits or asks again, until the request's `timeout` if there is one.
If it says no, the reason is an end or only a fact.

A **refused** sync or push is repeated up to the request's `retryLimit` only, even if that column says yes. With the
default, 6, the seventh refusal in a row ends the request as `SyncRefused` or `PushRefused`, within about a minute. An
endpoint that cannot be reached, or is busy, has refused nothing: the request waits for it until the `timeout`.
[Faults](faults.md) says for each problem which of the two it is.

`kubectl get repsync,repgroup,vcenters,flasharrays -A` shows the reason of `Ready` in the column REASON.
"""


def render() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for chapter, members in groupby(_chapters(), key=lambda pair: pair[0]):
        lines += [f"## {chapter[0].upper()}{chapter[1:]}", "", "| reason | meaning | goes on by itself | what to do |"]
        lines.append("|---|---|---|---|")
        for _, reason in members:
            known = CATALOGUE[reason]
            lines.append(f"| `{reason}` | {known.meaning} | {'yes' if known.retried else 'no'} | {known.advice} |")
        lines.append("")
    return "\n".join(lines)


def _chapters() -> Iterator[tuple[str, Reason]]:
    """Each reason with the comment that it stands under in the code, in the order of the code."""
    chapter = ""
    for line in inspect.getsource(Reason).splitlines():
        if comment := re.fullmatch(r"    # (.+)", line):
            chapter = comment[1]
        elif member := re.match(r'    [A-Z_]+ = "(\w+)"', line):
            yield chapter, Reason(member[1])
