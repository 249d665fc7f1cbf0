"""The commands under one roof; each is loaded when it is called."""

from __future__ import annotations

import importlib

import click

from .outcome import Outcome

COMMANDS = {
    "sync": "sync",
    "prepare": "prepare",
    "call-off": "call_off",
    "wait": "wait",
    "cancel": "controls",
    "suspend": "controls",
    "resume": "controls",
    "schedule": "schedule",
    "status": "status",
    "points": "points",
    "rpo": "rpo",
    "history": "history",
    "explain": "explain",
    "doctor": "doctor",
    "report": "report",
    "board": "board",
    "completion": "completion",
}
"""Each command, and the file of `commands` that has it under its name, with `_` for `-`."""


class Commands(click.Group):
    """A group that loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of this page, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"vvol_cli.commands.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Points in time of vVol replication groups: ask for them, follow them, see how recent they are.

    It uses your kubeconfig and your rights, through your kubectl. The exit code says how it ended: 0 done, 1 failed,
    2 wrong usage, 3 refused by a guard, 4 timed out and still running, 5 outcome unknown, 6 no access.
    """


def run() -> int:
    """Run the command of this command line: its exit code. Raises what a command raises; Ctrl-C, too."""
    try:
        return int(cli.main(prog_name="kubectl vvol", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return Outcome.USAGE
    except click.Abort as abort:
        if isinstance(abort.__cause__, KeyboardInterrupt):
            raise abort.__cause__ from None
        return Outcome.REFUSED  # a question was not answered: nothing was asked for
