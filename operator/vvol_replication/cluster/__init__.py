"""Adapters to the API server: the session, reads, status writes, events, Secrets."""
