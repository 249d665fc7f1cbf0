"""An HTTP proxy that makes tunnels (CONNECT), and remembers what it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Tunnel:
    """`asked` has a line for each request, `headers` what came with it; `answer` other than 200 refuses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[str] = []
        self.answer = "200 Connection established"
        self.port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls) -> AsyncIterator[Tunnel]:
        """One on the loopback; ends with leaving."""
        made = cls()
        server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, _, headers = head.partition("\r\n")
        self.asked.append(line)
        self.headers.append(headers)
        writer.write(f"HTTP/1.1 {self.answer}\r\n\r\n".encode())
        if not self.answer.startswith("200"):
            writer.close()
            return
        host, _, port = line.split()[1].rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
