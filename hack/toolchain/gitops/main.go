// Argo CD's and kstatus' own code, as programs for tests.
//
//	gitops judge ARGOCD-CM.yaml < lines                      what each object means to Argo CD and to kstatus
//	gitops sync KUBECONFIG NAMESPACE ARGOCD-CM.yaml REVISION < manifests.yaml   one sync by Argo CD's sync engine
//
// ARGOCD-CM.yaml is the ConfigMap that a user of Argo CD pastes; it is read as Argo CD reads it.
package main

import (
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"github.com/sirupsen/logrus"
	"k8s.io/klog/v2"
)

func main() {
	logrus.SetLevel(logrus.ErrorLevel)
	klog.SetLogger(logr.Discard()) // standard error is for what went wrong
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 2 && arguments[0] == "judge":
		return judgeLines(arguments[1], os.Stdin, os.Stdout)
	case len(arguments) == 5 && arguments[0] == "sync":
		return syncOnce(arguments[1], arguments[2], arguments[3], arguments[4])
	}
	return fmt.Errorf("usage: gitops judge ARGOCD-CM.yaml | gitops sync KUBECONFIG NAMESPACE ARGOCD-CM.yaml REVISION")
}
