"""What the target calls a protection group, and readings that need no endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.arrays import ArrayAbout, ArrayConnection
from vvol_replication.domain.groups import GroupId, VCenterAbout
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.requests.calls import StorageCalls
from vvol_replication.reconcile.core.observation import Query

RESOLVED = Resolved(
    "dallas", "uuid", GroupRef("fd-b", "t"), GroupRef("fd-a", "s"),
    "a", "id-a", "array-a", "b", "id-b", "array-b", "erp",
    "austin", "uuid-2",
)  # fmt: skip


class Stub:
    """An endpoint as far as the calls look at it."""

    def __init__(self, about: Any, *, port: object | None = None, problem: Any = None) -> None:
        self.about, self.port, self.problem = about, port, problem
        self.which_secret = ""
        self.connections: tuple[object, ...] = ()


def calls(**endpoints: Any) -> StorageCalls:
    nothing: Any = None
    registry = Registry(nothing, nothing)
    for name, one in endpoints.items():
        known: Any = registry.vcenters if name in ("dallas", "austin") else registry.arrays
        known[name] = one
    return StorageCalls(registry)


@pytest.mark.parametrize(
    ("group", "source", "expected"),
    [
        ("erp", None, "array-a:erp"),
        ("erp", Stub(None), "array-a:erp"),
        ("erp", Stub(ArrayAbout("id-a", "renamed", "6", "1.19")), "renamed:erp"),
        ("erp", Stub(ArrayAbout("id-x", "stranger", "6", "1.19")), "array-a:erp"),
        ("pod::erp", Stub(ArrayAbout("id-a", "renamed", "6", "1.19")), "pod:erp"),
    ],
)
def test_the_name_at_the_target(group: str, source: Stub | None, expected: str) -> None:
    found = calls(**({"a": source} if source else {}))
    assert found.name_at_target(replace(RESOLVED, protection_group=group)) == expected


@pytest.mark.parametrize("told", ["id-a", "ID-A"])
def test_the_target_tells_the_new_name_of_a_renamed_source_whatever_case_it_writes_its_id_in(told: str) -> None:
    source, target = (Stub(ArrayAbout(f"id-{x}", f"array-{x}", "6", "2.44")) for x in "ab")
    target.connections = (ArrayConnection("renamed", told, connected=True, status="connected"),)
    assert calls(a=source, b=target).name_at_target(RESOLVED) == "renamed:erp"


@pytest.mark.parametrize("query", Query)
def test_without_endpoints_every_reading_is_unavailable_and_says_what_to_create(query: Query) -> None:
    outcome = asyncio.run(calls().read(query, RESOLVED, None))
    assert isinstance(outcome, Unavailable)
    assert outcome.reason in ("VCenterNotFound", "FlashArrayNotFound")
    assert "Create it again" in outcome.message


@pytest.mark.parametrize("query", Query)
def test_before_they_are_read_every_reading_waits(query: Query) -> None:
    unread = {name: Stub(None) for name in ("dallas", "austin", "a", "b")}
    outcome = asyncio.run(calls(**unread).read(query, RESOLVED, None))
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "NotYetRead"


def test_the_mutating_calls_go_nowhere_but_to_who_was_pinned() -> None:
    site = Stub(VCenterAbout("another", "8", ()), port=object())
    array = Stub(ArrayAbout("another", "x", "6", "1.19"), port=object())
    found = calls(dallas=site, a=array)
    for outcome in (asyncio.run(found.arm(RESOLVED, "name")), asyncio.run(found.push(RESOLVED, "vr-1"))):
        assert isinstance(outcome, Refused)
        assert outcome.reason == "IdentityChanged"


def test_a_task_that_the_ledger_does_not_know_is_not_asked_for() -> None:
    site = Stub(VCenterAbout("uuid", "8", ()), port=object())
    outcome = asyncio.run(calls(dallas=site).read(Query.TASK, RESOLVED, None))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "TaskForgotten"


class Refusing:
    """A port that refuses each login."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Unavailable]]:
        async def refuse(*_: object) -> Unavailable:
            said = "It refused the credentials. Correct the Secret. It is tried again later."
            return Unavailable("LoginFailed", said, 600.0)

        return refuse


def locked_out() -> dict[str, Stub]:
    """All four endpoints of `RESOLVED`, each with a Secret of its own name."""
    abouts = {
        "dallas": VCenterAbout("uuid", "8", ()),
        "austin": VCenterAbout("uuid-2", "8", ()),
        "a": ArrayAbout("id-a", "array-a", "6", "1.19"),
        "b": ArrayAbout("id-b", "array-b", "6", "1.19"),
    }
    found = {name: Stub(about, port=Refusing()) for name, about in abouts.items()}
    for name, stub in found.items():
        stub.which_secret = f"It is Secret '{name}' in namespace 'home'."
    return found


@pytest.mark.parametrize("query", Query)
def test_a_request_that_waits_for_a_login_names_the_secret_to_be_corrected(query: Query) -> None:
    outcome = asyncio.run(calls(**locked_out()).read(query, RESOLVED, "task-1"))
    secret = {
        **dict.fromkeys((Query.TARGET_GROUP, Query.POINTS, Query.TASK), "dallas"),
        **dict.fromkeys((Query.SOURCE_GROUP, Query.MEMBERS, Query.PREPARE_TASK), "austin"),
        **dict.fromkeys((Query.TARGET_SNAPSHOTS, Query.REPLICA_GROUP, Query.TARGET_CONNECTIONS), "b"),
    }.get(query, "a")
    assert isinstance(outcome, Unavailable)
    which = f"It is Secret '{secret}' in namespace 'home'."
    assert outcome.message == f"It refused the credentials. Correct the Secret. {which} It is tried again later."
    assert outcome.retry_after is None, "the Secret may be corrected long before the next login may be tried"


def test_a_call_that_the_login_held_up_names_the_secret_to_be_corrected() -> None:
    found = calls(**locked_out())
    for call, secret in (
        (found.arm(RESOLVED, "name"), "dallas"),
        (found.prepare(RESOLVED), "austin"),
        (found.push(RESOLVED, "vr-1"), "a"),
    ):
        outcome: Any = asyncio.run(call)
        assert f"Secret '{secret}'" in outcome.message


class Site(Stub):
    """A vCenter that lists one source group under this name."""

    def __init__(self, uuid: str, name: str, group: GroupId = GroupId("fd-a", "s")) -> None:  # noqa: B008 - frozen
        super().__init__(VCenterAbout(uuid, "8", ()))
        self.source_names = {group: name}


@pytest.mark.parametrize(
    ("sites", "named", "expected"),
    [
        ({"austin": Site("uuid-2", "array-a:erp-new")}, "array-a:erp", "erp-new"),
        ({"dallas": Site("uuid", "renamed:erp-new")}, "array-a:erp", "erp-new"),
        ({"austin": Site("uuid-2", "array-a:erp-new")}, None, "erp"),
        ({"austin": Site("another", "array-a:erp-new")}, "array-a:erp", "erp"),
        ({"austin": Site("uuid-2", "array-a:other", GroupId("fd-a", "x"))}, "array-a:erp", "erp"),
        ({"austin": Site("uuid-2", "nonsense")}, "array-a:erp", "erp"),
        ({"austin": Stub(None)}, "array-a:erp", "erp"),
        ({}, "array-a:erp", "erp"),
    ],
)
def test_a_protection_group_is_called_as_vsphere_names_the_pinned_ids_now(
    sites: dict[str, Stub], named: str | None, expected: str
) -> None:
    found, resolved = calls(**sites), replace(RESOLVED, source_group_name=named)
    assert found.protection_group(resolved) == expected
    assert found.name_at_target(resolved) == f"array-a:{expected}"
