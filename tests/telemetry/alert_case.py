"""One situation that an alert is judged in, and promtool's words for it. A value is for each minute from 1970 on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitoring.alerts.alert import RUNBOOKS, Alert


@dataclass(frozen=True)
class Case:
    """One situation.

    Parameters:
        alert: the one that is judged.
        situation: in words; the name of the test.
        series: the values of each series, in promtool's notation: `1x5 stale _x2 0x9`. `stale`: what was scraped is no
            longer there.
        at: when it is judged, in minutes.
        fires: the labels of the one alert that is firing then; None: it does not fire.
        value: what its texts say for the value.
    """

    alert: Alert
    situation: str
    series: dict[str, str]
    at: int
    fires: dict[str, str] | None = None
    value: str = ""

    def _rendered(self, text: str) -> str:
        for label, word in (self.fires or {}).items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", word)
        return re.sub(r"\{\{ \$value[^}]*\}\}", self.value, text)

    def _expected(self) -> list[dict[str, Any]]:
        if self.fires is None:
            return []
        texts = {
            "summary": self._rendered(self.alert.summary),
            "description": self._rendered(self.alert.description),
            "runbook_url": f"{RUNBOOKS}#{self.alert.anchor}",
        }
        labels = {**self.fires, "severity": str(self.alert.severity)}
        return [{"exp_labels": labels, "exp_annotations": texts}]

    def test(self) -> dict[str, Any]:
        """It as one test of `promtool test rules`."""
        judged = {"eval_time": f"{self.at}m", "alertname": self.alert.name, "exp_alerts": self._expected()}
        series = [{"series": name, "values": values} for name, values in self.series.items()]
        return {"name": self.situation, "interval": "1m", "input_series": series, "alert_rule_test": [judged]}
