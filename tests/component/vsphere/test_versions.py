"""vCenters of other releases: what works with all of them, and what is said to the too old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Done, Indeterminate

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites


@pytest.mark.parametrize("release", ["7.0.1", "7.0.3", "8.0.0", "8.0.1", "8.0.2", "8.0.3", "9.0.0"])
async def test_everything_works_from_seven_on(sites: Sites, value: Callable[..., Any], release: str) -> None:
    for name in ("austin", "dallas"):
        sites.site(name).version = release
    austin, dallas = sites.vcenter("austin"), sites.vcenter("dallas")
    source, target = sites.group("erp", "source"), sites.group("erp")
    assert value(await dallas.about()).version == f"{release}.0"
    assert value(await austin.inventory()).complete
    assert value(await austin.members(source)).complete
    synced = value(await dallas.start_sync(target, "x"))
    prepared = value(await austin.start_prepare(source))
    sites.time.advance(60)
    assert value(await dallas.task(synced.task, target)).point_name == "x"
    assert value(await austin.task(prepared.task, source)).state == "success"
    assert [point.name for point in value(await dallas.points_in_time(target))][-1] == "x"


@pytest.mark.parametrize("release", ["6.7.0", "7.0.0"])
async def test_a_vcenter_that_is_too_old_is_told_as_that(sites: Sites, release: str) -> None:
    sites.site().version = release
    vcenter = sites.vcenter()
    for outcome in (await vcenter.group(sites.group()), await vcenter.inventory()):
        assert not isinstance(outcome, Done | Indeterminate)
        assert outcome.reason == "NotSupported"
        assert "version" in outcome.message
        assert "\n" not in outcome.message
    changing = await vcenter.start_sync(sites.group(), "x")
    assert not isinstance(changing, Done | Indeterminate)
