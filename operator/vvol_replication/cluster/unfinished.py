"""kopf lists only what has not ended, and watches everything: what has ended costs a start nothing.

kopf has one field selector for both (`settings.watching.field_selectors`). A watch with one says of an object that ends
that it is deleted, and shows it as it was before (docs/facts/kopf.md#selectors). So lists get it here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

import aiohttp

from vvol_replication.api.names import Kind
from vvol_replication.api.selectors import LEFT_OUT, UNFINISHED

from .missing import kind_of

_log = logging.getLogger(__name__)


class ListsUnfinished:
    """A middleware of kopf's session."""

    def __init__(self, listed: Callable[[], None]) -> None:
        """`listed` is called after each list that has begun: what has ended may have been edited before it."""
        self._listed = listed
        self._said: set[Kind] = set()

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Make the request; a list of requests without those that have ended."""
        kind = _listed_kind(request)
        if kind is None:
            return await handler(request)
        whole = request.url
        request.url = whole.update_query(fieldSelector=UNFINISHED)
        response = await handler(request)
        if response.status == HTTPStatus.BAD_REQUEST:
            response.release()
            self._say(kind)
            request.url = whole
            response = await handler(request)
        if response.status == HTTPStatus.OK and "continue" not in whole.query:
            self._listed()
        return response

    def _say(self, kind: Kind) -> None:
        if kind not in self._said:
            self._said.add(kind)
            _log.warning(
                "The CRD %s is older than this operator. So each start also reads all objects that have ended. "
                "Apply the CRDs of this version.",
                kind.crd_name,
            )


def _listed_kind(request: aiohttp.ClientRequest) -> Kind | None:
    """The kind of requests that this lists; None: it does something else."""
    if request.method != "GET" or "watch" in request.url.query:
        return None
    kind = kind_of(request)
    return kind if kind in LEFT_OUT else None
