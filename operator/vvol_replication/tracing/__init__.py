"""Requests that have ended, as traces by OpenTelemetry. Only with `--tracing`; without it nothing of that is loaded."""
