"""The root objects of SMS and PBM: their ids are asked for once in each session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .session import Session
from .transport import Unreadable
from .vmomi import pbm, sms, vmodl

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def replication_manager(session: Session) -> Any:
    """PBM's object that knows the groups of VMs, whose id is asked for once in each session."""
    opened = session.opened()
    if opened.replication_manager is None:
        service = pbm.ServiceInstance("ServiceInstance", session.pbm_stub)
        manager = getattr(session.call(service.RetrieveContent), "replicationManager", None)
        if manager is None:
            raise Unreadable("no replication manager")
        opened.replication_manager = str(manager._GetMoId())  # noqa: SLF001 - pyVmomi has no public name for it
    return pbm.replication.ReplicationManager(opened.replication_manager, session.pbm_stub)


def ask_manager(session: Session, question: Callable[[Any], T]) -> T:
    """Put a reading question to SMS's root object, whose id is asked for once in each session."""
    known = session.opened().storage_manager is not None
    try:
        return _put(session, question)
    except vmodl.fault.ManagedObjectNotFound:
        session.opened().storage_manager = None
        if not known:
            raise
    return _put(session, question)


def _put(session: Session, question: Callable[[Any], T]) -> T:
    manager = _storage_manager(session)
    return session.call(lambda: question(manager))


def _storage_manager(session: Session) -> Any:
    opened = session.opened()
    if opened.storage_manager is None:
        service = sms.ServiceInstance("ServiceInstance", session.stub)
        manager: Any = session.call(service.QueryStorageManager)
        if manager is None:
            raise Unreadable("no storage manager")
        opened.storage_manager = str(manager._GetMoId())  # noqa: SLF001 - pyVmomi has no public name for it
    return sms.StorageManager(opened.storage_manager, session.stub)
