// kube-apiserver and etcd in one program, so that what they share is linked once: the name that it is called by says
// which of the two it is. Each is the main function of upstream's own program; nothing of theirs is changed.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // as in cmd/kube-apiserver

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // as in cmd/kube-apiserver
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // as in cmd/kube-apiserver
	_ "k8s.io/component-base/metrics/prometheus/version"  // as in cmd/kube-apiserver
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(app.NewAPIServerCommand()))
	case "etcd":
		etcdmain.Main(os.Args)
	default:
		fmt.Fprintf(os.Stderr, "call this program kube-apiserver or etcd, not %q\n", name)
		os.Exit(2)
	}
}
