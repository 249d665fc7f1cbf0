//go:build tools

// Prometheus and promtool, as upstream makes them: this file is never compiled. It names the programs, so that go.mod
// and go.sum pin all that they are made of.
package tools

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
