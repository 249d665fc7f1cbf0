"""What was asked of whom: the first half of every message to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, or several with one purpose.

    `endpoint` is the address as people wrote it, `method` the wire's name of the call, or what was wanted.
    """

    endpoint: str
    method: str
    group: str | None = None

    def line(self, seen: str) -> str:
        """One line: who was asked for what, and what was seen."""
        of = f" for group {self.group}" if self.group else ""
        return f"vCenter {self.endpoint} was asked for {self.method}{of}: {seen}"
