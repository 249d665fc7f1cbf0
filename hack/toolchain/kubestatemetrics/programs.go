//go:build tools

// kube-state-metrics, as upstream makes it: this file is never compiled. It names the program, so that go.mod and go.sum
// pin all that it is made of.
package tools

import _ "k8s.io/kube-state-metrics/v2"
