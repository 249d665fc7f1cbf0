"""TLS and logins of both kinds of endpoint, through the wiring and on real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from component.engine.real import NAMES, real
from component.engine.virtual import until
from unit.storage.certificates import self_signed

from vvol_replication.api.flasharray import RestVersion
from vvol_replication.api.names import FLASHARRAY, VCENTER, Kind

EACH_KIND = pytest.mark.parametrize("kind", [VCENTER, FLASHARRAY], ids=lambda kind: kind.kind)
READY, DISTRUSTED = ("True", "Ready"), ("False", "CertificateNotTrusted")
REFUSED = ("False", "SecretValueInvalid")


@EACH_KIND
async def test_its_own_ca_is_trusted_and_another_is_not(kind: Kind) -> None:
    async with real() as rig:
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        rig.apply(kind, caCertificates=self_signed()[0])
        await until(lambda: rig.says(kind) == DISTRUSTED)
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        await until(lambda: len(rig.api.events) == 2)
        assert rig.api.events == [
            (NAMES[kind], "Warning", "CertificateNotTrusted"),
            (NAMES[kind], "Normal", "Ready"),
        ]


@EACH_KIND
async def test_the_right_ca_with_another_name_is_not_trusted(kind: Kind, tmp_path: Path) -> None:
    async with real() as rig:
        certificate, key = self_signed("elsewhere.example.com", "127.0.0.9")
        await rig.certify(kind, certificate, key, tmp_path)
        rig.apply(kind, caCertificates=certificate)
        await until(lambda: rig.says(kind) == DISTRUSTED)
        rig.apply(kind, insecureSkipVerify=True)
        await until(lambda: rig.says(kind) == READY)
        assert rig.says(kind, "TLSVerified") == ("False", "TLSNotVerified")
        await until(lambda: (NAMES[kind], "Warning", "TLSNotVerified") in rig.api.events)


@EACH_KIND
async def test_a_ca_rotated_at_the_endpoint_and_then_in_the_object(kind: Kind, tmp_path: Path) -> None:
    async with real() as rig:
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        certificate, key = self_signed()
        await rig.certify(kind, certificate, key, tmp_path)
        await until(lambda: rig.says(kind) == DISTRUSTED)
        status = rig.api.objects[kind.plural, None, NAMES[kind]]["status"]
        assert status.get("instanceUUID" if kind == VCENTER else "arrayID"), "silence makes nobody another one"
        rig.apply(kind, caCertificates=certificate)
        await until(lambda: rig.says(kind) == READY)


@EACH_KIND
async def test_without_a_ca_the_systems_trust_store_counts(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with real() as rig:
        rig.apply(kind, none=True)
        await until(lambda: rig.says(kind) == DISTRUSTED)
        store = tmp_path / "store.pem"
        store.write_text(rig.simulator.authority.pem())
        monkeypatch.setenv("SSL_CERT_FILE", str(store))
        rig.secrets()
        rig.api.remove(kind, NAMES[kind])
        await until(lambda: (kind.plural, None, NAMES[kind]) not in rig.api.objects)
        rig.apply(kind, none=True)
        await until(lambda: rig.says(kind) == READY)


@EACH_KIND
async def test_a_wrong_secret_logs_in_three_times_whatever_happens_and_heals(kind: Kind) -> None:
    async with real() as rig:
        endpoint = rig.site if kind == VCENTER else rig.array
        secret = rig.api.secrets[NAMES[kind]]
        right = dict(secret)
        secret["password" if kind == VCENTER else "apiToken"] = "wrong"
        rig.apply(kind)
        await until(lambda: rig.says(kind) == ("False", "LoginFailed") and "3 times in a row" in rig.message(kind))
        rig.apply(kind, insecureSkipVerify=True)
        await until(lambda: rig.says(kind, "TLSVerified") is not None)
        rig.api.remove(kind, NAMES[kind])
        await until(lambda: (kind.plural, None, NAMES[kind]) not in rig.api.objects)
        rig.apply(kind)
        await until(lambda: rig.says(kind) == ("False", "LoginFailed") and "3 times in a row" in rig.message(kind))
        assert endpoint.failed_logins == 3
        rig.api.secrets[NAMES[kind]] = right
        await until(lambda: rig.says(kind) == READY)
        assert endpoint.failed_logins == 3


@EACH_KIND
async def test_a_rotated_secret_logs_in_anew_and_the_old_session_is_logged_out(kind: Kind) -> None:
    async with real() as rig:
        endpoint = rig.site if kind == VCENTER else rig.array
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        old = set(endpoint.sessions)
        versions = len(rig.api.history[kind.plural, None, NAMES[kind]])
        if kind == VCENTER:
            rig.site.password = "another-password"
        else:
            rig.array.api_token = "another-token"
        rig.secrets()
        await until(lambda: set(endpoint.sessions) and not set(endpoint.sessions) & old)
        bodies = rig.api.history[kind.plural, None, NAMES[kind]][versions:]
        assert {one["status"] for body in bodies for one in body["status"]["conditions"] if one["type"] == "Ready"} <= {
            "True"
        }


@EACH_KIND
@pytest.mark.parametrize("family", RestVersion)
async def test_a_secret_from_a_file_ends_with_a_line_break(kind: Kind, family: RestVersion) -> None:
    async with real() as rig:
        secret, trimmed = rig.api.secrets[NAMES[kind]], "username" if kind == VCENTER else "apiToken"
        secret[trimmed] += "\n"
        rig.family = family
        rig.apply(kind)
        await until(lambda: rig.says(kind) == READY)
        assert (rig.site if kind == VCENTER else rig.array).failed_logins == 0


@EACH_KIND
async def test_a_secret_that_cannot_be_sent_is_told_in_words_and_nothing_is_sent(kind: Kind) -> None:
    async with real() as rig:
        endpoint, right = rig.site if kind == VCENTER else rig.array, dict(rig.api.secrets[NAMES[kind]])
        key = "password" if kind == VCENTER else "apiToken"
        for wrong, words in ((right[key] + "\n", "line break"), ("zq7\x07marked", "control"), ("zq7\udcffm", "UTF-8")):
            if kind == FLASHARRAY and words == "line break":
                continue  # taken off
            rig.api.secrets[NAMES[kind]] = {**right, key: wrong}
            rig.apply(kind)
            await until(lambda words=words: rig.says(kind) == REFUSED and words in rig.message(kind))  # type: ignore[misc]  # bound now
            assert rig.says(kind, "Authenticated") == REFUSED
            assert rig.says(kind, "Reachable") == ("Unknown", "SecretValueInvalid")
            assert wrong.strip() not in rig.message(kind)
        assert not endpoint.sessions
        assert endpoint.failed_logins == 0
        await until(lambda: rig.api.events == [(NAMES[kind], "Warning", "SecretValueInvalid")])
        rig.api.secrets[NAMES[kind]] = right
        await until(lambda: rig.says(kind) == READY)
