"""What a handler gets to see of a call, and the tables in which handlers are found by the name on the wire."""

import itertools
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vvol_simulator.model import Fault, Injected, Site, SmsFaultError, World
from vvol_simulator.model.clock import as_datetime

from . import bindings
from .request import Request
from .versions import Service


@dataclass(slots=True)
class ClientState:
    """What a vCenter's SOAP side remembers for its clients and the model has no need to know.

    Attributes:
        views: container views by MoId, with the session that made them.
        pages: what is still to be told of a property collector's answer (page size, objects), by session and token.
    """

    views: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    pages: dict[tuple[str, str], tuple[int, list[Any]]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def keep(self, sessions: Container[str]) -> None:
        """Drop what belonged to sessions that are not among these any more."""
        self.views = {moid: view for moid, view in self.views.items() if view[0] in sessions}
        self.pages = {key: page for key, page in self.pages.items() if key[0] in sessions}


@dataclass(slots=True)
class Call:
    """One call on its way through a handler.

    Attributes:
        session: the vim session that it came with; empty for an anonymous call.
        injected: an outcome per group or task that a fault rule forces on it.
        stalled: whether what this call pushes must never move by itself.
        new_session: set by Login, for the cookie.
        outcome: a word for the journal beside the HTTP status.
    """

    world: World
    site: Site
    state: ClientState
    request: Request
    session: str
    injected: Injected | None = None
    stalled: bool = False
    new_session: str | None = None
    outcome: str | None = None

    @property
    def moid(self) -> str:
        """The called object's id."""
        return bindings.moid(self.request.this)

    @property
    def now(self) -> datetime:
        """This vCenter's clock."""
        return as_datetime(self.world.site_time(self.site))

    def arg(self, name: str, default: Any = None) -> Any:
        """A parameter by its wsdl name."""
        return self.request.args.get(name, default)


Handler = Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One method of a service.

    Attributes:
        on: MoId of the one object that has it; None if the handler looks its object up.
        anonymous: whether it may be called without a session.
    """

    handler: Handler
    on: str | None
    anonymous: bool


class Table:
    """The methods of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._entries: dict[str, Entry] = {}

    def method(self, name: str, *, on: str | None = None, anonymous: bool = False) -> Callable[[Handler], Handler]:
        """Register the handler of a method (its wsdl name) or of a property (`Fetch.<Type>.<property>`)."""

        def register(handler: Handler) -> Handler:
            self._entries[name] = Entry(handler, on, anonymous)
            return handler

        return register

    def names(self) -> list[str]:
        """All names that have a handler."""
        return list(self._entries)

    def find(self, name: str) -> Entry | None:
        """The entry for a name, if there is one."""
        return self._entries.get(name)


def no_such_object(this: object) -> SmsFaultError:
    """`ManagedObjectNotFound` for a reference, in vCenter's own words."""
    moid = bindings.moid(this)
    return SmsFaultError(
        Fault(
            "ManagedObjectNotFound",
            f"The object '{bindings.wsdl_name(type(this))}:{moid}' has already been deleted "
            "or has not been completely created",
            {"obj": moid},
        )
    )


def invalid_argument(name: str, why: str) -> SmsFaultError:
    """`InvalidArgument` naming the parameter."""
    return SmsFaultError(
        Fault("InvalidArgument", f"A specified parameter was not correct: {name} ({why})", {"invalidProperty": name})
    )
