"""FailoverPreparations on the stage of the end-to-end tests: the objects, their VMs, and the books of the storage."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from e2e.rig import LONG, Request, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from e2e.rig import Object

PREPARE = "PrepareFailoverReplicationGroup_Task"
POINTS_IN_TIME = "QueryPointInTimeReplica"
MEMBERS = "RetrievePropertiesEx"
_names = itertools.count(1)


def soon() -> str:
    """An hour from now, for `notAfter`."""
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


def app_of(protection_group: str) -> str:
    """The VM of a protection group."""
    return f"{protection_group}-app"


def powered(*groups: str, power: str = "poweredOff", **switches: Any) -> Object:
    """Two sites with these protection groups, each with two VMs and a first point in time."""
    described = topology(*groups, **switches)
    for group in described["protectionGroups"]:
        name = group["name"]
        group["vms"] = [{"name": app_of(name), "power": power}, {"name": f"{name}-db", "power": "poweredOff"}]
        group["snapshots"] = [{"suffix": "first"}]
    return described


class Preparation(Request):
    """One FailoverPreparation."""

    kind = "failoverpreparation"

    def wait_valid(self, reason: str) -> Object:
        """Wait until condition Valid gives that reason."""

        def says(obj: Object) -> bool:
            found = stage.condition(obj, "Valid")
            return found is not None and found["reason"] == reason

        return self.wait(f"Valid to say {reason}", says)

    def wait_failed(self, reason: str) -> Object:
        """Wait for the end, which has to be a bad one, for that reason."""
        obj = self.wait_finished()
        assert stage.is_true(obj, "Failed"), obj["status"]
        assert ready(obj)[0] == reason, obj["status"]
        return obj

    def assert_prepared(self, protection_group: str) -> Object:
        """Complete on the one snapshot that the call made, which really is the newest point in time at the target."""
        obj = self.wait_complete()
        assert ready(obj)[0] == "FailoverPrepared", obj["status"]
        assert prepares(self.site, protection_group) == 1
        world, status = self.site.world(protection_group), obj["status"]
        assert world["sourceGroup"]["prepared"], world
        (real,) = [one for one in self.site.points(protection_group) if one["id"] == status["pointInTime"]["id"]]
        assert status["transfer"]["snapshot"].rpartition(".")[2] == real["suffix"]
        assert status["transfer"]["percent"] == 100
        return obj


def bound(site: Site, protection_group: str, **spec: Any) -> str:
    """A ReplicationGroup that is Ready; its name."""
    name = site.group(protection_group, **spec)
    site.wait_group(name)
    return name


def prepare(site: Site, group: str, name: str | None = None, **spec: Any) -> Preparation:
    """Apply a FailoverPreparation."""
    name = name or f"{site.prefix}prep-{next(_names)}"
    more = {"not_after": soon(), **spec}
    site.rig.plane.client.have(stage.preparation(name, site.rig.namespace, group, **more))
    return Preparation(site, name, site.rig.namespace)


def prepares(site: Site, protection_group: str) -> int:
    """How many prepare calls for a source group took effect."""
    group = site.world(protection_group)["sourceGroup"]["deviceGroupId"]
    return sum(
        1
        for one in site.simulator.journal()
        if one["call"] == PREPARE
        and one["tookEffect"]
        and any(each["deviceGroup"] == group for each in one["arguments"].get("groups", ()))
    )


def wait_prepare(site: Site, protection_group: str) -> None:
    """Wait until the one call has taken effect."""
    eventually(
        lambda: prepares(site, protection_group),
        what=f"{protection_group} to be asked to prepare",
        until=lambda count: count == 1,
        timeout=LONG,
        every=0.02,
    )


def power(site: Site, vm: str, state: str) -> None:
    """Switch a VM."""
    site.simulator.action("power", vm=vm, state=state)


def prepared(site: Site, group: str) -> tuple[str, str, str] | None:
    """Status, reason and message of the ReplicationGroup's condition Prepared."""
    found = stage.condition(site.rig.kubectl.get("replicationgroup", group), "Prepared")
    return None if found is None else (found["status"], found["reason"], found["message"])


def wait_prepared(site: Site, group: str, reason: str | None) -> tuple[str, str, str] | None:
    """Wait until the ReplicationGroup's condition Prepared gives that reason; None: until it is gone."""
    return eventually(
        lambda: prepared(site, group),
        what=f"Prepared of {group} to say {reason}",
        until=lambda seen: (seen[1] if seen else None) == reason,
        timeout=2 * LONG,
        every=0.2,
    )
