"""vCenter through pyVmomi: the one place that imports it."""

from __future__ import annotations

from .adapter import VCenter
from .connection import Timeouts

__all__ = ["Timeouts", "VCenter"]
