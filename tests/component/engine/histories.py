"""What tests of a group's history ask of the rig, and how the API server is kept from taking it."""

from __future__ import annotations

import asyncio
import copy
from itertools import pairwise
from typing import Any

from component.engine.rig import Rig

from vvol_replication.api.names import REPLICATION_GROUP
from vvol_replication.api.objects import Failed, ObjectRef, WriteResult

Entry = dict[str, Any]
GROUP = (REPLICATION_GROUP.plural, "prod", "erp")


def history(rig: Rig, group: str = "erp") -> list[Entry]:
    entries: list[Entry] = rig.body(REPLICATION_GROUP, group)["status"].get("history", [])
    return entries


def told(rig: Rig) -> list[tuple[str, str, str]]:
    return [(one["name"], one["outcome"], one["reason"]) for one in history(rig)]


def write_counts(rig: Rig) -> list[int]:
    """How many entries the status had, after each write that changed that."""
    lengths = [len(body["status"].get("history", ())) for body in rig.api.history[GROUP]]
    return [now for before, now in pairwise([0, *lengths]) if now != before]


class Held:
    """Writes of the group that would tell of an end come to `answer` while it `holds`; `lost`: they take place."""

    def __init__(self, rig: Rig, answer: WriteResult | None = None, *, lost: bool = False) -> None:
        self.holds, self.tries, self._lost = True, 0, lost
        self._answer = answer or Failed("the API server is busy")
        self._write = rig.api.write_status
        rig.api.write_status = self.write  # type: ignore[method-assign,assignment]  # one kind of write of many

    async def write(self, ref: ObjectRef, before: Any, after: Any, version: str | None) -> WriteResult:
        news = ref.kind == REPLICATION_GROUP and after.get("history") != before.get("history")
        if not (self.holds and news):
            return await self._write(ref, before, after, version)
        self.tries += 1
        await (self._write(ref, before, after, version) if self._lost else asyncio.sleep(0.005))
        return self._answer


def wipe(rig: Rig) -> None:
    body = copy.deepcopy(rig.api.objects[GROUP])
    body["status"].pop("history")
    rig.api.replace(GROUP, body)
