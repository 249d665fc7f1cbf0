"""Writes to the API server, counted by what they were and how they ended, with real HTTP."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from vvol_replication.cluster.writes import Writes, resource_of

OURS = "/apis/replication.vvol.dev/v1alpha1"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (f"{OURS}/namespaces/prod/replicationsyncs/one/status", "replicationsyncs/status"),
        (f"{OURS}/namespaces/prod/replicationsyncs/one", "replicationsyncs"),
        (f"{OURS}/namespaces/prod/replicationsyncs", "replicationsyncs"),
        (f"{OURS}/vcenters/dallas/status", "vcenters/status"),
        (f"/behind/a/proxy{OURS}/vcenters/dallas", "vcenters"),
        ("/api/v1/namespaces/prod/events", "events"),
        ("/apis/coordination.k8s.io/v1/namespaces/ops/leases/vvol-replication", "leases"),
        ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "selfsubjectaccessreviews"),
        ("/something/else", "other"),
    ],
)
def test_the_resource_is_what_the_path_names_and_never_an_object(path: str, resource: str) -> None:
    assert resource_of(path) == resource


async def test_each_write_is_counted_by_how_it_ended_and_no_read() -> None:
    statuses = [200, 201, 404, 409, 403, 401, 422, 429, 500, 302]

    async def answer(request: web.Request) -> web.Response:
        if request.query.get("lost"):
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=int(request.query.get("status", 200)))

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    writes = Writes()
    try:
        base = f"http://127.0.0.1:{runner.addresses[0][1]}{OURS}/vcenters/dallas"
        async with aiohttp.ClientSession(middlewares=(writes,)) as http:
            async with http.get(base):
                pass
            for status in statuses:
                async with http.patch(base, params={"status": str(status)}, allow_redirects=False):
                    pass
            with pytest.raises(aiohttp.ClientError):
                await http.post(base, params={"lost": "1"})
    finally:
        await runner.cleanup()
    assert dict(writes.ended) == {
        ("patch", "vcenters", "ok"): 2,
        ("patch", "vcenters", "gone"): 1,
        ("patch", "vcenters", "conflict"): 1,
        ("patch", "vcenters", "denied"): 2,
        ("patch", "vcenters", "invalid"): 1,
        ("patch", "vcenters", "throttled"): 1,
        ("patch", "vcenters", "error"): 2,
        ("create", "vcenters", "unanswered"): 1,
    }
