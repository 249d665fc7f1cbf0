"""Random faults at random calls: whatever an outcome says of a push is true on the array."""

from __future__ import annotations

import random
from typing import Any

import pytest
from component.flasharray.rig import QUICK, Rig, done, is_one_line

from vvol_replication.domain.arrays import AlreadyThere, Pushed
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("resetBefore", {}),
    ("resetAfter", {}),
    ("truncated", {}),
    ("expiredSession", {}),
    ("garbage", {"when": "after"}),
    ("garbage", {"when": "before"}),
    ("httpStatus", {"status": 429}),
    ("httpStatus", {"status": 500}),
    ("httpStatus", {"status": 503, "when": "after"}),
    ("httpStatus", {"status": 404}),
)


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_said_of_a_push_is_true(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a schedule that can be run again
    words = rig.words
    calls = (words.push, words.push, words.login, words.who, words.rows, words.transfers, "GET api_version")
    port = rig.connect(timeouts=QUICK)
    for number in range(40):
        for _ in range(chance.randrange(3)):
            kind, options = chance.choice(FAULTS)
            rig.fault(chance.choice(calls), kind, times=chance.choice((1, 1, 2)), **options)
        if chance.random() < 0.2:
            rig.source.expire_sessions()
        if chance.random() < 0.2:
            known = rig.suffixes()
            suffix = chance.choice(known) if known else "vr-0"
        else:
            suffix = f"vr-{number}"
        before = rig.suffixes()
        outcome = await port.push("erp", suffix)
        after = rig.suffixes()
        match outcome:
            case Done(Pushed()):
                assert after == [*before, suffix]
            case Done(AlreadyThere(destroyed=destroyed)):
                assert (after, destroyed) == (before, False)
                assert suffix in before
            case Indeterminate(message=message):
                assert after in (before, [*before, suffix])
                assert is_one_line(message)
            case Refused(message=message) | Unavailable(message=message):
                assert after == before
                assert is_one_line(message)
        rig.world.faults.remove()
        assert {row.suffix for row in done(await port.snapshots("erp"))} == set(after)
    rig.source.expire_sessions()  # those whose logins' answers were lost would stay until they are idle
    done(await port.connections())
    await port.close()
    assert not rig.source.sessions
