"""What was asked of whom, and what was seen: every message of a vCenter's adapter is built here."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from vvol_replication.storage.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, or several with one purpose.

    `endpoint` is the address as people wrote it, `method` the wire's name of the call, or what was wanted. `redactor`
    is the one of the connection.
    """

    endpoint: str
    method: str
    group: str | None = None
    _: KW_ONLY
    redactor: Redactor = field(repr=False, compare=False)

    def line(self, seen: str) -> str:
        """One line: who was asked for what, and what was seen; whatever came from outside was quoted before."""
        of = f" for group {self.group}" if self.group else ""
        return f"vCenter {self.endpoint} was asked for {self.method}{of}: {seen}"

    def quote(self, text: object) -> str:
        """Text from outside, fit for a status condition: without secrets, on one line, and not endless."""
        return self.redactor.quoted(text)
