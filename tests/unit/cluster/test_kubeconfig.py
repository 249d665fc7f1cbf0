"""Kubeconfigs, judged by the `kubernetes` library, which reads them too; where kubectl differs, by kubectl's way."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from kubernetes.config import kube_config

from testbed.certificates import Authority
from vvol_replication.cluster import programs
from vvol_replication.cluster.kubeconfig import Kubeconfig
from vvol_replication.cluster.login import Login
from vvol_replication.cluster.settings import KubeconfigError, Settings

AUTHORITY = Authority("kubernetes")
CA = AUTHORITY.certificate
USER = AUTHORITY.client("user")
INLINE = {
    "client-certificate-data": base64.b64encode(USER.certificate).decode(),
    "client-key-data": base64.b64encode(USER.key).decode(),
}
FILES = {"client-certificate": "user.crt", "client-key": "keys/user.key"}
SERVER = {"server": "https://10.0.0.1:6443/"}


def write(path: Path, cluster: dict[str, Any], user: dict[str, Any] | None, **more: Any) -> str:
    content = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [] if user is None else [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c"} | ({} if user is None else {"user": "u"})}],
        "current-context": "x",
        **more,
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    for name, content in {
        "ca.pem": CA,
        "user.crt": USER.certificate,
        "keys/user.key": USER.key,
        "token": b"from-file\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


_load: Callable[..., None] = kube_config.load_kube_config  # without annotations


def by_the_library(path: str) -> tuple[Any, ...]:
    found = client.Configuration()
    found.proxy = None
    _load(path, client_configuration=found, persist_config=False)
    contents = [Path(one).read_bytes() if one else None for one in (found.ssl_ca_cert, found.cert_file, found.key_file)]
    token = found.get_api_key_with_prefix("BearerToken")
    return (
        found.host,
        token.strip() if token else None,
        *contents,
        found.verify_ssl,
        found.tls_server_name or None,
        found.proxy,
    )


def shown(found: Settings) -> tuple[Any, ...]:
    return (
        found.server,
        found.token,
        found.ca,
        found.certificate.content if found.certificate else None,
        found.key.content if found.key else None,
        found.verify,
        found.tls_server_name,
        found.proxy,
    )


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({}, None),
        ({}, {}),
        ({}, {"token": "t"}),
        ({}, {"token": "t\n"}),
        ({}, {"tokenFile": "token"}),
        ({}, {"token": "t", "tokenFile": "token"}),
        ({}, {"username": "u", "password": "p:q"}),
        ({}, {"token": "t", "username": "u", "password": "p"}),
        ({}, INLINE),
        ({}, FILES),
        ({}, {**INLINE, **FILES}),
        ({}, {**INLINE, "token": "t"}),
        ({}, {"token": "t", "exec": {"command": "/nowhere", "apiVersion": "v1"}}),
        ({"certificate-authority": "ca.pem"}, {"token": "t"}),
        ({"certificate-authority-data": base64.b64encode(CA).decode()}, {"token": "t"}),
        ({"certificate-authority": "/nowhere", "certificate-authority-data": base64.b64encode(CA).decode()}, None),
        ({"insecure-skip-tls-verify": True}, {"token": "t"}),
        ({"insecure-skip-tls-verify": False, "tls-server-name": ""}, {"token": "t"}),
        ({"tls-server-name": "api.internal", "proxy-url": "http://proxy:3128"}, {"token": "t"}),
        ({"server": "http://10.0.0.1:8080", "certificate-authority": "/nowhere"}, {"token": "t"}),
    ],
)
def test_what_is_read_is_what_the_library_reads(cluster: dict[str, Any], user: dict[str, Any], place: Path) -> None:
    path = write(place / "kubeconfig", SERVER | cluster, user)
    assert shown(Kubeconfig(path).settings()) == by_the_library(path)


def test_entries_of_several_files_are_those_of_the_first_that_has_them(place: Path) -> None:
    (place / "other").mkdir()
    (place / "other" / "token").write_text("the other token")
    first = write(place / "first", SERVER, {"tokenFile": "token"}, users=None)
    second = write(place / "other" / "second", {"server": "https://elsewhere"}, {"tokenFile": "token"})
    paths = os.pathsep.join([str(place / "missing"), first, second, ""])
    found = Kubeconfig(paths).settings()
    assert shown(found) == by_the_library(paths)
    assert (found.server, found.token) == ("https://10.0.0.1:6443", "Bearer the other token")


def test_the_files_of_a_user_are_beside_the_file_that_has_the_user_as_for_kubectl(place: Path) -> None:
    (place / "other").mkdir()
    first = write(place / "other" / "first", SERVER, {}, users=[])
    second = write(place / "second", {}, FILES)
    found = Kubeconfig(os.pathsep.join([first, second])).settings()
    assert found.certificate is not None
    assert found.certificate.file == str(place / "user.crt")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"current-context": ""}, "has no current-context"),
        ({"current-context": "y"}, "has no context of the name"),
        ({"users": []}, "has no user of the name"),
        ({"clusters": []}, "has no cluster of the name"),
    ],
)
def test_a_name_without_its_entry_is_told(more: dict[str, Any], said: str, place: Path) -> None:
    with pytest.raises(KubeconfigError, match=said):
        Kubeconfig(write(place / "kubeconfig", SERVER, {"token": "t"}, **more))


def test_what_is_not_in_base64_is_told_by_its_key(place: Path) -> None:
    path = write(place / "kubeconfig", SERVER, {**INLINE, "client-key-data": "x"})
    with pytest.raises(KubeconfigError, match="client-key-data is not in base64"):
        Kubeconfig(path)


def test_keys_that_were_inline_leave_no_file_behind(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = place / "temporary"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    Login(write(place / "kubeconfig", SERVER, INLINE))
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    "ca", [b"", b"no certificate", CA[:100], CA + CA[:100]], ids=["empty", "a word", "half of one", "one and a half"]
)
def test_a_ca_that_is_none_is_not_the_systems_trust_store(ca: bytes, place: Path) -> None:
    (place / "ca.pem").write_bytes(ca)
    with pytest.raises(KubeconfigError, match="has no certificate in PEM form"):
        Login(write(place / "kubeconfig", {**SERVER, "certificate-authority": "ca.pem"}, {"token": "t"}))


def test_what_is_written_between_the_certificates_of_a_ca_is_passed_over(place: Path) -> None:
    (place / "ca.pem").write_bytes("# für Cluster\n".encode() + CA + b"# and another\n" + Authority("b").certificate)
    path = write(place / "kubeconfig", {**SERVER, "certificate-authority": "ca.pem"}, {"token": "t"})
    assert len(Login(path).current.tls.get_ca_certs()) == 2


def test_without_the_library_who_needs_it_is_told_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    path = write(place / "kubeconfig", SERVER, {"exec": {"command": "login", "apiVersion": "v1"}})
    with pytest.raises(KubeconfigError, match=r"Install vvol-replication\[login-programs\]"):
        Kubeconfig(path)


def test_a_provider_that_fails_is_told_without_its_secrets(place: Path) -> None:
    provider = {"name": "oidc", "config": {"client-secret": "MARKED"}}
    path = write(place / "kubeconfig", SERVER, {"auth-provider": provider})
    with pytest.raises(KubeconfigError, match=r"the kubeconfig's login failed: .*Expected key id-token") as caught:
        programs.LibraryLogin(path, "x")
    assert "MARKED" not in str(caught.value)
