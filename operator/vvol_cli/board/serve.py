"""The page's server: on the loopback only, for who has the token of the link, and for reading only."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socketserver
import sys
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from . import page

if TYPE_CHECKING:
    from .live import Live

ADDRESS = "127.0.0.1"
PACE = 1.0
"""Seconds between two messages to a page, at least."""
PULSE = 5.0
"""The same, at most: ages grow also where nothing changes."""
_POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Board(socketserver.ThreadingTCPServer):
    """Serves the page until its block is left."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int, live: Live) -> None:
        """`port`: 0 for a free one. Raises `OSError`, if it cannot listen there."""
        super().__init__((ADDRESS, port), _Handler)
        self.live = live
        self.token = secrets.token_urlsafe(32)
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)

    @property
    def host(self) -> str:
        """What a browser says in `Host`, if it was given the link, and no name that somebody's DNS leads here."""
        return f"{ADDRESS}:{self.server_address[1]}"

    @property
    def link(self) -> str:
        """The link to the page, with the token."""
        return f"http://{self.host}/?token={self.token}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed is no error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Board
    server_version = "kubectl-vvol"
    sys_version = ""
    timeout = 30

    def parse_request(self) -> bool:
        """Read what is asked. Any other method than GET is refused."""
        if not super().parse_request():
            return False
        if self.command != "GET":
            self._say(HTTPStatus.METHOD_NOT_ALLOWED, "This page can only be read: use GET.")
        return self.command == "GET"

    def do_GET(self) -> None:
        """Answer the page and its news; all others are told nothing."""
        asked = urlsplit(self.path)
        given = parse_qs(asked.query).get("token", [""])[0]
        if self.headers.get_all("Host") != [self.server.host]:
            self._say(HTTPStatus.FORBIDDEN, "This page is only at the address of its link.")
        elif not hmac.compare_digest(given.encode(errors="replace"), self.server.token.encode()):
            self._say(HTTPStatus.FORBIDDEN, "Open the link that kubectl vvol board printed.")
        elif asked.path == "/":
            nonce = secrets.token_urlsafe(16)
            self._begin(HTTPStatus.OK, "text/html", nonce)
            self.wfile.write(page.document(nonce).encode())
        elif asked.path == "/events":
            self._begin(HTTPStatus.OK, "text/event-stream")
            self._events()
        else:
            self._say(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _events(self) -> None:
        """What is on the page now, and then each time that something changes, until the page is closed."""
        version, sent = -1, b""
        while not self.server.closing.is_set():
            seen, version = self.server.live.after(version, PULSE)
            said = json.dumps(page.parts(seen, datetime.now(UTC))).encode()
            self.wfile.write(b"data: " + said + b"\n\n" if said != sent else b": nothing new\n\n")
            sent = said
            self.server.closing.wait(PACE)

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._begin(status, "text/plain")
        if self.command != "HEAD":
            self.wfile.write(f"{text}\n".encode())

    def _begin(self, status: HTTPStatus, kind: str, nonce: str = "none") -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Security-Policy", _POLICY.format(nonce)),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ):
            self.send_header(name, value)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: a line would have the token."""
