"""Which of the providers that are registered at a vCenter serve replication, and which do not and are left alone.

There may be hundreds of the others: each ESXi host can have one for its I/O filters. SMS lists providers by their ids
alone, and describes one with each call (docs/facts/vsphere.md#providers). So what each said of itself is remembered.
Those that serve replication are asked in each reading. The others are asked a few in each, in turn, and their trouble
is nobody's. One that has never said what it serves may serve replication: it is asked until it does, within a time for
each reading and less often after each failure, and as long as there is one the inventory is not complete.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import convert, faults, transport
from .managers import ask_manager
from .session import Ended, Opened, Session
from .transport import Unreadable, answered
from .vmomi import vmodl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_log = logging.getLogger(__name__)

REPLICATION = "replication"
"""The profile, folded: a word for people, which a provider may write in any case."""
BATCH = 16
"""The most groups that one question names, where a provider takes no fewer."""
_OTHERS_AGAIN = 600.0
_OTHERS_AT_ONCE = 2
_LOGIN_AGAIN = 60.0
_SILENT_AGAIN_FIRST = 60.0
_SILENT_AGAIN_MOST = 600.0
# In one reading for all that are not known to serve replication, and for one answer; other calls wait for the thread.
_TIME_FOR_OTHERS = 10.0
_PATIENCE = 5.0
_NAMED_AT_MOST = 10
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Provider:
    """A VASA provider with the profile Replication. `batch` is the most groups that one query may name."""

    moid: str
    name: str
    status: str
    batch: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The providers at a vCenter.

    `serving` have just said that they serve replication. `problems` are lines on those that serve it, or should, and
    did not answer. `unknown` is a line on those that have never said what they serve; empty if there are none.
    """

    serving: tuple[Provider, ...]
    problems: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What one provider said of itself when it was asked last. `serves` is None as long as it has never said.

    `at` is when that was, by the clock, and `opened` in which login; `failures` were had in a row, `trouble` last.
    """

    name: str = ""
    serves: bool | None = None
    at: float = _NEVER
    opened: Opened | None = None
    failures: int = 0
    trouble: str = ""

    def due(self, now: float) -> bool:
        """Is it time to ask one again that has never said what it serves? At once after its first failure."""
        pause = 0.0 if self.failures <= 1 else _SILENT_AGAIN_FIRST * 2.0 ** min(self.failures - 2, 10)
        return now - self.at >= min(pause, _SILENT_AGAIN_MOST)


class RegisteredProviders:
    """What is remembered of the providers at one vCenter, by their ids there; lost with the adapter."""

    def __init__(self, session: Session, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Memory] = {}
        self._quote = session.redactor.quoted

    def listed(self) -> list[Any]:
        """References to all providers that are registered: one call, whatever their number."""
        return answered(ask_manager(self._session, lambda manager: manager.QueryProvider()))

    def survey(self, listed: list[Any], active: Mapping[str, str]) -> Survey:
        """Find those of the listed that serve replication.

        `active` are those that vCenter names as active for fault domains, with the names of these: they have to answer,
        whatever was remembered of them. Raises what tells of vCenter and not of a provider.
        """
        wires = {convert.moid(wire): wire for wire in listed}
        with self._lock:
            self._known = {moid: seen for moid, seen in self._known.items() if moid in wires}
        found: dict[str, Provider] = {}
        problems: list[str] = []
        expected = {moid for moid in wires if moid in active or self._memory(moid).serves}
        for moid in (moid for moid in wires if moid in expected):
            answer = self._ask(moid, wires[moid])
            if isinstance(answer, Provider):
                found[moid] = answer
            elif answer:
                name, problem = self._name(moid), answer
                of = f" of {self._quote(active[moid])}" if moid in active and not self._memory(moid).name else ""
                problems.append(f"VASA provider {name}{of}: {problem}")
        found |= self._look_at_others({moid: wire for moid, wire in wires.items() if moid not in expected})
        return Survey(
            tuple(found[moid] for moid in wires if moid in found),
            tuple(problems),
            self._unknown([moid for moid in wires if moid not in expected and self._memory(moid).serves is None]),
        )

    def _look_at_others(self, wires: Mapping[str, Any]) -> dict[str, Provider]:
        """Those of the others that turn out to serve replication, as far as there was time to ask.

        First who has never said what it serves, never asked ones before all; then who said so in an earlier login, as
        ids may mean others after a restart of vCenter; then a few of those that were not asked for longest.
        """
        begun, opened = self._clock(), self._session.opened()
        memories = {moid: self._memory(moid) for moid in sorted(wires, key=lambda moid: self._memory(moid).at)}
        silent = [moid for moid, seen in memories.items() if seen.serves is None and seen.due(begun)]
        others = {moid: begun - seen.at for moid, seen in memories.items() if seen.serves is False}
        before = [moid for moid in others if memories[moid].opened is not opened and others[moid] >= _LOGIN_AGAIN]
        due = [moid for moid in others if moid not in before and others[moid] >= _OTHERS_AGAIN]
        found = {}
        for moid in (*silent, *before, *due[:_OTHERS_AT_ONCE]):
            if self._clock() - begun > _TIME_FOR_OTHERS:
                break
            # Who stays silent may be slow; who is known to serve something else is not worth waiting for.
            tries = memories[moid].failures + 1 if memories[moid].serves is None else 1
            answer = self._ask(moid, wires[moid], patience=_PATIENCE * tries)
            if isinstance(answer, Provider):
                found[moid] = answer
        return found

    def _ask(self, moid: str, wire: Any, *, patience: float | None = None) -> Provider | str:
        """The provider, if it says that it serves replication; why it said nothing; or "" for another one.

        `patience` is for one that is not known to serve replication: so many seconds, and whatever breaks is its own.
        """
        opened, before = self._session.opened(), self._memory(moid)
        waited = self._session.timeouts.answer if patience is None else min(patience, self._session.timeouts.answer)
        try:
            with self._session.stub.patience(waited):
                info = _described(self._session.call(wire.QueryProviderInfo))
        except (Ended, transport.NotSent):
            raise
        except Exception as error:  # an answer may break pyVmomi in any way; it is one provider's trouble
            if patience is None and isinstance(error, transport.DROPPED):
                raise
            problem = trouble_line(self._session, error, "QueryProviderInfo", waited)
            memory = replace(before, at=self._clock(), opened=opened, failures=before.failures + 1, trouble=problem)
            self._remember(moid, memory)
            _log.debug("provider %s: %s", self._name(moid), problem)
            return problem
        serves = serves_replication(getattr(info, "supportedProviderProfile", None) or ())
        self._remember(moid, _Memory(str(info.name), serves, self._clock(), opened))
        if not serves:
            return ""
        batch = getattr(info, "maxBatchSize", None) or 0
        return Provider(moid, str(info.name), str(info.status or ""), min(batch, BATCH) if batch > 0 else BATCH)

    def _unknown(self, moids: list[str]) -> str:
        if not moids:
            return ""
        moids.sort(key=lambda moid: not self._memory(moid).trouble)
        name, problem = self._name(moids[0]), self._memory(moids[0]).trouble
        names = ", ".join(self._name(moid) for moid in moids[:_NAMED_AT_MOST])
        if len(moids) > _NAMED_AT_MOST:
            names = f"{names} and {len(moids) - _NAMED_AT_MOST} more"
        seen = f"It is not known yet what these VASA providers serve, so they may have groups: {names}."
        if not problem:
            return f"{seen} They are asked next."
        return f"{seen} They are asked again. Look at them in vCenter if this lasts. {name}: {problem}"

    def _name(self, moid: str) -> str:
        """As people know it; by its id where it has never said its name."""
        return self._quote(self._memory(moid).name or moid)

    def _memory(self, moid: str) -> _Memory:
        with self._lock:
            return self._known.get(moid, _Memory())

    def _remember(self, moid: str, seen: _Memory) -> None:
        with self._lock:
            self._known[moid] = seen


def serves_replication(profiles: Iterable[object]) -> bool:
    """Is replication among these profiles?"""
    return REPLICATION in (str(profile).casefold() for profile in profiles)


def trouble_line(session: Session, error: Any, method: str, answer_timeout: float | None = None) -> str:
    """One line on a call that failed, for people: a fault, or what broke on the way."""
    asked = session.asked(method)
    if isinstance(error, vmodl.MethodFault):
        return faults.message(error, asked)
    waited = session.timeouts.answer if answer_timeout is None else answer_timeout
    return transport.outcome(error, asked, answer_timeout=waited).message


def _described(info: Any) -> Any:
    if info is None or not info.name:
        raise Unreadable("a provider without its description")
    return info
