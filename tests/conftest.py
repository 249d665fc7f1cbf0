"""What all suites share: how hypothesis searches.

A run of a commit is repeatable: its examples follow from the tests alone. `--hypothesis-profile=search` looks elsewhere
each time. Nothing is judged by the clock, for the machine may be busy.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")
