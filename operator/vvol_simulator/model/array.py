"""One FlashArray: identity, token sessions, protection groups, and what was replicated to it."""

import secrets
import uuid
from dataclasses import dataclass, field

from .errors import ArrayLoginError
from .names import key
from .protection import ProtectionGroup, Transfer


@dataclass
class Array:
    """A FlashArray. `skew` is how many seconds its clock is ahead of the world's."""

    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    fault_domain: str = field(default_factory=lambda: str(uuid.uuid4()))
    """VMware's id of this array as a fault domain: opaque, not the array's own id."""
    api_token: str = field(default_factory=lambda: str(uuid.uuid4()))
    user: str = "pureuser"
    purity_version: str = "6.1.0"
    rest_versions: tuple[str, ...] = tuple(f"1.{minor}" for minor in range(20))
    skew: float = 0.0
    groups: dict[str, ProtectionGroup] = field(default_factory=dict)
    """Protection groups whose source this array is, by the key of their name; destroyed ones included."""
    replicas: dict[ProtectionGroup, list[Transfer]] = field(default_factory=dict)
    """What came here or is coming, by protection group, oldest first."""
    sessions: set[str] = field(default_factory=set)
    logins: int = 0
    failed_logins: int = 0

    @property
    def storage_array_id(self) -> str:
        """How VASA names it: `com.purestorage:<array id>`."""
        return f"com.purestorage:{self.id}"

    def login(self, api_token: str) -> str:
        """A new session's cookie value, or `ArrayLoginError`."""
        if not secrets.compare_digest(api_token.encode(), self.api_token.encode()):
            self.failed_logins += 1
            raise ArrayLoginError("The API token is not known to this array.")
        self.logins += 1
        session = secrets.token_hex(16)
        self.sessions.add(session)
        return session

    def logout(self, session: str) -> None:
        """End a session; an unknown one is no error."""
        self.sessions.discard(session)

    def is_session(self, session: str | None) -> bool:
        """Whether this cookie value is logged in."""
        return session is not None and session in self.sessions

    def expire_sessions(self) -> int:
        """End all sessions; how many there were."""
        count = len(self.sessions)
        self.sessions.clear()
        return count

    def group(self, name: str) -> ProtectionGroup | None:
        """A protection group made here, destroyed or not."""
        return self.groups.get(key(name))
