"""What both REST families do before and around a call: the rate limit (it comes even before authentication), logins."""

import math
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from vvol_simulator.model import Array, ArrayError, World

LIMITED = 429
BUSY_SECONDS = 5
NOT_PERMITTED = "Operation not permitted."


class SessionsFullError(Exception):
    """The array takes no further session for now."""


@dataclass(frozen=True)
class Login:
    """A login's result: the session's token does not go into the body."""

    username: str
    token: str


def date(world: World, array: Array) -> dict[str, str]:
    """The header `Date` in the array's own clock."""
    return {"Date": formatdate(world.array_time(array), usegmt=True)}


def log_in(world: World, array: Array, api_token: str) -> Login:
    """Open a session. `ArrayLoginError` for an unknown token; too many sessions: as switch `sessionLimit` says."""
    answer, now = world.switches.session_limit, world.time
    try:
        token = array.login(api_token, now, oldest_ends=answer == "oldestEnds")
    except ArrayError:
        if answer == "busy":
            raise SessionsFullError from None
        raise
    return Login(array.sessions[token].user.name, token)


def busy() -> web.Response:
    """The answer to a login while there are too many sessions."""
    body = {"errors": [{"context": None, "message": "Server is busy"}]}
    return web.json_response(body, status=503, headers={"Retry-After": str(BUSY_SECONDS)})


def over_limit(world: World, array: Array) -> web.Response | None:
    """The refusal of a call that came too early, with when to come again; None lets it pass and counts it.

    Headers as the vendor's SDK reads them (docs/facts/flasharray.md#rate-limits).
    """
    limit = array.rate_limit
    if limit is None:
        return None
    wait = limit.take(world.time)
    headers = {
        "RateLimit-Limit": f"{limit.per_second:g};w=1;burst={limit.burst}",
        "RateLimit-Remaining": str(limit.remaining),
        "RateLimit-Reset": str(math.ceil(wait)),
    }
    if not wait:
        return None
    headers["Retry-After"] = str(math.ceil(wait))
    body = {"errors": [{"context": None, "message": "Too many requests."}]}
    return web.json_response(body, status=LIMITED, headers=headers)
