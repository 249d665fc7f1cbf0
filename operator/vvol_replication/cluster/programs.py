"""Logins of a kubeconfig that something has to be run or asked for: login programs (exec) and providers.

That is what the `kubernetes` library is for. It is an extra, and loaded here only: it takes as long to load as all of
the operator's own code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .settings import KubeconfigError, Pem

_CONTENT = re.compile(r"/?\{.*\}")
"""What the library shows of a file in its messages: whole entries, with the secrets in them."""


class LibraryLogin:
    """The login of this context's user, obtained by the library, which also runs it again when it has expired.

    Parameters:
        paths: of the kubeconfig, as in KUBECONFIG. What a provider exchanges is written back there.
        context: whose user is meant.

    Raises:
        KubeconfigError: if it fails, or the library is not there.
    """

    def __init__(self, paths: str, context: str) -> None:
        try:
            from kubernetes import client  # noqa: PLC0415 - only who has such a login waits for it
            from kubernetes.config import ConfigException, kube_config  # noqa: PLC0415 - as above
        except ModuleNotFoundError:
            raise KubeconfigError(
                "the kubeconfig's user has a login program or provider (exec, auth-provider), for which the Python "
                "package kubernetes is needed. Install vvol-replication[login-programs], or use a token"
            ) from None
        # The library has no annotations here.
        merger: Callable[[str], Any] = kube_config.KubeConfigMerger
        loader: Callable[..., Any] = kube_config.KubeConfigLoader
        self._settings: Any = client.Configuration()
        self._settings.proxy = None  # the environment's
        self._failure: type[Exception] = ConfigException
        try:
            files = merger(paths)
            loader(
                config_dict=files.config,
                config_base_path=None,
                config_persister=files.save_changes,
                active_context=context,
            ).load_and_set(self._settings)
        except ConfigException as error:
            raise _told(error) from None

    def credentials(self) -> tuple[str | None, Pem | None, Pem | None]:
        """What stands in the header Authorization, the client's certificate, and its key.

        The library looks here whether what it was given has expired, and asks for it again.

        Raises:
            KubeconfigError: if that fails.
        """
        try:
            token = self._settings.get_api_key_with_prefix("BearerToken")
        except self._failure as error:
            raise _told(error) from None
        return (token.strip() if token else None), _pem(self._settings.cert_file), _pem(self._settings.key_file)


def _told(error: Exception) -> KubeconfigError:
    return KubeconfigError(f"the kubeconfig's login failed: {_CONTENT.sub('', str(error))}")


def _pem(file: str | None) -> Pem | None:
    return Pem(Path(file).read_bytes(), file) if file else None
