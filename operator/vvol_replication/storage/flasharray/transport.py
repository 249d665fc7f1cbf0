"""Why a request or its answer got lost on the way, in words that stay the same."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import aiohttp
import requests

from vvol_replication.storage import words


def explain(failure: Exception) -> tuple[str, str]:
    """The reason word for a transport failure, and what was seen."""
    causes = tuple(
        cause for cause in _causes(failure) if not isinstance(cause, aiohttp.ClientConnectorCertificateError)
    )
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return words.CERTIFICATE_NOT_TRUSTED, (
                f"its TLS certificate is not trusted ({_detail(cause, 'verify_message')}); put the CA that signed it "
                "into spec.tls.caCertificates, and use a host name that the certificate has"
            )
        if isinstance(cause, socket.gaierror):
            return words.UNREACHABLE, "its host name cannot be resolved"
        if isinstance(cause, requests.ConnectTimeout | aiohttp.ConnectionTimeoutError):
            return words.UNREACHABLE, "it does not accept connections in time"
        if isinstance(cause, ConnectionRefusedError):
            return words.UNREACHABLE, "it refuses connections"
    for cause in causes:
        if isinstance(cause, requests.Timeout | TimeoutError):
            return words.TIMED_OUT_CALLING, "no whole answer came in time"
        if isinstance(cause, ssl.SSLError):
            return words.UNREACHABLE, f"TLS failed ({_detail(cause, 'reason')})"
        if isinstance(cause, OSError) and cause.strerror:
            return words.UNREACHABLE, f"the connection failed ({cause.strerror})"
    return words.UNREACHABLE, "the connection broke before a whole answer came"


def _detail(cause: ssl.SSLError, attribute: str) -> str:
    """OpenSSL's words; only errors that come from there have them."""
    return getattr(cause, attribute, None) or type(cause).__name__


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
