"""Who does not lead uses no permit, however late in a call that turns out."""

from __future__ import annotations

import pytest

from vvol_replication.storage.lane import LaneFull, NotLeading, Permit


def test_a_permit_is_refused_from_the_moment_of_the_loss() -> None:
    leads = [True]
    first, second = Permit(lambda: leads[0]), Permit(lambda: leads[0])
    first.use()
    leads[0] = False
    with pytest.raises(NotLeading) as refused:
        second.use()
    # To who waits for the call it was never started: certain, so nobody has to look for it.
    assert isinstance(refused.value, LaneFull)
    assert second.withdraw()
    assert not first.withdraw()
