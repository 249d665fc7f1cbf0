"""A port whose messages never repeat a secret, whatever an endpoint, or a proxy before it, echoes (invariant 13).

Secrets are the credentials that the port was made with, and the session ids that it was given since (`whispers`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from vvol_replication.domain.arrays import AlreadyThere
from vvol_replication.domain.groups import Inventory
from vvol_replication.domain.members import Membership
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import TaskReading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from vvol_replication.domain.ports import ArrayPort, VCenterPort


def discreet_vcenter(port: VCenterPort, *secrets: str) -> VCenterPort:
    """The same port, silent about these."""
    return cast("VCenterPort", _Discreet(port, secrets))


def discreet_array(port: ArrayPort, *secrets: str) -> ArrayPort:
    """The same port, silent about these."""
    return cast("ArrayPort", _Discreet(port, secrets))


class _Discreet:
    """Passes every method on, and looks through what comes back."""

    def __init__(self, port: object, secrets: tuple[str, ...]) -> None:
        self._port = port
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            return self._looked_through(await method(*arguments, **named))

        return call

    def _looked_through(self, outcome: Any) -> Any:
        if isinstance(outcome, Refused | Unavailable | Indeterminate):
            return replace(outcome, message=self._blackened(outcome.message))
        if not isinstance(outcome, Done):
            return outcome
        match outcome.value:
            case Inventory() | Membership() as value:
                return Done(replace(value, problems=tuple(map(self._blackened, value.problems))))
            case TaskReading(message=str(message)) | AlreadyThere(message=message) as value:
                return Done(replace(value, message=self._blackened(message)))
        return outcome

    def _blackened(self, text: str) -> str:
        whispers: Iterable[str] = getattr(self._port, "whispers", ())
        for secret in sorted((*self._secrets, *whispers), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text
