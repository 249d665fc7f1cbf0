"""Why the API server could not be asked, in words: what was seen, and what to do where somebody can do something."""

from __future__ import annotations

import os
import re
import socket

import aiohttp

_CERTIFICATE_ADVICE = {
    9: "Check the clocks of this machine and of the machine that signed it",
    10: "Renew it, or the CA's certificate, on the control plane",
    62: "Use a host name of the certificate as server, or as tls-server-name, in the kubeconfig",
    64: "Use an address of the certificate as server, or a name of it as tls-server-name, in the kubeconfig",
}
"""By OpenSSL's codes (X509_V_ERR_...): not valid yet, expired, another host name, another address."""
_OTHER_ADVICE = (
    "Put the CA that signed it into certificate-authority of the kubeconfig. In a pod the cluster gives the CA: check "
    "whether the CA is being replaced, and whether another server answers at that address"
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
    return f"its TLS certificate is not trusted ({said}). {advice}"


def _of_system(error: OSError) -> str:
    if said := _TLS.search(str(error)):  # also where aiohttp has made another error of it
        return f"TLS failed: {said[1].replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):  # a number of its own, not the system's
        return error.strerror or type(error).__name__
    return os.strerror(error.errno) if error.errno else type(error).__name__
