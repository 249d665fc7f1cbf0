"""The service account of the pod: two files that the kubelet keeps up to date, and two variables.

Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

from __future__ import annotations

import os
from pathlib import Path

from .settings import NoApiServerError, Settings

TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - where it lies
CA_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


class PodAccount:
    """One reading of it.

    Raises:
        NoApiServerError: if this is no pod, or one without such an account.
        OSError: if a file is there and cannot be read.
    """

    def __init__(self) -> None:
        host, port = (os.environ.get(f"KUBERNETES_SERVICE_{one}") for one in ("HOST", "PORT"))
        if not (host and port):
            raise NoApiServerError("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
        token, ca = _content(TOKEN_FILE), _content(CA_FILE)
        self.contents: dict[str, bytes | None] = {TOKEN_FILE: token, CA_FILE: ca}
        """What its files hold."""
        text = (token or b"").decode(errors="replace").strip()
        if not (text and ca):
            missing = CA_FILE if text else TOKEN_FILE
            raise NoApiServerError(f"the pod's service account has nothing in {missing}")
        where = f"[{host}]" if ":" in host else host
        self._settings = Settings(f"https://{where}:{port}", f"Bearer {text}", ca)

    def settings(self) -> Settings:
        """What was read."""
        return self._settings


def _content(file: str) -> bytes | None:
    return Path(file).read_bytes() if Path(file).is_file() else None
