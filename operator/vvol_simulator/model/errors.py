"""Refusals of the model, as values: the wire side (REST, SOAP, control) turns them into its own shapes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """A fault of SMS or vSphere.

    `name` is the WSDL name (`SyncOngoing`, `InvalidReplicationState`, `InvalidFunctionTarget`, `NotFound`, …).
    `fields` are the fault's own fields in WSDL spelling, with model values: a task is its MoId, a state its string,
    `InactiveProvider.mapping` a list of `{"activeProvider": <provider MoId>, "faultDomainId": [<id>, …]}`.
    """

    name: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class SmsFaultError(Exception):
    """A fault thrown by the call itself (not one inside a task or a group's result)."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.name}: {fault.message}")
        self.fault = fault


class ArrayError(Exception):
    """A logical refusal of a FlashArray (REST: status 400).

    `context` is the object's name as the caller wrote it (docs/facts/flasharray.md#errors).
    """

    def __init__(self, message: str, context: str = "") -> None:
        super().__init__(f"{context}: {message}" if context else message)
        self.message = message
        self.context = context


class ArrayLoginError(Exception):
    """The API token or password is not known to this array."""


class WorldError(Exception):
    """A person asked the world for something that is not there or makes no sense (control interface, topology)."""
