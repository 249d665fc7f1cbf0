"""Archives whose bytes depend on nothing but what is in them: order, owners and times are fixed."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path


def packed(directory: Path, into: Path, epoch: int, *, compressed: bool) -> None:
    """Pack all files below a directory, by their names, all of one time, as of root."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = tarfile.TarInfo(path.relative_to(directory).as_posix())
                entry.size, entry.mtime, entry.mode = path.stat().st_size, epoch, 0o644
                with path.open("rb") as source:
                    archive.addfile(entry, source)
    data = content.getvalue()
    into.write_bytes(gzip.compress(data, 9, mtime=0) if compressed else data)


def repacked(archive: Path, scratch: Path, epoch: int) -> None:
    """Pack a .tgz again in its place: Helm writes the present time into it."""
    with tarfile.open(archive) as source:
        source.extractall(scratch, filter="data")
    packed(scratch, archive, epoch, compressed=True)
