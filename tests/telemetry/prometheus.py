"""A real Prometheus server that scrapes the real operator every second, with the alerts that are shipped."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import yaml

from testbed.controlplane import free_ports
from testbed.processes import Process
from testbed.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.protected import ProtectedRig

JOB, HOME = "vvol-replication", "vvol-replication-system"


@dataclass(frozen=True)
class Series:
    """One series of an answer: its labels, and its value at each time; one time for an instant query."""

    labels: dict[str, str]
    values: tuple[tuple[float, float], ...]


class Prometheus:
    """It scrapes as docs/metrics.md says: over TLS, verified, with the token of a reader. It ends with its block."""

    def __init__(self, program: Path, directory: Path, rig: ProtectedRig, port: int, rules: Path) -> None:
        """Start it. `port`: of the operator's metrics."""
        ca, token, (own,) = directory / "ca.crt", directory / "token", free_ports(1)
        ca.write_bytes(rig.authority)
        token.write_text(rig.token(rig.account(reader=True)), "utf-8")
        labels = {"namespace": HOME, "job": JOB}  # as Prometheus' operator sets them
        job = {
            "job_name": JOB,
            "honor_labels": True,
            "scheme": "https",
            "authorization": {"credentials_file": str(token)},
            "tls_config": {"ca_file": str(ca)},
            "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": labels}],
        }
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [job],
        }
        (directory / "prometheus.yaml").write_text(yaml.safe_dump(config), "utf-8")
        self._url = f"http://127.0.0.1:{own}/api/v1"
        self._process = Process(
            "prometheus",
            [
                str(program),
                f"--config.file={directory / 'prometheus.yaml'}",
                f"--storage.tsdb.path={directory / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{own}",
            ],
            directory,
        )

    def __enter__(self) -> Self:
        """Wait until it has scraped."""
        eventually(self._scraped, what="Prometheus to scrape the operator")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.end()

    def _scraped(self) -> bool:
        assert self._process.exit_status is None, self._process.last_lines()
        try:
            return [one.values[-1][1] for one in self.query("up")] == [1]
        except OSError:
            return False

    def _get(self, what: str, **arguments: str) -> Any:
        url = f"{self._url}/{what}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
            said = json.load(answer)
        assert said["status"] == "success", said
        return said["data"]

    def query(self, expr: str) -> list[Series]:
        """What an expression is now. An error of PromQL is an HTTPError."""
        result = self._get("query", query=expr)["result"]
        return [Series(one["metric"], ((one["value"][0], float(one["value"][1])),)) for one in result]

    def query_range(self, expr: str, start: float, end: float, *, steps: int) -> list[Series]:
        """What it was between two times, at so many of them."""
        step = f"{(end - start) / steps:.3f}"
        found = self._get("query_range", query=expr, start=f"{start:.3f}", end=f"{end:.3f}", step=step)["result"]
        return [Series(one["metric"], tuple((at, float(value)) for at, value in one["values"])) for one in found]

    def values_of(self, label: str, selector: str) -> set[str]:
        """The values that a label has in the series of a selector, as Grafana's variables ask."""
        return set(self._get(f"label/{label}/values", **{"match[]": selector}))

    def targets(self) -> list[dict[str, Any]]:
        """What it scrapes, and how."""
        found: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return found

    def rules(self) -> dict[str, dict[str, Any]]:
        """Each alerting rule by its name, as it was last evaluated."""
        groups = self._get("rules", type="alert")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}
