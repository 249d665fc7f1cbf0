"""Who is answered by the board's server, and what: over real sockets of the loopback."""

from __future__ import annotations

import http.client
import json
import stat
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from unit.cli.objects import Object, group, sync

from vvol_cli.board.live import Live
from vvol_cli.board.opening import has_screen, opened
from vvol_cli.board.serve import ADDRESS, Board
from vvol_cli.following.streams import Changed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ended(Exception):  # noqa: N818 - the end of what a test plays
    """There is no more news."""


def now(live: Live, *objects: Object) -> None:
    """Let it know of objects, as a watch would."""
    news = iter([Changed(one) for one in objects])

    def following(_: float) -> Changed:
        for one in news:
            return one
        raise Ended

    with pytest.raises(Ended):
        live.keep(following)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with Board(0, Live(lambda: ([group()], []))) as serving:
        yield serving


def ask(board: Board, path: str = "/", *, method: str = "GET", host: str | None = None) -> http.client.HTTPResponse:
    """What the server answers to a request with the token of its link; `path` may have another."""
    connection = http.client.HTTPConnection(*board.server_address[:2], timeout=30)  # type: ignore[arg-type]  # of IPv4
    place = path if "token" in path else f"{path}?token={board.token}"
    connection.request(method, place, headers={"Host": host or board.host})
    return connection.getresponse()


def test_it_listens_on_the_loopback_and_its_link_has_a_token_that_nobody_guesses(board: Board) -> None:
    assert board.server_address[0] == ADDRESS == "127.0.0.1"
    assert board.link == f"http://127.0.0.1:{board.server_address[1]}/?token={board.token}"
    assert len(board.token) >= 43, "256 bits"
    with Board(0, board.live) as other:
        assert other.token != board.token


@pytest.mark.parametrize("path", ["/", "/events", "/elsewhere"])
@pytest.mark.parametrize("token", ["", "x", "%ff", "{0}x", "{1}", "x&token={0}"])
def test_without_the_token_nothing_is_told(board: Board, path: str, token: str) -> None:
    answer = ask(board, f"{path}?token={token.format(board.token, board.token[:-1])}")
    assert answer.status == 403
    assert answer.read() == b"Open the link that kubectl vvol board printed.\n"


@pytest.mark.parametrize("host", ["evil.example.com:{}", "localhost:{}", "127.0.0.1", "127.0.0.1:1", "[::1]:{}"])
def test_a_name_that_was_led_to_the_loopback_is_told_nothing(board: Board, host: str) -> None:
    answer = ask(board, host=host.format(board.server_address[1]))
    assert (answer.status, answer.read()) == (403, b"This page is only at the address of its link.\n")


def test_two_hosts_in_one_request_are_told_nothing(board: Board) -> None:
    connection = http.client.HTTPConnection(*board.server_address[:2], timeout=30)  # type: ignore[arg-type]  # of IPv4
    connection.putrequest("GET", f"/?token={board.token}", skip_host=True)
    connection.putheader("Host", board.host)
    connection.putheader("Host", "evil.example.com")
    connection.endheaders()
    assert connection.getresponse().status == 403


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MOVE"])
def test_it_can_only_be_read(board: Board, method: str) -> None:
    answer = ask(board, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_the_page_may_load_nothing_and_be_shown_in_nothing(board: Board) -> None:
    answer = ask(board)
    page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    rules = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    nonce = rules.pop("script-src").strip("'")
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'{nonce}'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert page.count(f'nonce="{nonce.removeprefix("nonce-")}"') == 2
    assert board.token not in page
    assert {name: answer.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert "Python" not in answer.headers["Server"]
    assert ask(board).headers["Content-Security-Policy"] != policy, "each page has a nonce of its own"


def test_another_page_is_not_there(board: Board) -> None:
    answer = ask(board, "/etc/passwd")
    assert (answer.status, answer.read()) == (404, b"There is no such page.\n")


def event(stream: http.client.HTTPResponse) -> dict[str, str]:
    """The next message that says something."""
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    found: dict[str, str] = json.loads(line.removeprefix(b"data: "))
    return found


def test_news_come_by_themselves_as_long_as_somebody_listens() -> None:
    with Board(0, Live(lambda: ([group()], []))) as board:
        stream = ask(board, "/events")
        assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert event(stream)["summary"] == "Groups: 1. Running: 0. Needs you: 0."

        now(board.live, sync("made-meanwhile", "Transferring", transfer={"percent": 40}))
        news = event(stream)
        while "Running: 0" in news["summary"]:
            news = event(stream)  # an age that has grown
        assert "sync/made-meanwhile" in news["running"]
        stream.close()


def test_when_it_ends_it_answers_nobody_any_more_and_its_port_is_free_again() -> None:
    with Board(0, Live(lambda: ([group()], []))) as ended:
        place = ended.server_address
    with pytest.raises(ConnectionRefusedError):
        ask(ended)
    with Board(int(place[1]), ended.live) as again:
        assert again.server_address == place


def test_a_port_that_somebody_has_cannot_be_had(board: Board) -> None:
    with pytest.raises(OSError, match="in use"):
        Board(int(board.server_address[1]), board.live)


def test_a_page_that_is_closed_is_no_error(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    for error in (BrokenPipeError(), TimeoutError()):
        try:
            raise error
        except OSError:
            board.handle_error(None, None)
    assert capsys.readouterr().err == ""
    try:
        int("no number")
    except ValueError:
        board.handle_error(None, None)
    assert "ValueError" in capsys.readouterr().err


def test_the_browser_is_given_a_private_file_and_never_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    opens = threading.Event()

    def browser(url: str) -> None:
        given.append(url)
        opens.set()

    monkeypatch.setattr(webbrowser, "open", browser)
    link = "http://127.0.0.1:1024/?token=secret"
    with opened(link):
        assert opens.wait(30)
        (url,) = given
        place = Path(unquote(urlsplit(url).path))
        assert url.startswith("file://")
        assert "secret" not in url
        assert place.read_text().count(f'"0; url={link}"') == 1
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert not place.parent.exists()


@pytest.mark.parametrize(
    ("variables", "there"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True)]
)
def test_without_a_screen_no_browser_is_opened(
    variables: dict[str, str],
    there: bool,  # noqa: FBT001 - parametrized
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert has_screen() is there
