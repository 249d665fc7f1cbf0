"""What the command line and the environment say when the operator is started."""

from __future__ import annotations

import argparse
import os
import re
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import metadata

from vvol_replication.api.durations import parse_duration
from vvol_replication.api.endpoint import HIGHEST_PORT
from vvol_replication.api.errors import SpecError
from vvol_replication.api.reading import DNS_LABEL, DNS_SUBDOMAIN
from vvol_replication.cluster.election import Timing

LEASE_NAME = "vvol-replication"
LOG_LEVELS = ("debug", "info", "warning", "error")


def version() -> str:
    """The version of this program, as it was installed; "unknown" where it was not."""
    try:
        return metadata.version("vvol-replication")
    except metadata.PackageNotFoundError:
        return "unknown"


class Job(Enum):
    """What this process is for."""

    OPERATE = "operate"
    CHECK = "check"
    RELEASE_FINALIZERS = "release-finalizers"


@dataclass(frozen=True, slots=True)
class Election:
    """The Lease by which one of several replicas is chosen, and what this one calls itself in it.

    `holder` is what it signs intents with: a container that is started again in its pod is the same holder, because
    the process before it is dead for certain.
    """

    namespace: str
    name: str
    identity: str
    holder: str
    timing: Timing


@dataclass(frozen=True, slots=True)
class Configuration:
    """`namespaces` empty means all; `http_port` None means no probes; `election` None: there is one replica only.

    With `metrics_port`, metrics are there, protected; without it on `http_port`, plain. `metrics_cert_path` None: the
    certificate is made at start.
    """

    operator_namespace: str
    namespaces: tuple[str, ...]
    http_host: str
    http_port: int | None
    log_format: str
    kubeconfig: str | None
    election: Election | None = None
    job: Job = Job.OPERATE
    log_level: str = "info"
    metrics: bool = True
    require_allowed_addresses: bool = False
    metrics_port: int | None = None
    metrics_cert_path: str | None = None
    tracing: bool = False


def _is_namespace(text: str) -> bool:
    return len(text) <= DNS_LABEL.max_length and re.fullmatch(DNS_LABEL.pattern, text) is not None


def _namespace(text: str) -> str:
    if not _is_namespace(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a namespace's name")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a port: give a number from 0 (a free port) to {HIGHEST_PORT}"
        )
    return int(text)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except SpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _lease_name(text: str) -> str:
    if len(text) > DNS_SUBDOMAIN.max_length or not re.fullmatch(DNS_SUBDOMAIN.pattern, text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a Lease's name")
    return text


def _add_election(parser: argparse.ArgumentParser) -> None:
    """The names are those of Kubernetes' own components."""
    usual = Timing()
    parser.add_argument(
        "--leader-elect",
        action="store_true",
        help="act only while this replica holds a Lease; needed for two or more replicas and for rolling updates",
    )
    parser.add_argument("--leader-elect-resource-name", default=LEASE_NAME, type=_lease_name, metavar="NAME",
        help=f"name of the Lease; default: {LEASE_NAME}")  # fmt: skip
    parser.add_argument(
        "--leader-elect-resource-namespace", default=os.environ.get("POD_NAMESPACE"), metavar="NAMESPACE",
        help="namespace of the Lease (environment: POD_NAMESPACE); default: the operator's namespace")  # fmt: skip
    for option, value, what in (
        ("lease-duration", usual.duration, "how long other replicas wait for a renewal before one takes over"),
        ("renew-deadline", usual.renew_deadline, "how long the leader acts after its last renewal; then it ends"),
        ("retry-period", usual.retry, "time between two renewals, or between two checks of another replica's Lease"),
    ):
        parser.add_argument(
            f"--leader-elect-{option}", default=value, type=_seconds, metavar="DURATION",
            help=f"{what}; default: {value:g}s",
        )  # fmt: skip


def _election(parser: argparse.ArgumentParser, found: argparse.Namespace) -> Election | None:
    if not found.leader_elect:
        return None
    namespace = found.leader_elect_resource_namespace or found.operator_namespace
    if not _is_namespace(namespace):
        parser.error(f"{namespace!r} (--leader-elect-resource-namespace or POD_NAMESPACE) is not a namespace's name")
    try:
        timing = Timing(
            found.leader_elect_lease_duration, found.leader_elect_renew_deadline, found.leader_elect_retry_period
        )
    except ValueError as error:
        parser.error(f"--leader-elect-...: {error}")
    pod = os.environ.get("POD_NAME")
    identity = f"{pod or socket.gethostname()}_{uuid.uuid4()}"
    return Election(namespace, found.leader_elect_resource_name, identity, pod or identity, timing)


def read_configuration(arguments: Sequence[str] | None = None) -> Configuration:
    """Read the command line. Exits with a message where it says too little."""
    parser = argparse.ArgumentParser(
        prog="vvol-replication", description="Kubernetes operator: named, proven points in time of replicated vVols."
    )
    parser.add_argument(
        "--operator-namespace",
        default=os.environ.get("OPERATOR_NAMESPACE"),
        help="namespace of the Secrets that VCenter and FlashArray objects name (environment: OPERATOR_NAMESPACE)",
    )
    parser.add_argument(
        "--namespace",
        action="append",
        default=[],
        type=_namespace,
        help="act in this namespace only; may be given several times; default: all namespaces",
    )
    parser.add_argument(
        "--require-allowed-addresses",
        action="store_true",
        help="use a Secret only if it has the key allowedAddresses, and send it to no other address",
    )
    parser.add_argument("--http-host", default="", help="address for probes and metrics; default: all addresses")
    parser.add_argument("--http-port", type=_port, help="port for /livez, /readyz and /metrics; default: none")
    parser.add_argument(
        "--metrics-port",
        type=_port,
        help="port for /metrics over TLS, only for accounts that the API server allows to get /metrics. Then it is not "
        "on --http-port; default: none",
    )
    parser.add_argument(
        "--metrics-cert-path",
        metavar="DIRECTORY",
        help="where tls.crt and tls.key for --metrics-port are; they are read again when they change; default: a "
        "self-signed certificate is made at each start",
    )
    parser.add_argument(
        "--tracing",
        action="store_true",
        help="send a trace of each request that has ended, by OpenTelemetry: OTEL_EXPORTER_OTLP_ENDPOINT and its other "
        "variables say where to",
    )
    # What metrics cost is measured against an operator without them (tests/bench/scrape.py).
    parser.add_argument("--without-metrics", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="form of the log; default: text")
    parser.add_argument(
        "--log-level",
        choices=LOG_LEVELS,
        default="info",
        help="lowest level that is logged; default: info",
    )
    parser.add_argument("--version", action="version", version=f"{parser.prog} {version()}")
    parser.add_argument(
        "--kubeconfig",
        help="path of a kubeconfig; default: the pod's service account, otherwise the environment's kubeconfig",
    )
    jobs = parser.add_mutually_exclusive_group()
    for job, what in (
        (Job.CHECK, "check that CRDs, permissions and a working replica are there; exit code 1 if not"),
        (
            Job.RELEASE_FINALIZERS,
            "remove its finalizer from all objects; for uninstalling, after the operator has ended",
        ),
    ):
        jobs.add_argument(f"--{job.value}", dest="job", action="store_const", const=job, help=f"do not operate: {what}")
    parser.set_defaults(job=Job.OPERATE)
    _add_election(parser)
    found = parser.parse_args(arguments)
    if not found.operator_namespace:
        parser.error("--operator-namespace (or OPERATOR_NAMESPACE) is required: Secrets are read from it")
    if not _is_namespace(found.operator_namespace):
        parser.error(
            f"{found.operator_namespace!r} (--operator-namespace or OPERATOR_NAMESPACE) is not a namespace's name"
        )
    if found.metrics_cert_path is not None and found.metrics_port is None:
        parser.error("--metrics-cert-path is for --metrics-port, which is not given")
    return Configuration(
        operator_namespace=found.operator_namespace,
        namespaces=tuple(dict.fromkeys(found.namespace)),
        http_host=found.http_host,
        http_port=found.http_port,
        log_format=found.log_format,
        kubeconfig=found.kubeconfig,
        election=_election(parser, found),
        job=found.job,
        log_level=found.log_level,
        metrics=not found.without_metrics,
        require_allowed_addresses=found.require_allowed_addresses,
        metrics_port=found.metrics_port,
        metrics_cert_path=found.metrics_cert_path,
        tracing=found.tracing,
    )
