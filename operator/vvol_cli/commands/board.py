"""`board`: a web page on this machine that shows all groups, live."""

from __future__ import annotations

import contextlib
import signal
from typing import NoReturn

import click

from vvol_cli.board.live import Live, streams
from vvol_cli.board.opening import has_screen, opened
from vvol_cli.board.page import KINDS
from vvol_cli.board.serve import ADDRESS, Board
from vvol_cli.cluster import Cluster
from vvol_cli.options import Command, connected, everywhere
from vvol_cli.outcome import Outcome, Stop


@click.command(cls=Command, examples=("kubectl vvol board", "kubectl vvol board -A --no-open"))
@click.option("--port", type=click.IntRange(1024, 65535), help="the port to listen on; default: a free one")
@click.option("--no-open", "closed", is_flag=True, help="print the link, and open no browser")
@connected
@everywhere
def board(cluster: Cluster, port: int | None, *, closed: bool, everywhere: bool) -> Outcome:
    """Show all groups on a web page of this machine, live.

    The page has ages against objectives over the last day, what runs, and what needs a person. It only reads, with
    your rights, and needs no internet. It listens on 127.0.0.1 alone, and answers only who has the link: keep the link
    to yourself. Ctrl-C ends it, with exit code 0.

    The pictures are drawn from what the status of a group has: the newest ten points in time, and the last twenty
    requests. What is not known from that is grey. Ages are by the clock of this machine.
    """
    with contextlib.suppress(KeyboardInterrupt):
        for one in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, one, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                signal.signal(number, signal.default_int_handler)
        _serve(cluster, port or 0, closed=closed, everywhere=everywhere)
    return Outcome.DONE


def _serve(cluster: Cluster, port: int, *, closed: bool, everywhere: bool) -> NoReturn:
    live = Live(lambda: cluster.all_of(*KINDS, everywhere=everywhere))
    try:
        server = Board(port, live)
    except OSError as error:
        raise Stop(
            Outcome.USAGE, f"Port {port} of {ADDRESS} cannot be used: {error.strerror}. Choose another one with --port."
        ) from None
    with server, streams(cluster, everywhere=everywhere) as news:
        click.echo(server.link)
        click.echo("Open this link in a browser of this machine. Ctrl-C ends it.", err=True)
        with opened(server.link) if has_screen() and not closed else contextlib.nullcontext():
            live.keep(news.next)
