"""The programs `kubectl-vvol` and `kubectl_complete-vvol`."""

from __future__ import annotations

import os
import sys

from vvol_cli import headstart


def main() -> None:
    """Run a command. The exit code is its `Outcome`."""
    asked = headstart.begin(sys.argv[1:])
    try:
        code = run(asked)
    finally:
        headstart.end()
    # Taking the interpreter down piece by piece takes 10 ms; nothing is left to be closed but these two.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def run(asked: tuple[str, dict[str, list[str]]] | None) -> int:
    """Show the group that is asked for, with flags of kubectl; None: run what click reads. The exit code."""
    from vvol_cli.outcome import Outcome, Stop  # noqa: PLC0415 - loaded while kubectl works
    from vvol_cli.screen import echo  # noqa: PLC0415 - as above

    try:
        if asked is not None:
            return _show_group(*asked)
        from vvol_cli import app  # noqa: PLC0415 - with all of click

        return app.run()
    except Stop as stop:
        if stop.message:
            echo(stop.message, err=True)
        return stop.outcome
    except KeyboardInterrupt:
        echo("Interrupted. What was being asked for may have been done, or not.", err=True)
        return Outcome.UNKNOWN
    except BrokenPipeError:
        sys.stderr.close()
        return Outcome.FAILED  # as click does
    except Exception:  # noqa: BLE001 - a mistake of ours: what was asked for may have been done
        import traceback  # noqa: PLC0415 - only here

        traceback.print_exc()
        echo("This is a mistake of kubectl-vvol. What was asked for may have been done, or not.", err=True)
        return Outcome.UNKNOWN


def _show_group(group: str, flags: dict[str, list[str]]) -> int:
    from vvol_cli.cluster import Cluster  # noqa: PLC0415 - loaded while kubectl works
    from vvol_cli.glance import show_group  # noqa: PLC0415 - as above

    try:
        return show_group(Cluster(flags), group, "table")
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # below the ^C of the terminal
        raise


def complete() -> None:
    """Answer kubectl, which asks what may follow the words of a command line."""
    from vvol_cli.completing import answers  # noqa: PLC0415 - not for `main`

    for line in answers(sys.argv[1:]):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
