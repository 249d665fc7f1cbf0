package main

import (
	"context"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/settings"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// overrides reads the customizations of a ConfigMap as Argo CD's settings manager does.
func overrides(ctx context.Context, path string) (map[string]v1alpha1.ResourceOverride, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config := &corev1.ConfigMap{}
	if err := yaml.UnmarshalStrict(text, config); err != nil {
		return nil, fmt.Errorf("%s is no ConfigMap: %w", path, err)
	}
	config.Namespace = "argocd"
	// Argo CD finds its settings by this label; a patch is merged into a ConfigMap that has it.
	config.Labels = map[string]string{"app.kubernetes.io/part-of": "argocd"}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "argocd-secret", Namespace: "argocd", Labels: config.Labels,
	}}
	manager := settings.NewSettingsManager(ctx, fake.NewClientset(config, secret), "argocd")
	found, err := manager.GetResourceOverrides()
	if err != nil {
		return nil, fmt.Errorf("Argo CD cannot read the customizations in %s: %w", path, err)
	}
	return found, nil
}
