package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/runtime/conditions"
	"github.com/fluxcd/pkg/runtime/conditions/check"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"sigs.k8s.io/yaml"
)

type kustomization struct {
	Spec struct {
		HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
	} `json:"spec"`
}

// answer is one line of output, in the order of the objects.
type answer struct {
	Fail        []string `json:"fail"`
	Warn        []string `json:"warn"`
	StepFail    []string `json:"stepFail"`
	StepWarn    []string `json:"stepWarn"`
	Health      string   `json:"health"`
	HealthError string   `json:"healthError,omitempty"`
}

func judgeLines(path string, negative []string, input io.Reader, output io.Writer) error {
	evaluators, err := read(path)
	if err != nil {
		return err
	}
	rested := check.NewChecker(nil, &check.Conditions{NegativePolarity: negative})
	rested.DisableFetch = true
	stepping := check.NewInProgressChecker(nil)
	stepping.DisableFetch = true
	reader, writer := bufio.NewReader(input), bufio.NewWriter(output)
	defer writer.Flush()
	ctx := context.Background()
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if len(line) > 1 {
			object := &unstructured.Unstructured{}
			if err := object.UnmarshalJSON(line); err != nil {
				return fmt.Errorf("line %d holds no object: %w", number, err)
			}
			said := answer{}
			fail, warn := rested.Check(ctx, conditions.UnstructuredGetter(object))
			said.Fail, said.Warn = texts(fail), texts(warn)
			fail, warn = stepping.Check(ctx, conditions.UnstructuredGetter(object))
			said.StepFail, said.StepWarn = texts(fail), texts(warn)
			if evaluator, ok := evaluators[object.GetAPIVersion()+" "+object.GetKind()]; !ok {
				said.HealthError = "there is no expression for this kind"
			} else if health, err := evaluator.Evaluate(ctx, object); err != nil {
				said.HealthError = err.Error()
			} else {
				said.Health = string(health.Status)
			}
			if err := json.NewEncoder(writer).Encode(said); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// expressions reads spec.healthCheckExprs.
func expressions(path string) ([]kustomize.CustomHealthCheck, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	given := kustomization{}
	if err := yaml.Unmarshal(text, &given); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return given.Spec.HealthCheckExprs, nil
}

// read makes an evaluator for each kind that the file has expressions for.
func read(path string) (map[string]*cel.StatusEvaluator, error) {
	given, err := expressions(path)
	if err != nil {
		return nil, err
	}
	found := map[string]*cel.StatusEvaluator{}
	for _, one := range given {
		evaluator, err := cel.NewStatusEvaluator(&one.HealthCheckExpressions)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", path, one.Kind, err)
		}
		found[one.APIVersion+" "+one.Kind] = evaluator
	}
	return found, nil
}

func texts(err error) []string {
	found := []string{}
	if err == nil {
		return found
	}
	var all utilerrors.Aggregate
	if !errors.As(err, &all) {
		return append(found, err.Error())
	}
	for _, one := range all.Errors() {
		found = append(found, one.Error())
	}
	return found
}
