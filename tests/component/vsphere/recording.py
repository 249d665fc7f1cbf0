"""What a vSphere adapter sends, as text that is the same in each run: secrets, times and ids of the run are masked."""

from __future__ import annotations

import http.client
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

_COOKIE = re.compile(r'(vmware_soap_session="?)[^";]*')
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


@dataclass(frozen=True)
class Sent:
    """One request. `body` is the XML as it was sent."""

    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def method(self) -> str:
        """The wire's name of the call."""
        call = ET.fromstring(self.body).find(f"{SOAP}Body")  # noqa: S314 - our own
        assert call is not None
        return call[0].tag.rpartition("}")[2]


@dataclass
class Recording:
    """The requests in the order in which they were sent."""

    sent: list[Sent] = field(default_factory=list)
    masks: dict[str, str] = field(default_factory=dict)
    """What is not to be told, or differs from run to run -> what stands in its place."""

    def texts(self) -> dict[str, str]:
        """Each different request once, by the name of a file: its method's, and a number from the second on."""
        found: dict[str, list[str]] = {}
        for request in self.sent:
            texts = found.setdefault(request.method, [])
            text = self._text(request)
            if text not in texts:
                texts.append(text)
        return {
            f"{method}{'' if number == 1 else f'-{number}'}.http": text
            for method, texts in found.items()
            for number, text in enumerate(texts, 1)
        }

    def _text(self, request: Sent) -> str:
        """Request line, headers, an empty line, and the body with a line for each element."""
        lines = [f"POST {request.path}"]
        lines += [f"{name}: {request.headers[name]}" for name in ("SOAPAction", "Cookie") if name in request.headers]
        text = "\n".join([*lines, "", request.body.replace("><", ">\n<").strip(), ""])
        for secret, mask in self.masks.items():
            text = text.replace(secret, mask)
        text = _TIME.sub("TIMEZ", text)
        text = _COOKIE.sub(r"\1SESSION", text)  # also those that are no session: vCenter plants one before the login
        return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def record(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Note each POST that leaves by `http.client`, which pyVmomi sends with."""
    recording = Recording()
    lock = threading.Lock()
    real = http.client.HTTPConnection.request

    def request(
        self: http.client.HTTPConnection,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] = {},
        **options: Any,
    ) -> None:
        if method == "POST":
            text = body.decode() if isinstance(body, bytes) else str(body)
            with lock:
                recording.sent.append(Sent(url, dict(headers), text))
        real(self, method, url, body, headers, **options)

    monkeypatch.setattr(http.client.HTTPConnection, "request", request)
    return recording
