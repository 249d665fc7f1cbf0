"""Virtual machines as the property collector of one vCenter shows them: all of them, or some by id.

A property that an account may not see is missing from the answer, beside a fault in `missingSet`; a VM that it may not
see at all is not in the answer. Neither is taken for "there is none".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from . import convert, faults
from .session import Session
from .transport import Unreadable
from .vmomi import vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .asked import Asked

_PAGE = 250  # objects in one answer
_BATCH = 100  # VMs in one question
# What tells which VM it is: enough to find it by a member's id, and light enough to be read of every VM.
IDENTITY = ("name", "config.instanceUuid", "config.files.vmPathName", "config.datastoreUrl", "config.vmStorageObjectId")
# Of a group's own VMs also their power, and all that is theirs on the storage.
DETAILS = (*IDENTITY, "runtime.powerState", "config.hardware.device", "layoutEx.file")


@dataclass(frozen=True, slots=True)
class Machine:
    """One VM: properties by path, and the faults of those that could not be read."""

    moid: str
    values: Mapping[str, Any]
    missing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it; its id where the name could not be read."""
        return str(self.values.get("name") or self.moid)

    @property
    def instance_uuid(self) -> str | None:
        """Its identity, also beyond this vCenter."""
        return self.values.get("config.instanceUuid") or None

    def why_not(self, path: str, asked: Asked) -> str | None:
        """Why a property could not be read, in one line; None where it was."""
        if path in self.values:
            return None
        fault = self.missing.get(path)
        seen = faults.message(fault, asked) if fault is not None else asked.line("it left this out; it is asked again")
        return f"{path} of VM {asked.quote(self.name)} could not be read: {seen}"


class Machines:
    """Asks one vCenter for VMs: all of them with little, some of them with all that is theirs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[str, Machine]:
        """Every VM that this account may see, by id, with the properties of `IDENTITY`."""
        return self._session.unbroken(self._walk)

    def details(self, moids: Sequence[str]) -> dict[str, Machine]:
        """These VMs as they are now, by id. One that does not exist any more is not among them."""
        found: dict[str, Machine] = {}
        for start in range(0, len(moids), _BATCH):
            found |= self._some(moids[start : start + _BATCH])
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
            return self._read([root], IDENTITY)
        finally:
            self._drop(view)

    def _drop(self, view: Any) -> None:
        """A view lives as long as its session: one that is left behind is carried along by vCenter until then."""
        try:
            self._session.call(view.DestroyView)
        except Exception:  # noqa: BLE001 - it went with its session; what was read, or why not, is what counts
            return

    def _some(self, moids: Sequence[str]) -> dict[str, Machine]:
        """One question about some VMs; halved where one of them is gone, which fails the whole."""
        collector = vmodl.query.PropertyCollector
        stub = self._session.vim_stub
        objects = [collector.ObjectSpec(obj=vim.VirtualMachine(moid, stub), skip=False) for moid in moids]
        try:
            found = self._session.unbroken(lambda: self._read(objects, DETAILS))
        except vmodl.fault.ManagedObjectNotFound:
            if len(moids) == 1:
                return {}
            middle = len(moids) // 2
            return self._some(moids[:middle]) | self._some(moids[middle:])
        # What was asked for and not answered is not known to be gone.
        return {moid: found.get(moid) or Machine(moid, {}) for moid in moids}

    def _read(self, objects: Sequence[Any], paths: Sequence[str]) -> dict[str, Machine]:
        collector = vmodl.query.PropertyCollector
        wanted = collector.PropertySpec(type=vim.VirtualMachine, pathSet=list(paths))
        spec = collector.FilterSpec(objectSet=list(objects), propSet=[wanted])
        return {machine.moid: machine for page in self._pages(spec) for machine in _machines(page)}

    def _pages(self, spec: Any) -> Iterator[Any]:
        collector = self._session.opened().content.propertyCollector
        options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=_PAGE)
        page = self._session.call(lambda: _let_in(collector.RetrievePropertiesEx([spec], options)))
        while page is not None:  # where there is nothing to tell there is no page
            yield page
            token = page.token
            if not token:
                return
            page = self._session.call(partial(collector.ContinueRetrievePropertiesEx, token))
            if page is None:
                raise Unreadable("a page of it is missing")


def _let_in(page: Any) -> Any:
    """A page, if the session was good: to one that has ended vCenter answers too, with that fault for each property."""
    for content in getattr(page, "objects", None) or ():
        for item in content.missingSet or ():
            if isinstance(item.fault, vim.fault.NotAuthenticated):
                raise item.fault
    return page


def _machines(page: Any) -> Iterable[Machine]:
    for content in page.objects or ():
        values = {item.name: item.val for item in content.propSet or ()}
        missing = {item.path: item.fault for item in content.missingSet or ()}
        yield Machine(convert.moid(content.obj), values, missing)
