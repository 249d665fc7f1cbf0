"""A FlashArray's management interface: one TLS port per array, REST families side by side over the same model."""

from .app import CALLS, PUSHES

__all__ = ["CALLS", "PUSHES"]
