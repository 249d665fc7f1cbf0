"""The same question to two vCenters over raw HTTPS, and the shape of what each answers.

A shape is the set of an answer's element paths, each with its namespace and `xsi:type`; texts are no part of it.
"""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
    "{header}<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_VIM = "urn:vim25"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
_VERSIONS = {_VIM: "urn:vim25/7.0.0.0", "urn:pbm": "urn:pbm/6.5"}


@dataclass(frozen=True)
class Answer:
    """One answer. `set_cookie` is the header, without the cookie's value."""

    status: int
    shape: frozenset[str]
    set_cookie: str | None
    cookie: str | None
    text: str

    def find(self, element: str) -> str:
        """The text of the first element of this name; empty where there is none."""
        found = re.search(rf"<{element}(?: [^>]*)?>([^<]*)</{element}>", self.text)
        return found.group(1) if found else ""


class Asker:
    """Asks one vCenter, with the session that the last login brought."""

    def __init__(self, address: str, authority: str) -> None:
        host, _, port = address.rpartition(":")
        self._connection = http.client.HTTPSConnection(
            host, int(port), timeout=30, context=ssl.create_default_context(cadata=authority)
        )
        self.cookie = ""

    def ask(self, body: str, *, path: str = "/sdk", session: bool = True) -> Answer:
        """Send one SOAP body."""
        namespace = "urn:pbm" if "pbm" in path else _VIM
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": f'"{_VERSIONS[namespace]}"'}
        header = ""
        if session and self.cookie:
            if namespace == "urn:pbm":
                header = f"<soapenv:Header><vcSessionCookie>{self.cookie}</vcSessionCookie></soapenv:Header>"
            else:
                headers["Cookie"] = f'vmware_soap_session="{self.cookie}"'
        self._connection.request("POST", path, _ENVELOPE.format(header=header, body=body).encode(), headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        said = response.getheader("Set-Cookie")
        found = re.match(r'vmware_soap_session="?([^";]*)"?(.*)', said or "")
        return Answer(
            response.status,
            frozenset(paths(ET.fromstring(text))) if text.lstrip().startswith("<") else frozenset(),  # noqa: S314 - ours
            f"vmware_soap_session=…{found.group(2)}" if found else said,
            found.group(1) if found else None,
            text,
        )

    def log_in(self, username: str, password: str) -> Answer:
        """Log in and keep the session."""
        answer = self.ask(
            '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this>'
            f"<userName>{username}</userName><password>{password}</password></Login>"
        )
        if answer.status == http.client.OK:
            self.cookie = answer.cookie or ""
        return answer

    def close(self) -> None:
        """Let go of the socket."""
        self._connection.close()


def paths(element: ET.Element, above: str = "", namespace: str = _VIM) -> set[str]:
    """All element paths of an answer with types, and with each namespace that is not the parent's (at first vim's)."""
    own_namespace, _, name = element.tag.removeprefix("{").rpartition("}")
    if own_namespace == _SOAP:
        name = f"soapenv:{name}"
    elif own_namespace not in ("", namespace):
        name = f"{{{own_namespace}}}{name}"
        namespace = own_namespace
    kind = element.get(_XSI)
    own = f"{above}/{name}" + (f"({kind.rpartition(':')[2]})" if kind else "")
    inside = {path for child in element for path in paths(child, own, namespace)}
    return {own} | inside


def top(differing: frozenset[str]) -> frozenset[str]:
    """Of differing paths those whose parents do not differ, without the envelope around them."""
    return frozenset(
        path.removeprefix("/soapenv:Envelope/soapenv:Body/")
        for path in differing
        if path.rpartition("/")[0] not in differing
    )
