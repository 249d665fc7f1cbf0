"""Bills of materials are of what the image has."""

from __future__ import annotations

import re

from pages.markdown import ROOT

from release import sbom


def test_the_wheels_bill_has_the_extras_that_the_image_installs() -> None:
    installed = re.findall(r"--extra[ =](\S+)", (ROOT / "Containerfile").read_text("utf-8"))
    assert installed == list(sbom.EXTRAS)
