"""Many ReplicationSyncs at once: applied over several connections, and waited for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from bench.stand import Stand

from testbed import stage

_APPLIERS = 8
_STUCK = 300.0


def apply(stand: Stand, objects: list[stage.Object]) -> None:
    """Create them all, over several connections."""

    def some(first: int) -> None:
        with stand.api() as api:
            for one in islice(objects, first, None, _APPLIERS):
                api.create(one)

    with ThreadPoolExecutor(_APPLIERS) as pool:
        list(pool.map(some, range(_APPLIERS)))


def feed(stand: Stand, namespace: str, objects: list[stage.Object], at_once: int) -> None:
    """Create them one after the other, so that no more than `at_once` of all are under way."""
    waiting = list(objects)
    with stand.api() as api:
        while waiting:
            open_ones = sum(not is_free(one) for one in api.list_syncs(namespace))
            for one in waiting[: max(0, at_once - open_ones)]:
                api.create(one)
            del waiting[: max(0, at_once - open_ones)]
            time.sleep(1)


def ended(stand: Stand, namespace: str, *, stuck: float = _STUCK) -> list[stage.Object]:
    """All syncs of a namespace, once they have ended, or none more has for `stuck` seconds."""
    count, news = -1, time.monotonic()
    with stand.api() as api:
        while True:
            found = api.list_syncs(namespace)
            before, count = count, sum(map(is_free, found))
            if count == len(found):
                return found
            news = time.monotonic() if count != before else news
            if time.monotonic() - news > stuck:
                return found
            time.sleep(1)


def is_free(sync: stage.Object) -> bool:
    """Has it ended, and does nothing of ours hold it any more?"""
    return stage.is_true(sync, "Finished") and not sync["metadata"].get("finalizers")
