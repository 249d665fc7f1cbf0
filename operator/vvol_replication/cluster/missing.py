"""A kind of ours that the API server does not serve for a while is waited for: its CRD was deleted, or is replaced.

kopf takes a 404 for the end of the whole operator, and then does not come to one by itself
(docs/facts/kopf.md#a-watch-that-is-refused).
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

import aiohttp

from vvol_replication.api.names import GROUP, KINDS, Kind

_log = logging.getLogger(__name__)
_PAUSE = 2.0  # seconds between two looks


class WaitsForKinds:
    """A middleware of kopf's session."""

    def __init__(self) -> None:
        self._missing: set[Kind] = set()

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Make the request; a list or watch of a kind that is not served is made again until it is."""
        response = await handler(request)
        kind = kind_of(request)
        if kind is None:
            return response
        while response.status == HTTPStatus.NOT_FOUND:
            response.release()
            self._say(kind)
            await asyncio.sleep(_PAUSE)
            response = await handler(request)
        self._missing.discard(kind)
        return response

    def _say(self, kind: Kind) -> None:
        if kind not in self._missing:
            self._missing.add(kind)
            _log.warning("waiting for the API server: it does not know %s. Install the CRDs.", kind.crd_name)


def kind_of(request: aiohttp.ClientRequest) -> Kind | None:
    """The kind of ours that this lists or watches; None: it does something else."""
    parts = request.url.path.split("/")
    return next((kind for kind in KINDS if GROUP in parts and parts[-1] == kind.plural), None)
