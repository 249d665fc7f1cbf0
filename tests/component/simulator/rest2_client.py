"""REST 2 as plain HTTPS calls, so that tests see headers and statuses as they go over the wire."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from vvol_simulator.client import Simulator


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: Message
    body: Any

    @property
    def items(self) -> list[dict[str, Any]]:
        """What was listed; the call has to have succeeded."""
        assert self.status == 200, (self.status, self.body)
        return list(self.body["items"])

    @property
    def refusal(self) -> str:
        """The one error's text."""
        (error,) = self.body["errors"]
        return str(error["message"])


class Rest2Client:
    """One array, with the token of whoever logged in last."""

    def __init__(self, sim: Simulator, array: str, version: str = "2.44") -> None:
        known = sim.array(array)
        self._base = f"https://{known['address']}/api"
        self._users: dict[str, Any] = known["users"]
        context = ssl.create_default_context(cafile=str(sim.ca_file))
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)
        self.version = version
        self.token = ""

    def login(self, user: str = "pureuser") -> Answer:
        answer = self.call("POST", "login", headers={"api-token": self._users[user]["apiToken"]})
        self.token = answer.headers.get("x-auth-token") or ""
        return answer

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, **query)

    def push(self, suffix: str | None = None, group: str = "erp", **query: Any) -> Answer:
        asked = {"source_names": group, "replicate_now": "true", "apply_retention": "true"} | query
        return self.call("POST", "protection-group-snapshots", {"suffix": suffix} if suffix else None, **asked)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """A call below `/api/<version>/`; with a leading slash below `/api`."""
        where = f"{self._base}{path}" if path.startswith("/") else f"{self._base}/{self.version}/{path}"
        if query:
            where += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(where, data, {"x-auth-token": self.token} | (headers or {}), method=method)  # noqa: S310 - https
        try:
            with self._opener.open(request, timeout=20) as reply:
                return Answer(reply.status, reply.headers, json.loads(reply.read() or b"null"))
        except urllib.error.HTTPError as problem:
            with problem:
                text = problem.read()
            body = json.loads(text) if problem.headers.get_content_type() == "application/json" else text.decode()
            return Answer(problem.code, problem.headers, body)
