"""Cron as Kubernetes' CronJob means it: which schedules there are, and at which instants they run.

`parse_schedule` reads what a person wrote, `CronSchedule` tells the instants. Pure: no clock; the only thing read from
outside is the data of a time zone, once for each zone (`docs/facts/cron.md#time-zones`).

It is ours because every Python library departs from robfig/cron in the instants themselves, not in the syntax only
(`findings/cron-daylight-saving.sh`), which no thin layer mends. `tests/component/cron` holds it against robfig/cron.
"""

from __future__ import annotations

from .errors import CronError
from .intervals import Intervals, intervals
from .schedule import CronSchedule, Due, parse_schedule

__all__ = ["CronError", "CronSchedule", "Due", "Intervals", "intervals", "parse_schedule"]
