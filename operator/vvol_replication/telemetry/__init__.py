"""Logs and probes."""
