"""Read a SOAP request with pyVmomi's own deserializers, which know every type but no requests."""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from pyVmomi import SoapAdapter

from . import bindings

FETCH = "Fetch"
_soap: Any = SoapAdapter
_SEPARATOR = " "
_ENVELOPE, _CALL, _PARAMETER = 1, 2, 3  # depth of an element: within the envelope, the body, the call


class MalformedRequestError(Exception):
    """The body is no request that the type tables can read; the text says why."""


@dataclass(slots=True)
class Request:
    """One call.

    Attributes:
        namespace: XML namespace of the call (`urn:sms`).
        method: its wsdl name (`SyncReplicationGroup_Task`, or `Fetch` for a property).
        version: the client's VMODL version; answers are written in it.
        this: the managed object called (a pyVmomi reference).
        known: whether the type tables have the method.
        args: parameters by wsdl name; repeated ones as lists; absent ones are not in it.
        headers: SOAP header elements by local name.
    """

    namespace: str
    method: str
    version: str
    this: Any
    known: bool
    args: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def result(self) -> tuple[type, int]:
        """Type and flags of the answer's element; `KeyError` for a method that is not known."""
        if self.method == FETCH:
            return bindings.property_of(type(self.this), str(self.args.get("prop"))) or object, bindings.OPTIONAL
        method = bindings.method_of(self.namespace, self.method)
        if method is None:
            raise KeyError(self.method)
        return method.info.result, method.info.resultFlags

    def fits(self) -> bool:
        """Whether the called object is of a type that has the method."""
        method = bindings.method_of(self.namespace, self.method)
        return method is not None and isinstance(self.this, bindings.owner_of(method))

    def missing(self) -> str | None:
        """Path of the first required parameter, or field of one, that the client left out; None if there is none."""
        method = None if self.method == FETCH else bindings.method_of(self.namespace, self.method)
        for info in () if method is None else method.info.params:
            if info.name not in self.args:
                if not info.flags & bindings.OPTIONAL:
                    return str(info.name)
                continue
            path = bindings.missing_field(self.args[info.name])
            if path is not None:
                return f"{info.name}.{path}"
        return None


class _Server:
    """What pyVmomi's deserializer asks of a stub."""

    def __init__(self, version: str) -> None:
        self.version = version

    def SupportServerGUIDs(self) -> bool:  # noqa: N802 - pyVmomi's name
        """Keep the server guid of references as plain data."""
        return False


class _Parser(SoapAdapter.ExpatDeserializerNSHandlers):
    """Finds `Body/<method>` and hands each parameter to a deserializer of pyVmomi.

    A deserializer takes over the parser's handlers from the next tag on and gives them back itself, so the tag that
    started it is fed to it by hand, and results are collected when the document has ended.
    """

    def __init__(self, version: str) -> None:
        namespaces: dict[str | None, list[str]] = {}
        init: Any = super().__init__
        init(namespaces)
        self._namespaces = namespaces
        self.nsMap = namespaces
        self._version = version
        self._path: list[str] = []
        self._text = ""
        self._call: tuple[str, str] | None = None
        self._method: Any = None
        self._parameters: list[tuple[str, type, bool, Any]] = []
        self._headers: dict[str, str] = {}

    def parse(self, data: bytes) -> Request:
        parser: Any = ParserCreate(namespace_separator=_SEPARATOR)
        self._parser = parser
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        _soap.SetHandlers(parser, _soap.GetHandlers(self))
        parser.Parse(data, True)  # noqa: FBT003 - expat's own signature
        if self._call is None:
            raise MalformedRequestError("the envelope has no body with a call")
        this: Any = None
        args: dict[str, Any] = {}
        for name, kind, repeated, deserializer in self._parameters:
            value = deserializer.GetResult()
            _check_kind(name, kind, value)
            if name == "_this":
                this = value
            elif repeated:
                args.setdefault(name, []).append(value)
            else:
                args[name] = value
        if this is None:
            raise MalformedRequestError("the call names no object: _this is missing")
        namespace, method = self._call
        return Request(namespace, method, self._version, this, self._method is not None, args, self._headers)

    def StartElementHandler(self, tag: str, attr: dict[str, str]) -> None:  # noqa: N802 - pyVmomi's name
        namespace, _, name = tag.rpartition(_SEPARATOR)
        self._text = ""
        depth = len(self._path)
        if depth == _CALL and self._path[1] == "Body":
            if self._call is not None:
                raise MalformedRequestError("the body has more than one call")
            self._call = (namespace, name)
            self._method = FETCH if name == FETCH else bindings.method_of(namespace, name)
        elif depth == _PARAMETER and self._path[1] == "Body":
            found = self._parameter(name)
            if found is not None:
                self._hand_over(name, found, tag, attr)
                return
        self._path.append(name)

    def EndElementHandler(self, tag: str) -> None:  # noqa: N802, ARG002 - pyVmomi's signature
        name = self._path.pop()
        if self._path[_ENVELOPE:] == ["Header"]:
            self._headers[name] = self._text

    def CharacterDataHandler(self, data: str) -> None:  # noqa: N802 - pyVmomi's name
        self._text += data

    def _parameter(self, name: str) -> tuple[type, bool] | None:
        """Type of a parameter and whether it may repeat; None for one to be skipped (the method is unknown)."""
        if name == "_this":
            return bindings.MANAGED_OBJECT, False
        if self._method is None:
            return None
        if self._method == FETCH:
            return str, False
        for info in self._method.info.params:
            if info.name == name:
                repeated = isinstance(info.type, type) and issubclass(info.type, list)
                return (info.type.Item if repeated else info.type), repeated
        raise MalformedRequestError(f"{self._call[1] if self._call else ''} has no parameter {name}")

    def _hand_over(self, name: str, found: tuple[type, bool], tag: str, attr: dict[str, str]) -> None:
        kind, repeated = found
        deserializer = _soap.SoapDeserializer(_Server(self._version))
        deserializer.Deserialize(self._parser, kind, False, self._namespaces)  # noqa: FBT003 - pyVmomi's own signature
        self._parameters.append((name, kind, repeated, deserializer))
        deserializer.StartElementHandler(tag, attr)


def _check_kind(name: str, kind: type, value: object) -> None:
    # An xsi:type may make a parameter anything; pyVmomi checks the fields of data objects, not the outermost element.
    if issubclass(kind, (bindings.DATA_OBJECT, bindings.MANAGED_OBJECT)) and not isinstance(value, kind):
        raise MalformedRequestError(f"{name} is no {bindings.wsdl_name(kind)}")


def _refuse_doctype(*_: object) -> None:
    # SOAP forbids document types; without them there are no entities to expand.
    raise MalformedRequestError("document types are not allowed in SOAP")


def parse(data: bytes, version: str) -> Request:
    """Read one request body, written by a client of the VMODL version `version`.

    Raises:
        MalformedRequestError: no XML, no SOAP call, an unknown type, field or parameter, or a value
            that does not fit its type.
    """
    try:
        return _Parser(version).parse(data)
    except (ExpatError, LookupError, TypeError, AttributeError, ValueError) as exc:
        raise MalformedRequestError(f"{type(exc).__name__}: {str(exc)[:200]}") from exc
