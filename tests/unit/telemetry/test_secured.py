"""Protected metrics, over real HTTPS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest
from unit.telemetry.test_certificate import shown

from testbed.certificates import Authority
from vvol_replication.telemetry import secured
from vvol_replication.telemetry.certificate import CERTIFICATE, KEY, ServingCertificate
from vvol_replication.telemetry.secured import SecuredMetrics

GOOD = "a.good-token"


class Stand:
    """A server whose judge lets one token in, and all that was asked of it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.authority = directory, Authority("ours")
        self.judged: list[str] = []
        self.measured = 0
        self.present("first")
        self.server = SecuredMetrics(self.metrics, self.judge, ServingCertificate(directory))
        self.port = 0

    def present(self, name: str) -> None:
        pair = self.authority.server(name, ["127.0.0.1"])
        (self.directory / CERTIFICATE).write_bytes(pair.certificate)
        (self.directory / KEY).write_bytes(pair.key)

    async def metrics(self, accept: str, encodings: str) -> tuple[bytes, Mapping[str, str]]:
        del encodings
        self.measured += 1
        return f"for {accept}\n".encode(), {"Content-Type": "text/plain"}

    async def judge(self, token: str) -> tuple[HTTPStatus, str]:
        self.judged.append(token)
        known = {GOOD: HTTPStatus.OK, "": HTTPStatus.UNAUTHORIZED, "unknown": HTTPStatus.SERVICE_UNAVAILABLE}
        return known.get(token, HTTPStatus.FORBIDDEN), "these words"

    def session(self) -> aiohttp.ClientSession:
        trust = ssl.create_default_context(cadata=self.authority.certificate.decode())
        connector = aiohttp.TCPConnector(ssl=trust, force_close=True)
        return aiohttp.ClientSession(f"https://127.0.0.1:{self.port}", connector=connector)

    async def get(
        self, path: str = "/metrics", method: str = "GET", **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        async with self.session() as http, http.request(method, path, headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def shown(self) -> str:
        """The name in the certificate that a new connection gets."""
        return (await shown(self.port, "")).subject.rfc4514_string()


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    made.port = await made.server.start("127.0.0.1", 0)
    yield made
    await made.server.stop()


async def test_who_may_gets_the_metrics_as_they_want_them(stand: Stand) -> None:
    status, text, _ = await stand.get(Authorization=f"Bearer {GOOD}", Accept="text/plain;version=0.0.4")
    assert (status, text) == (200, "for text/plain;version=0.0.4\n")


@pytest.mark.parametrize(
    ("header", "judged", "status"),
    [
        (None, "", 401),
        ("", "", 401),
        ("Basic dXNlcjpwYXNz", "", 401),
        (GOOD, "", 401),
        ("Bearer", "", 401),
        ("bearer other", "other", 403),
        ("Bearer  unknown ", "unknown", 503),
    ],
)
async def test_others_get_a_refusal_with_words_and_nothing_is_measured(
    stand: Stand, header: str | None, judged: str, status: int
) -> None:
    found, text, headers = await stand.get(**({} if header is None else {"Authorization": header}))
    assert (found, text) == (status, "these words\n")
    assert headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert (stand.judged, stand.measured) == ([judged], 0)


async def test_there_is_nothing_but_a_get_of_metrics(stand: Stand) -> None:
    for path in ("/livez", "/readyz", "/", "/metrics/"):
        assert (await stand.get(path, Authorization=f"Bearer {GOOD}"))[0] == 404
    for method in ("POST", "HEAD", "DELETE"):
        assert (await stand.get(method=method, Authorization=f"Bearer {GOOD}"))[0] == 405
    assert stand.measured == 0


async def test_nobody_gets_an_answer_without_tls(stand: Stand) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"http://127.0.0.1:{stand.port}/metrics", headers={"Authorization": f"Bearer {GOOD}"})
    assert stand.judged == []


async def test_a_changed_certificate_is_shown_and_a_bad_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(secured, "_LOOKED_AGAIN", 0.01)
    stand = Stand(tmp_path)
    stand.port = await stand.server.start("127.0.0.1", 0)
    try:
        assert await stand.shown() == "CN=first"
        (tmp_path / KEY).write_text("no key")
        async with asyncio.timeout(30):
            while "Until then the one from before is used." not in caplog.text:
                assert await stand.shown() == "CN=first"
        assert await stand.shown() == "CN=first"
        stand.present("second")
        async with asyncio.timeout(30):
            while await stand.shown() != "CN=second":
                assert await stand.shown() in {"CN=first", "CN=second"}
    finally:
        await stand.server.stop()
    assert caplog.text.count("cannot be used") == 1, "the same trouble is told once"
    assert "no key" not in caplog.text
