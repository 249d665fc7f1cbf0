package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// apply brings the manifests on standard input to the cluster and waits for their health, as kustomize-controller does:
// server-side apply under its field manager and owner labels, then its poller, ending early at the first failure.
// It prints one line for each object: what was done to it.
func apply(kubeconfig, namespace, name, timeout, expressionsFile string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	most, err := time.ParseDuration(timeout)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 50, 300 // the controller's own defaults
	checks := []kustomize.CustomHealthCheck{}
	if expressionsFile != "" {
		if checks, err = expressions(expressionsFile); err != nil {
			return err
		}
	}
	manager, err := resourceManager(ctx, config, checks)
	if err != nil {
		return err
	}
	objects, err := utils.ReadObjects(os.Stdin)
	if err != nil {
		return fmt.Errorf("the manifests cannot be read: %w", err)
	}
	if err := normalize.UnstructuredList(objects); err != nil {
		return err
	}
	manager.SetOwnerLabels(objects, name, namespace)
	options := ssa.DefaultApplyOptions()
	// The controller takes over what people wrote with kubectl, so that fields which Git does not have go.
	options.Cleanup.FieldManagers = []ssa.FieldManager{
		{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
		{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
		{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
	}
	changes, err := manager.ApplyAllStaged(ctx, objects, options)
	if err != nil {
		return err
	}
	for _, one := range changes.Entries {
		line := map[string]string{"subject": one.Subject, "action": string(one.Action)}
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
	}
	wanted := ssa.WaitOptions{Interval: 500 * time.Millisecond, Timeout: most, FailFast: true}
	return manager.WaitForSetWithContext(ctx, changes.ToObjMetadataSet(), wanted)
}

func resourceManager(
	ctx context.Context, config *rest.Config, checks []kustomize.CustomHealthCheck,
) (*ssa.ResourceManager, error) {
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, transport)
	if err != nil {
		return nil, err
	}
	cluster, err := client.New(config, client.Options{Mapper: mapper})
	if err != nil {
		return nil, err
	}
	readers, err := cel.PollerWithCustomHealthChecks(ctx, checks)
	if err != nil {
		return nil, err
	}
	options := polling.Options{}
	for _, reader := range readers {
		options.CustomStatusReaders = append(options.CustomStatusReaders, reader(mapper))
	}
	poller := polling.NewStatusPoller(cluster, mapper, options)
	owner := ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"}
	return ssa.NewResourceManager(cluster, poller, owner), nil
}
