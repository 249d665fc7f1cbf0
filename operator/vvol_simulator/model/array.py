"""One FlashArray: identity, token sessions, protection groups, and what was replicated to it."""

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from .errors import ArrayError, ArrayLoginError
from .names import key
from .protection import ERADICATION_SECONDS, Pod, ProtectionGroup, Transfer
from .ratelimit import RateLimit

Role = Literal["readonly", "ops_admin", "storage_admin", "array_admin"]
ROLES: tuple[Role, ...] = get_args(Role)

IDLE_SECONDS = 1_800.0
"""How long an unused session lives by default (docs/facts/flasharray.md#sessions)."""

REST_1 = tuple(f"1.{minor}" for minor in range(20))
REST_2 = tuple(f"2.{minor}" for minor in range(45) if minor not in (12, 18))
"""Up to 2.44, the newest one that the vendor's collection 1.40.0 was seen to work with; 2.12 and 2.18 never were."""


@dataclass(frozen=True)
class ArrayUser:
    """Somebody with an API token. Who is `readonly` may change nothing."""

    name: str
    api_token: str
    role: Role = "storage_admin"

    @property
    def may_change(self) -> bool:
        """Whether storage objects may be changed."""
        return self.role in ("storage_admin", "array_admin")


@dataclass
class ArraySession:
    """One login, of either REST family. Times are world time."""

    user: ArrayUser
    opened: float
    used: float


@dataclass
class Array:
    """A FlashArray. `skew` is how many seconds its clock is ahead of the world's."""

    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    fault_domain: str = field(default_factory=lambda: str(uuid.uuid4()))
    """VMware's id of this array as a fault domain: opaque, not the array's own id."""
    api_token: str = field(default_factory=lambda: str(uuid.uuid4()))
    user: str = "pureuser"
    role: Role = "storage_admin"
    """Of the user that `api_token` belongs to."""
    more_users: list[ArrayUser] = field(default_factory=list)
    purity_version: str = "6.9.1"
    rest_versions: tuple[str, ...] = REST_1 + REST_2
    """What `GET api_version` tells, in this order: one family or both."""
    skew: float = 0.0
    idle_seconds: float = IDLE_SECONDS
    """How long an unused session lives; 0 = for ever."""
    session_limit: int = 0
    """How many sessions there may be at once; 0 = no limit. What happens then: switch `sessionLimit`."""
    eradication_seconds: float = ERADICATION_SECONDS
    """How long a destroyed object waits for its eradication, and keeps its name."""
    safe_mode: bool = False
    """Whether nothing can be eradicated by hand (SafeMode)."""
    rate_limit: RateLimit | None = None
    pods: dict[str, Pod] = field(default_factory=dict)
    """By the key of their name."""
    groups: dict[str, ProtectionGroup] = field(default_factory=dict)
    """Protection groups whose source this array is, by the key of their name; destroyed ones included."""
    replicas: dict[ProtectionGroup, list[Transfer]] = field(default_factory=dict)
    """What came here or is coming, by protection group, oldest first."""
    sessions: dict[str, ArraySession] = field(default_factory=dict)
    """By the value that the caller shows: REST 1's cookie, REST 2's `x-auth-token`."""
    logins: int = 0
    failed_logins: int = 0
    away_until: float | None = None
    """World time at which a controller failover ends by itself; None: there is none."""

    @property
    def storage_array_id(self) -> str:
        """How VASA names it: `com.purestorage:<array id>`."""
        return f"com.purestorage:{self.id}"

    def users(self) -> Iterator[ArrayUser]:
        """Everybody who can log in."""
        yield ArrayUser(self.user, self.api_token, self.role)
        yield from self.more_users

    def login(self, api_token: str, now: float, *, oldest_ends: bool = False) -> str:
        """A new session, or `ArrayLoginError`; `ArrayError` if there are too many, unless the oldest one then ends."""
        user = next((it for it in self.users() if _same(it.api_token, api_token)), None)
        if user is None:
            self.failed_logins += 1
            raise ArrayLoginError("The API token is not known to this array.")
        self._forget_idle(now)
        if self.session_limit and len(self.sessions) >= self.session_limit:
            if not oldest_ends:
                raise ArrayError("Maximum number of sessions reached.", user.name)
            self.sessions.pop(min(self.sessions, key=lambda item: self.sessions[item].used))
        self.logins += 1
        token = secrets.token_hex(16)
        self.sessions[token] = ArraySession(user, now, now)
        return token

    def set_role(self, role: Role) -> None:
        """Give the user of `api_token` another role, also in sessions that are open."""
        self.role = role
        for session in self.sessions.values():
            if session.user.name == self.user:
                session.user = replace(session.user, role=role)

    def logout(self, session: str) -> None:
        """End a session; an unknown one is no error."""
        self.sessions.pop(session, None)

    def session(self, token: str | None, now: float) -> ArraySession | None:
        """Who shows this token, which thereby counts as used; None if it is not (or no longer) logged in."""
        self._forget_idle(now)
        found = self.sessions.get(token or "")
        if found is not None:
            found.used = now
        return found

    def open_sessions(self, now: float) -> int:
        """How many sessions there are."""
        self._forget_idle(now)
        return len(self.sessions)

    def _forget_idle(self, now: float) -> None:
        if self.idle_seconds:
            for token in [it for it, session in self.sessions.items() if session.used + self.idle_seconds <= now]:
                del self.sessions[token]

    def expire_sessions(self) -> int:
        """End all sessions; how many there were."""
        count = len(self.sessions)
        self.sessions.clear()
        return count

    def group(self, name: str) -> ProtectionGroup | None:
        """A protection group made here, destroyed or not."""
        return self.groups.get(key(name))


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
