"""Debian's Chromium, driven by its own driver: without a screen, with a profile of its own."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
"""What is needed on PATH, with the package of Debian that has it."""
PACKAGES = ("selenium", "axe_playwright_python")


def required() -> None:
    """Fail, and say what to do, if something is missing."""
    if programs := [name for name in PROGRAMS if shutil.which(name) is None]:
        packages = " ".join(PROGRAMS[name] for name in programs)
        pytest.fail(f"not on PATH: {', '.join(programs)}. Install them first (Debian: apt-get install {packages})")
    if packages_missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        pytest.fail(f"not in this environment: {', '.join(packages_missing)}. Run `make board-test`, which makes one")


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser, and end it when leaving."""
    from selenium import webdriver  # noqa: PLC0415 - it is installed for `make board-test` alone

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for one in ("--headless=new", "--hide-scrollbars", f"--user-data-dir={profile}", "--disable-background-networking"):
        options.add_argument(one)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """One window."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._requested: list[str] = []

    def look(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Have a window of this size, for a person who likes it light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, url: str) -> None:
        """Go there."""
        self._driver.get(url)

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._driver.current_url)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function with this body returns, or the promise that it returns."""
        return self._driver.execute_script(script, *arguments)

    def text(self, place: str) -> str:
        """The text of the element with this id, as it is shown."""
        return str(self.run("return document.getElementById(arguments[0]).innerText", place))

    def press(self, key: str) -> None:
        """Press a key, wherever the focus is: `TAB`, `ENTER`, `SPACE`."""
        from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415 - as above
        from selenium.webdriver.common.keys import Keys  # noqa: PLC0415 - as above

        ActionChains(self._driver).send_keys(getattr(Keys, key)).perform()

    def picture(self, into: Path) -> None:
        """A picture of the whole page, in its width."""
        height = int(self.run("return document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": int(self.run("return innerWidth")), "height": height, "scale": 1}
        asked = {"format": "png", "captureBeyondViewport": True, "clip": clip}

        into.write_bytes(base64.b64decode(self._driver.execute_cdp_cmd("Page.captureScreenshot", asked)["data"]))

    def axe(self) -> list[str]:
        """What axe finds wrong with the page, each as a line with its places."""
        found = importlib.util.find_spec("axe_playwright_python")
        assert found is not None
        assert found.origin is not None
        self.run(Path(found.origin).with_name("axe.min.js").read_text("utf-8"))
        told = self.run("return axe.run(document, {resultTypes: ['violations', 'passes']})")
        assert len(told["passes"]) > 10, "it has judged"
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in told["violations"]]

    def roles(self) -> list[str]:
        """What a screen reader is told that things are, in the order of the page."""
        nodes = self._driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [str(one["role"]["value"]) for one in nodes if not one["ignored"]]

    def complaints(self) -> list[str]:
        """What the console has said since it was asked last."""
        return [str(one["message"]) for one in self._driver.get_log("browser")]

    def requested(self) -> list[str]:
        """All that the pages of this window have asked for so far, as addresses."""
        for one in self._driver.get_log("performance"):
            message = json.loads(one["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requested.append(str(message["params"]["request"]["url"]))
        return self._requested
