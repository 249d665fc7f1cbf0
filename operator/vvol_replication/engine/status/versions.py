"""The order of what the API server shows of one object."""

from __future__ import annotations


def older(version: str | None, known: str | None) -> bool:
    """ResourceVersions of one object grow; since Kubernetes 1.35 they may be compared as numbers."""
    if version is None or known is None or not (version.isdigit() and known.isdigit()):
        return False
    return int(version) < int(known)
