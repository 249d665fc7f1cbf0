"""Whoever may write a VCenter or FlashArray gives it the address of a host of their own: what arrives there?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from component.engine.real import NAMES, Real, real
from component.engine.virtual import until
from unit.storage.certificates import self_signed

from testbed.ports import port_of, reserve
from vvol_replication.api.names import FLASHARRAY, VCENTER, Kind

EACH_KIND = pytest.mark.parametrize("kind", [VCENTER, FLASHARRAY], ids=["VCenter", "FlashArray"])
READY, NOT_ALLOWED = ("True", "Ready"), ("False", "AddressNotAllowed")


class Thief:
    """A TLS server that answers nothing and keeps what it was sent."""

    def __init__(self) -> None:
        self.connections = 0
        self.heard = b""

    @classmethod
    @asynccontextmanager
    async def listening(cls, folder: Path) -> AsyncIterator[tuple[Thief, str]]:
        """One, with its address."""
        made, chain, context = cls(), folder / "thief.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        chain.write_text("".join(self_signed()))
        context.load_cert_chain(chain)
        held = reserve()
        async with await asyncio.start_server(made._listen, "127.0.0.1", port_of(held), ssl=context):
            yield made, f"127.0.0.1:{port_of(held)}"
        held.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while data := await reader.read(65536):
            self.heard += data
            if b"\r\n\r\n" in data:
                break
        writer.transport.abort()


def point_at(rig: Real, kind: Kind, address: str) -> None:
    """The object, at that address, taking any certificate: what such a person would write."""
    rig.apply(kind, insecureSkipVerify=True)
    spec = rig.api.objects[kind.plural, None, NAMES[kind]]["spec"]
    rig.api.apply(kind, NAMES[kind], {**spec, "address": address})


def allow(rig: Real, kind: Kind, addresses: str) -> None:
    rig.api.secrets[NAMES[kind]]["allowedAddresses"] = addresses


@EACH_KIND
async def test_a_secret_that_says_nothing_goes_to_any_host(kind: Kind, tmp_path: Path) -> None:
    async with Thief.listening(tmp_path) as (thief, address), real() as rig:
        point_at(rig, kind, address)
        await until(lambda: thief.connections)


@EACH_KIND
@pytest.mark.parametrize("required", [True, False])
async def test_a_secret_that_names_its_endpoint_goes_nowhere_else(
    kind: Kind,
    tmp_path: Path,
    required: bool,  # noqa: FBT001 - parametrized
) -> None:
    async with Thief.listening(tmp_path) as (thief, address), real(require_allowed_addresses=required) as rig:
        right = rig.simulator.endpoint(NAMES[kind]).address
        allow(rig, kind, right)
        point_at(rig, kind, address)
        await until(lambda: rig.says(kind) == NOT_ALLOWED)
        assert f"must not be sent to '{address}'" in rig.message(kind)
        assert rig.says(kind, "Reachable")[0] == "Unknown"
        assert rig.says(kind, "Authenticated")[0] == "False"
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        point_at(rig, kind, address)
        await until(lambda: rig.says(kind) == NOT_ALLOWED)
        assert not (rig.site if kind == VCENTER else rig.array).failed_logins
        assert (thief.connections, thief.heard) == (0, b"")


@EACH_KIND
async def test_an_operator_that_requires_it_sends_no_secret_without_it(kind: Kind, tmp_path: Path) -> None:
    async with Thief.listening(tmp_path) as (thief, address), real(require_allowed_addresses=True) as rig:
        point_at(rig, kind, address)
        await until(lambda: rig.says(kind) == NOT_ALLOWED)
        assert "has no key 'allowedAddresses'" in rig.message(kind)
        rig.apply(kind)
        allow(rig, kind, rig.simulator.endpoint(NAMES[kind]).address)
        await until(lambda: rig.says(kind) == READY)
        assert (thief.connections, thief.heard) == (0, b"")


@EACH_KIND
async def test_an_address_that_is_allowed_no_longer_ends_the_session(kind: Kind) -> None:
    async with real() as rig:
        endpoint = rig.site if kind == VCENTER else rig.array
        allow(rig, kind, rig.simulator.endpoint(NAMES[kind]).address)
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        allow(rig, kind, "elsewhere.example.com")
        await until(lambda: rig.says(kind) == NOT_ALLOWED)
        await until(lambda: not endpoint.sessions)
