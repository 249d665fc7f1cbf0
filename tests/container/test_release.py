"""A release of the last commit is made in one clone, and made again and compared in another."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pages.markdown import ROOT

from container.engine import output

VERSION = "0.1.0"


def cloned(directory: Path) -> Path:
    output(("git", "clone", "--quiet", str(ROOT), str(directory)))
    return directory


def run(clone: Path, what: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "hack" / "release"), what, "--version", VERSION, *options]
    environment = os.environ | {"UV": output((str(ROOT / "hack" / "setup.sh"), "uv")).strip()}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=clone, env=environment)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Key pairs of openssl and gpg, as somebody who releases has them."""
    home = tmp_path_factory.mktemp("keys")
    private, public, keyring = (str(home / name) for name in ("key.pem", "key.pub", "chart.gpg"))
    output(("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private))
    output(("openssl", "pkey", "-in", private, "-pubout", "-out", public))
    gpg = ("gpg", "--batch", "--quiet", "--homedir", str(home))
    name = "release@example.com"
    output((*gpg, "--passphrase", "", "--quick-gen-key", name, "rsa3072", "sign", "never"))
    output((*gpg, "--output", keyring, "--export"))
    return {"private": private, "public": public, "keyring": keyring, "home": str(home), "name": name}


@pytest.fixture(scope="module")
def release(python_image: str, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, signed."""
    clone = cloned(tmp_path_factory.mktemp("one") / "clone")
    into = clone.parent / "release"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", keys["home"])
        signed = ("--key", keys["private"], "--chart-key", keys["name"])
        where = ("--image", "registry.example.com/vvol-replication", "--directory", str(into))
        done = run(clone, "make", "--python-image", python_image, *where, *signed)
    assert done.returncode == 0, done.stderr
    return into


def test_a_stranger_finds_it_whole_and_makes_the_same_again_elsewhere(
    release: Path, keys: dict[str, str], tmp_path: Path
) -> None:
    clone = cloned(tmp_path / "deep" / "other")
    public = ("--key", keys["public"], "--chart-key", keys["keyring"])
    done = run(clone, "verify", "--directory", str(release), *public, "--again")

    assert (done.returncode, done.stderr) == (0, "")
    assert "with signatures, and the same when made again" in done.stdout


def test_the_wheel_has_the_page_of_the_board_beside_its_code(release: Path) -> None:
    with zipfile.ZipFile(next(release.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert {f"vvol_cli/board/page.{kind}" for kind in ("css", "html", "js", "py")} <= set(names)


def test_openssl_verifies_the_signature(release: Path, keys: dict[str, str], tmp_path: Path) -> None:
    plain = tmp_path / "signature"
    output(("openssl", "base64", "-d", "-A", "-in", str(release / "SHA256SUMS.sig"), "-out", str(plain)))
    verify = ("openssl", "dgst", "-sha256", "-verify", keys["public"], "-signature", str(plain))

    assert output((*verify, str(release / "SHA256SUMS"))).strip() == "Verified OK"


def test_a_chart_that_was_changed_is_found_even_with_new_checksums(release: Path, keys: dict[str, str]) -> None:
    chart = next(release.glob("*.tgz"))
    sums = release / "SHA256SUMS"
    held = chart.read_bytes(), sums.read_text("utf-8")
    chart.write_bytes(held[0] + b"\0")
    try:
        lines = [line for line in held[1].splitlines() if not line.endswith(chart.name)]
        new = f"{output(('sha256sum', str(chart))).split()[0]}  {chart.name}"
        sums.write_text("".join(f"{line}\n" for line in sorted([*lines, new], key=lambda line: line[66:])), "utf-8")
        public = ("--key", keys["public"], "--chart-key", keys["keyring"])
        done = run(ROOT, "verify", "--directory", str(release), *public)
    finally:
        chart.write_bytes(held[0])
        sums.write_text(held[1], "utf-8")

    assert done.returncode == 1
    assert "SHA256SUMS is not signed with this key." in done.stderr
    assert f"{chart.name} is not signed with a key" in done.stderr
