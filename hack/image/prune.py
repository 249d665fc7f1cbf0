"""Makes the image's environment small and the same each time: ``python prune.py <environment>``.

What `unused.txt` names is removed, also from the lists of files that the distributions bring (RECORD). The rest is
compiled, because nothing can be written when it runs, and an operator without bytecode takes three times as long to
start. The bytecode bears a hash of its source and no time, and is never compared with it: neither can change.
"""

from __future__ import annotations

import compileall
import csv
import io
import py_compile
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

UNUSED = Path(__file__).with_name("unused.txt")


class PruneError(Exception):
    """The list does not fit the environment, or something cannot be compiled; the message says what to do."""


def site_packages(environment: Path) -> Path:
    """Return where the packages of an environment are."""
    found = sorted(environment.glob("lib/python3.*/site-packages"))
    if len(found) != 1:
        raise PruneError(f"{environment} is no environment of one Python: it has {len(found)} lib/python3.*")
    return found[0]


def patterns(text: str) -> list[str]:
    """Return the patterns of a list, without its comments."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def prune(environment: Path, unused: Iterable[str]) -> None:
    """Remove what is unused, from the disk and from each RECORD. PruneError if a pattern fits nothing."""
    site = site_packages(environment)
    for pattern in unused:
        found = sorted(environment.glob(pattern.replace("$site", site.relative_to(environment).as_posix())))
        if not found:
            raise PruneError(f"unused.txt: {pattern} fits nothing in {environment}: bring the list up to date")
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    for record in sorted(site.glob("*.dist-info/RECORD")):
        rows = list(csv.reader(record.read_text("utf-8").splitlines()))
        kept = io.StringIO()
        csv.writer(kept, lineterminator="\n").writerows(row for row in rows if (site / row[0]).exists())
        record.write_text(kept.getvalue(), "utf-8")


def compiled(environment: Path) -> None:
    """Compile all that is left, in one process and in the order of names. PruneError if a source cannot be."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(site_packages(environment), quiet=1, force=True, invalidation_mode=mode, workers=1):
        raise PruneError(f"a source in {environment} cannot be compiled: see above")


def main() -> int:
    """Prune and compile the environment that is named."""
    environment = Path(sys.argv[1]).absolute()
    try:
        prune(environment, patterns(UNUSED.read_text("utf-8")))
        compiled(environment)
    except PruneError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
