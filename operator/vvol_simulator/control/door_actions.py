"""What `POST /actions/<name>` can do to an endpoint's port."""

from collections.abc import Awaitable, Callable
from typing import Any

from vvol_simulator.fields import Fields
from vvol_simulator.server import Simulator

Json = dict[str, Any]
DoorAction = Callable[[Simulator, Fields], Awaitable[Json]]


async def refuse_connections(simulator: Simulator, args: Fields) -> Json:
    """Close the port of an `endpoint` and cut its connections."""
    endpoint = simulator.endpoint(args.text("endpoint"))
    args.finish()
    await endpoint.refuse()
    return {}


async def accept_connections(simulator: Simulator, args: Fields) -> Json:
    """Open it again."""
    endpoint = simulator.endpoint(args.text("endpoint"))
    args.finish()
    await endpoint.accept()
    return {}


async def fail_over(simulator: Simulator, args: Fields) -> Json:
    """Fail an `array` over to its other controller: its port refuses for `seconds` (60), all sessions are gone."""
    array, seconds = simulator.world.array(args.text("array")), args.number("seconds", 60.0)
    args.finish()
    await simulator.fail_over(array, seconds)
    return {}


async def end_fail_over(simulator: Simulator, args: Fields) -> Json:
    """Let an `array` be back from its failover immediately."""
    array = simulator.world.array(args.text("array"))
    args.finish()
    await simulator.end_fail_over(array)
    return {}


DOOR_ACTIONS: dict[str, DoorAction] = {
    action.__name__.replace("_", "-"): action
    for action in (refuse_connections, accept_connections, fail_over, end_fail_over)
}
