"""The control interface: HTTP and JSON on the loopback, for tests, demos and people with curl."""
