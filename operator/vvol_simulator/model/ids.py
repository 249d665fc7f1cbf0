"""Identities of replication groups, and how opaque ids are made."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class GroupId:
    """A replication group's identity: both ids are opaque strings, unique only together."""

    fault_domain: str
    device_group: str


def new_id() -> str:
    """An opaque id."""
    return str(uuid.uuid4())
