"""`kubectl wait` returns soon after the transition, and never for a generation that nobody has seen yet."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from bench.rest import Api
from e2e.rig import Rig, Site, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 10.0
"""Seconds; on an idle machine it is well below 2."""
ROUNDS = 3
ENDS: dict[str, dict[str, bool]] = {"Complete": {}, "Failed": {"cancel": True}, "Finished": {}}


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*map(str.lower, ENDS), "stale")) as made:
        yield made


@pytest.mark.parametrize("condition", ENDS)
def test_it_returns_soon_after_the_transition(condition: str, rig: Rig, site: Site) -> None:
    name = site.group(condition.lower())
    site.wait_group(name)
    late = []
    with Api(rig.plane.server, rig.plane.directory) as api:
        for _ in range(ROUNDS):
            request = site.request(name, suspend=True)
            request.wait_reason("Suspended")
            waiting = wait(rig, request.name, condition, "120s")
            # it has listed and watches before anything happens: it writes nothing, but its connection is there
            watched(rig, request.name)
            request.patch(suspend=False, **ENDS[condition])
            eventually(
                lambda name=request.name: stage.is_true(api.sync(rig.namespace, name), condition),  # type: ignore[misc]
                what=f"{request.name} to be {condition}",
                every=0.02,
            )
            seen = time.monotonic()
            assert waiting.wait(60) == 0
            late.append(time.monotonic() - seen)
    told = ", ".join(f"{one:.2f}" for one in late)
    print(f"\nkubectl wait --for=condition={condition}: {told} s after the transition was seen")  # noqa: T201
    assert max(late) < SOON


def test_it_does_not_return_for_a_generation_that_nobody_has_seen(rig: Rig, site: Site) -> None:
    name = site.group("stale")
    site.wait_group(name)
    request = site.request(name)
    request.wait_complete()
    request.wait("no finalizer", lambda obj: not obj["metadata"].get("finalizers"))
    process = rig.process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        request.patch(ttlSecondsAfterFinished=86400)
        obj = request.get()
        assert obj["metadata"]["generation"] > obj["status"]["observedGeneration"]
        stale = {one: wait(rig, request.name, one, "3s") for one in ("Complete", "Finished")}
        assert {one: waiting.wait(60) for one, waiting in stale.items()} == {"Complete": 1, "Finished": 1}
        waiting = wait(rig, request.name, "Complete", "120s")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert waiting.wait(130) == 0
    obj = request.get()
    assert obj["metadata"]["generation"] == obj["status"]["observedGeneration"]


def wait(rig: Rig, name: str, condition: str, timeout: str) -> subprocess.Popen[bytes]:
    command = rig.kubectl.command(
        "wait", f"--for=condition={condition}", f"replicationsync/{name}", f"--timeout={timeout}"
    )
    return subprocess.Popen(
        command, env=rig.kubectl.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def watched(rig: Rig, name: str) -> None:
    """Wait until a kubectl has read the object by its name, which is what `kubectl wait` does before it watches."""

    def reads() -> list[object]:
        return [
            one
            for one in rig.plane.audit()
            if one.get("userAgent", "").startswith("kubectl/")
            and one["verb"] == "watch"
            and f"metadata.name%3D{name}" in one["requestURI"]
        ]

    eventually(reads, what=f"kubectl to watch {name}", every=0.2)
