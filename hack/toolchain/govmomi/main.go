// A vCenter that nobody of this project wrote: govmomi's simulator, on a loopback TLS port, for tests of our adapter.
//
// The first line on standard input is a setup, each line after it a command (JSON, see setup and command). Each is
// answered by one line on standard output: state, or what was wrong. It ends at the end of standard input or at
// SIGTERM. Secrets come on standard input so that they are in no process list.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ctx = context.WithValue(ctx, inside{}, true)
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(os.Stdin)
		for {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	next := func() []byte {
		select {
		case line := <-lines:
			return line
		case <-ctx.Done():
			return nil
		}
	}

	var wanted setup
	first := next()
	if first == nil {
		return errors.New("no setup on standard input: write one line of JSON to it")
	}
	if err := json.Unmarshal(first, &wanted); err != nil {
		return fmt.Errorf("the setup cannot be read: %w", err)
	}
	center, err := start(ctx, wanted)
	if err != nil {
		return err
	}
	defer center.close()

	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(center.state(ctx)); err != nil {
		return err
	}
	for line := next(); line != nil; line = next() {
		if err := answers.Encode(center.obey(ctx, line)); err != nil {
			return err
		}
	}
	return nil
}
