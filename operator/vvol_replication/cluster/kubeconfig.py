"""A kubeconfig, read as kubectl reads it. What is not supported is refused, in words.

Tokens, passwords, certificates and CAs are read here. Who logs in by a program or a provider does it by the
`kubernetes` library (`programs.py`), which leaves out in silence what it does not know, and a login that fails: the
operator would then work as somebody else, or as nobody.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from .programs import LibraryLogin
from .settings import KubeconfigError, NoApiServerError, Pem, Settings

_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")
_PROVIDERS = ("gcp", "oidc")
_LOGINS = ("auth-provider", "exec", "token", "tokenFile", "client-certificate", "client-certificate-data", "username")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A cluster, user or context, and the file that it stands in: names of files are relative to that."""

    file: str
    values: Mapping[str, Any]

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def path(self, key: str) -> str | None:
        name = self.values.get(key)
        return str(Path(self.file).absolute().parent / str(name)) if name else None


class Kubeconfig:
    """One reading of the kubeconfig, and of all files that it names.

    Parameters:
        path: as in KUBECONFIG, where there may be several with a colon between them; None: that variable's, else
            kubectl's own file.

    Raises:
        NoApiServerError: if there is none.
        KubeconfigError: if it cannot be read, or asks for what is not supported, or its login fails.
    """

    def __init__(self, path: str | None) -> None:
        self._paths = path or os.environ.get("KUBECONFIG") or "~/.kube/config"
        self.contents: dict[str, bytes | None] = {}
        """What the files held: whoever finds something else there reads again."""
        with self._told():
            documents = self._documents()
            context = _current_context(documents)
            asked = _named(documents, "context", context)
            self._cluster = _named(documents, "cluster", asked.get("cluster"))
            self._user = _named(documents, "user", asked.get("user")) if asked.get("user") else _Entry("", {})
            self._refuse_what_is_not_supported()
            self._settings = self._read()
            self._run: LibraryLogin | None = None
            if self._user.get("auth-provider") or (self._user.get("exec") and not self._settings.token):
                self._run = LibraryLogin(self._paths, context)

    def settings(self) -> Settings:
        """What was read; who logs in by a program is asked whether its login is still good.

        Raises:
            KubeconfigError: if the login fails.
        """
        found = self._settings
        if self._run is not None:
            with self._told():
                token, certificate, key = self._run.credentials()
                found = replace(found, token=token, certificate=certificate, key=key)
        asked = [key for key in _LOGINS if self._user.get(key)]
        if asked and not (found.token or found.certificate):
            how = "its login program gave" if "exec" in asked else f"its {' and '.join(asked)} gave"
            raise KubeconfigError(
                f"the kubeconfig's user cannot log in: {how} neither a token nor a certificate. Try kubectl with it"
            )
        return found

    def _documents(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The files that there are, in their order; kubectl passes over one that is missing or empty, too."""
        found = []
        for one in (str(Path(one).expanduser()) for one in self._paths.split(os.pathsep) if one):
            self.contents[one] = None
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found.append((one, yaml.safe_load(self._file(one)) or {}))
        if not found:
            raise NoApiServerError(f"there is no kubeconfig at {self._paths}")
        return found

    def _file(self, path: str) -> bytes:
        content = self.contents[path] = Path(path).read_bytes()
        return content

    def _read(self) -> Settings:
        server = str(self._cluster.get("server")).rstrip("/")
        tls = urlsplit(server).scheme == "https"
        ca = self._pem(self._cluster, "certificate-authority") if tls else None
        return Settings(
            server,
            self._token(),
            ca.content if ca else None,
            self._pem(self._user, "client-certificate") if tls else None,
            self._pem(self._user, "client-key") if tls else None,
            verify=not self._cluster.get("insecure-skip-tls-verify"),
            tls_server_name=self._cluster.get("tls-server-name") or None,
            proxy=self._cluster.get("proxy-url") or None,
        )

    def _token(self) -> str | None:
        file = self._user.path("tokenFile")
        token = str(self._user.get("token") or "") or (self._file(file).decode() if file else "")
        if token.strip():
            return f"Bearer {token.strip()}"  # files of tokens end with a line break
        if self._user.get("username") and self._user.get("password"):
            words = f"{self._user.get('username')}:{self._user.get('password')}"
            return f"Basic {base64.b64encode(words.encode()).decode()}"
        return None

    def _pem(self, entry: _Entry, key: str) -> Pem | None:
        data, file = entry.get(f"{key}-data"), entry.path(key)
        if data:
            try:
                return Pem(base64.b64decode(str(data)), None)
            except binascii.Error:
                raise KubeconfigError(
                    f"the kubeconfig's {key}-data is not in base64. Write it as kubectl does"
                ) from None
        return Pem(self._file(file), file) if file else None

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
        except NoApiServerError:
            raise
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else type(error).__name__
            raise KubeconfigError(
                f"the kubeconfig {self._paths} is, or names, a file that cannot be read: {error.filename} ({why})"
            ) from None
        except Exception as error:  # noqa: BLE001 - little of what is read has been checked
            mark = getattr(error, "problem_mark", None)  # of the YAML reader
            what = f"not YAML (line {mark.line + 1})" if mark else f"not a kubeconfig ({type(error).__name__})"
            raise KubeconfigError(f"the kubeconfig {self._paths} is {what}") from None


def _current_context(documents: list[tuple[str, Mapping[str, Any]]]) -> str:
    """The first file that names one decides."""
    named = (document.get("current-context") for _, document in documents)
    context = next((str(one) for one in named if one), None)
    if context is None:
        raise KubeconfigError("the kubeconfig has no current-context. Choose one: kubectl config use-context")
    return context


def _named(documents: list[tuple[str, Mapping[str, Any]]], kind: str, name: Any) -> _Entry:
    """The first entry of that name; `kind` is cluster, user or context."""
    for file, document in documents:
        for one in document.get(f"{kind}s") or ():
            if one["name"] == name:
                return _Entry(file, one.get(kind) or {})
    raise KubeconfigError(f"the kubeconfig has no {kind} of the name that its current-context says")
