"""Numbers as Grafana shows them, by the unit of a panel."""

from __future__ import annotations

_TIMES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def shown(value: float, unit: str) -> str:
    """A number with its unit; three digits of it."""
    if unit == "s":
        return _scaled(value, _TIMES) or (f"{value * 1000:.3g} ms" if 0 < abs(value) < 1 else f"{value:.3g} s")
    if unit == "bytes":
        return _scaled(value, _SIZES) or f"{value:.3g} B"
    if unit == "percentunit":
        return f"{100 * value:.3g}%"
    suffix = {"cps": "/s", "wps": "/s", "ops": "/s", "short": ""}[unit]
    return f"{value:.3g}{suffix}"


def _scaled(value: float, scales: tuple[tuple[float, str], ...]) -> str:
    return next((f"{value / size:.3g} {name}" for size, name in scales if abs(value) >= size), "")
