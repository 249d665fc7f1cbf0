"""Why the API server could not be asked, in words: what was seen, and what to do where somebody can do something."""

from __future__ import annotations

import os
import re
import socket

import aiohttp

_CERTIFICATE_ADVICE = {
    9: "set the clocks right, on this machine and on the one that made it",
    10: "renew it, or the CA's, on the control plane",
    62: "ask it by a host name that it has, or give that name as tls-server-name in the kubeconfig",
    64: "ask it by an address that it has, or give a name that it has as tls-server-name in the kubeconfig",
}
"""By OpenSSL's codes (X509_V_ERR_...): not valid yet, expired, another host name, another address."""
_OTHER_ADVICE = (
    "give the CA that signed it as certificate-authority in the kubeconfig; in a pod the cluster gives the CA, so look "
    "whether it is being replaced, and whether something else answers at that address"
)
_TLS = re.compile(r"\[SSL: (\w+)\]")


def fault_of(error: Exception) -> str:
    """What a failed request met, without its traceback and without anything that was sent."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _not_trusted(error.certificate_error)
        case aiohttp.ClientProxyConnectionError():
            return f"the kubeconfig's proxy could not be reached ({_of_system(error.os_error)})"
        case aiohttp.ClientHttpProxyError():
            return f"the kubeconfig's proxy answered {error.status}"
        case aiohttp.ClientConnectorSSLError():
            return _of_system(error.os_error)
        case aiohttp.ClientConnectorError():
            return f"no connection ({_of_system(error.os_error)})"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without an answer"
        case OSError():
            return _of_system(error)
        case _:
            return type(error).__name__


def _not_trusted(error: Exception) -> str:
    said = str(getattr(error, "verify_message", "") or type(error).__name__).rstrip(".")
    advice = _CERTIFICATE_ADVICE.get(getattr(error, "verify_code", 0), _OTHER_ADVICE)
    return f"its TLS certificate is not trusted ({said}); {advice}"


def _of_system(error: OSError) -> str:
    if said := _TLS.search(str(error)):  # also where aiohttp has made another error of it
        return f"TLS failed: {said[1].replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):  # a number of its own, not the system's
        return error.strerror or type(error).__name__
    return os.strerror(error.errno) if error.errno else type(error).__name__
