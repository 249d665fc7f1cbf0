// What a CronJob's schedule means, as robfig/cron says, which kube-controller-manager uses.
//
// Each line on standard input is a question (JSON, see question), answered by one line on standard output (see answer).
// Zones are looked up in the directory of the environment variable ZONEINFO first, so that whoever asks can have both
// sides stand on the same data.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

// question asks for instants of a schedule.
type question struct {
	Schedule string `json:"schedule"`
	Zone     string `json:"zone"`
	After    int64  `json:"after"` // Unix time in microseconds
	Runs     int    `json:"runs"`  // at most so many; 0: only whether the schedule is accepted
}

// answer has the runs in Unix time, fewer than were asked for where there is none in five years.
type answer struct {
	Runs    []int64 `json:"runs"`
	Refused string  `json:"refused,omitempty"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(questions io.Reader, answers io.Writer) error {
	buffered := bufio.NewWriter(answers)
	reading, writing := json.NewDecoder(questions), json.NewEncoder(buffered)
	for {
		var asked question
		if err := reading.Decode(&asked); err == io.EOF {
			return buffered.Flush()
		} else if err != nil {
			return err
		}
		if err := writing.Encode(asked.answer()); err != nil {
			return err
		}
	}
}

func (q question) answer() (said answer) {
	defer func() { // a zone in the text without a space behind it; the API server catches that too
		if problem := recover(); problem != nil {
			said = answer{Refused: fmt.Sprint(problem)}
		}
	}()
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	schedule, err := cron.ParseStandard(q.Schedule)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	said.Runs = []int64{}
	at := time.UnixMicro(q.After).In(zone) // a schedule without a zone of its own means that of the time it is given
	for len(said.Runs) < q.Runs {
		if at = schedule.Next(at); at.IsZero() {
			break
		}
		said.Runs = append(said.Runs, at.Unix())
	}
	return said
}
