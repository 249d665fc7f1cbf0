"""The first question of `status GROUP` is asked before anything else is loaded.

kubectl needs about as long for an answer as Python needs for the libraries of a command line. One after the other,
`kubectl vvol status` would take three times as long as `kubectl get`, and side by side they are in each other's way. So
the program starts kubectl first, and loads then only what shows the answer (`vvol_cli.glance`). Only reading is begun,
and an answer is used only by a question of exactly the same words.
"""

from __future__ import annotations

import gc
import os

TYPE_CHECKING = False  # as `typing` has it, which costs what is to be saved here; so does `subprocess`
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP = "replication.vvol.dev"
VALUES = (
    *("kubeconfig", "context", "cluster", "user", "namespace", "as", "as-group", "as-uid", "server", "token"),
    *("request-timeout", "cache-dir", "certificate-authority", "client-certificate", "client-key", "tls-server-name"),
)
"""Flags of kubectl with a value that every command takes and hands on."""
SWITCHES = ("insecure-skip-tls-verify",)
"""Those without a value."""
SHORT = {"-n": "namespace", "-s": "server"}
QUICK = {"GOGC": "off", "GOMEMLIMIT": "256MiB", "GOMAXPROCS": "1"}
"""For a kubectl that answers once: it collects no garbage before it has 256 MiB. That saves a fifth of its time."""

_started: dict[tuple[str, ...], Started] = {}


class Started:
    """A kubectl that was started, and is given no input. Raises OSError, if there is none."""

    def __init__(self, command: Sequence[str]) -> None:
        pipes = [os.pipe() for _ in ("out", "err")]
        self._ends = [here for here, _ in pipes]
        nothing = os.open(os.devnull, os.O_RDONLY)
        actions = [
            (os.POSIX_SPAWN_DUP2, there, place) for place, there in enumerate((nothing, *(end for _, end in pipes)))
        ]
        try:
            self._pid = os.posix_spawnp(command[0], list(command), {**os.environ, **QUICK}, file_actions=actions)
        except OSError:
            for one in self._ends:
                os.close(one)
            raise
        finally:
            for one in (nothing, *(end for _, end in pipes)):
                os.close(one)

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end: exit status, output, complaints."""
        import select  # noqa: PLC0415 - while kubectl works

        held: dict[int, list[bytes]] = {one: [] for one in self._ends}
        open_ends = list(self._ends)
        while open_ends:
            for one in select.select(open_ends, [], [])[0]:
                if part := os.read(one, 1 << 16):
                    held[one].append(part)
                else:
                    open_ends.remove(one)
                    os.close(one)
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        out, err = (b"".join(held[one]).decode(errors="replace") for one in self._ends)
        return code, out, err

    def kill(self) -> None:
        """End it."""
        os.kill(self._pid, 9)
        self.ended()


def kubectl(flags: Mapping[str, Sequence[str]], *words: str) -> tuple[str, ...]:
    """The command line of a question. `flags` are kubectl's, each with its values; a switch has an empty one."""
    given = [
        f"--{name}={value}" if value else f"--{name}" for name in (*VALUES, *SWITCHES) for value in flags.get(name, ())
    ]
    return ("kubectl", *words, *given)


def resource(plural: str) -> str:
    """A kind as kubectl finds it, also where others have one of the same name."""
    return f"{plural}.v1alpha1.{GROUP}"


def overview(flags: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The question of `status GROUP`: the groups and requests of one namespace."""
    kinds = ("replicationgroups", "replicationsyncs", "failoverpreparations")
    return kubectl(flags, "get", ",".join(map(resource, kinds)), "--output=json")


def begin(words: Sequence[str]) -> tuple[str, dict[str, list[str]]] | None:
    """Start kubectl, if these words of a command line are `status GROUP`, with flags of kubectl only.

    The group and the flags, as click would read them; None: it is another command, or one that click has to read.
    """
    asked = group_asked_for(words) if hasattr(os, "posix_spawnp") else None
    if asked is not None:
        gc.disable()  # it ends soon, and loads a lot until then
        command = overview(asked[1])
        try:
            _started[command] = Started(command)
        except OSError:
            return asked  # kubectl is asked again, and what is wrong is told then
    return asked


def take(command: Sequence[str]) -> Started | None:
    """The process that was started for exactly this question, once."""
    return _started.pop(tuple(command), None)


def end() -> None:
    """End what nobody took."""
    while _started:
        _started.popitem()[1].kill()


def group_asked_for(words: Sequence[str]) -> tuple[str, dict[str, list[str]]] | None:
    """The group and the flags of `status GROUP`; None: it is not that, or not in the plainest form."""
    if not words or words[0] != "status":
        return None
    flags: dict[str, list[str]] = {}
    names: list[str] = []
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        name = flag[2:] if flag.startswith("--") else SHORT.get(word, "")
        if name in VALUES and (value or (rest and not equals)):
            flags.setdefault(name, []).append(value or rest.pop(0))
        elif name in SWITCHES and not equals:
            flags[name] = [""]
        elif word.startswith("-"):
            return None
        else:
            names.append(word)
    return (names[0], flags) if len(names) == 1 else None
