"""What the catalogue says of a reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """One reason explained, for people.

    `meaning` and `advice` (what to do next) are one line each. `retried`: the operator goes on by itself, by waiting or
    asking again; where it is False the word is an end or a plain fact.
    """

    meaning: str
    retried: bool
    advice: str
