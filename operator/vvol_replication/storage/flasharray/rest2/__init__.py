"""REST 2.4 and later: a thin asynchronous client of our own, one session for all calls."""
