"""Other versions of Kubernetes: what their control plane is built from."""

from __future__ import annotations

import matrix


def test_the_modules_of_one_release_go_together() -> None:
    assert matrix.staging("1.32.13") == "v0.32.13"
    text = matrix.module_text("1.32.13", "1.26.0", {"k8s.io/api", "k8s.io/apimachinery"})
    assert text.splitlines() == [
        "module vvol.dev/controlplane",
        "go 1.26.0",
        "require k8s.io/kubernetes v1.32.13",
        "replace k8s.io/api => k8s.io/api v0.32.13",
        "replace k8s.io/apimachinery => k8s.io/apimachinery v0.32.13",
    ]


def test_the_modules_are_those_that_the_pinned_release_has() -> None:
    found = matrix.candidates()
    assert {"k8s.io/api", "k8s.io/apiserver", "k8s.io/kube-aggregator"} <= found


def test_what_is_run_is_there() -> None:
    there = matrix.ROOT / "tests" / "e2e"
    assert all((there / one).is_file() for one in matrix.TESTS)
    assert matrix.WORDS in (there / "test_admission.py").read_text("utf-8")
