"""How each service recognizes a client, and what it says to one that it does not.

`/sdk` reads the HTTP cookie. `/sms/sdk` and `/pbm/sdk` ignore it and read the SOAP header `vcSessionCookie`, which
holds the value of the vim session's cookie (docs/facts/vsphere.md#session).
"""

import re
import secrets
from collections.abc import Mapping

from vvol_simulator.model import Fault, Site, SmsFaultError, World

from .request import Request
from .versions import SMS, VIM, Service

_COOKIE = re.compile(r'\bvmware_soap_session="?([^";]+)"?')
_HEADER = "vcSessionCookie"


def cookie_value(headers: Mapping[str, str]) -> str:
    """The session id in the request's Cookie header, quoted or not; empty if there is none."""
    found = _COOKIE.search(headers.get("Cookie", ""))
    return found.group(1) if found else ""


def claimed(service: Service, headers: Mapping[str, str], request: Request) -> str:
    """The vim session that a request claims to belong to; empty if it claims none."""
    return cookie_value(headers) if service is VIM else request.headers.get(_HEADER, "").strip()


def refuse(service: Service, session: str) -> SmsFaultError:
    """The fault for a session that is not (or no longer) known: `InvalidSession` at SMS, else `NotAuthenticated`."""
    if service is SMS:
        text = "The session is not valid: vcSessionCookie names no vCenter session."
        return SmsFaultError(Fault("InvalidSession", text, {"sessionCookie": session}))
    return SmsFaultError(Fault("NotAuthenticated", "The session is not authenticated.", {"privilegeId": "System.View"}))


def check(service: Service, world: World, site: Site, session: str) -> None:
    """Raise the service's own fault unless the session is logged in at this site; else this may be its activity."""
    site.end_idle(world.time, world.switches.session_idle_seconds)
    if not site.is_session(session):
        raise refuse(service, session)
    if service is VIM or world.switches.sms_keeps_session:
        site.active_at[session] = world.time


def set_cookie(value: str) -> str:
    """A Set-Cookie header as vCenter writes it: the value in quotes."""
    return f'vmware_soap_session="{value}"; Path=/; HttpOnly; Secure;'


def useless_cookie() -> str:
    """A cookie that is no session: the one before Login, and those that SMS and PBM set for themselves."""
    return set_cookie(secrets.token_hex(20))
