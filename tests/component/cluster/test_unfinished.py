"""kopf's lists leave out what has ended, and nothing else of kopf's is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from component.cluster.server import Asked, Server

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Failed
from vvol_replication.api.selectors import UNFINISHED, same_request
from vvol_replication.api.status import Phase
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import Connection, connect
from vvol_replication.cluster.unfinished import ListsUnfinished

PATH = "/apis/replication.vvol.dev/v1alpha1"
SYNCS = f"{PATH}/replicationsyncs"
OLDER = (400, {"kind": "Status", "message": "field label not supported: status.phase", "code": 400})


class Kopf:
    """kopf's session, and what came of its lists."""

    def __init__(self, connection: Connection) -> None:
        self.server, self.lists = connection.server, 0
        self.session = connection.for_kopf(ListsUnfinished(self.listed))

    def listed(self) -> None:
        self.lists += 1

    async def get(self, path: str) -> int:
        async with self.session.get(self.server + path) as response:
            await response.read()
            return response.status


@pytest.fixture
async def kopf(server: Server) -> AsyncIterator[Kopf]:
    connection = connect(server.kubeconfig())
    made = Kopf(connection)
    yield made
    await made.session.close()
    await connection.http.close()


def older_crd(asked: Asked) -> tuple[int, Any]:
    return OLDER if "fieldSelector" in asked.query else (200, {"items": [], "metadata": {}})


def test_what_has_not_ended_is_every_phase_but_the_ends() -> None:
    ends = {"Succeeded", "Failed", "Cancelled", "Expired", "Missed"}
    assert {one.removeprefix("status.phase!=") for one in UNFINISHED.split(",")} == ends
    assert set(Phase) - ends == {"Pending", "Waiting", "Running", "Suspended"}


@pytest.mark.parametrize("path", [SYNCS, f"{PATH}/namespaces/prod/replicationsyncs"])
async def test_a_list_of_syncs_is_of_those_that_have_not_ended(path: str, server: Server, kopf: Kopf) -> None:
    assert await kopf.get(f"{path}?limit=500") == 200
    assert await kopf.get(f"{path}?limit=500&continue=here") == 200
    assert [one.query for one in server.asked] == [
        {"limit": "500", "fieldSelector": UNFINISHED},
        {"limit": "500", "continue": "here", "fieldSelector": UNFINISHED},
    ]
    assert kopf.lists == 1


@pytest.mark.parametrize(
    "path",
    [
        f"{SYNCS}?watch=true&resourceVersion=7",
        f"{PATH}/namespaces/prod/replicationsyncs/replicationsyncs-1",
        f"{PATH}/{FAILOVER_PREPARATION.plural}?limit=500",
        f"{PATH}/{REPLICATION_GROUP.plural}?limit=500",
        "/apis/other.example.com/v1/replicationsyncs?limit=500",
    ],
)
async def test_watches_and_other_kinds_are_whole(path: str, server: Server, kopf: Kopf) -> None:
    assert await kopf.get(path) == 200
    assert "fieldSelector" not in server.asked[0].query
    assert kopf.lists == 0


async def test_with_an_older_crd_everything_is_listed_and_that_is_said_once(
    server: Server, kopf: Kopf, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = older_crd
    assert await kopf.get(f"{SYNCS}?limit=500") == 200
    assert await kopf.get(f"{SYNCS}?limit=500") == 200
    assert ["fieldSelector" in one.query for one in server.asked] == [True, False, True, False]
    (line,) = [one.message for one in caplog.records if one.name.endswith("unfinished")]
    assert "replicationsyncs.replication.vvol.dev" in line
    assert "Apply the CRDs" in line
    assert kopf.lists == 2


async def test_a_list_that_fails_is_none(server: Server, kopf: Kopf) -> None:
    server.answer = lambda _: (500, {})
    assert await kopf.get(f"{SYNCS}?limit=500") == 500
    server.answer = lambda _: "reset"
    with pytest.raises(aiohttp.ClientError):
        await kopf.get(f"{SYNCS}?limit=500")
    assert kopf.lists == 0


@pytest.mark.parametrize("older", [False, True])
async def test_our_own_lists_do_the_same(older: bool, server: Server) -> None:  # noqa: FBT001
    connection = connect(server.kubeconfig())
    cluster = ApiServer(connection, operator_namespace="vvol")
    if older:
        server.answer = older_crd
    else:
        server.answer = lambda _: (200, {"items": [], "metadata": {}})
    assert [one async for one in cluster.list(REPLICATION_SYNC, UNFINISHED)] == []
    assert await cluster.list_in(REPLICATION_SYNC, "prod", fields=same_request("CHG-1:/x")) == []
    selectors = [one.query.get("fieldSelector") for one in server.asked]
    assert selectors == ([UNFINISHED, None, "spec.requestID=CHG-1:/x", None] if older else selectors)
    assert [one for one in selectors if one] == [UNFINISHED, "spec.requestID=CHG-1:/x"]

    server.answer = lambda _: OLDER
    assert isinstance(await cluster.list_in(REPLICATION_SYNC, "prod", fields=same_request("x")), Failed)
    await connection.http.close()
