"""Letting go of finalizers and the check of an installation, against an API server that answers all that one can."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from component.cluster.server import Asked, Server

from vvol_replication import installation
from vvol_replication.__main__ import main
from vvol_replication.api.names import FINALIZER, KINDS, REPLICATION_SYNC
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.election import Timing
from vvol_replication.cluster.finalizers import held, let_go
from vvol_replication.cluster.session import connect
from vvol_replication.configuration import Configuration, Job, read_configuration
from vvol_replication.installation import check
from vvol_replication.uninstall import release_finalizers

PATH = "/apis/replication.vvol.dev/v1alpha1"


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ApiServer]:
    connection = connect(server.kubeconfig())
    yield ApiServer(connection, operator_namespace="vvol", namespaces=())
    await connection.http.close()


def stored(*finalizers: str, version: str = "1") -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "prod", "uid": "u1", "resourceVersion": version}
    return {"metadata": {**metadata, "finalizers": list(finalizers)} if finalizers else metadata}


def listing(asked: Asked, *items: dict[str, Any]) -> tuple[int, Any]:
    """A list of syncs with these; of all else an empty one."""
    return 200, {"metadata": {}, "items": list(items) if asked.path.endswith("/replicationsyncs") else []}


def settings(server: Server, *arguments: str) -> Configuration:
    return read_configuration(["--operator-namespace=vvol", f"--kubeconfig={server.kubeconfig()}", *arguments])


async def test_others_finalizers_stay_and_a_change_meanwhile_is_read_again(server: Server, api: ApiServer) -> None:
    versions = iter("123456789")

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.method == "GET" and asked.path.endswith("/one"):
            return 200, stored("theirs", FINALIZER, version=next(versions))
        if asked.method == "PATCH":
            return (
                (409, {}) if asked.body["metadata"]["resourceVersion"] == "1" else (200, stored("theirs", version="9"))
            )
        return listing(asked, stored(FINALIZER), {"metadata": {"name": "two", "uid": "u2"}})

    server.answer = answer
    (ref,) = await held(api, REPLICATION_SYNC)
    assert await let_go(api, ref) is None
    patches = [one.body["metadata"] for one in server.asked if one.method == "PATCH"]
    assert patches == [{"uid": "u1", "resourceVersion": version, "finalizers": ["theirs"]} for version in "12"]


@pytest.mark.parametrize(
    ("read", "written", "said"),
    [
        ((200, stored("theirs")), (500, {}), None),
        ((404, {}), (500, {}), None),
        ((200, stored(FINALIZER)), (404, {}), None),
        ((200, stored(FINALIZER)), (409, {}), "changed by others each time"),
        ((200, stored(FINALIZER)), (403, {"message": "no right"}), "no right"),
        ((500, {"message": "out of order"}), (200, {}), "out of order"),
    ],
)
async def test_what_prevents_it_is_told(
    read: tuple[int, Any], written: tuple[int, Any], said: str | None, server: Server, api: ApiServer
) -> None:
    server.answer = lambda asked: listing(asked, stored(FINALIZER))
    (ref,) = await held(api, REPLICATION_SYNC)
    server.answer = lambda asked: read if asked.method == "GET" else written
    told = await let_go(api, ref)
    assert (told is None) if said is None else (said in (told or ""))


async def test_a_kind_that_is_not_there_any_more_holds_nothing(server: Server, api: ApiServer) -> None:
    server.answer = lambda _: (404, {})
    assert await held(api, REPLICATION_SYNC) == []
    server.answer = lambda _: (403, {"message": "no right"})
    with pytest.raises(ConnectionError, match="no right"):
        await held(api, REPLICATION_SYNC)


async def test_one_that_cannot_be_let_go_or_listed_is_an_error(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answer = lambda asked: (
        (200, stored(FINALIZER)) if asked.path.endswith("/one") and asked.method == "GET"
        else (403, {"message": "no right"}) if asked.method == "PATCH"
        else listing(asked, stored(FINALIZER))
    )  # fmt: skip
    assert not await release_finalizers(settings(server))
    assert "ReplicationSync prod/one still has the operator's finalizer" in caplog.text
    server.answer = lambda _: (500, {})
    assert not await release_finalizers(settings(server))
    assert "the failoverpreparations could not be listed" in caplog.text
    server.answer = lambda asked: (
        (200, stored(FINALIZER)) if asked.path.endswith("/one") else listing(asked, stored(FINALIZER))
    )
    assert await release_finalizers(settings(server))
    assert "finalizer removed: ReplicationSync prod/one" in caplog.text


def healthy(asked: Asked) -> tuple[int, Any]:
    if asked.path == PATH:
        return 200, {"resources": [{"name": kind.plural} for kind in KINDS]}
    return 201, {"status": {"allowed": True}}


async def test_an_installation_that_has_all_is_told_so(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server.answer = healthy
    assert await check(settings(server, "--namespace=dr"))
    assert "the permissions are complete, no Lease was checked" in caplog.text
    asked = [one.body["spec"]["resourceAttributes"] for one in server.asked if one.method == "POST"]
    assert {"group": "replication.vvol.dev", "resource": "replicationsyncs", "subresource": "status", "verb": "patch",
            "namespace": "dr"} in asked  # fmt: skip
    assert {"resource": "secrets", "verb": "get", "namespace": "vvol"} in asked
    assert not [one for one in asked if one["resource"] == "leases"], "without an election none is needed"


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        (PATH, (404, {}), "has no replicationsyncs. Install the CRD replicationsyncs.replication.vvol.dev"),
        (PATH, (200, {"resources": [{"name": "vcenters"}]}), "has no replicationgroups"),
        (PATH, (503, {"message": "out of order"}), "answered 503"),
        (PATH, "reset", "could not be asked"),
        ("review", (201, {"status": {"allowed": False}}), "this account may not get vcenters"),
        ("review", (500, {}), "answered 500 to the question for a permission"),
        ("review", "reset", "could not be asked"),
    ],
)
async def test_what_is_missing_is_named(
    path: str, answer: Any, said: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda asked: (
        answer if asked.path == path or (path == "review" and asked.path.endswith("reviews")) else healthy(asked)
    )
    assert not await check(settings(server))
    assert said in caplog.text


@pytest.mark.parametrize(
    ("held_by", "renews", "said"),
    [("pod-1", True, ""), ("pod-1", False, "is held by pod-1 and is not renewed"), ("", False, "is held by nobody"),
     (None, False, "Lease vvol/vvol-replication is not there"), ("403", False, "could not be read")],
)  # fmt: skip
async def test_a_lease_has_to_be_renewed_by_somebody(
    held_by: str | None,
    said: str,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    renews: bool,
) -> None:
    monkeypatch.setattr(installation, "_PATIENCE", 0.3)
    turns = iter(range(1000))

    def answer(asked: Asked) -> tuple[int, Any]:
        if "/leases/" not in asked.path:
            return healthy(asked)
        if held_by is None or held_by == "403":
            return (404 if held_by is None else 403), {}
        renewed = f"2026-01-01T00:00:{next(turns) % 60 if renews else 0:02}.000000Z"
        return 200, {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": held_by, "renewTime": renewed}}

    server.answer = answer
    asked = settings(server, "--leader-elect")
    assert asked.election is not None
    election = dataclasses.replace(asked.election, timing=Timing(1, 0.5, 0.02))
    assert await check(dataclasses.replace(asked, election=election)) is renews
    assert said in caplog.text


@pytest.mark.parametrize("job", ["--check", "--release-finalizers"])
def test_the_program_does_it_once_and_says_how_it_ended(job: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(
        "{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}],"
        " users: [{name: u, user: {token: x}}], contexts: [{name: x, context: {cluster: c, user: u}}],"
        " current-context: x}"
    )
    assert main(["--operator-namespace=vvol", f"--kubeconfig={nowhere}", job]) == 1


def test_one_job_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_configuration(["--operator-namespace=vvol"]).job is Job.OPERATE
    with pytest.raises(SystemExit):
        read_configuration(["--operator-namespace=vvol", "--check", "--release-finalizers"])
    assert "not allowed with" in capsys.readouterr().err
