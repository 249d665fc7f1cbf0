"""A base of Debian's own packages, for where no registry can be reached: mmdebstrap makes it, podman takes it in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from container.engine import output, required

SUITE = "bookworm"
PACKAGES = ("python3", "python-is-python3", "python3-pip", "ca-certificates")
"""What the Containerfile asks of its base. Debian's own Python of this suite is 3.11."""
_EPOCH = "1700000000"


def make(name: str) -> str:
    """Make it as the image `name`, unless it is there, and return the name. Half a minute; it fetches packages."""
    required("mmdebstrap", "podman")
    if name not in output(("podman", "images", "--format", "{{.Repository}}:{{.Tag}}")).split():
        with tempfile.TemporaryDirectory(prefix="base-") as scratch:
            archive = Path(scratch, "base.tar")
            wanted = f"--include={','.join(PACKAGES)}"
            mirror = [given] if (given := os.environ.get("DEBIAN_MIRROR")) else []
            bootstrap = ("mmdebstrap", "--quiet", "--variant=essential", wanted, SUITE, str(archive), *mirror)
            output(bootstrap, SOURCE_DATE_EPOCH=_EPOCH)
            output(("podman", "import", "--quiet", str(archive), name))
    return name
