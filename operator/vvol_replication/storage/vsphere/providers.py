"""Which VASA provider to ask: found by fault domain, never by "the other vCenter".

What is known is kept for some minutes. A provider that says another one is active, or that is not there any more, is
looked up anew and the call is made once more: such an answer is a refusal, so that is safe for mutating calls too.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.storage import reasons

from . import convert
from .managers import ask_manager
from .session import Ended, Session
from .transport import Unreadable
from .vmomi import sms, vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

REPLICATION = "Replication"
_KEPT_FOR = 300.0


class Providers:
    """Fault domain id -> id of the provider that is active for it, at one vCenter."""

    def __init__(self, session: Session, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}

    def ask(self, fault_domain: str, question: Callable[[Any], T]) -> T:
        """Put a question to the provider of a fault domain, at most twice. Raises what `Session.call` raises."""
        provider, fresh = self._resolve(fault_domain)
        try:
            return question(sms.provider.VasaProvider(provider, self._session.stub))
        except sms.fault.InactiveProvider as fault:
            self.forget(fault_domain)
            self.learn_mapping(fault)
        except (vim.fault.NotFound, vmodl.fault.ManagedObjectNotFound):
            if fresh:
                raise
            self.forget(fault_domain)
        provider, _ = self._resolve(fault_domain)
        return question(sms.provider.VasaProvider(provider, self._session.stub))

    def learn(self, fault_domain: str, provider: str) -> None:
        """Remember who is active for a fault domain."""
        with self._lock:
            self._known[fault_domain] = (provider, self._clock() + _KEPT_FOR)

    def learn_mapping(self, fault: Any) -> None:
        """What an `InactiveProvider` says of who is active."""
        for mapping in fault.mapping or ():
            if mapping.activeProvider is None:
                continue
            for domain in mapping.faultDomainId or ():
                self.learn(str(domain.id), convert.moid(mapping.activeProvider))

    def learn_domains(self, domains: Iterable[Any]) -> None:
        """What `QueryFaultDomain` says of who is active."""
        for domain in domains:
            provider = getattr(domain, "provider", None)
            if provider is not None and domain.id:
                self.learn(str(domain.id), convert.moid(provider))

    def forget(self, fault_domain: str) -> None:
        """Look this one up again when it is needed next."""
        with self._lock:
            self._known.pop(fault_domain, None)

    def known(self, fault_domain: str) -> str | None:
        """The provider's id, while what is known is fresh."""
        with self._lock:
            provider, until = self._known.get(fault_domain, (None, 0.0))
            return provider if self._clock() < until else None

    def _resolve(self, fault_domain: str) -> tuple[str, bool]:
        """(provider id, whether it was looked up just now)."""
        provider = self.known(fault_domain)
        if provider is not None:
            return provider, False
        domains = answered(ask_manager(self._session, lambda manager: manager.QueryFaultDomain(None)))
        self.learn_domains(domains)
        provider = self.known(fault_domain) or self._by_asking(fault_domain)
        if provider is None:
            raise Ended(
                Unavailable(
                    reasons.NO_REPLICATION_PROVIDER,
                    f"vCenter {self._session.address} has no VASA provider for fault domain {fault_domain}; register"
                    " the array's provider there, or check which site the group is on",
                )
            )
        return provider, True

    def _by_asking(self, fault_domain: str) -> str | None:
        """For a vCenter that does not say who is active: the provider that lists groups of this fault domain."""
        for provider in answered(ask_manager(self._session, lambda manager: manager.QueryProvider())):
            try:
                info: Any = self._session.call(provider.QueryProviderInfo)
                if REPLICATION not in (getattr(info, "supportedProviderProfile", None) or ()):
                    continue
                rows = answered(self._session.call(partial(provider.QueryReplicationGroup, None)))
            except (vmodl.MethodFault, Unreadable):
                continue  # a sick provider says nothing of the others
            if any(convert.group_id(row.groupId).fault_domain == fault_domain for row in rows):
                provider_id = convert.moid(provider)
                self.learn(fault_domain, provider_id)
                return provider_id
        return None


def answered(rows: Any) -> list[Any]:
    """The rows of an answer. pyVmomi gives None for a body that is no answer at all, and an empty list for none."""
    if not isinstance(rows, list):
        raise Unreadable("no answer in it")
    return rows
