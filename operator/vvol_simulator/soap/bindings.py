"""The one place where pyVmomi's untyped machinery is touched.

pyVmomi types its generated classes, not its own functions, and builds classes and fields at run time. Everything else
in this package goes through the small typed functions here.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pyVmomi import SoapAdapter, VmomiSupport

T = TypeVar("T")

_soap: Any = SoapAdapter
_types: Any = VmomiSupport

MANAGED_OBJECT: type = _types.ManagedObject
DATA_OBJECT: type = _types.DataObject
ENUM: type = _types.Enum
PROPERTY_COLLECTOR: type = _types.GetVmodlType("vmodl.query.PropertyCollector")
OPTIONAL: int = _types.F_OPTIONAL


def build(kind: Callable[..., T], /, *args: object, **fields: object) -> T:
    """Make a data object, a fault or a reference of `kind`."""
    return kind(*args, **fields)


def long(value: int) -> Any:
    """A 64-bit number as pyVmomi's own type, which decides the xsi:type."""
    return _types.long(value)


def array(kind: type, items: Iterable[object]) -> Any:
    """Make the typed array of `kind` that an answer of type anyType needs (also when it is empty)."""
    return _types.GetVmodlType(f"{_types.GetVmodlName(kind)}[]")(list(items))


def type_on_wire(namespace: str, name: str) -> type | None:
    """Look up a type by XML namespace (`urn:sms`) and wsdl name (`ProviderBusy`); None when there is none."""
    try:
        found = _types.GetWsdlType(namespace, name)
    except KeyError:
        return None
    return found if isinstance(found, type) else None


def wsdl_name(kind: type) -> str:
    """Name of a type on the wire (`SmsStorageManager` for `sms.StorageManager`)."""
    name: str = _types.GetWsdlName(kind)
    return name


def moid(reference: object) -> str:
    """Managed object id of a reference: the only part of it that the wire carries beside the type."""
    found: Any = reference
    identity: str = found._moId  # noqa: SLF001 - pyVmomi offers no public name for it
    return identity


def fields_of(kind: type) -> list[tuple[str, Any, bool]]:
    """Fields of a data type as (name, type, required)."""
    found: Any = kind
    return [(p.name, p.type, not p.flags & OPTIONAL) for p in found._GetPropertyList()]  # noqa: SLF001 - no public name


def enum_values(kind: type) -> list[str]:
    """Values of an enumeration, in the order of its definition."""
    found: Any = kind
    return [value for value in found.values if value != "unset"]


def property_of(kind: type, name: str) -> type | None:
    """Type of a property of a managed object, or of a field of a data object; None when it has no such property."""
    found: Any = kind
    try:
        property_type: type = found._GetPropertyInfo(name).type  # noqa: SLF001 - no public name
    except AttributeError:
        return None
    return property_type


def missing_field(value: object) -> str | None:
    """Path of the first required field that is unset in a data object, or in what it holds; None if it is complete."""
    if isinstance(value, list):
        return next((path for item in value if (path := missing_field(item)) is not None), None)
    if not isinstance(value, DATA_OBJECT):
        return None
    for name, _, required in fields_of(type(value)):
        inner = getattr(value, name)
        if inner is None and required:
            return name
        path = missing_field(inner)
        if path is not None:
            return f"{name}.{path}"
    return None


def item_of(kind: type) -> type:
    """The type of an array's elements; any other type itself."""
    listed: Any = kind
    return listed.Item if issubclass(kind, list) and hasattr(kind, "Item") else kind


def method_of(namespace: str, name: str) -> Any | None:
    """Look up a method by namespace and wsdl name: an object with `info.params`, `info.result`, `info.typeName`."""
    try:
        return _types.GetWsdlMethod(namespace, name)
    except KeyError:
        return None


def owner_of(method: Any) -> type:
    """The type of managed objects that has a method."""
    found: type = _types.GetVmodlType(method.info.typeName)
    return found


def version_of_wire(wire: str) -> str | None:
    """VMODL version for `sms/7.0.0.1`, None when pyVmomi knows no such version."""
    found: str | None = _types.versionMap.get(wire)
    return found


def wire_versions(namespace: str) -> list[str]:
    """Every version id known for a namespace (`vim25`), in no order."""
    prefix = f"{namespace}/"
    return [wire.removeprefix(prefix) for wire in _types.versionMap if wire.startswith(prefix)]


def field_info(name: str, kind: type, version: str, *, flags: int) -> Any:
    """Describe one element to pyVmomi's serializer."""
    return _types.Object(name=name, type=kind, version=version, flags=flags)


class _PrefixingSerializer(SoapAdapter.SoapSerializer):
    """Names every xsi:type with a prefix, as some real services do where others rely on the default namespace."""

    def _QName(self, typ: Any, defNS: str) -> tuple[str, str]:  # noqa: N802, N803, ARG002 - overrides pyVmomi's
        namespace, name = _types.GetQualifiedWsdlName(typ)
        prefix = _soap.SOAP_NSMAP.get(namespace)
        if prefix is not None:
            return "", f"{prefix}:{name}"
        prefix = namespace.split(":", 1)[-1]
        return f' xmlns:{prefix}="{namespace}"', f"{prefix}:{name}"


def _serializer(out: io.StringIO, version: str, namespace: str, *, prefixed: bool) -> Any:
    kind: Callable[..., Any] = _PrefixingSerializer if prefixed else SoapAdapter.SoapSerializer
    made = kind(out, version, {**_soap.SOAP_NSMAP, namespace: ""})
    # Requests of pyVmomi carry a versionId attribute; answers of the real services do not.
    made.outermostAttrs = ""
    return made


def serialize_value(value: object, info: Any, version: str, namespace: str, *, prefixed: bool = False) -> str:
    """XML of one value in the client's version.

    Raises:
        TypeError: the value lacks a required field or does not fit `info`.
    """
    out = io.StringIO()
    _serializer(out, version, namespace, prefixed=prefixed).Serialize(value, info)
    return out.getvalue()


def serialize_fault_detail(fault: Exception, version: str, *, prefixed: bool = False) -> str:
    """XML of a fault as the child of `<detail>`: element `<WsdlName>Fault`, its own namespace, an xsi:type.

    The text of the fault belongs into `faultstring`, so `msg` must be unset here.
    """
    kind = _types.GetCompatibleType(type(fault), version)
    namespace, name = _types.GetQualifiedWsdlName(kind)
    out = io.StringIO()
    info = field_info(f"{name}Fault", object, version, flags=0)
    serializer = _serializer(out, version, namespace, prefixed=prefixed)
    serializer._SerializeDataObject(fault, info, f' xmlns="{namespace}"', namespace)  # noqa: SLF001 - no public name
    return out.getvalue()
