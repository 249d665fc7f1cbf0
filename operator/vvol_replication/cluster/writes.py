"""What became of the writes to the API server, kopf's among them: counted where they go out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OUTCOMES: Mapping[int, str] = {
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.NOT_FOUND: "gone",
    HTTPStatus.UNAUTHORIZED: "denied",
    HTTPStatus.FORBIDDEN: "denied",
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
}
_PATH = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?/([a-z]+)(?:/[^/]+(?:/([a-z]+))?)?$")
UNANSWERED = "unanswered"


class Writes:
    """A middleware of a session. For one event loop."""

    def __init__(self) -> None:
        self.ended: Counter[tuple[str, str, str]] = Counter()
        """By verb, resource (its plural, with `/status` where it is that) and outcome."""

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Make the request, and count how it ended if it writes."""
        verb = _VERBS.get(request.method)
        if verb is None:
            return await handler(request)
        outcome = UNANSWERED
        try:
            response = await handler(request)
            outcome = _outcome(response.status)
        finally:
            self.ended[verb, resource_of(request.url.path), outcome] += 1
        return response


def resource_of(path: str) -> str:
    """The resource of a path of the API server: its plural, and the subresource where there is one."""
    found = _PATH.search(path)
    return "other" if found is None else found[1] + (f"/{found[2]}" if found[2] else "")


def _outcome(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    return _OUTCOMES.get(status, "error")
