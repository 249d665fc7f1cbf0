// Flux's own code as programs for tests: its condition rules (FAIL0001-0011, WARN0001-0005), its CEL health checks,
// and the library by which its kustomize-controller applies and waits.
//
//	flux judge KUSTOMIZATION.yaml NEGATIVE_POLARITY_TYPE... < objects
//	flux apply KUBECONFIG NAMESPACE NAME TIMEOUT [KUSTOMIZATION.yaml] < manifests.yaml
//
// KUSTOMIZATION.yaml holds spec.healthCheckExprs, as a user of Flux pastes them. `judge`: each line of input is an
// object (JSON), each line of output says what Flux makes of it: by both of its checkers (one for a status that stays,
// one for a status written while a step is under way), and by the expressions for its kind. `apply`: what one
// Kustomization of that name with `wait: true` does; it ends with an error where the Kustomization would not be Ready.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

func main() {
	klog.SetLogger(logr.Discard()) // standard error is for what went wrong
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) >= 2 && arguments[0] == "judge":
		return judgeLines(arguments[1], arguments[2:], os.Stdin, os.Stdout)
	case len(arguments) == 5 && arguments[0] == "apply":
		return apply(arguments[1], arguments[2], arguments[3], arguments[4], "")
	case len(arguments) == 6 && arguments[0] == "apply":
		return apply(arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
	}
	return errors.New("usage: flux judge KUSTOMIZATION.yaml TYPE... | flux apply KUBECONFIG NAMESPACE NAME TIMEOUT [KUSTOMIZATION.yaml]")
}
