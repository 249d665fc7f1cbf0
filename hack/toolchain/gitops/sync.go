package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
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
	if err := live.EnsureSynced(); err != nil {
		return err
	}
	defer live.Invalidate()
	results, err := operation{config, live, targets, namespace, revision, found}.run(ctx)
	for _, one := range results {
		line := map[string]any{
			"kind": one.ResourceKey.Kind, "name": one.ResourceKey.Name, "status": one.Status, "message": one.Message,
			"hookPhase": one.HookPhase, "syncPhase": one.SyncPhase, "order": one.Order,
		}
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
	}
	return err
}

// operation is one sync operation of Argo CD.
type operation struct {
	config    *rest.Config
	live      cache.ClusterCache
	targets   []*unstructured.Unstructured
	namespace string
	revision  string
	overrides map[string]v1alpha1.ResourceOverride
}

// run goes on until the operation has ended. Each round sees the cluster as it is then and what the rounds before it
// did, as in Argo CD's controller; its sync library sees only what it is given when it is made.
func (one operation) run(ctx context.Context) ([]common.ResourceSyncResult, error) {
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult{}
	began, skip := metav1.Now(), false
	for round := 0; ; round++ {
		isOurs := func(found *cache.Resource) bool { return found.Info == one.namespace }
		managed, err := one.live.GetManagedLiveObjs(one.targets, isOurs)
		if err != nil {
			return results, err
		}
		both := sync.Reconcile(one.targets, managed, one.namespace, one.live)
		if round == 0 { // nothing that Git says has changed: Argo CD would not begin a sync by itself
			differences, err := diff.DiffArray(both.Target, both.Live, diff.WithLogr(logr.Discard()))
			if err != nil {
				return results, err
			}
			skip = !differences.Modified
		}
		current, cleanup, err := sync.NewSyncContext(one.revision, both, one.config, one.config, &kube.KubectlCmd{
			Log: logr.Discard(), Tracer: tracing.NopTracer{},
		}, one.namespace, one.live.GetOpenAPISchema(),
			sync.WithInitialState(phase, message, results, began),
			sync.WithSkipHooks(skip),
			sync.WithHealthOverride(lua.ResourceHealthOverrides(one.overrides)),
			sync.WithLogr(logr.Discard()))
		if err != nil {
			return results, err
		}
		current.Sync()
		phase, message, results = current.GetState()
		cleanup()
		if phase.Completed() {
			if phase != common.OperationSucceeded {
				err = fmt.Errorf("the sync ended as %s: %s", phase, message)
			}
			return results, err
		}
		select {
		case <-ctx.Done():
			return results, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
