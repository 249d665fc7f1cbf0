"""A synchronous client for tests, demos and benchmarks: starts a simulator process and drives its control interface."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

Json = dict[str, Any]

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

END_SECONDS = 15.0
CALL_SECONDS = 30.0


class SimulatorError(Exception):
    """The simulator refused a control call, did not start, or something did not happen in time."""


class Simulator:
    """A running simulator. As a context manager it ends the process it started."""

    def __init__(self, ready: Json, process: "subprocess.Popen[str] | None" = None) -> None:
        self.ready = ready
        """The content of `simulator.json`."""
        self._process = process
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def start(
        cls, topology: Mapping[str, Any] | str | Path | None = None, directory: Path | None = None
    ) -> "Simulator":
        """Start a process; it ends with `stop`, or when this process dies.

        `topology` is a decoded one, a YAML file's path, or None for the default. `directory` gets `simulator.json`
        and `ca.pem`; None uses one that goes away with `stop`.
        """
        scratch = tempfile.TemporaryDirectory(prefix="vvol-simulator-")
        place = Path(scratch.name) if directory is None else directory
        command = [sys.executable, "-m", "vvol_simulator", "--until-stdin-closes", "--directory", str(place)]
        if isinstance(topology, Mapping):
            described = Path(scratch.name, "topology.yaml")
            described.write_text(yaml.safe_dump(dict(topology)), "utf-8")
            command += ["--topology", str(described)]
        elif topology is not None:
            command += ["--topology", str(topology)]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
        )
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            status = process.wait(END_SECONDS)
            _close(process)
            scratch.cleanup()
            raise SimulatorError(f"The simulator ended with status {status} before it was ready; see its stderr.")
        started = cls(json.loads(line)["ready"], process)
        started._scratch = scratch
        return started

    @classmethod
    def attach(cls, described: Path) -> "Simulator":
        """A client for a simulator that runs already, by its `simulator.json`."""
        return cls(json.loads(described.read_text("utf-8")))

    def stop(self) -> None:
        """End the process this client started (by closing its stdin) and wait for it."""
        if self._process is not None:
            if self._process.stdin:
                self._process.stdin.close()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(END_SECONDS)
            _close(self._process)
            self._process = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Who is where

    @property
    def control_url(self) -> str:
        """`http://127.0.0.1:<port>`."""
        return str(self.ready["controlUrl"])

    @property
    def ca_file(self) -> Path:
        """PEM file of the CA that all endpoints' certificates come from."""
        return Path(self.ready["caFile"])

    def vcenter(self, name: str) -> Json:
        """`{address, username, password, instanceUuid}`."""
        return dict(self.ready["vcenters"][name])

    def array(self, name: str) -> Json:
        """`{address, apiToken, id, users: {name: {apiToken, role}}}`; `apiToken` is the first user's."""
        return dict(self.ready["arrays"][name])

    # Reading

    def state(self) -> Json:
        """The whole world (`GET /state`)."""
        return dict(self._call("GET", "/state"))

    def group(self, reference: str) -> Json:
        """One entry of `state()["protectionGroups"]`, by `<array>:<protection group>`."""
        return dict(self.state()["protectionGroups"][reference])

    def journal(self, since: int = 0, wait: float = 0) -> list[Json]:
        """Mutating calls with a higher number; waits up to `wait` seconds for the first."""
        return list(self._call("GET", f"/journal?since={since}&wait={wait}", timeout=wait + CALL_SECONDS)["entries"])

    def counters(self) -> dict[str, dict[str, int]]:
        """All calls since the start or the last reset: endpoint -> call -> number."""
        return dict(self._call("GET", "/counters"))

    def reset_counters(self) -> None:
        """Count from zero again."""
        self._call("POST", "/counters/reset")

    def wait_journal(self, predicate: Callable[[Json], bool], timeout: float = 30.0, since: int = 0) -> Json:
        """The first entry after `since` that satisfies `predicate`; `SimulatorError` after `timeout` seconds."""
        deadline, last = time.monotonic() + timeout, since
        while True:
            left = deadline - time.monotonic()
            entries = self.journal(last, max(0.0, min(left, 20.0)))
            for entry in entries:
                if predicate(entry):
                    return entry
            last = entries[-1]["number"] if entries else last
            if left <= 0:
                raise SimulatorError(f"No such journal entry within {timeout:g} s; the last number is {last}.")

    # Acting

    def action(self, name: str, /, **arguments: Any) -> Json:
        """`POST /actions/<name>`; arguments in camelCase. `SimulatorError` with the simulator's words if refused."""
        return dict(self._call("POST", f"/actions/{name}", arguments))

    def fault(self, endpoint: str, call: str, kind: str, **arguments: Any) -> Json:
        """Order a fault; `times` None means until removed, `skip` lets the first calls pass. Returns it with its id."""
        return dict(self._call("POST", "/faults", {"endpoint": endpoint, "call": call, "kind": kind, **arguments}))

    def faults(self) -> list[Json]:
        """All faults with their `hits`."""
        return list(self._call("GET", "/faults")["faults"])

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all; calls that hang go on."""
        self._call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")

    def _call(self, method: str, path: str, body: Json | None = None, timeout: float = CALL_SECONDS) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the control URL is http on the loopback
            self.control_url + path,
            None if body is None else json.dumps(body).encode(),
            {"Accept": "application/json"},
            method=method,
        )
        try:
            with _DIRECT.open(request, timeout=timeout) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as problem:
            with problem:
                text = problem.read().decode(errors="replace")
            raise SimulatorError(_told(text)) from None
        except OSError as problem:
            raise SimulatorError(
                f"The simulator at {self.control_url} does not answer {method} {path}: {problem}."
            ) from None


def _told(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text


def _close(process: "subprocess.Popen[str]") -> None:
    streams: Iterable[Any] = (process.stdin, process.stdout)
    for stream in streams:
        if stream is not None:
            stream.close()


def _environment() -> dict[str, str]:
    """This process's environment, with the package's own place on the import path."""
    here = str(Path(__file__).resolve().parent.parent)
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": here if not rest else f"{here}{os.pathsep}{rest}"}
