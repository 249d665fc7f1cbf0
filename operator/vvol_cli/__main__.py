"""The programs `kubectl-vvol` and `kubectl_complete-vvol`."""

from __future__ import annotations

import os
import sys

from vvol_cli import headstart


def main() -> None:
    """Run a command. The exit code is its `Outcome`."""
    headstart.begin(sys.argv[1:])
    try:
        code = _run()
    finally:
        headstart.end()
    # Taking the interpreter down piece by piece takes 10 ms; nothing is left to be closed but these two.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def _run() -> int:
    import click  # noqa: PLC0415 - loaded while kubectl works

    from vvol_cli.app import cli  # noqa: PLC0415 - as above
    from vvol_cli.outcome import Outcome, Stop  # noqa: PLC0415 - as above

    try:
        ended = cli.main(prog_name="kubectl vvol", standalone_mode=False)
    except Stop as stop:
        if stop.message:
            click.echo(stop.message, err=True)
        return stop.outcome
    except click.ClickException as error:
        error.show()
        return Outcome.USAGE
    except click.Abort as abort:
        if not isinstance(abort.__cause__, KeyboardInterrupt):
            return Outcome.REFUSED  # a question was not answered: nothing was asked for
        click.echo("Interrupted. What was being asked for may have been done, or not.", err=True)
        return Outcome.UNKNOWN
    except BrokenPipeError:
        sys.stderr.close()
        return Outcome.DONE
    except Exception:  # noqa: BLE001 - a mistake of ours: what was asked for may have been done
        import traceback  # noqa: PLC0415 - only here

        traceback.print_exc()
        click.echo("This is a mistake of kubectl-vvol. What was asked for may have been done, or not.", err=True)
        return Outcome.UNKNOWN
    return int(ended or 0)


def complete() -> None:
    """Answer kubectl, which asks what may follow the words of a command line."""
    from vvol_cli.completing import answers  # noqa: PLC0415 - not for `main`

    for line in answers(sys.argv[1:]):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
