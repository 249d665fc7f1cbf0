"""What is a schedule to the API server in a CronJob is one to us, and nothing else; zones, too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from vvol_replication.domain.cron import CronError, parse_schedule

if TYPE_CHECKING:
    from testbed.controlplane import ControlPlane

NIGHTLY = "0 2 * * *"
CASES: tuple[tuple[str, str | None], ...] = (
    (NIGHTLY, None),
    ("@every 5m", None),
    ("@midnight", "America/New_York"),
    ("? */2 1,,15 JAN-mar ?", "EST5EDT"),
    (", * * * *", "Etc/GMT+5"),
    ("*-5 * * * *", "UTC"),
    ("@reboot", None),
    ("* * * * 7", None),
    ("* * * * FRI-SUN", None),
    ("0 0 L * *", None),
    ("TZ=UTC 0 2 * * *", None),
    ("CRON_TZ=Europe/Berlin 0 2 * * *", None),
    ("TZ=UTC", None),
    (NIGHTLY, ""),
    (NIGHTLY, "Local"),
    (NIGHTLY, "local"),
    (NIGHTLY, "utc"),
    (NIGHTLY, "Mars/Olympus"),
    (NIGHTLY, "America"),
    (NIGHTLY, "../UTC"),
    (NIGHTLY, "Europe//Berlin"),
)


def cronjob(number: int, schedule: str, zone: str | None) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "one", "image": "none"}]}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    spec |= {} if zone is None else {"timeZone": zone}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": f"case-{number}"}, "spec": spec}


def is_accepted(schedule: str, zone: str | None) -> bool:
    try:
        parse_schedule(schedule, zone)
    except CronError:
        return False
    return True


def test_the_api_server_takes_the_same_schedules_and_zones_in_a_cronjob(control_plane: ControlPlane) -> None:
    documents = "\n---\n".join(json.dumps(cronjob(number, *case)) for number, case in enumerate(CASES))
    done = control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=documents, check=False)
    taken = {int(number) for number in re.findall(r"cronjob\.batch/case-(\d+) created", done.stdout)}
    refused = {int(number) for number in re.findall(r'CronJob\S* "case-(\d+)" is invalid', done.stderr)}

    assert taken | refused == set(range(len(CASES))), done.stderr
    assert {case for number, case in enumerate(CASES) if number in taken} == {
        case for case in CASES if is_accepted(*case)
    }
