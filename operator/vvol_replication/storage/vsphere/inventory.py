"""All fault domains and groups of one vCenter, as its providers show them.

A provider that is silent, or an id that comes without details, leaves a hole. The rest is there all the same, and the
hole is a problem of the inventory: absence from an incomplete one proves nothing. Where fault domains replicate to is
known as far as a provider says it: trouble there is passed on as well, and leaves no hole in the groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.groups import FaultDomain, Group, GroupId, Inventory
from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.storage import reasons

from . import convert, transport
from .managers import ask_manager
from .providers import Providers
from .registered import Provider, trouble_line
from .session import Ended, Session
from .transport import answered
from .unchanged import Answers, Key
from .vmomi import sms, vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

_DOMAINS = "The fault domains"
_NOT_THERE = ("offline", "disconnected")
# What a provider answers that has no source domains, or does not tell of peers at all.
_NO_PEERS = (
    vim.fault.NotFound,
    vmodl.fault.NotImplemented,
    vmodl.fault.NotSupported,
    vmodl.fault.MethodNotFound,
    sms.fault.NotSupportedByProvider,
    sms.fault.QueryNotSupported,
)


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    domains: dict[str, FaultDomain] = field(default_factory=dict)
    groups: dict[GroupId, Group] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    peers: dict[str, set[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listed:
    """What an answer lists: groups with details, and ids without."""

    groups: Mapping[GroupId, Group]
    bare: tuple[GroupId, ...]


class InventoryQuery:
    """One walk over all replication providers of a vCenter."""

    def __init__(self, session: Session, providers: Providers, answers: Answers[Listed]) -> None:
        """`answers`: of the walks before."""
        self._session = session
        self._providers = providers
        self._answers = answers
        self._found = _Found()
        self._quote = session.redactor.quoted

    def run(self) -> tuple[Inventory, tuple[str, ...]]:
        """The inventory, and the names of the providers. Raises where not even the providers could be listed."""
        registered = self._providers.registered
        listed = registered.listed()
        active = self._look_at_domains() if listed else {}
        survey = registered.survey(listed, active)
        self._found.problems.extend(survey.problems)
        if not (survey.serving or survey.problems or survey.unknown):
            raise Ended(
                Unavailable(
                    reasons.NO_REPLICATION_PROVIDER,
                    f"vCenter {self._session.address} has no VASA provider with the profile Replication. Register the"
                    " array's provider there.",
                )
            )
        for provider in survey.serving:
            self._look_into(provider, {other.moid for other in survey.serving})
        if survey.unknown:
            self._found.problems.append(survey.unknown)
        found = self._found
        inventory = Inventory(
            fault_domains=tuple(
                replace(found.domains[identity], peers=tuple(sorted(found.peers.get(identity, ()))))
                for identity in sorted(found.domains)
            ),
            groups=tuple(found.groups[identity] for identity in sorted(found.groups)),
            complete=not found.problems,
            problems=(*found.problems, *found.remarks),
        )
        return inventory, tuple(provider.name for provider in survey.serving)

    def _look_at_domains(self) -> dict[str, str]:
        """The ids of the providers that are active for fault domains, with the names of these."""
        active: dict[str, list[str]] = {}

        def ask() -> list[FaultDomain]:
            roots = answered(ask_manager(self._session, lambda manager: manager.QueryFaultDomain(None)))
            self._providers.learn_domains(roots)
            return [domain for wire in _with_children(roots) if (domain := self._domain(wire, active)) is not None]

        for domain in self._try("QueryFaultDomain", _DOMAINS, ask) or ():
            self._found.domains[domain.id] = convert.fuller(self._found.domains.get(domain.id), domain)
        return {moid: ", ".join(names) for moid, names in active.items()}

    def _domain(self, wire: Any, active: dict[str, list[str]]) -> FaultDomain | None:
        """One of them; None where it cannot be read, which hides none of the others."""
        try:
            domain = convert.fault_domain(wire)
        except transport.Unreadable as error:
            self._problem(error, "QueryFaultDomain", _DOMAINS)
            return None
        provider = getattr(wire, "provider", None)
        if provider is not None:
            active.setdefault(convert.moid(provider), []).append(domain.name)
        return domain

    def _look_into(self, provider: Provider, listed: set[str]) -> None:
        if provider.status.casefold() in _NOT_THERE:
            seen = f"VASA provider {self._quote(provider.name)} is {self._quote(provider.status)}"
            self._found.problems.append(f"{seen}. Bring it online in vCenter.")
        managed = sms.provider.VasaProvider(provider.moid, self._session.stub)
        about = f"VASA provider {self._quote(provider.name)}"

        def ask() -> list[GroupId] | None:
            try:
                return self._ask_groups((provider.moid,), lambda: managed.QueryReplicationGroup(None), about)
            except sms.fault.InactiveProvider as fault:
                self._providers.learn_mapping(fault)
                active = {convert.moid(mapping.activeProvider) for mapping in fault.mapping or ()}
                if active and active <= listed - {provider.moid}:
                    return None  # a standby: the one that is active tells of its groups
                raise

        bare = self._try("QueryReplicationGroup", about, ask)
        if bare is None:
            return
        for start in range(0, len(bare), provider.batch):
            self._ask_for(managed, bare[start : start + provider.batch], about, (provider.moid, start))
        self._look_at_peers(managed, about)

    def _look_at_peers(self, managed: Any, about: str) -> None:
        """Where the fault domains of a provider replicate to; best effort."""
        try:
            rows = answered(self._session.call(lambda: managed.QueryReplicationPeer(None)))
        except _NO_PEERS:
            return  # a provider that has targets only, or that does not tell
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks here breaks no group
            self._remark(error, about)
            return
        for row in rows:
            if row.sourceDomain is None or not row.sourceDomain.id:
                continue
            source = str(row.sourceDomain.id)
            self._found.peers.setdefault(source, set()).update(str(to.id) for to in row.targetDomain or () if to.id)
            for fault in (*(row.error or ()), *(row.warning or ())):
                if not isinstance(fault, _NO_PEERS):
                    self._remark(fault, f"{about}, fault domain {self._quote(source)}")

    def _remark(self, error: Any, about: str) -> None:
        self._found.remarks.append(f"{about}: {self._line(error, 'QueryReplicationPeer')}")

    def _ask_for(self, managed: Any, ids: list[GroupId], about: str, key: Key) -> None:
        """The second question, for ids that came without details; halved where that is too long, or one spoils it."""
        wire_ids = [convert.wire_group_id(identity) for identity in ids]

        def ask() -> list[GroupId]:
            try:
                return self._ask_groups(key, lambda: managed.QueryReplicationGroup(wire_ids), about)
            except (sms.fault.TooMany, transport.Unfamiliar):
                if len(ids) == 1:
                    raise
            middle = len(ids) // 2
            self._ask_for(managed, ids[:middle], about, key)
            self._ask_for(managed, ids[middle:], about, (*key, middle))
            return []

        for identity in self._try("QueryReplicationGroup", about, ask) or ():
            self._found.problems.append(f"{about} gave no details of group {self._quote(identity)}.")

    def _ask_groups(self, key: Key, ask: Callable[[], Any], about: str) -> list[GroupId]:
        """Keep the groups of an answer; the ids that came without details are returned. `key`: see `Answers`."""
        found = self._answers.ask(key, lambda: self._session.call(ask), _listed)
        if not isinstance(found, Listed):
            return self._take(answered(found), about)
        self._found.groups.update(found.groups)
        return list(found.bare)

    def _take(self, rows: Iterable[Any], about: str) -> list[GroupId]:
        """The same of an answer that has faults or rows that cannot be read as well: each is a hole of its own."""
        bare: list[GroupId] = []
        for row in rows:
            whose = about
            try:
                identity = convert.group_id(row.groupId)
                if identity.device_group == convert.ON_DEMAND:
                    continue
                whose = f"Group {self._quote(identity)}"
                fault = convert.error_of(row)
                if isinstance(fault, vim.fault.NotFound):
                    continue  # gone between the two questions
                if fault is not None:
                    self._problem(fault, "QueryReplicationGroup", whose)
                elif isinstance(row, sms.storage.replication.QueryReplicationGroupSuccessResult):
                    self._found.groups[identity] = _details(row, identity)
                else:
                    bare.append(identity)
            except transport.Unreadable as error:
                self._problem(error, "QueryReplicationGroup", whose)
        return bare

    def _try(self, method: str, about: str, ask: Callable[[], T]) -> T | None:
        """Ask; what one provider cannot or will not say becomes a problem, a vCenter that is gone is raised."""
        try:
            return ask()
        except (Ended, transport.NotSent, *transport.DROPPED):
            raise
        except Exception as error:  # noqa: BLE001 - an answer may break pyVmomi in any way; it is one provider's hole
            self._problem(error, method, about)
            return None

    def _problem(self, error: Any, method: str, about: str) -> None:
        self._found.problems.append(f"{about}: {self._line(error, method)}")

    def _line(self, error: Any, method: str) -> str:
        return trouble_line(self._session, error, method)


def _listed(rows: Any) -> Listed | None:
    """What an answer lists that has no faults, and nothing that cannot be read; None for any other."""
    if not isinstance(rows, list) or any(convert.error_of(row) is not None for row in rows):
        return None
    groups: dict[GroupId, Group] = {}
    bare: list[GroupId] = []
    try:
        for row in rows:
            identity = convert.group_id(row.groupId)
            if identity.device_group == convert.ON_DEMAND:
                continue
            if isinstance(row, sms.storage.replication.QueryReplicationGroupSuccessResult):
                groups[identity] = _details(row, identity)
            else:
                bare.append(identity)
    except transport.Unreadable:
        return None
    return Listed(groups, tuple(bare))


def _details(row: Any, identity: GroupId) -> Group:
    """The group that a row tells of. Another one's details would make this one look gone."""
    told = convert.group(row.rgInfo)
    if not convert.is_same(told.id, identity):
        raise transport.Unreadable("details of another group")
    return told


def _with_children(domains: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    waiting = list(domains)
    while waiting:
        domain = waiting.pop()
        flat.append(domain)
        waiting.extend(getattr(domain, "children", None) or ())
    return flat
