"""A browser, and a board of simulated groups that have a day behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import chromium
from browser.day import day
from e2e.board import Board
from e2e.conftest import control_plane, crds, tools
from e2e.rig import Rig, Site

from testbed.controlplane import ControlPlane

NAMESPACE = "prod"
__all__ = ["control_plane", "crds", "recorded", "tools"]


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """All that is needed is there, or it is said what is not."""
    chromium.required()


@pytest.fixture(scope="session")
def recorded() -> None:
    """Statuses are recorded by the suites that are about them."""


@pytest.fixture(scope="session")
def window(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    """The browser."""
    assert programs is None
    with chromium.browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane, crds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A running operator, in a namespace with a name that can be shown to people."""
    assert crds
    made = Rig(control_plane, tmp_path_factory.mktemp("operator"))
    control_plane.client.make_namespace(NAMESPACE)
    made.namespace, made.namespaces = NAMESPACE, [NAMESPACE]
    made.kubectl = control_plane.client.in_namespace(NAMESPACE)
    with made.running():
        yield made


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    """Groups with points in time of the last day."""
    with day(rig) as made:
        yield made


@pytest.fixture
def board(rig: Rig, site: Site) -> Iterator[Board]:
    """The board of their namespace."""
    assert site.rig is rig
    with Board(rig) as started:
        yield started


@pytest.fixture
def page(board: Board, window: chromium.Browser) -> chromium.Browser:
    """The browser, with the page of that board."""
    window.look()
    window.open("about:blank")  # what the page before complained of is over
    window.complaints()
    window.open(board.link)
    return window


def pytest_configure(config: pytest.Config) -> None:
    """As in e2e: storage that is served from this process ends while operators still connect to it."""
    left_open = "Exception ignored in. <(function _(Selector|SSLProtocol)Transport|socket.socket fd)"
    config.addinivalue_line("filterwarnings", f"ignore:{left_open}:pytest.PytestUnraisableExceptionWarning")
