"""Who does not lead uses no permit, however late in a call that turns out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vvol_replication.storage import lane
from vvol_replication.storage.lane import LaneFull, NotLeading, Permit, fence

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _only_here() -> Iterator[None]:
    before = tuple(lane._fence)  # noqa: SLF001 - it is the process's, so it is put back
    yield
    lane._fence[:] = before  # noqa: SLF001


def test_a_permit_is_refused_from_the_moment_of_the_loss() -> None:
    leads = [True]
    fence(lambda: leads[0])
    first, second = Permit(), Permit()
    first.use()
    leads[0] = False
    with pytest.raises(NotLeading) as refused:
        second.use()
    # To who waits for the call it was never started: certain, so nobody has to look for it.
    assert isinstance(refused.value, LaneFull)
    assert second.withdraw()
    assert not first.withdraw()
