"""One vCenter: users and sessions, VASA providers, VMs, and the tasks of its storage monitoring service."""

import itertools
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .errors import Fault, SmsFaultError
from .ids import GroupId
from .tasks import SmsTask

PowerState = Literal["poweredOn", "poweredOff", "suspended"]
POWER_STATES: tuple[PowerState, ...] = ("poweredOn", "poweredOff", "suspended")
ConnectionState = Literal["connected", "disconnected", "orphaned", "inaccessible", "invalid"]
CONNECTION_STATES: tuple[ConnectionState, ...] = ("connected", "disconnected", "orphaned", "inaccessible", "invalid")
ProviderStatus = Literal["online", "offline", "syncError", "unknown", "connected", "disconnected"]
PROVIDER_STATUSES: tuple[ProviderStatus, ...] = (
    "online", "offline", "syncError", "unknown", "connected", "disconnected",
)  # fmt: skip

DATASTORE = "vvol-datastore"
DATASTORE_URL = "ds:///vmfs/volumes/vvol:a1f0c3d2e4b54c66-8d1c2f3a4b5c6d7e/"
HOST = "host-9"
HOST_NAME = "esxi-1.example.com"
_WITHOUT_CONFIGURATION: tuple[ConnectionState, ...] = ("inaccessible", "invalid")


@dataclass
class Disk:
    """A virtual disk on a vVol. `group` is None for a disk that is not replicated."""

    key: int
    vvol_id: str
    group: GroupId | None


@dataclass
class Vm:
    """A virtual machine. `home_group` is its configuration vVol's group. MoIds repeat between vCenters on purpose."""

    name: str
    moid: str
    instance_uuid: str
    power: PowerState
    home_vvol_id: str
    home_group: GroupId | None
    disks: list[Disk] = field(default_factory=list)
    hidden: bool = False
    """True: the operator's account may not see it; to SMS it is there."""
    unreadable: tuple[str, ...] = ()
    """Property paths that the account may not read (`runtime.powerState`; a path covers what is below it)."""
    unset: tuple[str, ...] = ()
    """Property paths that its vCenter does not have, as an older one does not (`config.vmStorageObjectId`)."""
    connection: ConnectionState = "connected"
    """The way from vCenter to it. Where it is not `connected`, vCenter goes on showing what it saw last."""
    shown_power: str | None = None
    """The power that vCenter shows in the place of the true one: what it saw last, or a newer vCenter's word."""

    @property
    def vmx_path(self) -> str:
        """Its configuration file, as vCenter writes it."""
        return f"[{DATASTORE}] {self.home_vvol_id}/{self.name}.vmx"

    def readable(self, path: str) -> bool:
        """Whether the account may read a property."""
        return not _covered(path, self.unreadable)

    def has(self, path: str) -> bool:
        """Whether vCenter has a property. It has no configuration of a VM whose files it cannot read."""
        unread = ("config", "layoutEx") if self.connection in _WITHOUT_CONFIGURATION else ()
        return not _covered(path, (*self.unset, *unread))

    def follow(self, renewed: Mapping[GroupId, GroupId]) -> None:
        """Stay in groups whose ids have changed."""
        if self.home_group is not None:
            self.home_group = renewed.get(self.home_group, self.home_group)
        for disk in self.disks:
            if disk.group is not None:
                disk.group = renewed.get(disk.group, disk.group)

    def groups(self) -> set[GroupId]:
        """All groups that any part of it is in."""
        return {group for group in (self.home_group, *(disk.group for disk in self.disks)) if group is not None}


@dataclass
class Provider:
    """A VASA provider registered in a vCenter, managing some arrays (by their ids)."""

    moid: str
    name: str
    array_ids: tuple[str, ...]
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: ProviderStatus = "online"
    active: bool = True
    """False: another provider of the same arrays answers for them (VASA HA standby)."""
    replicates: bool = True
    """False: a provider without the profile `Replication` (I/O filters), which knows no groups."""
    max_batch: int | None = None
    """Groups per call; None = no common limit."""


@dataclass
class Site:
    """What one vCenter serves. `skew` is how many seconds its clock is ahead of the world's."""

    name: str
    username: str = "administrator@vsphere.local"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    instance_uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    version: str = "8.0.3"
    skew: float = 0.0
    providers: list[Provider] = field(default_factory=list)
    vms: list[Vm] = field(default_factory=list)
    hosts_hidden: bool = False
    """True: the operator's account may not read the hosts, not even their names."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Session id -> user name."""
    active_at: dict[str, float] = field(default_factory=dict)
    """Session id -> world time of the last call that counts as activity."""
    session_limit: int | None = None
    """How many sessions may be open; None: any number."""
    tasks: dict[str, SmsTask] = field(default_factory=dict)
    logins: int = 0
    failed_logins: int = 0
    logouts: int = 0
    vm_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(11), repr=False)
    task_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def full(self) -> bool:
        """Whether no more sessions may be opened."""
        return self.session_limit is not None and len(self.sessions) >= self.session_limit

    def login(self, username: str, password: str, at: float) -> str:
        """A new session id, at a world time; `InvalidLogin` for a wrong user or password."""
        known = secrets.compare_digest(f"{self.username}\n{self.password}".encode(), f"{username}\n{password}".encode())
        if not known:
            self.failed_logins += 1
            raise SmsFaultError(
                Fault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.")
            )
        if self.full:
            raise SmsFaultError(Fault("LimitExceeded", "The session limit is reached.", {"limit": self.session_limit}))
        self.logins += 1
        session = secrets.token_hex(20)
        self.sessions[session] = username
        self.active_at[session] = at
        return session

    def end_idle(self, at: float, idle_seconds: float) -> None:
        """End the sessions that were idle for so long at a world time; 0 seconds: none."""
        if idle_seconds:
            for session in [item for item in self.sessions if at - self.active_at.get(item, at) >= idle_seconds]:
                del self.sessions[session]
        self.active_at = {item: self.active_at.get(item, at) for item in self.sessions}

    def logout(self, session: str) -> None:
        """End a session; an unknown one is no error here."""
        if self.sessions.pop(session, None) is not None:
            self.logouts += 1

    def is_session(self, session: str | None) -> bool:
        """Whether this id is logged in. Which fault its absence is depends on the service (/sdk, /sms, /pbm)."""
        return session is not None and session in self.sessions

    def expire_sessions(self) -> int:
        """End all sessions as a timeout would; how many there were."""
        count = len(self.sessions)
        self.sessions.clear()
        return count

    def provider(self, moid: str) -> Provider:
        """A registered provider, or `ManagedObjectNotFound`."""
        for provider in self.providers:
            if provider.moid == moid:
                return provider
        raise SmsFaultError(_not_found("VasaProvider", moid))

    def active_provider(self, array_id: str) -> Provider | None:
        """The provider that answers for an array here."""
        for provider in self.providers:
            if provider.active and provider.replicates and array_id in provider.array_ids:
                return provider
        return None

    def array_ids(self) -> list[str]:
        """Arrays (= fault domains) that some replicating provider here manages, in order of registration."""
        return list(
            dict.fromkeys(array for provider in self.providers if provider.replicates for array in provider.array_ids)
        )

    def task(self, moid: str) -> SmsTask:
        """A task of this vCenter, or `ManagedObjectNotFound` (aged out, or the service was restarted)."""
        if moid not in self.tasks:
            raise SmsFaultError(_not_found("SmsTask", moid))
        return self.tasks[moid]

    def forget_tasks(self) -> int:
        """As after a restart of the storage service: no task is known any more; what they started goes on."""
        count = len(self.tasks)
        self.tasks.clear()
        return count

    def add_vm(self, name: str, power: PowerState, group: GroupId | None, disks: Sequence[GroupId | None]) -> Vm:
        """A new VM with its home in `group` and a disk in each group of `disks` (None: not replicated).

        MoIds count from `vm-11` in every vCenter, disk keys from 2000.
        """
        vm = Vm(name, f"vm-{next(self.vm_numbers)}", str(uuid.uuid4()), power, _vvol_id(), group)
        vm.disks = [Disk(2000 + index, _vvol_id(), disk) for index, disk in enumerate(disks)]
        self.vms.append(vm)
        return vm

    def vm(self, moid: str) -> Vm | None:
        """A VM of this vCenter by MoId."""
        return next((vm for vm in self.vms if vm.moid == moid), None)


def _covered(path: str, by: Sequence[str]) -> bool:
    return any(path == item or path.startswith(f"{item}.") for item in by)


def _vvol_id() -> str:
    return f"rfc4122.{uuid.uuid4()}"


def _not_found(kind: str, moid: str) -> Fault:
    return Fault(
        "ManagedObjectNotFound",
        f"The object '{kind}:{moid}' has already been deleted or has not been completely created",
        {"obj": moid},
    )
