"""What is installed with the operator: chosen for a reason, under a licence that may be passed on, with hashes."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from docs.dependencies import ALLOWED, CHOSEN, LICENCES, direct, locked, needed

SPELLED = {
    "Apache 2.0": "Apache-2.0",
    "BSD 2-Clause": "BSD-2-Clause",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
}
"""What packages write that do not write SPDX."""


def test_each_was_chosen_for_a_reason() -> None:
    assert set(direct()) == set(CHOSEN)


def test_each_has_a_licence_in_the_table_and_none_is_left_over() -> None:
    assert set(needed()) == set(LICENCES)


@pytest.mark.parametrize("name", needed())
def test_its_licence_is_on_the_allow_list_and_is_what_it_says_of_itself(name: str) -> None:
    assert set(re.split(r" AND ", LICENCES[name])) <= ALLOWED
    try:
        said = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        markers = [
            one.get("marker")
            for package in locked().values()
            for one in package.get("dependencies", ())
            if one["name"] == name
        ]
        assert all(markers), f"{name} is not installed, and nothing says that it is not needed here"
        return
    text = str(said.get("license_expression") or said["license"])
    assert SPELLED.get(text, text) == LICENCES[name]


@pytest.mark.parametrize("name", needed())
def test_it_is_locked_by_hash(name: str) -> None:
    files = [*locked()[name].get("wheels", ()), *filter(None, [locked()[name].get("sdist")])]
    assert files
    assert all(one["hash"].startswith("sha256:") for one in files)
