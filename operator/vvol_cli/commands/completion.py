"""`completion`: how a shell completes these commands."""

from __future__ import annotations

import click

from vvol_cli.options import Command
from vvol_cli.outcome import Outcome

TEXT = """\
kubectl completes the commands of plugins, if a program for it is on PATH. It was installed with kubectl-vvol:

    command -v kubectl_complete-vvol

So all that is needed is the completion of kubectl itself, for example in bash:

    source <(kubectl completion bash)

Names of objects are completed too, with the rights of your kubeconfig."""


@click.command(cls=Command, examples=("kubectl vvol completion",))
def completion() -> Outcome:
    """Say how `kubectl vvol` is completed in a shell."""
    click.echo(TEXT)
    return Outcome.DONE
