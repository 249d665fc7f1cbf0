"""The pod's service account: when it is taken, when it is not, and that it is never exchanged for another login."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from testbed.certificates import Authority
from vvol_replication.cluster import pod
from vvol_replication.cluster.login import Login
from vvol_replication.cluster.settings import NoApiServerError

CA = Authority("kubernetes").certificate


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the account; beside it a kubeconfig of the user's own."""
    (tmp_path / "token").write_text("pods-token\n")
    (tmp_path / "ca.crt").write_bytes(CA)
    monkeypatch.setattr(pod, "TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setattr(pod, "CA_FILE", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:443"}}],
        "users": [{"name": "u", "user": {"token": "users-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return tmp_path


@pytest.mark.usefixtures("volume")
def test_the_pods_account_comes_before_the_users_kubeconfig() -> None:
    found = Login(None).current
    assert (found.server, found.token) == ("https://10.0.0.1:443", "Bearer pods-token")
    assert len(found.tls.get_ca_certs()) == 1


def test_a_kubeconfig_that_was_named_comes_before_the_pods_account(volume: Path) -> None:
    assert Login(str(volume / "kubeconfig")).current.token == "Bearer users-token"


@pytest.mark.usefixtures("volume")
def test_an_ipv6_address_stands_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert Login(None).current.server == "https://[fd00::1]:443"


@pytest.mark.parametrize("missing", ["HOST", "PORT", "token", "ca.crt"])
def test_without_the_whole_account_the_users_kubeconfig_is_taken(
    missing: str, volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing.isupper():
        monkeypatch.setenv(f"KUBERNETES_SERVICE_{missing}", "")
    else:
        (volume / missing).write_text("")
    assert Login(None).current.token == "Bearer users-token"


@pytest.mark.parametrize("name", ["token", "ca.crt"])
def test_a_volume_that_is_empty_for_a_moment_is_no_reason_to_become_somebody_else(name: str, volume: Path) -> None:
    login = Login(None)
    content = (volume / name).read_bytes()
    (volume / name).unlink()
    with pytest.raises(NoApiServerError, match=f"the pod's service account has nothing in .*{name}"):
        login.renew(anew=False)
    assert login.current.token == "Bearer pods-token"
    (volume / name).write_bytes(content.replace(b"pods", b"next"))
    login.renew(anew=False)
    assert login.current.token == f"Bearer {'next' if name == 'token' else 'pods'}-token"


def test_the_same_tls_as_long_as_nothing_in_it_has_changed(volume: Path) -> None:
    login = Login(None)
    before = login.current.tls
    (volume / "token").write_text("another")
    login.renew(anew=True)
    assert (login.current.token, login.current.tls) == ("Bearer another", before)
    (volume / "ca.crt").write_bytes(Authority("other").certificate)
    login.renew(anew=False)
    assert login.current.tls is not before


@pytest.mark.usefixtures("volume")
def test_what_shows_a_login_shows_no_secret() -> None:
    assert "pods-token" not in f"{Login(None).current} {pod.PodAccount().settings()}"
