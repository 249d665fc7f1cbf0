"""Logs: one line each, as text or JSON, without secrets."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

AGAIN = 600.0
"""Seconds in which a warning or an error is not repeated in the same words."""
KEYS = ("kind", "namespace", "name", "uid", "requestID", "group", "endpoint", "step", "reason")
"""What a line may be about, in this order in both formats; docs/logs.md says what each is."""
_OURS = "vvol_replication"
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")
_OF_KOPF = ("kind", "namespace", "name", "uid")
_REMEMBERED = 1_000
_ATTEMPT = re.compile(r"attempt #[0-9/]+")  # docs/facts/kopf.md#what-kopf-logs


Context = Callable[[], Mapping[str, str]]
"""What the code that logs is about, by `KEYS`."""


def nothing() -> Mapping[str, str]:
    """The context of code that is about nothing."""
    return {}


class Fields:
    """What a line is about: as the line says, as the code that logs it is about, or as kopf says of its own lines."""

    def __init__(self, context: Context = nothing) -> None:
        self._context = context

    def of(self, record: logging.LogRecord) -> Mapping[str, str]:
        """By `KEYS`, in their order; what is not known is not there."""
        kopf = getattr(record, "k8s_ref", None)  # docs/facts/kopf.md#what-kopf-logs
        theirs = {key: kopf.get(key) for key in _OF_KOPF} if isinstance(kopf, Mapping) else {}
        found = {**theirs, **self._context(), **getattr(record, "fields", {})}
        return {key: str(found[key]) for key in KEYS if found.get(key)}


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, context: Context = nothing) -> None:
        super().__init__()
        self._fields = Fields(context)

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: what it is about in fields of its own, and a traceback, where there is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= self._fields.of(record)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line for people, what it is about behind it; a traceback, where there is one, below it."""

    def __init__(self, context: Context = nothing) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._fields = Fields(context)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """What an endpoint said may hold line ends, and must not look like further lines of ours."""
        record.message = " ".join(record.message.split())
        fields = " ".join(f"{key}={_written(value)}" for key, value in self._fields.of(record).items())
        line = super().formatMessage(record)
        return f"{line} | {fields}" if fields else line


def _written(value: str) -> str:
    """As it is, or quoted where a blank or the like would end it."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


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


def configure_logs(style: str, level: str = "info", context: Context = nothing) -> None:
    """Log to stderr.

    Parameters:
        style: `text` or `json`.
        level: the least that is logged of ours: debug, info, warning or error. Libraries are heard from WARNING on,
            whatever it is: below that some log whole objects, and Secrets among them.
        context: what the code that logs is about.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(context) if style == "json" else TextFormatter(context))
    handler.addFilter(NotAgain())
    root, chosen = logging.getLogger(), logging.getLevelNamesMapping()[level.upper()]
    root.handlers[:] = [handler]
    root.setLevel(max(chosen, logging.WARNING))
    logging.getLogger(_OURS).setLevel(chosen)
