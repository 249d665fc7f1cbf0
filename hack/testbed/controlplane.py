"""A Kubernetes control plane on the loopback: real etcd and kube-apiserver, for the demo and the end-to-end tests.

RBAC is on, every request is in an audit log, and there is no controller manager: namespaces are never finally deleted,
owners' dependents are not collected, and service accounts are not made. Where a test needs the first two of these,
`ControlPlane.controllers` starts one for as long. All programs end when the starter does.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import dataclasses
import http.client
import json
import os
import random
import signal
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gobuild
import toolchain
from testbed import auditlog
from testbed.certificates import Authority, Pair, signing_key
from testbed.direct import Direct
from testbed.kubectl import Kubectl
from testbed.processes import Process
from testbed.waiting import eventually

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

START_TIMEOUT = 120.0
GRACE = 5.0
PORTS = range(16000, 32000)
WORKER_PORTS = 1000
READS = {"get", "list", "watch"}
COLLECT_LATER = {"GOGC": "off", "GOMEMLIMIT": "600MiB"}
"""etcd and kube-apiserver collect garbage when they have that much: a third less CPU for a start than by Go's rule."""

NOT_ADMITTING = (
    "ServiceAccount",  # without a controller manager no account is ever made
    "MutatingAdmissionPolicy",  # asks for the OpenAPI documents every second, and nobody here has such a policy
)
"""Admission plugins of kube-apiserver that are off."""


class ControlPlaneError(Exception):
    """The control plane did not come up; the message says which part, and the end of its log."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` different loopback ports that nobody listens on at this moment.

    Below those that systems give out by themselves (Linux from 32768, macOS from 49152), so that no connection and no
    server of another test gets one of them until it is listened on. Each worker of a test run has a range of its own.
    """
    found: set[int] = set()
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % (len(PORTS) // WORKER_PORTS)
    own = PORTS[worker * WORKER_PORTS : (worker + 1) * WORKER_PORTS]
    while len(found) < count:
        port = random.choice(own)  # noqa: S311 - no secret
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


def _kubeconfig(server: str, authority: bytes, client: Pair) -> str:
    """Return an admin kubeconfig; JSON, which is YAML too."""

    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    user = {"client-certificate-data": encoded(client.certificate), "client-key-data": encoded(client.key)}
    cluster = {"server": server, "certificate-authority-data": encoded(authority)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin", "namespace": "default"}}],
        "current-context": "local",
    }
    return json.dumps(document, indent=2)


def _answers(connection: http.client.HTTPConnection, path: str) -> str:
    """Return "200" or what else came back from ``path``; an unreachable server is an answer too."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    else:
        return str(answer.status)
    finally:
        connection.close()


def _until_ready(process: Process, connection: http.client.HTTPConnection, *paths: str) -> None:
    """Wait until each of ``paths`` answers 200; raises ControlPlaneError if the process ends or it takes too long."""
    for path in paths:

        def look(path: str = path) -> str:
            if process.exit_status is not None:
                raise ControlPlaneError(
                    f"{process.name} ended with {process.exit_status} while it was starting; its log ({process.log}) "
                    f"ends with:\n{process.last_lines()}"
                )
            return _answers(connection, path)

        try:
            eventually(look, what=path, until=lambda seen: seen == "200", timeout=START_TIMEOUT, every=0.02)
        except TimeoutError as error:
            raise ControlPlaneError(f"{process.name} did not become ready: {error}; see {process.log}") from None


@dataclasses.dataclass(frozen=True)
class ControlPlane:
    """A running control plane. ``directory`` holds its data, logs, keys and the kubeconfig."""

    directory: Path
    server: str
    kubeconfig: Path
    client: Kubectl
    processes: tuple[Process, ...]
    log: auditlog.AuditLog

    @classmethod
    @contextlib.contextmanager
    def start(cls, directory: Path, tools: Mapping[str, Path] | None = None) -> Iterator[ControlPlane]:
        """Start one in ``directory`` (made if need be, must be empty of an earlier one's data) and end it on leaving.

        ``tools``: paths of kube-apiserver, etcd and kubectl; the toolchain's if not given. Raises ControlPlaneError.
        """
        tools = toolchain.ensure() if tools is None else tools
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        etcd_port, api_port = free_ports(2)
        with contextlib.ExitStack() as running:
            environment = COLLECT_LATER | os.environ
            command = _etcd_command(tools["etcd"], directory, etcd_port)
            etcd = Process("etcd", command, directory, environment=environment, grace=GRACE)
            running.callback(auditlog.keep, directory / "audit.log")
            running.callback(etcd.end)
            tls, kubeconfig = _write_credentials(directory, f"https://127.0.0.1:{api_port}")
            _until_ready(etcd, http.client.HTTPConnection("127.0.0.1", etcd_port, timeout=5), "/health")
            command = _apiserver_command(tools["kube-apiserver"], directory, api_port, etcd_port)
            apiserver = Process("kube-apiserver", command, directory, environment=environment, grace=GRACE)
            running.callback(apiserver.end)
            connection = http.client.HTTPSConnection("127.0.0.1", api_port, timeout=5, context=tls)
            _until_ready(apiserver, connection, "/readyz", "/api/v1/namespaces/default")
            direct = Direct(f"https://127.0.0.1:{api_port}", directory)
            running.callback(direct.close)
            client = Kubectl(tools["kubectl"], kubeconfig, directory / "kubectl-cache", direct=direct)
            log = auditlog.AuditLog(directory / "audit.log")
            yield cls(directory, f"https://127.0.0.1:{api_port}", kubeconfig, client, (etcd, apiserver), log)

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the cluster's admin; with ``check``, a status other than 0 raises kubectl.KubectlError."""
        return self.client(*arguments, stdin=stdin, check=check)

    def install(self, crds: Path) -> None:
        """Apply the CRDs of a directory, and wait until they are served."""
        self.kubectl("apply", "--server-side", "-f", str(crds))
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")

    @contextlib.contextmanager
    def controllers(self, *names: str) -> Iterator[Process]:
        """Run kube-controller-manager (built when it is first asked for) with these controllers, until leaving."""
        program = toolchain.ensure(["kube-controller-manager"])["kube-controller-manager"]
        command = [
            str(program),
            f"--kubeconfig={self.kubeconfig}",
            f"--controllers={','.join(names)}",
            "--leader-elect=false",
            "--secure-port=0",
        ]
        process = Process("kube-controller-manager", command, self.directory, grace=GRACE)
        try:
            yield process
        finally:
            process.end()

    def audit(self) -> list[dict[str, Any]]:
        """Return every request answered so far, as audit.k8s.io/v1 Events, oldest first.

        Level Metadata; writes to the product's own objects, but for their status, are there with their bodies.
        The line of a request is written while its answer is sent: whoever counts waits for the line he expects.
        """
        return self.log.read()

    def writes(self, namespace: str, resource: str | None = None) -> list[dict[str, Any]]:
        """Return those of ``audit()`` that may have changed something in ``namespace``; all, or of one resource."""
        return [
            event
            for event in self.audit()
            if event["verb"] not in READS
            and event.get("objectRef", {}).get("namespace") == namespace
            and resource in {None, event["objectRef"]["resource"]}
        ]


def _etcd_command(program: Path, directory: Path, port: int) -> list[str]:
    here = f"http://127.0.0.1:{port}"
    return [
        str(program),
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={here}",
        f"--advertise-client-urls={here}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",  # the data is thrown away
        "--log-level=warn",
    ]


def _apiserver_command(program: Path, directory: Path, port: int, etcd_port: int) -> list[str]:
    return [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--client-ca-file={directory / 'ca.crt'}",
        f"--tls-cert-file={directory / 'server.crt'}",
        f"--tls-private-key-file={directory / 'server.key'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory / 'service-account.pub'}",
        f"--service-account-signing-key-file={directory / 'service-account.key'}",
        f"--disable-admission-plugins={','.join(NOT_ADMITTING)}",
        "--enable-priority-and-fairness=false",  # a quarter of its work while nothing happens, and of its start
        f"--audit-policy-file={directory / 'audit-policy.json'}",
        f"--audit-log-path={directory / 'audit.log'}",
        "--audit-log-maxsize=4096",  # MB; a rotated log would count wrong
        "--profiling=false",
    ]


def _write_credentials(directory: Path, server: str) -> tuple[ssl.SSLContext, Path]:
    """Write keys, certificates, audit policy and kubeconfig; return the admin's TLS context and the kubeconfig."""
    authority = Authority("local control plane")
    serving = authority.server("kube-apiserver", ["127.0.0.1", "localhost", "kubernetes.default.svc", "10.0.0.1"])
    admin = authority.client("admin", ["system:masters"])
    private, public = signing_key()
    kubeconfig = directory / "kubeconfig"
    files = {
        "ca.crt": authority.certificate,
        "server.crt": serving.certificate,
        "server.key": serving.key,
        "admin.pem": admin.certificate + admin.key,
        "service-account.key": private,
        "service-account.pub": public,
        "audit-policy.json": json.dumps(auditlog.policy()).encode(),
        kubeconfig.name: _kubeconfig(server, authority.certificate, admin).encode(),
    }
    for name, content in files.items():
        path = directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    tls = ssl.create_default_context(cadata=authority.certificate.decode())
    tls.load_cert_chain(directory / "admin.pem")
    return tls, kubeconfig


def main() -> int:
    """Run a control plane until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Run etcd and kube-apiserver on free loopback ports until Ctrl-C.")
    parser.add_argument("--directory", type=Path, help="where its files go; default: a temporary directory")
    given: Path | None = parser.parse_args().directory
    # Also SIGINT: whoever is started in the background by a shell is told to ignore it.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.default_int_handler)
    try:
        with contextlib.ExitStack() as stack:
            directory = given or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="control-plane-")))
            plane = stack.enter_context(ControlPlane.start(directory.absolute()))
            print(f"ready: {plane.server}\nexport KUBECONFIG={plane.kubeconfig}\nCtrl-C ends it", flush=True)
            for process in reversed(plane.processes):
                process.wait()
                print(f"{process.name} ended by itself; see {process.log}:\n{process.last_lines()}", file=sys.stderr)
                return 1
    except KeyboardInterrupt:
        return 0
    except (ControlPlaneError, gobuild.BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
