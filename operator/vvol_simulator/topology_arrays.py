"""Arrays of a topology: who they are, who may log in, what they speak and how much they take."""

import re
import uuid

from .fields import Fields
from .model import ROLES, Array, ArrayError, ArrayUser, Pod, RateLimit, Role, World, WorldError
from .model.names import MAX_ARRAY_NAME, MAX_NAME, check_name, key

_VERSION = re.compile(r"[12]\.\d+")


def add_array(world: World, name: str, fields: Fields) -> None:
    """Read one array into the world."""
    check(fields, name, MAX_ARRAY_NAME)
    if any(key(array.name) == key(name) for array in world.arrays.values()):
        raise WorldError(f"{fields.place}: the name is taken; case makes no difference.")
    array = Array(name, skew=fields.number("skew", 0.0, least=None))
    array.id = fields.text("id", array.id)
    array.fault_domain = fields.text("faultDomainId", array.fault_domain)
    array.api_token = fields.text("apiToken", array.api_token)
    array.purity_version = fields.text("purityVersion", array.purity_version)
    array.role = read_role(fields)
    for user, inner in fields.named("users"):
        array.more_users.append(ArrayUser(user, inner.text("apiToken", str(uuid.uuid4())), read_role(inner)))
        inner.finish()
    array.rest_versions = read_versions(fields, array.rest_versions)
    array.idle_seconds = fields.number("idleSeconds", array.idle_seconds)
    array.session_limit = int(fields.number("sessionLimit", array.session_limit))
    array.eradication_seconds = fields.number("eradicationSeconds", array.eradication_seconds)
    array.safe_mode = fields.flag("safeMode", default=array.safe_mode)
    if fields.has("rateLimit"):
        limit = fields.inner("rateLimit")
        array.rate_limit = read_rate_limit(limit)
        limit.finish()
    for pod, inner in fields.named("pods"):
        check(inner, pod)
        array.pods[key(pod)] = Pod(pod, inner.flag("demoted", default=False))
        inner.finish()
    read_port(world, name, fields)
    fields.finish()
    if array.id in world.arrays:
        raise WorldError(f"{fields.place}: the id {array.id} is taken by {world.arrays[array.id].name}.")
    world.arrays[array.id] = array


def read_role(fields: Fields) -> Role:
    """A role of an array's user."""
    role: Role = fields.one_of("role", ROLES, "storage_admin")  # type: ignore[assignment]  # one_of has checked it
    return role


def read_versions(fields: Fields, default: tuple[str, ...]) -> tuple[str, ...]:
    """REST versions, in ascending order: clients rely on it."""
    versions = tuple(fields.texts("restVersions")) or default
    if not all(_VERSION.fullmatch(item) for item in versions):
        raise WorldError(f"{fields.place}: restVersions are like 1.19 or 2.44, not {', '.join(versions)}.")
    return tuple(sorted(versions, key=lambda item: [int(part) for part in item.split(".")]))


def read_rate_limit(fields: Fields) -> RateLimit:
    """`{perSecond, burst?}`."""
    per_second = fields.number("perSecond", least=0.001)
    return RateLimit(per_second, int(fields.number("burst", max(1.0, per_second), least=1)))


def read_port(world: World, name: str, fields: Fields) -> None:
    """The TCP port that an endpoint asks for."""
    port = fields.optional_number("port")
    if port is not None:
        world.ports[name] = int(port)


def check(fields: Fields, name: str, limit: int = MAX_NAME) -> None:
    """`WorldError` with the place unless Purity would take this name."""
    try:
        check_name(name, limit)
    except ArrayError as problem:
        raise WorldError(f"{fields.place}: {problem}") from None
