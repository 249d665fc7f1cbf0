"""A port whose messages never repeat the credentials, whatever an endpoint, or a proxy before it, echoes (rule 13)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from vvol_replication.domain.groups import Inventory
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
        if isinstance(outcome, Done) and isinstance(outcome.value, Inventory):
            problems = tuple(map(self._blackened, outcome.value.problems))
            return Done(replace(outcome.value, problems=problems))
        return outcome

    def _blackened(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
