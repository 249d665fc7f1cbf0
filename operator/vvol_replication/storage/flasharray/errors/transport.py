"""Why a request or its answer got lost on the way: a reason, and what was seen, in constant words where possible."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import aiohttp
import requests

from vvol_replication.storage import reasons
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.tls import not_trusted


def explain(failure: Exception, redactor: Redactor) -> tuple[str, str]:
    """The reason word for a transport failure, and what was seen."""
    causes = tuple(
        cause
        for cause in _causes(failure)
        if not isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError)
    )
    found = next((found for cause in causes if (found := _connecting(cause, redactor))), None)
    found = found or next((found for cause in causes if (found := _under_way(cause, redactor))), None)
    return found or (reasons.UNREACHABLE, "the connection broke before a whole answer came. Check the network path.")


def cannot_be_written(cause: Exception) -> bool:
    """Has a value no place in a request, as HTTP libraries see before anything is sent? That is no network's fault."""
    return isinstance(cause, ValueError) and not isinstance(cause, ssl.SSLError)


def _connecting(cause: BaseException, redactor: Redactor) -> tuple[str, str] | None:
    """What kept a connection from coming about."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return reasons.CERTIFICATE_NOT_TRUSTED, not_trusted(cause, redactor)
    if isinstance(cause, socket.gaierror):
        return reasons.UNREACHABLE, "its host name cannot be resolved. Check spec.address and DNS."
    if isinstance(cause, requests.ConnectTimeout | aiohttp.ConnectionTimeoutError):
        return reasons.UNREACHABLE, "it does not accept connections in time. Check spec.address and the network path."
    if isinstance(cause, ConnectionRefusedError):
        return reasons.UNREACHABLE, "it refuses connections. Check spec.address, and that it is up."
    return None


def _under_way(cause: BaseException, redactor: Redactor) -> tuple[str, str] | None:
    """What broke a connection that says more than that it broke."""
    if isinstance(cause, requests.Timeout | TimeoutError):
        return reasons.TIMED_OUT_CALLING, "no whole answer came in time. Check its health and the network path."
    if isinstance(cause, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return None
    if isinstance(cause, ssl.SSLError):
        return reasons.UNREACHABLE, f"TLS failed ({_detail(cause, redactor)}). Check host and port in spec.address."
    if isinstance(cause, OSError) and cause.strerror:
        seen = f"the connection failed ({redactor.quoted(cause.strerror)}). Check spec.address and the network path."
        return reasons.UNREACHABLE, seen
    return None


def _detail(cause: ssl.SSLError, redactor: Redactor) -> str:
    """OpenSSL's word; only errors that come from there have one."""
    return redactor.quoted(getattr(cause, "reason", None)) or "no cause given"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """A failure and all that it carries: requests and urllib3 hide the cause in arguments, `reason` and context."""
    waiting, seen = [failure], set[int]()
    while waiting:
        this = waiting.pop(0)
        if id(this) in seen:
            continue
        seen.add(id(this))
        yield this
        inner = (getattr(this, "reason", None), this.__cause__, this.__context__, *this.args)
        waiting.extend(cause for cause in inner if isinstance(cause, BaseException))
