"""Specs of ReplicationSchedules that are right and wrong; `spec_cases` has those of all kinds."""

from __future__ import annotations

from unit.api.cases import DURATION, NAME, Case

from vvol_replication.api.names import REPLICATION_SCHEDULE as SC

KEPT = "write a whole number from 1 to 100, like 3"
CRON, CRON_WORD = "write five fields like 30 2 * * *: ", "write @hourly, @daily, @weekly, @monthly or @yearly, or "
FIVE, EVERY = "write five fields, with spaces between them, like ", "write a duration after @every, like @every 6h"
NO_ZONE = "write the zone into timeZone, and the fields alone here"
TIME_ZONE = "write the name of a time zone like Europe/Berlin or Etc/UTC"
STAGGER = "write a duration like 90s or 15m: "
PREFIX, RUN_NOW = "write the beginning of a name like nightly: ", "write a text of one line like CHG-4711 or "

RIGHT = [
    *(
        Case(SC, "schedule", text)
        for text in (
            *("*/15 * * * *", "0 0 13 * 5", "5,35 1-3 ? JAN-MAR sun", " 30 2\t* * * ", "* * * * " + "1" * 248),
            *(
                "@hourly",
                "@midnight",
                "@annually",
                "@every 6h",
                "@every 1h30m10s",
                "@every -.5h0m",
                "30 2 31 2 *",
                "61 * * * *",
                "0 0 * * 7",
                "*-x 1 , *-$$ sUn",
            ),
        )
    ),
    *(
        Case(SC, "timeZone", zone)
        for zone in ("UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+5", "EST5EDT")
    ),
    *(Case(SC, "timeZone", zone) for zone in ("Europe/Atlantis", "x" * 64)),
    *(Case(SC, "concurrencyPolicy", word) for word in ("Forbid", "Queue")),
    *(Case(SC, "method", word) for word in ("Coordinated", "ArrayOnly", "AwaitSchedule")),
    *(Case(SC, path, text) for path in ("startingDeadline", "maxAge", "timeout") for text in ("1s", "8760h")),
    *(Case(SC, "stagger", text) for text in ("1s", "15m", "60m", "1h")),
    *(Case(SC, "pointInTimeNamePrefix", name) for name in ("a", "nightly of erp", "Zürich:", "ü" * 60)),
    *(Case(SC, path, kept) for path in ("successfulHistoryLimit", "failedHistoryLimit") for kept in (1, 100)),
    *(
        Case(SC, "runNow", text)
        for text in ("7", "CHG-4711", "2026-12-01T04:00:00Z", " before the upgrade ", "ü" * 128)
    ),
    Case(SC, "suspend", value=False),
]

WRONG = [
    Case(SC, "groupRef", None, "spec.groupRef", "spec.groupRef: Required value"),
    *(Case(SC, "groupRef.name", name, "spec.groupRef.name", NAME) for name in ("erp/x", "", "ERP")),
    Case(SC, "schedule", None, "spec.schedule", "spec.schedule: Required value"),
    *(Case(SC, "schedule", text, "spec.schedule", CRON) for text in ("", "30 2 * *\n*", "30 2 * * *\x85")),
    *(
        Case(SC, "schedule", text, "spec.schedule", FIVE)
        for text in ("every hour", "30 2 * *", "0 30 2 * * *", " ", "x")
    ),
    *(
        Case(SC, "schedule", text, "spec.schedule", EVERY)
        for text in ("@every soon", "@every 6", "@every 6 h", "@every ")
    ),
    Case(SC, "schedule", "* " * 128 + "*", "spec.schedule", "Too long: may not be "),
    *(
        Case(SC, "schedule", text, "spec.schedule", NO_ZONE)
        for text in ("TZ=Europe/Berlin 30 2 * * *", "CRON_TZ=UTC @daily", "30 2 * * TZ")
    ),
    *(
        Case(SC, "schedule", text, "spec.schedule", CRON_WORD)
        for text in ("@reboot", "@Daily", "@daily ", "@every", "@every\t6h", "@")
    ),
    *(
        Case(SC, "timeZone", zone, "spec.timeZone", TIME_ZONE)
        for zone in ("", "Local", "local", "Europe/Berlin ", "Europe/Zürich", "UTC\n", "../UTC")
    ),
    Case(SC, "timeZone", "x" * 65, "spec.timeZone", "Too long: may not be "),
    Case(SC, "concurrencyPolicy", "Replace", "spec.concurrencyPolicy", 'supported values: "Forbid", "Queue"'),
    Case(SC, "method", "", "spec.method", 'supported values: "Coordinated", "ArrayOnly", "AwaitSchedule"'),
    *(
        Case(SC, path, text, f"spec.{path}", DURATION)
        for path in ("startingDeadline", "maxAge", "timeout")
        for text in ("", "0s", "1d", "8760h1s", "1.5h")
    ),
    *(Case(SC, "stagger", text, "spec.stagger", STAGGER) for text in ("", "0m", "61m", "1h1s", "-5m", "5 m")),
    *(
        Case(SC, "pointInTimeNamePrefix", name, "spec.pointInTimeNamePrefix", PREFIX)
        for name in ("", " a", "a ", "a\tb", "a\x85b")
    ),
    Case(SC, "pointInTimeNamePrefix", "x" * 61, "spec.pointInTimeNamePrefix", "Too long: may not be "),
    *(
        Case(SC, path, kept, f"spec.{path}", KEPT)
        for path in ("successfulHistoryLimit", "failedHistoryLimit")
        for kept in (-1, 0, 101)
    ),
    Case(SC, "successfulHistoryLimit", 1.5, "spec.successfulHistoryLimit", "must be of type integer"),
    *(Case(SC, "runNow", text, "spec.runNow", RUN_NOW) for text in ("", "two\nlines", "a\tb", "a\x7f")),
    Case(SC, "runNow", "x" * 129, "spec.runNow", "Too long: may not be "),
    Case(SC, "runNow", 4711, "spec.runNow", "must be of type string"),
    Case(SC, "suspend", "yes", "spec.suspend", "must be of type boolean"),
]
