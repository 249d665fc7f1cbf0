"""What the operator is told when it is started."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from vvol_replication.api.endpoint import HIGHEST_PORT
from vvol_replication.api.reading import DNS_LABEL


@dataclass(frozen=True, slots=True)
class Configuration:
    """`namespaces` empty means all; `http_port` None means no probes."""

    operator_namespace: str
    namespaces: tuple[str, ...]
    http_host: str
    http_port: int | None
    log_format: str
    kubeconfig: str | None


def _is_namespace(text: str) -> bool:
    return len(text) <= DNS_LABEL.max_length and re.fullmatch(DNS_LABEL.pattern, text) is not None


def _namespace(text: str) -> str:
    if not _is_namespace(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace's name")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 (a free one) to {HIGHEST_PORT}")
    return int(text)


def read_configuration(arguments: Sequence[str] | None = None) -> Configuration:
    """Read the command line. Exits with a message where it says too little."""
    parser = argparse.ArgumentParser(
        prog="vvol-replication", description="Kubernetes operator: named, proven points in time of replicated vVols."
    )
    parser.add_argument(
        "--operator-namespace",
        default=os.environ.get("OPERATOR_NAMESPACE"),
        help="where the Secrets are that VCenter and FlashArray objects name (environment: OPERATOR_NAMESPACE)",
    )
    parser.add_argument(
        "--namespace",
        action="append",
        default=[],
        type=_namespace,
        help="act here only; repeatable; default: everywhere",
    )
    parser.add_argument("--http-host", default="", help="address for the probes; default: all")
    parser.add_argument("--http-port", type=_port, help="port for /livez and /readyz; default: none")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    parser.add_argument("--kubeconfig", help="default: the pod's service account, else the environment's kubeconfig")
    found = parser.parse_args(arguments)
    if not found.operator_namespace:
        parser.error("--operator-namespace (or OPERATOR_NAMESPACE) is required: it is where Secrets are read from")
    if not _is_namespace(found.operator_namespace):
        parser.error(
            f"{found.operator_namespace!r} (--operator-namespace or OPERATOR_NAMESPACE) is no namespace's name"
        )
    return Configuration(
        operator_namespace=found.operator_namespace,
        namespaces=tuple(dict.fromkeys(found.namespace)),
        http_host=found.http_host,
        http_port=found.http_port,
        log_format=found.log_format,
        kubeconfig=found.kubeconfig,
    )
