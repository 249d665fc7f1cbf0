"""Versions of the three services: what a client asks for in SOAPAction, what a vCenter of some release offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import bindings


@dataclass(frozen=True, slots=True)
class Service:
    """One of the SOAP services of a vCenter.

    Attributes:
        name: how the journal, counters and faults on demand call it.
        path: where it listens.
        namespace: its XML namespace without `urn:`.
        refusal: how it refuses a version it does not have; `{uri}` and `{namespace}` are filled in.
    """

    name: str
    path: str
    namespace: str
    refusal: str


_REFUSAL_VPXD = 'Unsupported version URI "{uri}"'
VIM = Service("vim", "/sdk", "vim25", _REFUSAL_VPXD)
SMS = Service("sms", "/sms/sdk", "sms", _REFUSAL_VPXD)
PBM = Service("pbm", "/pbm/sdk", "pbm", "Request version '{uri}' and namespace '{namespace}' are not supported")


class UnsupportedVersionError(Exception):
    """The client's SOAPAction names a version that this vCenter does not speak; the text is the faultstring."""


def order(wire: str) -> tuple[int, ...] | None:
    """A version id to compare by: `6.7.1` gives (6, 7, 1); None for an id that is no number (`2.5u2`)."""
    parts = wire.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else None


def api_version(release: str) -> str:
    """The API version of a release: `8.0.3` has 8.0.3.0."""
    return ".".join([*release.split("."), "0", "0", "0"][:4])


def _offered(wire: str, release: str) -> bool:
    asked, newest = order(wire), order(api_version(release))
    return asked is not None and newest is not None and asked <= newest


def negotiate(service: Service, soap_action: str, release: str) -> str:
    """VMODL version for a request's SOAPAction (`"urn:sms/7.0.0.1"`) at a vCenter of `release` (`8.0.3`).

    Raises:
        UnsupportedVersionError: no, a foreign, an unknown or a newer version.
    """
    uri = soap_action.strip().strip('"')
    namespace, _, wire = uri.removeprefix("urn:").partition("/")
    version = bindings.version_of_wire(f"{namespace}/{wire}")
    if namespace != service.namespace or version is None or not _offered(wire, release):
        raise UnsupportedVersionError(service.refusal.format(uri=uri, namespace=f"urn:{namespace}"))
    return version


def service_versions_xml(release: str) -> bytes:
    """Contents of `/sdk/vimServiceVersions.xml`, from which pyVmomi's SmartConnect picks a version."""
    known = [(order(wire), wire) for wire in bindings.wire_versions(VIM.namespace) if _offered(wire, release)]
    newest_first = [wire for _, wire in sorted(known, key=lambda pair: pair[0] or (), reverse=True)]
    return _document(newest_first[0], newest_first[1:]).encode()


def _document(newest: str, prior: Iterable[str]) -> str:
    older = "".join(f"<version>{escape(wire)}</version>" for wire in prior)
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace>'
        f"<name>urn:{VIM.namespace}</name><version>{escape(newest)}</version><priorVersions>{older}</priorVersions>"
        "</namespace></namespaces>\n"
    )
