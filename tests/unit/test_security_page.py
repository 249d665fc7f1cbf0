"""docs/security.md says of roles and calls what manifests and recorded requests have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pages.markdown import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "component"
READ = {"get", "list", "watch"}
WRITE = READ | {"create", "update", "patch", "delete", "deletecollection"}


def row(begin: str) -> list[set[str]]:
    """The words in code of each cell of the row that begins with this."""
    (line,) = [one for one in PAGE.splitlines() if one.startswith(f"| {begin} |")]
    return [set(re.findall(r"`([^`]+)`", cell)) for cell in line.strip("|").split("|")]


def roles() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "manifests" / "base" / "rbac" / "users.yaml").read_text("utf-8")))


def test_each_role_is_on_the_page_and_no_other() -> None:
    assert set(re.findall(r"^\| `(vvol-replication-\w+)` \|", PAGE, re.MULTILINE)) == {
        role["metadata"]["name"] for role in roles()
    }


@pytest.mark.parametrize("role", roles(), ids=lambda role: role["metadata"]["name"])
def test_a_role_may_what_the_page_says(role: dict[str, Any]) -> None:
    _, written, read, part_of = row(f"`{role['metadata']['name']}`")

    def kinds(verbs: set[str]) -> set[str]:
        return {kind for rule in role["rules"] if set(rule["verbs"]) == verbs for kind in rule["resources"]}

    assert (kinds(WRITE), kinds(READ)) == (written, read)
    assert sum(len(rule["resources"]) for rule in role["rules"]) == len(written | read)
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    assert {label.removeprefix(prefix) for label in role["metadata"].get("labels", {})} == part_of


def test_each_call_to_vcenter_is_on_the_page_and_no_other() -> None:
    recorded = {re.sub(r"-\d+$", "", file.stem) for file in (GOLDEN / "vsphere" / "golden").glob("*.http")}
    _, changing, others = row("vCenter")

    assert changing | others == recorded
    assert changing == {name for name in recorded if name.endswith("_Task")}


def requests(family: str) -> Iterator[tuple[str, str]]:
    """Method and resource of each recorded request to an array."""
    for file in (GOLDEN / "flasharray" / "golden" / family).glob("*.json"):
        for one in json.loads(file.read_text("utf-8")):
            yield one["method"], re.sub(r"^/api/(?:[\d.]+/)?", "", one["path"])


@pytest.mark.parametrize(
    ("family", "sessions"),
    [
        ("rest1", {("POST", "auth/session"), ("DELETE", "auth/session")}),
        ("rest2", {("POST", "login"), ("POST", "logout")}),
    ],
)
def test_an_array_is_told_to_make_snapshots_and_nothing_else(family: str, sessions: set[tuple[str, str]]) -> None:
    _, changing, _ = row(f"FlashArray, REST {family[-1]}")

    beyond = {one for one in requests(family) if one[0] != "GET"} - sessions
    assert {" ".join(one) for one in beyond} == changing
