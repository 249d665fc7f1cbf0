"""The programs `kubectl-vvol` and `kubectl_complete-vvol`."""

from __future__ import annotations

import sys
import traceback

from vvol_cli import headstart


def main() -> None:
    """Run a command. The exit code is its `Outcome`."""
    headstart.begin(sys.argv[1:])
    try:
        sys.exit(_run())
    finally:
        headstart.end()


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
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return Outcome.REFUSED
    except BrokenPipeError:
        sys.stderr.close()
        return Outcome.DONE
    except Exception:  # noqa: BLE001 - a mistake of ours: what was asked for may have been done
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
