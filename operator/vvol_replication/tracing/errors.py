"""What keeps traces from being sent at all."""


class TracingError(Exception):
    """Traces were asked for and cannot be sent; the message says why, for people, and has no value of a variable."""
