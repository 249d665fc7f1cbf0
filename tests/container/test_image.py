"""What the image is: small, labelled, and the same in each build."""

from __future__ import annotations

import json
from pathlib import Path

from container.conftest import built
from pages.markdown import ROOT

from container import engine

MEGABYTE = 10**6


def inspected(image: str) -> dict[str, object]:
    (found,) = json.loads(engine.output(("podman", "image", "inspect", image)))
    assert isinstance(found, dict)
    return found


def layers(image: str) -> list[str]:
    said = json.loads(engine.output(("skopeo", "inspect", f"containers-storage:{image}")))
    return [*said["Layers"], said["Digest"]]


def test_it_is_small(image: str, python_image: str) -> None:
    whole, base = (inspected(one)["Size"] for one in (image, python_image))
    assert isinstance(whole, int)
    assert isinstance(base, int)
    print(f"\n{(whole - base) / MEGABYTE:.1f} MB above a base of {base / MEGABYTE:.1f} MB")  # noqa: T201 - figures

    assert whole - base < 90 * MEGABYTE


def test_it_says_what_it_is(image: str, python_image: str) -> None:
    found = inspected(image)
    labels, config = found["Labels"], found["Config"]
    assert isinstance(labels, dict)
    assert isinstance(config, dict)

    commit = engine.source(ROOT)
    prefix = "org.opencontainers.image."
    said = {name.removeprefix(prefix): value for name, value in labels.items() if name.startswith(prefix)}
    assert said.pop("description")
    assert said == {
        "title": "vvol-replication",
        "licenses": "Apache-2.0",
        "base.name": python_image,
        "created": commit.created,
        "version": "0.0.1",
        "revision": commit.revision,
    }
    assert config["User"] == "65532:65532"


def test_two_builds_in_different_directories_are_equal_byte_for_byte(
    image: str, python_image: str, elsewhere: Path
) -> None:
    again = built(elsewhere, "localhost/vvol-replication:again", python_image)
    print(f"\n{layers(image)}\n{layers(again)}")  # noqa: T201 - figures

    assert layers(again) == layers(image)
