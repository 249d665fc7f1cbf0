"""What a request has to know of others: its group, who has the same request id, what is armed and prepared there."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.engine.news import GroupKey
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.claims import Claim
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.promises import THE_REQUEST

from .claims import ClaimKey
from .context import EngineContext


def binding_of(context: EngineContext, group: GroupKey, *, arrays_alone: bool = False) -> Binding | Unbound:
    """What a ReplicationGroup stands for now. `arrays_alone`: as read last is enough, while no vCenter answers."""
    found = context.registry.groups.get(group)
    if found is not None:
        return found.remembered if arrays_alone else found.bound
    namespace, name = group
    return Unbound(
        Reason.GROUP_NOT_FOUND,
        f"There is no ReplicationGroup {name!r} in namespace {namespace!r}. Create it.{THE_REQUEST}",
    )


def claims_on(context: EngineContext, key: ClaimKey) -> list[Claim]:
    """All claims on a request id. Two ReplicationGroups may be one group: those that have not acted say which it is."""
    return [_with_bound(context, key[1], claim) for claim in context.claims.on(key)]


def _with_bound(context: EngineContext, namespace: str, claim: Claim) -> Claim:
    bound = binding_of(context, (namespace, claim.group)) if claim.resolved is None else None
    return replace(claim, bound=bound.resolved) if isinstance(bound, Binding) else claim


def armed_by_another(context: EngineContext, uid: str, resolved: Resolved | None) -> ArmedSync | None:
    """A sync that another request than this one left armed at the target."""
    armed = context.registry.armed.at(resolved.target_group) if resolved is not None else None
    return None if armed is None or armed.uid == uid else armed


def preparation_at(context: EngineContext, resolved: Resolved | None) -> Prepared | None:
    """What is remembered of a preparation of the source group."""
    return context.registry.preparation_at(resolved.source_group) if resolved is not None else None
