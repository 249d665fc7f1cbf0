"""The model's faults, which are names and plain values, as the typed faults that pyVmomi writes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pyVmomi import sms, vmodl

from vvol_simulator.model import Fault

from . import bindings

# Where a field declares an abstract reference, the type that real references have.
_CONCRETE: dict[type, type] = {
    sms.provider.Provider: sms.provider.VasaProvider,
    sms.storage.replication.DeviceId: sms.storage.replication.VVolId,
}
_NAMESPACES = ("urn:vim25", "urn:sms", "urn:pbm")


def fault_type(name: str, namespace: str) -> type | None:
    """The fault type of a wsdl name, looked for in a service's own namespace first; None if there is none."""
    for candidate in (namespace, *_NAMESPACES):
        found = bindings.type_on_wire(candidate, name)
        if found is not None and issubclass(found, vmodl.MethodFault):
            return found
    return None


def materialize(fault: Fault, namespace: str, this: object = None) -> Any:
    """Make the fault that a model fault stands for: an exception of pyVmomi.

    Required fields that the model does not give are filled with something that can be serialized, so that any fault can
    be asked for by its name alone. `this` is the object that was called: references to it keep its type.

    Raises:
        ValueError: no fault has this name, or a field cannot hold what it is given.
    """
    kind = fault_type(fault.name, namespace)
    if kind is None:
        raise ValueError(f"There is no fault named {fault.name!r} in vSphere's, SMS's or PBM's type tables")
    try:
        made: Any = _data_object(kind, fault.fields, this)
    except (TypeError, ValueError, AttributeError, LookupError) as exc:
        raise ValueError(f"The fields of {fault.name} do not fit: {exc}") from exc
    made.msg = fault.message
    return made


def _data_object(kind: type, given: Mapping[str, Any], this: object) -> Any:
    values: dict[str, object] = {}
    for name, field_kind, required in bindings.fields_of(kind):
        value = given.get(name)
        if value is not None and value != []:
            values[name] = _convert(field_kind, value, this)
        elif required:
            values[name] = _placeholder(field_kind, this)
    return bindings.build(kind, **values)


def _convert(kind: type, value: Any, this: object) -> object:
    """A plain value as a field of type `kind` needs it."""
    if issubclass(kind, list):
        return [_convert(bindings.item_of(kind), item, this) for item in value]
    if isinstance(value, Fault):
        return materialize(value, "urn:sms", this)
    if issubclass(kind, bindings.MANAGED_OBJECT):
        same = this is not None and (kind is bindings.MANAGED_OBJECT or bindings.moid(this) == value)
        return bindings.build(type(this) if same else _CONCRETE.get(kind, kind), value)
    if issubclass(kind, bindings.DATA_OBJECT):
        # An id object (FaultDomainId, …) may be given as the bare id.
        return _data_object(_CONCRETE.get(kind, kind), value if isinstance(value, Mapping) else {"id": value}, this)
    if kind is datetime:
        return datetime.fromtimestamp(value, tz=UTC)
    return bindings.build(kind, value)


def _placeholder(kind: type, this: object) -> object:
    """Something of type `kind`, for a required field that nobody gave."""
    if issubclass(kind, list):
        return [_placeholder(bindings.item_of(kind), this)]
    if issubclass(kind, bindings.MANAGED_OBJECT):
        return bindings.build(type(this) if isinstance(this, kind) else kind, "unknown")
    if issubclass(kind, vmodl.MethodFault):
        return _data_object(bindings.type_on_wire("urn:vim25", "SystemError") or kind, {}, this)
    if issubclass(kind, bindings.DATA_OBJECT):
        return _data_object(kind, {}, this)
    if kind is datetime:
        return datetime.now(tz=UTC)
    if issubclass(kind, bindings.ENUM):
        return bindings.enum_values(kind)[0]
    if kind is type:
        return vmodl.MethodFault
    if kind is object or issubclass(kind, str):
        return "unknown"
    return bindings.build(kind)
