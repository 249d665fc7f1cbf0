#!/usr/bin/env bash
# A session that is closed while one of its requests is being connected.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'aiohttp==3.14.5'
"$work/venv/bin/python" - <<'PY'
import asyncio

import aiohttp


async def main():
    async def serve(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = aiohttp.TCPConnector()
    session = aiohttp.ClientSession(connector=connector, connector_owner=False)
    connect = connector.connect

    async def closed_meanwhile(*args, **kwargs):
        """Another task closes the session while this one connects."""
        connection = await connect(*args, **kwargs)
        await session.close()
        return connection

    connector.connect = closed_meanwhile
    print("aiohttp", aiohttp.__version__)
    print("expected: RuntimeError('Session is closed'), as for a request that begins after that, or a ClientError")
    try:
        await session.get(f"http://127.0.0.1:{port}/")
        seen = None
    except Exception as error:
        seen = error
    print("seen:", repr(seen))
    server.close()
    await connector.close()
    return not isinstance(seen, AttributeError)


raise SystemExit(asyncio.run(main()))
PY
