"""How many calls an array takes: a bucket of tokens that fills again with time."""

from dataclasses import dataclass


@dataclass
class RateLimit:
    """`per_second` calls, and `burst` more of them at once."""

    per_second: float
    burst: int
    refused: int = 0
    _tokens: float | None = None
    _filled: float = 0.0

    @property
    def remaining(self) -> int:
        """How many calls it would take right now."""
        return self.burst if self._tokens is None else int(self._tokens)

    def take(self, now: float) -> float:
        """Take one call at world time `now`: 0.0 if it may pass, else how many seconds to wait."""
        tokens = self.burst if self._tokens is None else self._tokens + (now - self._filled) * self.per_second
        self._tokens, self._filled = min(float(self.burst), tokens), now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        self.refused += 1
        return (1 - self._tokens) / self.per_second
