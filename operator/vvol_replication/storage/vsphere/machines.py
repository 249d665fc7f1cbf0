"""Virtual machines as the property collector of one vCenter shows them: all of them, or some by id.

A property that an account may not see is missing from the answer, beside a fault in `missingSet`; one that vCenter
does not have is missing without one; a VM that the account may not see at all is not in the answer. None of these is
taken for "there is none".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from . import convert, faults
from .session import Session
from .transport import UPDATE, Unfamiliar, Unreadable
from .vmomi import vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .asked import Asked

_PAGE = 250  # objects in one answer
_MOST_PAGES = 4000  # a vCenter has 40,000 VMs at most, and may give fewer in a page than it is asked for
_BATCH = 100  # VMs in one question
# What tells which VM it is: enough to find it by a member's id, and light enough to be read of every VM. No enumeration
# is among them, so that no newer vCenter's word spoils the answer about all VMs.
IDENTITY = ("name", "config.instanceUuid", "config.files.vmPathName", "config.datastoreUrl", "config.vmStorageObjectId")
# Of a group's own VMs also their power and whether that is known now, and all that is theirs on the storage.
DETAILS = (
    *IDENTITY,
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.host",
    "config.hardware.device",
    "layoutEx.file",
)
CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Machine:
    """One VM: properties by path, and the faults of those that could not be read.

    `host` is the name of the host that it is on, the host's id where its name could not be read, None where neither
    could. `odd` says what the client does not know in it; then nothing is there but what identifies it.
    """

    moid: str
    values: Mapping[str, Any]
    missing: Mapping[str, Any] = field(default_factory=dict)
    host: str | None = None
    odd: str | None = None

    @property
    def name(self) -> str:
        """What people call it; its id where the name could not be read."""
        return str(self.values.get("name") or self.moid)

    @property
    def instance_uuid(self) -> str | None:
        """Its identity, also beyond this vCenter."""
        return self.values.get("config.instanceUuid") or None

    @property
    def connection(self) -> str | None:
        """`connected`, or another word of vSphere's; None where it could not be read."""
        return self.values.get("runtime.connectionState") or None

    def state(self, asked: Asked) -> str:
        """Where vCenter is not connected to it: how, its host, and its last power. Otherwise, and if unread, empty."""
        if self.connection in (None, CONNECTED):
            return ""
        where = f", host {asked.quote(self.host)}" if self.host else ""
        power = self.values.get("runtime.powerState")
        seen = f", last seen {asked.quote(power)}" if power else ""
        return f"{asked.quote(self.connection)}{where}{seen}"

    def why_not(self, path: str, asked: Asked) -> str | None:
        """Why a property could not be read, in one line; None where it was."""
        if path in self.values:
            return None
        if self.odd is not None:
            return f"VM {asked.quote(self.name)} could not be read: {asked.line(f'{asked.quote(self.odd)}. {UPDATE}')}"
        fault = self.missing.get(path)
        seen = faults.message(fault, asked) if fault is not None else asked.line("it left this out. It is asked again.")
        return f"{path} of VM {asked.quote(self.name)} could not be read: {seen}"


class Machines:
    """Asks one vCenter for VMs: all of them with little, some of them with all that is theirs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[str, Machine]:
        """Every VM that this account may see, by id, with the properties of `IDENTITY`."""
        return self._session.unbroken(self._walk)

    def details(self, machines: Sequence[Machine]) -> dict[str, Machine]:
        """These VMs as they are now, by id, with the properties of `DETAILS`.

        One that does not exist any more is not among them. One in which the client does not know something keeps what
        `all` read of it, and says what that is.
        """
        found: dict[str, Machine] = {}
        for start in range(0, len(machines), _BATCH):
            found |= self._some(machines[start : start + _BATCH])
        return found

    def _walk(self) -> dict[str, Machine]:
        content = self._session.opened().content
        view = self._session.call(
            lambda: content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)  # noqa: FBT003 - pyVmomi's own
        )
        if view is None:
            raise Unreadable("no view of its VMs")
        try:
            collector = vmodl.query.PropertyCollector
            into = collector.TraversalSpec(name="vms", path="view", skip=False, type=vim.view.ContainerView)
            root = collector.ObjectSpec(obj=view, skip=True, selectSet=[into])
            return self._read([root], _of_vms(IDENTITY))
        finally:
            self._drop(view)

    def _drop(self, view: Any) -> None:
        """A view lives as long as its session: one that is left behind is carried along by vCenter until then."""
        try:
            self._session.call(view.DestroyView)
        except Exception:  # noqa: BLE001 - it went with its session; what was read, or why not, is what counts
            return

    def _some(self, machines: Sequence[Machine]) -> dict[str, Machine]:
        """One question about some VMs and their hosts; halved where one VM spoils it for all, until that one is alone.

        One that is gone does so, and one in which the client does not know something.
        """
        collector = vmodl.query.PropertyCollector
        onto = collector.TraversalSpec(name="host", path="runtime.host", skip=False, type=vim.VirtualMachine)
        objects = [
            collector.ObjectSpec(obj=vim.VirtualMachine(one.moid, self._session.vim_stub), skip=False, selectSet=[onto])
            for one in machines
        ]
        wanted = [*_of_vms(DETAILS), collector.PropertySpec(type=vim.HostSystem, pathSet=["name"])]
        try:
            found = self._session.unbroken(lambda: self._read(objects, wanted))
        except vmodl.fault.ManagedObjectNotFound:
            if len(machines) == 1:
                return {}
        except Unfamiliar as error:
            if len(machines) == 1:
                return {machines[0].moid: replace(machines[0], odd=str(error))}
        else:
            # What was asked for and not answered is not known to be gone.
            return {one.moid: found.get(one.moid) or Machine(one.moid, {}) for one in machines}
        middle = len(machines) // 2
        return self._some(machines[:middle]) | self._some(machines[middle:])

    def _read(self, objects: Sequence[Any], wanted: Sequence[Any]) -> dict[str, Machine]:
        spec = vmodl.query.PropertyCollector.FilterSpec(objectSet=list(objects), propSet=list(wanted))
        return {
            machine.moid: machine
            for machine in _machines([content for page in self._pages(spec) for content in page.objects or ()])
        }

    def _pages(self, spec: Any) -> Iterator[Any]:
        collector = self._session.opened().content.propertyCollector
        options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=_PAGE)
        page = self._session.call(lambda: _let_in(collector.RetrievePropertiesEx([spec], options)))
        pages = 0
        while page is not None:  # where there is nothing to tell there is no page
            yield page
            token, pages = page.token, pages + 1
            if not token:
                return
            if pages >= _MOST_PAGES:
                raise Unreadable("its pages have no end")
            page = self._session.call(partial(collector.ContinueRetrievePropertiesEx, token))
            if page is None:
                raise Unreadable("a page of it is missing")


def _of_vms(paths: Sequence[str]) -> list[Any]:
    return [vmodl.query.PropertyCollector.PropertySpec(type=vim.VirtualMachine, pathSet=list(paths))]


def _let_in(page: Any) -> Any:
    """A page, if the session was good: to one that has ended vCenter answers too, with that fault for each property."""
    for content in getattr(page, "objects", None) or ():
        for item in content.missingSet or ():
            if isinstance(item.fault, vim.fault.NotAuthenticated):
                raise item.fault
    return page


def _machines(contents: Sequence[Any]) -> Iterable[Machine]:
    """The VMs of an answer, each with the name of its host where the answer has that too."""
    found = [(content, convert.moid(content.obj), _values(content)) for content in contents]
    hosts = {moid: values.get("name") for content, moid, values in found if isinstance(content.obj, vim.HostSystem)}
    for content, moid, values in found:
        if isinstance(content.obj, vim.VirtualMachine):
            missing = {item.path: item.fault for item in content.missingSet or ()}
            host = values.get("runtime.host")
            host_id = None if host is None else convert.moid(host)
            yield Machine(moid, values, missing, (hosts.get(host_id) if host_id else None) or host_id)


def _values(content: Any) -> dict[str, Any]:
    return {item.name: item.val for item in content.propSet or ()}
