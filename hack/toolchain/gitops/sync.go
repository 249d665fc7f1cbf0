package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/engine"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

const mark = "replication.vvol.dev/test-application"

// syncOnce brings the manifests on standard input to the cluster as Argo CD does: hooks, waves, and our health.
// It prints one line for each result; an error says that the sync did not succeed.
func syncOnce(kubeconfig, namespace, configMap, revision string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	found, err := overrides(ctx, configMap)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	targets, err := kube.SplitYAML(text)
	if err != nil {
		return fmt.Errorf("the manifests cannot be read: %w", err)
	}
	for _, one := range targets { // all of them are of namespaced kinds
		if one.GetNamespace() == "" {
			one.SetNamespace(namespace)
		}
		annotations := one.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[mark] = namespace
		one.SetAnnotations(annotations)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	live := cache.NewClusterCache(config,
		cache.SetLogr(logr.Discard()),
		cache.SetNamespaces([]string{namespace}),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			return object.GetAnnotations()[mark], object.GetAnnotations()[mark] != ""
		}),
	)
	worker := engine.NewEngine(config, live, engine.WithLogr(logr.Discard()))
	cleanup, err := worker.Run()
	if err != nil {
		return err
	}
	defer cleanup()
	isOurs := func(one *cache.Resource) bool { return one.Info == namespace }
	results, err := worker.Sync(ctx, targets, isOurs, revision, namespace,
		sync.WithHealthOverride(lua.ResourceHealthOverrides(found)), sync.WithLogr(logr.Discard()))
	failed := false
	for _, one := range results {
		line := map[string]any{
			"kind": one.ResourceKey.Kind, "name": one.ResourceKey.Name, "status": one.Status, "message": one.Message,
			"hookPhase": one.HookPhase, "syncPhase": one.SyncPhase, "order": one.Order,
		}
		failed = failed || one.HookPhase == "Failed" || one.HookPhase == "Error" || one.Status == "SyncFailed"
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
	}
	if err == nil && failed {
		return fmt.Errorf("the sync failed")
	}
	return err
}
