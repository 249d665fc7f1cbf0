"""The simulated world, free of HTTP and SOAP.

One `World` holds the arrays (`world.arrays`, `world.replication`), the vVol groups above them (`world.vasa`), and the
vCenters (`world.sites`). It has no timers: whatever is due happens when somebody looks, each thing at its own moment.
All of it lives in one event loop; no call blocks or awaits.

For the SOAP side, which gets a `Site` and the `World`:

- Sessions: `site.login(user, password, time) -> session id` (`InvalidLogin`), `site.is_session(id)`, `site.logout(id)`.
  The value is the one of the cookie `vmware_soap_session` and of the header `vcSessionCookie`.
- Identity: `site.instance_uuid`, `site.version`, `site.name`; the clock: `world.site_time(site)` (seconds, UTC).
- Providers: `site.providers`, `site.provider(moid)`; `world.vasa.check_provider(provider, group_ids)` throws what a
  call at a sick or standby provider throws. `site.providers[i].array_ids` are arrays: `world.arrays[id]`
  (`.storage_array_id`, `.name`, `.fault_domain`).
- Fault domains: `world.fault_domains(site)`; peers of a source domain: `world.peers(fault_domain_id)`.
- Groups: `world.vasa.groups_at(site, provider=None)`, `world.vasa.group_at(site, GroupId(domain, device_group),
  provider)` (`NotFound`), `world.vasa.name_of(group)`; a `VvolGroup` has `state`, `source` (id or None), `targets`.
  VMs: `site.vms`; `vm.groups()`, `vm.home_group`, `vm.disks[i].group`.
- Points in time: `world.vasa.points_in_time(group)`; `PointInTime.time` is seconds since the epoch.
- Calls: `world.vasa.start_sync(site, ids, name, provider, injected)` and `start_prepare(site, ids, provider, injected)`
  return an `SmsTask`; `site.task(moid)` finds it later (`ManagedObjectNotFound`), `world.vasa.task_state(task)` is its
  state, `task.ordered_results()` its result, `task.error` its error. Times of a task are world time: add `site.skew`.
- A refusal is an `SmsFaultError` with a `Fault(name, message, fields)`; the SOAP side makes XML of it. Results hold
  `Fault` values in the same form. Reactions that no source settles are switches: `world.switches`; a new one is a field
  in `switches.py`.

The server (`server.py`) hands every request of a vCenter's port to the coroutine
`vvol_simulator.soap.handle(request: aiohttp.web.Request, site: Site, world: World) -> aiohttp.web.StreamResponse`,
whatever its path; what is no path of a vCenter is its 404. The endpoint name in journal, counters and fault rules is
`site.name`.

Calls run through `vvol_simulator.wire.perform`, which counts, journals and applies fault rules. Of these the SOAP side
has to honour itself those whose effect is inside its protocol: it finds them in `call.rule` (see there).
"""

from .array import ROLES, Array, ArrayUser, Role
from .clock import Clock, ManualClock, SystemClock
from .errors import ArrayError, ArrayLoginError, Fault, SmsFaultError, WorldError
from .faults import FaultBook, FaultRule
from .groups import GROUP_STATES, GroupState, PendingSync, PointInTime, VvolGroup
from .ids import GroupId
from .journal import Counters, Entry, Journal
from .protection import Pod, ProtectionGroup, Retention, Schedule, Snapshot, Target, Transfer
from .ratelimit import RateLimit
from .site import POWER_STATES, Disk, PowerState, Provider, Site, Vm
from .switches import Switches
from .tasks import GroupDone, GroupError, GroupResult, SmsTask, SyncSuccess
from .vasa import Injected, Vasa
from .world import FaultDomain, World

__all__ = [
    "GROUP_STATES",
    "POWER_STATES",
    "ROLES",
    "Array",
    "ArrayError",
    "ArrayLoginError",
    "ArrayUser",
    "Clock",
    "Counters",
    "Disk",
    "Entry",
    "Fault",
    "FaultBook",
    "FaultDomain",
    "FaultRule",
    "GroupDone",
    "GroupError",
    "GroupId",
    "GroupResult",
    "GroupState",
    "Injected",
    "Journal",
    "ManualClock",
    "PendingSync",
    "Pod",
    "PointInTime",
    "PowerState",
    "ProtectionGroup",
    "Provider",
    "RateLimit",
    "Retention",
    "Role",
    "Schedule",
    "Site",
    "SmsFaultError",
    "SmsTask",
    "Snapshot",
    "Switches",
    "SyncSuccess",
    "SystemClock",
    "Target",
    "Transfer",
    "Vasa",
    "Vm",
    "VvolGroup",
    "World",
    "WorldError",
]
