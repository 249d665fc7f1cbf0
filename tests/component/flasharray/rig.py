"""Two simulated FlashArrays behind one TLS port: whichever `array` says answers, so that arrays can be exchanged."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed import closing
from testbed.ports import port_of, reserve
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.storage.flasharray import Timeouts, connect
from vvol_replication.storage.flasharray.adapter import FlashArray
from vvol_replication.storage.login import LoginGate
from vvol_replication.storage.tls import TLSTrust
from vvol_simulator.flasharray.app import ArrayDoor
from vvol_simulator.model import Array, World
from vvol_simulator.model.protection import ProtectionGroup, Target

TOKEN = "fake-token-5c1d0a52"
PATIENT = Timeouts()
QUICK = Timeouts(connect=5.0, read=1.0, call=20.0, logout=2.0)
"""For calls that are meant to time out."""


@dataclass(frozen=True)
class Authority:
    """A CA made for a test, and a server certificate of it for one name and one address."""

    pem: str
    server: ssl.SSLContext

    @classmethod
    def create(cls, folder: Path, name: str = "localhost", address: str = "127.0.0.1") -> Authority:
        ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca = _certificate("test CA", "test CA", ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.IPv4Address(address))])
        server = _certificate("array", "test CA", server_key, ca_key, names)
        chain = folder / "server.pem"
        chain.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + server.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return cls(ca.public_bytes(serialization.Encoding.PEM).decode(), context)


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(extension, critical=False)
        .sign(signer, hashes.SHA256())
    )


@dataclass(frozen=True)
class Words:
    """How one REST family names what all tests speak of: the simulator's names of its calls."""

    restVersion: str  # noqa: N815 - the API's word
    rest: str
    login: str
    logout: str
    who: str
    group: str
    rows: str
    """The call that lists snapshots; `transfers` the one that tells how far they have come."""
    transfers: str
    push: str
    connections: str

    def refusal(self, message: str, context: str = "", status: int = 400) -> web.Response:
        """An error as this family words it."""
        if self.restVersion == "REST1":
            said: Any = [{"pure_err_key": "err.friendly", "msg": message, "ctx": context}]
        else:
            said = {"errors": [{"message": message, "context": context}]}
        return web.json_response(said, status=status)


REST1 = Words(
    "REST1", "1.19", "POST auth/session", "DELETE auth/session", "GET array", "GET pgroup", "GET pgroup", "GET pgroup",
    "POST pgroup", "GET array/connection",
)  # fmt: skip
REST2 = Words(
    "REST2", "2.44", "POST login", "POST logout", "GET arrays", "GET protection-groups",
    "GET protection-group-snapshots", "GET protection-group-snapshots/transfer", "POST protection-group-snapshots",
    "GET array-connections",
)  # fmt: skip


only_rest1 = pytest.mark.parametrize("words", [REST1], ids=["REST1"])
only_rest2 = pytest.mark.parametrize("words", [REST2], ids=["REST2"])


@dataclass
class Rig:
    """Source array `pure-a` with the protection groups `erp` and `crm`, both replicated to `pure-b`."""

    authority: Authority
    words: Words = REST1
    world: World = field(default_factory=World)
    ports: list[FlashArray] = field(default_factory=list)
    transports: set[Any] = field(default_factory=set)
    """Every connection that ever carried a request."""
    requests: list[web.BaseRequest] = field(default_factory=list)
    leads: bool = True
    """Whether the process of these ports may change anything."""
    override: Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]] | None = None
    """Answers in the place of the array, where it answers at all."""

    def __post_init__(self) -> None:
        self._held = reserve()
        self.port = port_of(self._held)
        self.source = Array("pure-a", api_token=TOKEN)
        self.target = Array("pure-b", api_token=TOKEN)
        self.world.arrays.update({array.id: array for array in (self.source, self.target)})
        self.world.links.join(self.source.id, self.target.id)
        self.world.replication.transfer_seconds = 0.0
        self.erp, self.crm = self.group("erp"), self.group("crm")
        self.array = self.source

    def group(self, name: str) -> ProtectionGroup:
        """Make one more protection group."""
        made = ProtectionGroup(name, self.source.id, {self.target.id: Target(self.target.id)})
        self.source.groups[name] = made
        return made

    @property
    def address(self) -> str:
        """Where whichever array it is answers."""
        return f"127.0.0.1:{self.port}"

    def connect(
        self,
        token: str = TOKEN,
        *,
        address: str | None = None,
        trust: TLSTrust | None = None,
        workers: int = 2,
        timeouts: Timeouts = PATIENT,
        clock: Callable[[], float] = time.monotonic,
        rest_version: str | None = None,
        gate: LoginGate | None = None,
        expected_id: str | None = None,
    ) -> FlashArray:
        """A port to it, closed with the test; over the family of this rig unless said otherwise."""
        port = connect(
            address or self.address,
            token,
            trust=trust or trusting(self.authority.pem),
            leading=lambda: self.leads,
            workers=workers,
            timeouts=timeouts,
            rest_version=rest_version or self.words.restVersion,
            gate=gate or LoginGate(clock),
            expected_id=expected_id,
        )
        assert isinstance(port, FlashArray), port
        self.ports.append(port)
        return port

    def calls(self) -> dict[str, int]:
        """Calls since the last look, by name, of both arrays."""
        seen: dict[str, int] = {}
        for counts in self.world.counters.as_dict().values():
            for name, count in counts.items():
                seen[name] = seen.get(name, 0) + count
        self.world.counters.reset()
        return seen

    def is_push(self, request: web.BaseRequest) -> bool:
        """Whether this is the one request that changes something."""
        return request.method == "POST" and request.path.endswith(("/pgroup", "/protection-group-snapshots"))

    def is_login(self, request: web.BaseRequest) -> bool:
        """Whether this is a login, of either family."""
        return request.method == "POST" and request.path.endswith(("/auth/session", "/login"))

    def fault(self, call: str, kind: str, **options: Any) -> None:
        """Order a fault, for one call unless said otherwise."""
        self.world.faults.add("*", call, kind, **({"times": 1} | options))

    def suffixes(self) -> list[str]:
        """Suffixes of the snapshots of `erp` on the source."""
        return [snapshot.suffix for snapshot in self.erp.snapshots.values()]

    async def start(self) -> None:
        """Listen; after `stop` at the same place again."""
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.authority.server).start()

    async def stop(self) -> None:
        """The server only: what connects from now on is refused."""
        self.world.faults.remove()
        await closing.close(self._runner)

    async def close(self) -> None:
        self.world.faults.remove()
        for port in self.ports:
            await port.close()
        await self.stop()
        self._held.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.transports.add(request.transport)
        self.requests.append(request)
        if self.override is not None and (answer := await self.override(request)) is not None:
            return answer
        # the simulator wants a whole web.Request only for its type
        return await ArrayDoor(self.world, self.array).handle(request)  # type: ignore[arg-type]


def trusting(pem: str | None, *, insecure: bool = False) -> TLSTrust:
    trust = TLSTrust.create(pem, insecure_skip_verify=insecure)
    assert isinstance(trust, TLSTrust)
    return trust


def done(outcome: Outcome[Any]) -> Any:
    """The value of a call that has to succeed."""
    assert isinstance(outcome, Done), outcome
    return outcome.value


def is_one_line(message: str, *, without: Iterable[str] = (TOKEN,)) -> bool:
    """Fit for people: one line, no secret, no repr of objects."""
    return message.isprintable() and " object at 0x" not in message and not any(text in message for text in without)
