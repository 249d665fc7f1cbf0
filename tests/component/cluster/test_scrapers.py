"""Who may read metrics, judged by a small API server that answers well, badly, late or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import pytest
from component.cluster.server import Asked, Server

from vvol_replication.cluster import scrapers
from vvol_replication.cluster.scrapers import Scrapers
from vvol_replication.cluster.session import Connection, connect

GOOD, REVOKED, STRANGER = "MARKED-good", "MARKED-revoked", "MARKED-stranger"
USER = {
    "username": "system:serviceaccount:monitoring:prometheus",
    "uid": "4711",
    "groups": ["system:serviceaccounts", "system:authenticated"],
    "extra": {"authentication.kubernetes.io/pod-name": ["prometheus-0"]},
}


class Cluster:
    """What the API server says: who is who, and who may."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.users: dict[str, dict[str, Any]] = {GOOD: USER, STRANGER: {"username": "stranger"}}
        self.readers = {USER["username"]}
        self.now = 1000.0
        server.answer = self.answer

    def answer(self, asked: Asked) -> tuple[int, Any]:
        spec = asked.body["spec"]
        if asked.body["kind"] == "TokenReview":
            user = self.users.get(spec["token"])
            status: dict[str, Any] = {"authenticated": True, "user": user} if user else {"error": f"no {spec['token']}"}
        else:
            status = {"allowed": spec["user"] in self.readers}
        return 201, asked.body | {"status": status}

    @property
    def asked(self) -> list[str]:
        """The kinds of the reviews so far."""
        return [one.body["kind"] for one in self.server.asked]


@pytest.fixture
def cluster(server: Server) -> Cluster:
    return Cluster(server)


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[Connection]:
    made = connect(server.kubeconfig())
    yield made
    await made.http.close()


@pytest.fixture
def judges(cluster: Cluster, connection: Connection) -> Scrapers:
    return Scrapers(connection, lambda: cluster.now)


async def test_who_may_is_let_in_and_is_asked_about_as_the_api_server_knows_him(
    cluster: Cluster, judges: Scrapers
) -> None:
    assert await judges.judge(GOOD) == (HTTPStatus.OK, "")
    first, second = cluster.server.asked
    assert (first.method, first.path) == ("POST", "/apis/authentication.k8s.io/v1/tokenreviews")
    assert first.body["spec"] == {"token": GOOD}
    assert (second.method, second.path) == ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews")
    assert second.body["spec"] == {
        "user": USER["username"],
        "uid": USER["uid"],
        "groups": USER["groups"],
        "extra": USER["extra"],
        "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
    }


async def test_who_may_not_is_told_so_and_by_which_name_he_is_known(judges: Scrapers) -> None:
    status, words = await judges.judge(STRANGER)
    assert status is HTTPStatus.FORBIDDEN
    assert words.startswith("stranger may not get /metrics. Bind it")


@pytest.mark.parametrize("token", ["", "with space", "naïve", "a\x7f", "=a", "\udc80"])
async def test_what_is_no_token_is_refused_and_nobody_is_asked(cluster: Cluster, judges: Scrapers, token: str) -> None:
    status, words = await judges.judge(token)
    assert status is HTTPStatus.UNAUTHORIZED
    assert "token" in words
    assert cluster.asked == []


async def test_an_unknown_token_is_refused_and_its_owner_is_not_asked_about(cluster: Cluster, judges: Scrapers) -> None:
    status, words = await judges.judge(REVOKED)
    assert (status, REVOKED in words) == (HTTPStatus.UNAUTHORIZED, False)
    assert cluster.asked == ["TokenReview"]


async def test_a_yes_counts_for_a_minute_and_a_no_for_ten_seconds(cluster: Cluster, judges: Scrapers) -> None:
    async def verdicts() -> list[HTTPStatus]:
        return [(await judges.judge(one))[0] for one in (GOOD, STRANGER, REVOKED)]

    assert await verdicts() == [HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED]
    assert len(cluster.asked) == 5
    cluster.readers = {"stranger"}
    cluster.now += 9.9
    assert await verdicts() == [HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED]
    assert len(cluster.asked) == 5, "all are remembered"
    cluster.now += 0.1
    assert await verdicts() == [HTTPStatus.OK, HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]
    cluster.now += 49.9
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK
    cluster.now += 0.1
    assert (await judges.judge(GOOD))[0] is HTTPStatus.FORBIDDEN


async def test_a_flood_of_bad_tokens_neither_fills_the_memory_nor_pushes_out_who_may(
    cluster: Cluster, judges: Scrapers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrapers, "_KEPT", 3)
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK
    for number in range(4):
        await judges.judge(f"bad-{number}")
    before = len(cluster.asked)
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK
    assert (await judges.judge("bad-3"))[0] is HTTPStatus.UNAUTHORIZED
    assert len(cluster.asked) == before
    await judges.judge("bad-0")
    assert len(cluster.asked) == before + 1, "the oldest was dropped"


@pytest.mark.parametrize(
    "case",
    [
        ("TokenReview", "reset", "could not be asked for a TokenReview"),
        ("TokenReview", "hang", "did not answer within"),
        ("TokenReview", (403, {"message": "MARKED-good is not yours"}), "may not create it. Apply the roles"),
        ("TokenReview", (401, {}), "may not create it. Apply the roles"),
        ("TokenReview", (500, {"message": "MARKED-good"}), "answered 500 to a TokenReview, which cannot be used"),
        ("TokenReview", (201, "<html>MARKED-good"), "answered 201 to a TokenReview, which cannot be used"),
        ("TokenReview", (201, []), "cannot be used"),
        ("TokenReview", (201, {"status": "fine"}), "cannot be used"),
        ("SubjectAccessReview", "reset", "could not be asked for a SubjectAccessReview"),
        ("SubjectAccessReview", "hang", "did not answer within"),
        ("SubjectAccessReview", (403, {}), "may not create it"),
        ("SubjectAccessReview", (503, {}), "answered 503 to a SubjectAccessReview"),
        ("SubjectAccessReview", (201, {"spec": {}}), "cannot be used"),
    ],
)
async def test_without_an_answer_nobody_is_let_in_and_nothing_is_remembered(
    cluster: Cluster,
    judges: Scrapers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, tuple[int, Any] | str, str],
) -> None:
    kind, answer, words = case
    monkeypatch.setattr(scrapers, "_SECONDS", 0.3)
    cluster.server.answer = lambda asked: answer if asked.body["kind"] == kind else cluster.answer(asked)
    for _ in range(2):
        status, said = await judges.judge(GOOD)
        assert status is HTTPStatus.SERVICE_UNAVAILABLE
        assert said.startswith("It is not known whether you may get /metrics: ")
        assert words in said
    assert caplog.text.count("a scrape of /metrics was refused") == 1
    assert "MARKED" not in caplog.text + said
    cluster.now += 60
    await judges.judge(GOOD)
    assert caplog.text.count("a scrape of /metrics was refused") == 2, "it is told again each minute"
    cluster.server.answer = cluster.answer
    monkeypatch.setattr(scrapers, "_SECONDS", 30.0)
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"authenticated": False, "user": USER},
        {"authenticated": "true", "user": USER},
        {"authenticated": True},
        {"authenticated": True, "user": {}},
        {"authenticated": True, "user": {"username": ""}},
    ],
)
async def test_only_a_plain_yes_with_a_name_is_who_it_is(
    cluster: Cluster, judges: Scrapers, status: dict[str, Any]
) -> None:
    cluster.server.answer = lambda asked: (201, asked.body | {"status": status})
    assert (await judges.judge(GOOD))[0] is HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("status", [{}, {"allowed": "true"}, {"allowed": 1}, {"allowed": True, "denied": True}])
async def test_only_a_plain_yes_is_a_permission(cluster: Cluster, judges: Scrapers, status: dict[str, Any]) -> None:
    cluster.server.answer = lambda asked: (
        (201, asked.body | {"status": status}) if "user" in asked.body["spec"] else cluster.answer(asked)
    )
    assert (await judges.judge(GOOD))[0] is HTTPStatus.FORBIDDEN


async def test_an_api_server_that_is_gone_lets_in_who_was_let_in_for_a_minute_at_most(
    cluster: Cluster, judges: Scrapers
) -> None:
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK
    await cluster.server.stop()
    cluster.now += 59
    assert (await judges.judge(GOOD))[0] is HTTPStatus.OK
    cluster.now += 1
    assert (await judges.judge(GOOD))[0] is HTTPStatus.SERVICE_UNAVAILABLE
