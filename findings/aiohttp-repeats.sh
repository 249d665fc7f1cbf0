#!/usr/bin/env bash
# A kept connection that ends while a request is on its way: which methods does aiohttp send once more by itself?
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'aiohttp==3.14.5'
"$work/venv/bin/python" - <<'PY'
import asyncio

import aiohttp

EXPECTED = {"GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 2, "DELETE": 2, "PATCH": 1, "POST": 1}


async def sent(method):
    """How often a server receives a request whose kept connection it closes without an answer."""
    seen = []

    async def serve(reader, writer):
        for number in range(9):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            word = head.split()[0].decode()
            if word == method and b"/second" in head:
                seen.append(word)
                if len(seen) == 1:
                    break
            writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/first"):
            pass
        try:
            async with session.request(method, f"http://127.0.0.1:{port}/second"):
                pass
        except aiohttp.ClientError:
            pass
    server.close()
    return len(seen)


async def main():
    print("aiohttp", aiohttp.__version__)
    print("expected: only methods that change nothing are sent again without being asked for")
    found = {method: await sent(method) for method in EXPECTED}
    print("seen, requests for each call:", found)
    return found != EXPECTED


raise SystemExit(asyncio.run(main()))
PY
