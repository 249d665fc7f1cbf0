"""Where the API server is and who we are, read again for as long as the process lives.

Tokens, client certificates and CAs are exchanged under our feet: in a pod's volume by the kubelet, elsewhere by whoever
keeps the kubeconfig and the files that it names.
"""

from __future__ import annotations

import contextlib
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from .kubeconfig import Kubeconfig
from .pod import PodAccount
from .settings import KubeconfigError, NoApiServerError, Pem, Settings, contents_of


@dataclass(frozen=True, slots=True)
class Access:
    """What a request needs, of one reading. `tls` is the same object for as long as nothing in it has changed."""

    server: str
    tls: ssl.SSLContext
    tls_server_name: str | None
    """The name that the certificate must have; None: the host's in `server`."""
    proxy: str | None
    token: str | None = field(repr=False)
    """As it stands in the header Authorization."""


class Login:
    """The kubeconfig's, the pod's service account's, or that of the user's own kubeconfig.

    Raises:
        NoApiServerError: if there is none of these.
        KubeconfigError: if it cannot be used.
        OSError: if a file cannot be read.
    """

    def __init__(self, kubeconfig: str | None) -> None:
        self._reader = _reader(kubeconfig)
        self._made: tuple[object, ssl.SSLContext] | None = None
        self._take(self._reader())

    @property
    def current(self) -> Access:
        """What was read last. From any thread."""
        return self._current

    def renew(self, *, anew: bool) -> None:
        """Read again what has changed, or with `anew` everything. It reads files, and may run a login program.

        Raises:
            as the constructor does; `current` stays as it was then.
        """
        seen = self._reading.contents
        self._take(self._reader() if anew or contents_of(tuple(seen)) != seen else self._reading)

    def _take(self, reading: PodAccount | Kubeconfig) -> None:
        found = reading.settings()
        access = Access(found.server, self._tls(found), found.tls_server_name, found.proxy, found.token)
        before: Access | None = getattr(self, "_current", None)
        if before is not None and (before.server, before.proxy) != (access.server, access.proxy):
            raise KubeconfigError("it now names another API server or proxy. If that is intended, restart the operator")
        self._reading, self._current = reading, access

    def _tls(self, found: Settings) -> ssl.SSLContext:
        asked = (found.ca, found.certificate, found.key, found.verify)
        if self._made is None or self._made[0] != asked:
            self._made = (asked, _context(found))
        return self._made[1]


def _reader(kubeconfig: str | None) -> Callable[[], PodAccount | Kubeconfig]:
    """Who reads the login that there is. What was the pod's once is never taken from elsewhere later."""
    if kubeconfig is None:
        with contextlib.suppress(NoApiServerError):
            PodAccount()
            return PodAccount
    return partial(Kubeconfig, kubeconfig)


def _context(found: Settings) -> ssl.SSLContext:
    context = _trusting(found.ca)
    if found.certificate:
        try:
            # An encrypted key would be asked for at a terminal; an empty password is a failure instead.
            with _file(found.certificate) as certificate, _file(found.key) as key:
                context.load_cert_chain(str(certificate), key, password="")
        except ssl.SSLError:
            raise KubeconfigError(
                "the kubeconfig's client certificate and key are not PEM, do not belong together, or are encrypted"
            ) from None
    if not found.verify:  # the kubeconfig says insecure-skip-tls-verify
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(ca: bytes | None) -> ssl.SSLContext:
    if ca is None:
        return ssl.create_default_context()
    pem = ca.decode("ascii", "ignore")  # of what is written between certificates, in any language
    try:
        context = ssl.create_default_context(cadata=pem or "-")  # an empty text would be the system's trust store
    except ssl.SSLError:
        raise KubeconfigError("the API server's CA (certificate-authority) has no certificate in PEM form") from None
    # Clusters' own CAs seldom carry every extension that RFC 5280 asks of a public one: those begun before 1.17
    # sign without an Authority Key Identifier. Python 3.13 made that a failure. A CA that was named is trusted
    # whether or not it is a root, as towards the storage (`storage/tls.py`).
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@contextlib.contextmanager
def _file(pem: Pem | None) -> Iterator[str | None]:
    """Where it lies; one that was inline lies in a private file until it is loaded."""
    if pem is None or pem.file is not None:
        yield None if pem is None else pem.file
        return
    with tempfile.NamedTemporaryFile(prefix="vvol-login-") as file:
        file.write(pem.content)
        file.flush()
        yield file.name
