"""Kubeconfigs of all kinds: what they ask for is done, or refused in words before anything is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from component.cluster.server import Server
from component.cluster.tunnel import Tunnel

from testbed.certificates import Authority
from vvol_replication.__main__ import main
from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import Failed, ObjectRef
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.login import Login
from vvol_replication.cluster.session import Connection, connect
from vvol_replication.cluster.settings import KubeconfigError, NoApiServerError

SYNC = ObjectRef(REPLICATION_SYNC, "prod", "one", "u1")
SECRET = "MARKED-secret"
NO_FILE = "names, a file that cannot be read: /nowhere (No such file or directory)"
EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}


async def by_us_and_by_kopf(connection: Connection) -> str:
    """What came of one request each; empty: both were answered."""
    found = await ApiServer(connection, operator_namespace="vvol").read(SYNC)
    async with connection.for_kopf() as kopfs:
        if not isinstance(found, Failed):
            async with kopfs.get(f"{connection.server}/api") as response:
                assert response.status == 200
    await connection.http.close()
    return found.message if isinstance(found, Failed) else ""


@pytest.fixture
def answers(server: Server) -> Server:
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    return server


async def test_the_name_that_the_certificate_must_have_is_the_kubeconfigs(answers: Server) -> None:
    ca = Authority("kubernetes")
    (answers.directory / "ca.pem").write_bytes(ca.certificate)
    answers.present(ca.server("s", ["api.internal"]))
    assert await by_us_and_by_kopf(connect(answers.kubeconfig(tls_server_name="api.internal"))) == ""
    assert "IP address mismatch" in await by_us_and_by_kopf(connect(answers.kubeconfig()))
    assert "Hostname mismatch" in await by_us_and_by_kopf(connect(answers.kubeconfig(tls_server_name="other.internal")))
    assert len(answers.asked) == 2


async def test_the_kubeconfigs_proxy_is_gone_through_with_its_own_login_and_that_name(answers: Server) -> None:
    ca = Authority("kubernetes")
    (answers.directory / "ca.pem").write_bytes(ca.certificate)
    answers.present(ca.server("s", ["api.internal"]))
    async with Tunnel.start() as tunnel:
        proxy = f"http://user:word@127.0.0.1:{tunnel.port}"
        assert (
            await by_us_and_by_kopf(connect(answers.kubeconfig(proxy_url=proxy, tls_server_name="api.internal"))) == ""
        )
        assert set(tunnel.asked) == {f"CONNECT 127.0.0.1:{answers.port} HTTP/1.1"}
        assert all("Proxy-Authorization: Basic dXNlcjp3b3Jk" in headers for headers in tunnel.headers)
        tunnel.answer = "407 Proxy Authentication Required"
        assert "proxy answered 407" in await by_us_and_by_kopf(connect(answers.kubeconfig(proxy_url=proxy)))
    said = await by_us_and_by_kopf(connect(answers.kubeconfig(proxy_url=proxy)))
    assert "the kubeconfig's proxy could not be reached (Connection refused)" in said


async def test_a_proxy_of_the_environment_is_not_the_kubeconfigs(
    answers: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await by_us_and_by_kopf(connect(answers.kubeconfig())) == ""


def program(directory: Path, status: dict[str, str], code: int = 0) -> dict[str, Any]:
    """A login program that says this and counts its runs in a file beside it."""
    said = {"apiVersion": EXEC["apiVersion"], "kind": "ExecCredential", "status": status}
    (directory / "said.json").write_text(json.dumps(said))
    path = directory / "login"
    path.write_text(f"#!/bin/sh\nprintf x >> {directory}/runs\ncat {directory}/said.json\nexit {code}\n")
    path.chmod(0o700)
    return {"exec": {**EXEC, "command": str(path)}}


@pytest.mark.parametrize(
    ("cluster", "user", "said"),
    [
        ({"proxy_url": "socks5://127.0.0.1:1"}, None, "only http:// proxies are"),
        ({"proxy_url": f"https://u:{SECRET}@127.0.0.1:1"}, None, "only http:// proxies are"),
        ({"server": None}, None, "no server that begins with https://"),
        ({"server": "127.0.0.1:6443"}, None, "no server that begins with https://"),
        ({}, {"token": SECRET, "as": "somebody"}, "impersonates another one (as)"),
        ({}, {"token": SECRET, "as-groups": ["g"]}, "impersonates another one (as-groups)"),
        ({}, {"auth-provider": {"name": "azure", "config": {}}}, "auth-provider is not supported"),
        ({}, {"auth-provider": {"name": "oidc", "config": {"client-secret": SECRET}}}, "Expected key id-token"),
        ({}, {"username": "u"}, "its username gave neither a token nor a certificate"),
        ({}, {"tokenFile": "/nowhere"}, NO_FILE),
        ({}, {"client-certificate": "/nowhere", "client-key": "/nowhere"}, NO_FILE),
        ({"certificate_authority": "{kubeconfig}"}, None, "has no certificate in PEM form"),
        ({}, {"client-certificate": "{kubeconfig}", "client-key": "{kubeconfig}"}, "are not PEM, do not belong"),
    ],
)  # fmt: skip
def test_what_is_not_supported_or_wrong_is_refused_at_start_in_words(
    cluster: dict[str, Any], user: dict[str, Any] | None, said: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = str(server.directory / "kubeconfig")
    named = {key: value.format(kubeconfig=kubeconfig) if value else value for key, value in cluster.items()}
    if user is not None:
        user = json.loads(json.dumps(user).replace("{kubeconfig}", kubeconfig))
    ca = "certificate_authority" not in named
    assert (
        main(["--operator-namespace=vvol", "--check", "--kubeconfig", server.kubeconfig(ca=ca, user=user, **named)])
        == 1
    )
    told = capsys.readouterr().err
    assert said in told
    assert SECRET not in told
    assert len(told.splitlines()) == 1, told
    assert server.asked == []


def test_a_login_program_that_fails_is_refused_at_start(server: Server) -> None:
    for status, code in (({"token": "t"}, 1), ({"clientCertificateData": "c"}, 0), ({}, 0)):
        with pytest.raises(KubeconfigError, match="its login program gave neither a token nor a certificate"):
            connect(server.kubeconfig(user=program(server.directory, status, code)))


@pytest.mark.parametrize("text", ["{", "[]", "clusters: 5", f"clusters: [{{name: {SECRET}}}]", "a: b\n\tc: d"])
def test_a_file_that_is_no_kubeconfig_is_told_without_what_is_in_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(text)
    with pytest.raises(NoApiServerError) as caught:
        connect(str(tmp_path / "kubeconfig"))
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_of_several_files_the_first_current_context_is_taken_as_by_kubectl(
    answers: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Path(answers.kubeconfig())
    content = stored(first)
    content["clusters"].append({"name": "elsewhere", "cluster": {"server": "https://127.0.0.1:1"}})
    content["contexts"].append({"name": "elsewhere", "context": {"cluster": "elsewhere", "user": "u"}})
    second = first.with_name("second")
    second.write_text(yaml.safe_dump({**content, "current-context": "elsewhere"}))
    monkeypatch.setenv("KUBECONFIG", f"{first}{os.pathsep}{second}")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert await by_us_and_by_kopf(connect()) == ""
    assert Login(str(second)).current.server == "https://127.0.0.1:1"


def stored(kubeconfig: Path) -> Any:
    """What is in it."""
    return yaml.safe_load(kubeconfig.read_text())
