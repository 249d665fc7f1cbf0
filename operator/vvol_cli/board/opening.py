"""Shows the page in the caller's browser, without its token in the arguments of any process."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import webbrowser
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_LEADING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={0}">
<title>vVol replication</title>
<p><a href="{0}">vVol replication</a></p>
</html>
"""


def has_screen() -> bool:
    """Can a browser be shown here? A browser for terminals would take this one."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(one) for one in _SCREENS)


@contextlib.contextmanager
def opened(link: str) -> Iterator[None]:
    """Let the browser open a file that leads on to the link. Others cannot read it, and it goes with the block.

    The arguments of processes can be read by all users of a machine: a browser is not given the link itself.
    """
    with tempfile.TemporaryDirectory(prefix="kubectl-vvol-", ignore_cleanup_errors=True) as private:
        leading = Path(private, "board.html")
        leading.touch(mode=0o600)
        leading.write_text(_LEADING.format(escape(link)), "utf-8")
        threading.Thread(target=webbrowser.open, args=(leading.as_uri(),), daemon=True).start()
        yield
