"""What is removed from the image, and what it is compiled to."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pages.markdown import ROOT

from release.sbom import EXTRAS


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prune", ROOT / "hack" / "image" / "prune.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


prune = loaded()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    site = tmp_path / "lib" / "python3.13" / "site-packages"
    for name in ("it/core.py", "it/tests/test_core.py", "it/core.pyi"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("KEPT = 1\n")
    info = site / "it-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("it/core.py,sha256=a,9\nit/tests/test_core.py,sha256=b,9\nit-1.dist-info/RECORD,,\n")
    return tmp_path


def test_what_is_unused_goes_and_is_in_no_record(environment: Path) -> None:
    prune.prune(environment, ["$site/it/tests", "$site/**/*.pyi"])

    site = prune.site_packages(environment)
    assert [path.name for path in (site / "it").iterdir()] == ["core.py"]
    assert (site / "it-1.dist-info" / "RECORD").read_text() == "it/core.py,sha256=a,9\nit-1.dist-info/RECORD,,\n"


def test_a_pattern_that_fits_nothing_is_an_error(environment: Path) -> None:
    with pytest.raises(prune.PruneError, match=r"\$site/gone fits nothing"):
        prune.prune(environment, ["$site/gone"])


def test_bytecode_has_no_time_in_it(environment: Path) -> None:
    prune.compiled(environment)

    (made,) = (prune.site_packages(environment) / "it").glob("__pycache__/core.*.pyc")
    assert int.from_bytes(made.read_bytes()[4:8], "little") == 0b01  # a hash, and never compared


def test_a_source_that_is_broken_is_an_error(environment: Path) -> None:
    (prune.site_packages(environment) / "it" / "core.py").write_text("def")

    with pytest.raises(prune.PruneError, match="cannot be compiled"):
        prune.compiled(environment)


def needed() -> list[dict[str, Any]]:
    """What uv.lock has for running the operator, with the extras that the image has."""
    locked = {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    found: dict[str, dict[str, Any]] = {}
    extras = locked["vvol-replication"]["optional-dependencies"]
    ahead = ["vvol-replication", *(each["name"] for extra in EXTRAS for each in extras[extra])]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = locked[name]
            ahead += [each["name"] for each in locked[name].get("dependencies", ())]
    del found["vvol-replication"]
    return list(found.values())


@pytest.mark.parametrize("python", ["311", "312", "313", "314"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_package_is_locked_for_both_platforms(python: str, machine: str) -> None:
    """A wheel for the platform, one for all, or a source alone, which is Python only (purestorage)."""
    fitting = re.compile(
        rf"-(?:py3-none-any|py2\.py3-none-any|(?:cp{python}-cp{python}|cp3\d+-abi3)-manylinux\S*{machine})\S*\.whl"
    )
    missing = [
        one["name"] for one in needed() if not any(fitting.search(wheel["url"]) for wheel in one.get("wheels", ()))
    ]

    assert missing == ["purestorage"]
