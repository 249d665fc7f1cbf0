#!/usr/bin/env bash
# The same expression in robfig/cron 3.0.1, which Kubernetes' CronJob uses, and in three Python libraries, over nights in
# which clocks change. The last case is one in which robfig/cron itself passes over a noon that there is.
set -euo pipefail
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'croniter==7.0.0' 'cronsim==2.8' 'APScheduler==3.11.3' 'tzdata==2025.2'
mkdir "$work/robfig"; cd "$work/robfig"
cat > go.mod <<'MOD'
module robfig
go 1.21
require github.com/robfig/cron/v3 v3.0.1
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	zone, err := time.LoadLocation(os.Args[3])
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", os.Args[2], zone)
	if err != nil {
		panic(err)
	}
	schedule, err := cron.ParseStandard(os.Args[1])
	if err != nil {
		panic(err)
	}
	for range [3]int{} {
		at = schedule.Next(at)
		fmt.Print(at.Format("2006-01-02T15:04:05-07:00 "))
	}
}
GO
GOFLAGS=-mod=mod GOPATH="$work/go" go build -o "$work/next" . 2>/dev/null
cat > "$work/next.py" <<'PY'
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

library, expression, start, name = sys.argv[1:]
zone = ZoneInfo(name)
at = datetime.strptime(start, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
if library == "croniter":
    found = croniter(expression, at)
    instants = [found.get_next(datetime) for _ in range(3)]
elif library == "apscheduler":
    trigger, instants, last = CronTrigger.from_crontab(expression, timezone=zone), [], None
    for _ in range(3):
        last = trigger.get_next_fire_time(last, last or at)
        instants.append(last)
else:
    found = CronSim(expression, at)
    instants = [next(found) for _ in range(3)]
print(*(one.isoformat() for one in instants))
PY
echo "robfig/cron 3.0.1, croniter 7.0.0, cronsim 2.8, APScheduler 3.11.3; expected: the same instants from all"
seen=""
export ZONEINFO
ZONEINFO=$("$work/venv/bin/python" -c 'import pathlib, tzdata; print(pathlib.Path(tzdata.__file__).parent / "zoneinfo")')
for case in "30 2 * * *|2027-03-13 12:00|America/New_York" "30 1 * * *|2027-11-06 12:00|America/New_York" \
  "0 12 24 4 *|2026-04-20 12:00|Africa/Cairo"; do
  IFS='|' read -r expression start zone <<<"$case"
  echo "$expression after $start, $zone"
  for library in robfig croniter cronsim apscheduler; do
    if [ "$library" = robfig ]; then told=$("$work/next" "$expression" "$start" "$zone"); else
      told=$(PYTHONTZPATH='' "$work/venv/bin/python" "$work/next.py" "$library" "$expression" "$start" "$zone"); fi
    told=$(echo $told); printf '  %-11s %s\n' "$library" "$told"; seen="$seen$library $told;"
  done
done
expected="robfig 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00 2027-03-17T02:30:00-04:00;\
croniter 2027-03-14T03:00:00-04:00 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00;\
cronsim 2027-03-14T03:00:00-04:00 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00;\
apscheduler 2027-03-14T02:30:00-05:00 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00;\
robfig 2027-11-07T01:30:00-04:00 2027-11-07T01:30:00-05:00 2027-11-08T01:30:00-05:00;\
croniter 2027-11-07T01:30:00-04:00 2027-11-07T01:30:00-05:00 2027-11-08T01:30:00-05:00;\
cronsim 2027-11-07T01:30:00-04:00 2027-11-08T01:30:00-05:00 2027-11-09T01:30:00-05:00;\
apscheduler 2027-11-07T01:30:00-04:00 2027-11-07T01:30:00-05:00 2027-11-08T01:30:00-05:00;\
robfig 2027-04-24T12:00:00+02:00 2028-04-24T12:00:00+02:00 2029-04-24T12:00:00+02:00;\
croniter 2026-04-24T12:00:00+03:00 2027-04-24T12:00:00+02:00 2028-04-24T12:00:00+02:00;\
cronsim 2026-04-24T12:00:00+03:00 2027-04-24T12:00:00+02:00 2028-04-24T12:00:00+02:00;\
apscheduler 2026-04-24T12:00:00+03:00 2027-04-24T12:00:00+02:00 2028-04-24T12:00:00+02:00;"
[ "$seen" = "$expected" ] || { echo "this has changed"; exit 1; }
