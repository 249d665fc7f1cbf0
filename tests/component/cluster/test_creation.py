"""A new object is made once, and it is known whether it was."""

from __future__ import annotations

from typing import Any

import pytest
from component.cluster.server import Server

from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Failed, Written
from vvol_replication.cluster.api import ApiServer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((201, {"metadata": {"resourceVersion": "7"}}), Written),
        ((409, {"kind": "Status", "reason": "AlreadyExists", "message": "it is there"}), Conflict),
        ((409, {"kind": "Status", "reason": "Conflict", "message": "quota: the object has been modified"}), Failed),
        ((409, "<html>a proxy's page</html>"), Failed),
    ],
)
async def test_only_what_is_there_already_is_taken_for_made(
    server: Server, api: ApiServer, answer: tuple[int, Any], expected: type
) -> None:
    server.answer = lambda _: answer

    made = await api.create(REPLICATION_SYNC, {"metadata": {"name": "one", "namespace": "prod"}})

    assert isinstance(made, expected)
