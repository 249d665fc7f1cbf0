#!/usr/bin/env bash
# The same expression in robfig/cron 3.0.1, which Kubernetes' CronJob uses, and in two Python libraries, over the nights
# in which New York's clocks change.
set -euo pipefail
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'croniter==7.0.0' 'cronsim==2.8' 'tzdata==2025.2'
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
	zone, err := time.LoadLocation("America/New_York")
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

from croniter import croniter
from cronsim import CronSim

library, expression, start = sys.argv[1:]
at = datetime.strptime(start, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("America/New_York"))
if library == "croniter":
    found = croniter(expression, at)
    instants = [found.get_next(datetime) for _ in range(3)]
else:
    found = CronSim(expression, at)
    instants = [next(found) for _ in range(3)]
print(*(one.isoformat() for one in instants))
PY
echo "robfig/cron 3.0.1, croniter 7.0.0, cronsim 2.8; expected: the same instants from all three"
seen=""
for case in "30 2 * * *|2027-03-13 12:00" "30 1 * * *|2027-11-06 12:00"; do
  expression=${case%|*}; start=${case#*|}
  echo "$expression after $start, New York"
  for library in robfig croniter cronsim; do
    if [ "$library" = robfig ]; then told=$("$work/next" "$expression" "$start"); else
      told=$("$work/venv/bin/python" "$work/next.py" "$library" "$expression" "$start"); fi
    told=$(echo $told); printf '  %-9s %s\n' "$library" "$told"; seen="$seen$library $told;"
  done
done
expected="robfig 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00 2027-03-17T02:30:00-04:00;\
croniter 2027-03-14T03:00:00-04:00 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00;\
cronsim 2027-03-14T03:00:00-04:00 2027-03-15T02:30:00-04:00 2027-03-16T02:30:00-04:00;\
robfig 2027-11-07T01:30:00-04:00 2027-11-07T01:30:00-05:00 2027-11-08T01:30:00-05:00;\
croniter 2027-11-07T01:30:00-04:00 2027-11-07T01:30:00-05:00 2027-11-08T01:30:00-05:00;\
cronsim 2027-11-07T01:30:00-04:00 2027-11-08T01:30:00-05:00 2027-11-09T01:30:00-05:00;"
[ "$seen" = "$expected" ] || { echo "this has changed"; exit 1; }
