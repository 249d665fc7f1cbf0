"""Logs: one line each, as text or JSON, without secrets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_NOISY = ("kopf", "aiohttp.access", "urllib3", "asyncio")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; a traceback, where there is one, in its own field."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line for people; a traceback, where there is one, below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """What an endpoint said may hold line ends, and must not look like further lines of ours."""
        record.message = " ".join(record.message.split())
        return super().formatMessage(record)


def configure_logs(style: str) -> None:
    """Log to stderr. `style` is `text` or `json`. Libraries are heard from WARNING on: some log whole objects below."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
