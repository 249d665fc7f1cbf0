"""Logs: one line each, as text or JSON, without secrets."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

AGAIN = 600.0
"""Seconds in which a warning or an error is not repeated in the same words."""
_OURS = "vvol_replication"
_REMEMBERED = 1_000
_ATTEMPT = re.compile(r"attempt #[0-9/]+")  # docs/facts/kopf.md#what-kopf-logs


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: what it is about in fields of its own, and a traceback, where there is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
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


class NotAgain(logging.Filter):
    """Keeps back a trouble that was logged in the same words within the last ten minutes.

    Whoever tries again every few seconds would fill the log with it. Transitions of objects, which have `fields`, are
    logged once each already.
    """

    def __init__(self) -> None:
        super().__init__()
        self._logged: dict[tuple[str, str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Is it to be logged?"""
        if record.levelno < logging.WARNING or hasattr(record, "fields"):
            return True
        error = str(record.exc_info[1]) if record.exc_info else ""
        key = record.name, _ATTEMPT.sub("attempt", record.getMessage()), error
        last = self._logged.get(key)
        if last is not None and 0 <= record.created - last < AGAIN:
            return False
        self._logged.pop(key, None)
        self._logged[key] = record.created
        if len(self._logged) > _REMEMBERED:
            del self._logged[next(iter(self._logged))]
        return True


def configure_logs(style: str, level: str = "info") -> None:
    """Log to stderr.

    Parameters:
        style: `text` or `json`.
        level: the least that is logged of ours: debug, info, warning or error. Libraries are heard from WARNING on,
            whatever it is: below that some log whole objects, and Secrets among them.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    handler.addFilter(NotAgain())
    root, chosen = logging.getLogger(), logging.getLevelNamesMapping()[level.upper()]
    root.handlers[:] = [handler]
    root.setLevel(max(chosen, logging.WARNING))
    logging.getLogger(_OURS).setLevel(chosen)
