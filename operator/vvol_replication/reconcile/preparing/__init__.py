"""Decisions of a FailoverPreparation: interlocks, the one call, the truth after it, and for how long it holds."""
