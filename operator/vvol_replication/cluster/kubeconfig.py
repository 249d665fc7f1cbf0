"""A kubeconfig: read by the `kubernetes` library. What neither it nor we honour is refused, in words.

The library leaves out in silence what it does not know, and a login that fails: the operator would then work as
somebody else, or as nobody.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client
from kubernetes.config import ConfigException, kube_config

# The library has no annotations here.
_merger: Callable[[str], Any] = kube_config.KubeConfigMerger
_loader: Callable[..., Any] = kube_config.KubeConfigLoader

_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")
_PROVIDERS = ("gcp", "oidc")
_LOGINS = ("auth-provider", "exec", "token", "tokenFile", "client-certificate", "client-certificate-data", "username")
_CONTENT = re.compile(r"/?\{.*\}")
"""What the library shows of a file in its messages: whole entries, with the secrets in them."""


class KubeconfigError(ConfigException):
    """The kubeconfig is there and cannot be used; the message says why, and what to do."""


class Kubeconfig:
    """One reading of the kubeconfig, and of the names of all files that it stands on.

    Parameters:
        path: as in KUBECONFIG, where there may be several with a colon between them; None: that variable's, else
            kubectl's own file.

    Raises:
        kubernetes.config.ConfigException: if there is none.
        KubeconfigError: if it cannot be read, or asks for what is not supported.
    """

    def __init__(self, path: str | None) -> None:
        self._paths = path or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
        self.contents = contents_of(str(Path(one).expanduser()) for one in self._paths.split(os.pathsep) if one)
        """What the files held before they were read: whoever finds something else there reads again."""
        with self._told():
            merger = _merger(self._paths)
            if merger.config is None:
                raise ConfigException(f"there is no kubeconfig at {self._paths}")
            self._loader = _loader(
                config_dict=merger.config,
                config_base_path=None,
                config_persister=merger.save_changes,
                active_context=_current_context(merger.config_files),
            )
            self._cluster, self._user = _entries(merger.config, self._loader.current_context)
            self.contents |= contents_of(self._named())

    def load(self, settings: client.Configuration) -> None:
        """Log in, and write address, TLS and login into the settings.

        Raises:
            KubeconfigError: if it asks for what is not supported, or the login fails.
        """
        settings.proxy = None  # the library takes the environment's, which no client of ours goes by
        with self._told():
            self._refuse_what_is_not_supported()
            self._loader.load_and_set(settings)
        asked = [key for key in _LOGINS if self._user.get(key)]
        if asked and not (_has_token(settings) or settings.cert_file):
            how = "its login program gave" if "exec" in asked else f"its {' and '.join(asked)} gave"
            raise KubeconfigError(
                f"the kubeconfig's user cannot log in: {how} neither a token nor a certificate. Try kubectl with it"
            )

    def _refuse_what_is_not_supported(self) -> None:
        server = str(self._cluster.get("server") or "")
        if urlsplit(server).scheme not in {"https", "http"} or not urlsplit(server).hostname:
            raise KubeconfigError("the kubeconfig's cluster has no server that begins with https://. Add one")
        proxy = str(self._cluster.get("proxy-url") or "")
        if proxy and urlsplit(proxy).scheme != "http":
            raise KubeconfigError(
                "the kubeconfig's proxy-url is not supported: only http:// proxies are. Change it, or remove it"
            )
        asked = [key for key in _IMPERSONATION if self._user.get(key)]
        if asked:
            raise KubeconfigError(
                f"the kubeconfig's user impersonates another one ({', '.join(asked)}), which is not supported. "
                "Use a user that has the operator's rights itself"
            )
        provider = self._user.get("auth-provider")
        name = provider.get("name") if isinstance(provider, Mapping) else None
        if provider and name not in _PROVIDERS:
            raise KubeconfigError(
                f"the kubeconfig's auth-provider is not supported (only {' and '.join(_PROVIDERS)} are). "
                "Use a login program (exec), a token or a certificate"
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What comes of reading it is told as what it is, without what is in it."""
        try:
            yield
        except KubeconfigError:
            raise
        except ConfigException as error:
            raise ConfigException(_CONTENT.sub("", str(error))) from None
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else type(error).__name__
            raise KubeconfigError(
                f"the kubeconfig {self._paths} is, or names, a file that cannot be read: {error.filename} ({why})"
            ) from None
        except Exception as error:  # noqa: BLE001 - the library checks little of what it reads
            mark = getattr(error, "problem_mark", None)  # of its YAML reader
            what = f"not YAML (line {mark.line + 1})" if mark else f"not a kubeconfig ({type(error).__name__})"
            raise KubeconfigError(f"the kubeconfig {self._paths} is {what}") from None

    def _named(self) -> Iterator[str]:
        cluster, user = self._loader._cluster, self._loader._user  # noqa: SLF001 - which files they are from
        for entry, node, keys in (
            (self._cluster, cluster, ("certificate-authority",)),
            (self._user, cluster, ("client-certificate", "client-key")),  # as the library does
            (self._user, user, ("tokenFile",)),
        ):
            for key in keys:
                if entry.get(key):
                    yield str(Path(node.path).absolute().parent / str(entry[key]))


def contents_of(files: Iterable[str]) -> dict[str, bytes | None]:
    """What these files hold; None for one that cannot be read."""
    found: dict[str, bytes | None] = {}
    for file in files:
        try:
            found[file] = Path(file).read_bytes()
        except OSError:
            found[file] = None
    return found


def _has_token(settings: client.Configuration) -> bool:
    return bool(settings.api_key.get("authorization") or settings.api_key.get("BearerToken"))


def _current_context(files: Mapping[str, Any]) -> str | None:
    """The first file that names one decides, as for kubectl; the library takes the last one's."""
    named = (content.get("current-context") for content in files.values())
    return next((str(one) for one in named if one), None)


def _entries(merged: Any, context: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The cluster and the user of this context; no user is an empty one."""
    asked = context["context"]
    cluster = merged["clusters"].get_with_name(asked["cluster"]).value.get("cluster") or {}
    user = merged["users"].get_with_name(asked["user"], safe=True) if asked.get("user") else None
    return cluster, (user.value.get("user") if user is not None else None) or {}
