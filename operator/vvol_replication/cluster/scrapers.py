"""May who shows this token read /metrics? TokenReview says who it is, SubjectAccessReview what they may.

As controller-runtime protects metrics: https://book.kubebuilder.io/reference/metrics.html. Without an answer of the API
server nobody is let in.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from .faults import fault_of
from .session import Connection

_log = logging.getLogger(__name__)

PATH, VERB = "/metrics", "get"
_TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"  # noqa: S105 - a path
_ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
"""RFC 6750, 2.1. Whatever else is sent is no token, and the API server is not asked."""
_ALLOWED_SECONDS, _REFUSED_SECONDS = 60.0, 10.0
_KEPT = 100
_AT_ONCE = 4
_SECONDS = 5.0
"""For both reviews, with the wait for their turn: less than Prometheus' scrape timeout of 10."""
_SAID_AGAIN = 60.0  # seconds between two lines about the same trouble

Verdict = tuple[HTTPStatus, str]
"""OK; or why not, and what to do about it."""

_NO_TOKEN: Verdict = HTTPStatus.UNAUTHORIZED, "Send a token of a Kubernetes account: Authorization: Bearer <token>."
_NOT_TAKEN: Verdict = (
    HTTPStatus.UNAUTHORIZED,
    "The API server does not accept this token. It may be expired or revoked. Send a new one.",
)
_ALLOWED: Verdict = HTTPStatus.OK, ""


class _NotAskedError(Exception):
    """The API server did not judge; the message says why. It never has a token in it."""


class Scrapers:
    """Judges tokens, and remembers verdicts for a short time: 60 seconds who may, 10 seconds who may not.

    So who loses a permission is refused after a minute. Tokens are kept as keyed hashes only. A flood of bad tokens
    does not push out who may: the two are remembered apart, 100 of each. At most four are judged at the same time.
    """

    def __init__(self, connection: Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection, self._clock = connection, clock
        self._key = secrets.token_bytes(32)
        self._allowed, self._refused = _Remembered(_ALLOWED_SECONDS), _Remembered(_REFUSED_SECONDS)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._said, self._said_at = "", -math.inf

    async def judge(self, token: str) -> Verdict:
        """The verdict on who sent this bearer token; empty: none was sent. 503: the API server could not be asked."""
        if not token:
            return _NO_TOKEN
        if not _TOKEN.fullmatch(token):
            return _NOT_TAKEN
        key = hashlib.blake2b(token.encode(), key=self._key).digest()
        now = self._clock()
        known = self._allowed.get(key, now) or self._refused.get(key, now)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(_SECONDS), self._turns:
                verdict = await self._asked(token)
        except TimeoutError:
            return self._unknown(f"the API server did not answer within {_SECONDS:g} seconds")
        except _NotAskedError as error:
            return self._unknown(str(error))
        self._said = ""
        # It counts from the question on: what changed since then is not in the answer.
        (self._allowed if verdict is _ALLOWED else self._refused).put(key, verdict, now)
        return verdict

    async def _asked(self, token: str) -> Verdict:
        found = await self._review("TokenReview", _TOKEN_REVIEWS, "authentication.k8s.io/v1", {"token": token})
        user = found.get("user")
        if found.get("authenticated") is not True or not isinstance(user, Mapping) or not user.get("username"):
            return _NOT_TAKEN
        name = user["username"]
        said = {"user": name, "uid": user.get("uid"), "groups": user.get("groups"), "extra": user.get("extra")}
        spec = {key: value for key, value in said.items() if value}
        spec["nonResourceAttributes"] = {"path": PATH, "verb": VERB}
        found = await self._review("SubjectAccessReview", _ACCESS_REVIEWS, "authorization.k8s.io/v1", spec)
        if found.get("allowed") is True and found.get("denied") is not True:
            return _ALLOWED
        return HTTPStatus.FORBIDDEN, f"{name} may not {VERB} {PATH}. Bind it to the ClusterRole for readers of metrics."

    async def _review(self, kind: str, path: str, version: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The status of a review. What the API server writes beside that is not repeated: the token was in there."""
        connection = self._connection
        body = {"apiVersion": version, "kind": kind, "spec": spec}
        try:
            async with connection.http.post(connection.server + path, json=body, allow_redirects=False) as response:
                code, text = response.status, await response.read()
        except TimeoutError:
            raise _NotAskedError(f"the API server did not answer a {kind} in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _NotAskedError(f"the API server could not be asked for a {kind}: {fault_of(error)}") from None
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise _NotAskedError(
                f"the API server answered {code} to a {kind}: the operator's account may not create it. "
                "Apply the roles of the installation"
            )
        try:
            status = json.loads(text)["status"] if code in (HTTPStatus.OK, HTTPStatus.CREATED) else None
        except (ValueError, LookupError, TypeError):
            status = None
        if not isinstance(status, Mapping):
            raise _NotAskedError(f"the API server answered {code} to a {kind}, which cannot be used")
        return status

    def _unknown(self, why: str) -> Verdict:
        now = self._clock()
        if why != self._said or now >= self._said_at + _SAID_AGAIN:
            _log.warning("a scrape of %s was refused: %s", PATH, why)
            self._said, self._said_at = why, now
        return HTTPStatus.SERVICE_UNAVAILABLE, f"It is not known whether you may {VERB} {PATH}: {why}."


class _Remembered:
    """Verdicts for so many seconds; the oldest go first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._verdicts: OrderedDict[bytes, tuple[float, Verdict]] = OrderedDict()

    def get(self, key: bytes, now: float) -> Verdict | None:
        until, verdict = self._verdicts.get(key, (now, None))
        return verdict if now < until else None

    def put(self, key: bytes, verdict: Verdict, now: float) -> None:
        self._verdicts.pop(key, None)
        self._verdicts[key] = (now + self._seconds, verdict)
        while len(self._verdicts) > _KEPT:
            self._verdicts.popitem(last=False)
