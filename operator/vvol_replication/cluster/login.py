"""Where the API server is and who we are, read again for as long as the process lives.

Tokens, client certificates and CAs are exchanged under our feet: in a pod's volume by the kubelet, elsewhere by whoever
keeps the kubeconfig and the files that it names.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from kubernetes import client, config
from kubernetes.config import ConfigException, incluster_config

from .kubeconfig import Kubeconfig, KubeconfigError, contents_of

# The library has no annotations here.
_load_pod: Callable[..., None] = config.load_incluster_config


@dataclass(frozen=True, slots=True)
class Access:
    """What a request needs, of one reading. `tls` is the same object for as long as nothing in it has changed."""

    server: str
    tls: ssl.SSLContext
    tls_server_name: str | None
    """The name that the certificate must have; None: the host's in `server`."""
    proxy: str | None
    token: str | None
    """As it stands in the header Authorization."""


class Login:
    """The kubeconfig's, the pod's service account's, or that of the user's own kubeconfig.

    Raises:
        kubernetes.config.ConfigException: if there is none of these.
        KubeconfigError: if it cannot be used.
        OSError: if a file cannot be read.
    """

    def __init__(self, kubeconfig: str | None) -> None:
        self._kubeconfig = kubeconfig
        self._made: tuple[object, ssl.SSLContext] | None = None
        self._read()

    @property
    def current(self) -> Access:
        """What was read last. From any thread."""
        return self._current

    def renew(self, *, anew: bool) -> None:
        """Read again what has changed, or with `anew` everything. It reads files, and may run a login program.

        Raises:
            as the constructor does; `current` stays as it was then.
        """
        if anew or contents_of(tuple(self._seen)) != self._seen:
            self._read()
        else:
            # The library looks here whether what a login program gave has expired, and runs it again.
            self._take(self._settings, self._seen)

    def _read(self) -> None:
        settings = client.Configuration()
        self._take(settings, self._load(settings))

    def _load(self, settings: client.Configuration) -> dict[str, bytes | None]:
        """Fill the settings; what all files held that they are from."""
        if self._kubeconfig is None:
            files = (incluster_config.SERVICE_TOKEN_FILENAME, incluster_config.SERVICE_CERT_FILENAME)
            seen = contents_of(files)
            with contextlib.suppress(ConfigException):
                settings.proxy = None  # the environment's
                _load_pod(client_configuration=settings)
                return seen
        kubeconfig = Kubeconfig(self._kubeconfig)
        kubeconfig.load(settings)
        return kubeconfig.contents

    def _take(self, settings: client.Configuration, seen: dict[str, bytes | None]) -> None:
        token = settings.get_api_key_with_prefix("authorization") or settings.get_api_key_with_prefix("BearerToken")
        token = token.strip() if token else None  # files of tokens end with a line break
        access = Access(settings.host, self._tls(settings), settings.tls_server_name or None, settings.proxy, token)
        before: Access | None = getattr(self, "_current", None)
        if before is not None and (before.server, before.proxy) != (access.server, access.proxy):
            raise KubeconfigError("it now names another API server or proxy. If that is intended, restart the operator")
        self._settings, self._seen, self._current = settings, seen, access

    def _tls(self, settings: client.Configuration) -> ssl.SSLContext:
        files = tuple(one for one in (settings.ssl_ca_cert, settings.cert_file, settings.key_file) if one)
        asked = (contents_of(files), settings.verify_ssl)
        if self._made is None or self._made[0] != asked:
            self._made = (asked, _context(settings))
        return self._made[1]


def _context(settings: client.Configuration) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    except ssl.SSLError:
        raise KubeconfigError("the API server's CA (certificate-authority) has no certificate in PEM form") from None
    if settings.ssl_ca_cert:
        # Clusters' own CAs seldom carry every extension that RFC 5280 asks of a public one: those begun before 1.17
        # sign without an Authority Key Identifier. Python 3.13 made that a failure. A CA that was named is trusted
        # whether or not it is a root, as towards the storage (`storage/tls.py`).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.cert_file:
        try:
            # An encrypted key would be asked for at a terminal; an empty password is a failure instead.
            context.load_cert_chain(settings.cert_file, settings.key_file, password="")
        except ssl.SSLError:
            raise KubeconfigError(
                "the kubeconfig's client certificate and key are not PEM, do not belong together, or are encrypted"
            ) from None
    if not settings.verify_ssl:  # the kubeconfig says insecure-skip-tls-verify
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
