"""What a message promises of a request that waits. A request that has ended cannot keep it."""

from __future__ import annotations

THIS_ONE = " This one goes on by itself."
THE_PREPARATION = " Then the preparation goes on by itself."
THE_REQUEST = " The request goes on by itself then."


def without_promise(message: str) -> str:
    """A message without such an end, for a request that has ended, like a dry run."""
    return message.removesuffix(THIS_ONE).removesuffix(THE_PREPARATION).removesuffix(THE_REQUEST)
