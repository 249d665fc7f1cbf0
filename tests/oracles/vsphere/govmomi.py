"""govmomi's vCenter as a program beside the tests: `hack/toolchain/govmomi` has its setup and its commands."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from testbed.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

USERNAME = "operator@vsphere.local"
PASSWORD = "fake-password-of-the-oracle"
VMS = {"erp-app": "poweredOff", "erp-db": "poweredOn", "erp-web": "suspended"}


@dataclass(frozen=True)
class State:
    """What govmomi's vCenter says of itself. `calls` counts by method since the start, `opened` connections."""

    port: int
    uuid: str
    version: str
    sessions: tuple[str, ...]
    open: int
    opened: int
    vms: dict[str, str] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)


class Govmomi:
    """One vCenter of govmomi's, until `end`. It ends with us too: its standard input is our pipe."""

    def __init__(self, program: Path, log: Path, **setup: Any) -> None:
        """`setup` adds to, or replaces in, the setup line."""
        authority = Authority("oracle CA")
        pair = authority.server("govmomi", ["127.0.0.1", "localhost"])
        self.authority = authority.certificate.decode()
        self._log = log
        with log.open("wb") as errors:
            self._running = subprocess.Popen(
                [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.begun = self._ask(
            {
                "certificate": pair.certificate.decode(),
                "key": pair.key.decode(),
                "username": USERNAME,
                "password": PASSWORD,
                "vms": VMS,
            }
            | setup
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.begun.port}"

    @property
    def pid(self) -> int:
        """The program's."""
        return self._running.pid

    def state(self) -> State:
        """How it is now."""
        return self.do("state")

    def do(self, command: str, **arguments: Any) -> State:
        """Carry out a command; how it is after that."""
        return self._ask({"do": command} | arguments)

    def fault(self, method: str, fault: str, *, times: int = 0, skip: int = 0) -> None:
        """Answer calls of a method with a fault: `times` times (0: always), after letting `skip` pass."""
        self.do("fault", method=method, fault=fault, times=times, skip=skip)

    def end(self) -> int:
        """End it in order; its exit status."""
        if self._running.stdin is not None and not self._running.stdin.closed:
            self._running.stdin.close()
        status = self.wait()
        if self._running.stdout is not None:
            self._running.stdout.close()
        return status

    def wait(self) -> int:
        """Wait for it to end by itself; its exit status."""
        return self._running.wait(60)

    def _ask(self, line: dict[str, Any]) -> State:
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(line) + "\n")
        self._running.stdin.flush()
        answer = self._running.stdout.readline()
        if not answer:
            self.end()
            raise RuntimeError(f"govmomi's vCenter ended: {self._log.read_text(errors='replace').strip()}")
        said: dict[str, Any] = json.loads(answer)
        error = said.pop("error", None)
        if error:
            raise RuntimeError(f"govmomi's vCenter could not: {error}")
        return State(**(said | {"sessions": tuple(said["sessions"])}))
