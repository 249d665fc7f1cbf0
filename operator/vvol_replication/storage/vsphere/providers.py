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
from .registered import RegisteredProviders, trouble_line
from .session import Ended, Session
from .transport import DROPPED, NotSent, answered
from .vmomi import sms, vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

_KEPT_FOR = 300.0


class Providers:
    """Fault domain id -> id of the provider that is active for it, at one vCenter."""

    def __init__(self, session: Session, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}
        self.registered = RegisteredProviders(session, clock=clock)

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
        return provider, True

    def _by_asking(self, fault_domain: str) -> str:
        """For a vCenter that does not say who is active: the provider that lists groups of this fault domain."""
        survey = self.registered.survey(self.registered.listed(), {})
        silent = list(survey.problems)
        for provider in survey.serving:
            managed = sms.provider.VasaProvider(provider.moid, self._session.stub)
            try:
                rows = answered(self._session.call(partial(managed.QueryReplicationGroup, None)))
                found = any(convert.group_id(row.groupId).fault_domain == fault_domain for row in rows)
            except sms.fault.InactiveProvider as fault:
                self.learn_mapping(fault)
                active = self.known(fault_domain)
                if active is not None:
                    return active
                continue
            except (Ended, NotSent, *DROPPED):
                raise
            except Exception as error:  # noqa: BLE001 - whatever breaks here, a sick provider says nothing of the others
                about = f"VASA provider {self._session.redactor.quoted(provider.name)}"
                problem = trouble_line(self._session, error, "QueryReplicationGroup")
                silent.append(f"{about}: {problem}")
                continue
            if found:
                self.learn(fault_domain, provider.moid)
                return provider.moid
        raise self._nobody(fault_domain, [*silent, *([survey.unknown] if survey.unknown else [])])

    def _nobody(self, fault_domain: str, silent: list[str]) -> Ended:
        if not silent:
            message = (
                f"vCenter {self._session.address} has no VASA provider for fault domain {fault_domain}. Register the"
                " array's provider there, or check which site the group is on."
            )
            return Ended(Unavailable(reasons.NO_REPLICATION_PROVIDER, message))
        problem = " ".join(silent)
        message = (
            f"vCenter {self._session.address} names no VASA provider for fault domain {fault_domain}, and not all"
            f" could be asked. {problem}"
        )
        return Ended(Unavailable(reasons.PROVIDER_UNAVAILABLE, message))
