"""SOAP envelopes around answers and faults: bytes in the client's own version."""

import copy
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from . import bindings
from .request import Request

_START = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
)
_HEADER = '<soapenv:Header><trace xmlns="urn:vendor:trace" id="1"/></soapenv:Header>\n'
_BODY = "<soapenv:Body>\n"
_END = "\n</soapenv:Body>\n</soapenv:Envelope>"


@dataclass(frozen=True, slots=True)
class Style:
    """Lawful ways to write the same answer.

    Attributes:
        prefixed: every xsi:type carries a namespace prefix (`sms:GroupErrorResult`).
        header: a SOAP header that the client has not heard of.
    """

    prefixed: bool = False
    header: bool = False


PLAIN = Style()


def answer(request: Request, value: object, style: Style = PLAIN) -> bytes:
    """Envelope of a method's result.

    Raises:
        TypeError: the value does not fit the method's result type (a defect of a handler).
    """
    kind, flags = request.result
    inner = ""
    if kind is not type(None) and (value is not None or not flags & bindings.OPTIONAL):
        info = bindings.field_info("returnval", kind, request.version, flags=flags)
        inner = bindings.serialize_value(value, info, request.version, request.namespace, prefixed=style.prefixed)
    tag = f"{request.method}Response"
    return _wrap(f'<{tag} xmlns="{request.namespace}">{inner}</{tag}>', style)


def fault(exc: Exception, version: str, style: Style = PLAIN) -> bytes:
    """Envelope of a thrown fault of pyVmomi, to be sent with HTTP status 500; its `msg` becomes the faultstring."""
    bare: Any = copy.copy(exc)
    text = bare.msg or bindings.wsdl_name(type(exc))
    bare.msg = None
    return _fault(text, bindings.serialize_fault_detail(bare, version, prefixed=style.prefixed), style)


def bare_fault(text: str, style: Style = PLAIN) -> bytes:
    """Envelope of a fault with an empty detail: what a service says that cannot even read the request's version."""
    return _fault(text, "", style)


def _fault(text: str, detail: str, style: Style) -> bytes:
    return _wrap(
        "<soapenv:Fault><faultcode>ServerFaultCode</faultcode>"
        f"<faultstring>{escape(text)}</faultstring><detail>{detail}</detail></soapenv:Fault>",
        style,
    )


def _wrap(body: str, style: Style) -> bytes:
    return f"{_START}{_HEADER if style.header else ''}{_BODY}{body}{_END}".encode()
