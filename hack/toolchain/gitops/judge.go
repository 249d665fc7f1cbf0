package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/argoproj/gitops-engine/pkg/sync/hook"
	"github.com/argoproj/gitops-engine/pkg/sync/syncwaves"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// question is one line of input. Action, if given, is carried out on the object.
type question struct {
	Object json.RawMessage `json:"object"`
	Action string          `json:"action"`
}

// answer is one line of output, in the order of the questions.
type answer struct {
	Kstatus      string         `json:"kstatus"`
	KstatusError string         `json:"kstatusError,omitempty"`
	Argo         string         `json:"argo"`
	Message      string         `json:"message"`
	ArgoError    string         `json:"argoError,omitempty"`
	Actions      []string       `json:"actions"`
	Disabled     []string       `json:"disabled"`
	ActionsError string         `json:"actionsError,omitempty"`
	Result       map[string]any `json:"result,omitempty"`
	ResultError  string         `json:"resultError,omitempty"`
	Hooks        []string       `json:"hooks"`
	HookDeletion []string       `json:"hookDeletion"`
	Wave         int            `json:"wave"`
}

func judgeLines(configMap string, input io.Reader, output io.Writer) error {
	found, err := overrides(context.Background(), configMap)
	if err != nil {
		return err
	}
	machine := lua.VM{ResourceOverrides: found}
	reader, writer := bufio.NewReader(input), bufio.NewWriter(output)
	defer writer.Flush()
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if len(line) > 1 {
			asked := question{}
			if err := json.Unmarshal(line, &asked); err != nil {
				return fmt.Errorf("line %d cannot be read: %w", number, err)
			}
			object := &unstructured.Unstructured{}
			if err := object.UnmarshalJSON(asked.Object); err != nil {
				return fmt.Errorf("line %d holds no object: %w", number, err)
			}
			if err := json.NewEncoder(writer).Encode(judge(machine, object, asked.Action)); err != nil {
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

func judge(machine lua.VM, object *unstructured.Unstructured, action string) answer {
	said := answer{Actions: []string{}, Disabled: []string{}, Hooks: []string{}, HookDeletion: []string{}}
	if verdict, err := status.Compute(object.DeepCopy()); err != nil {
		said.KstatusError = err.Error()
	} else {
		said.Kstatus = string(verdict.Status)
	}
	// The engine's own entry: an object that is being deleted is Progressing, whatever the script says.
	verdict, err := health.GetResourceHealth(object, lua.ResourceHealthOverrides(machine.ResourceOverrides))
	if err != nil {
		said.ArgoError = err.Error()
	} else if verdict != nil {
		said.Argo, said.Message = string(verdict.Status), verdict.Message
	}
	if err := discover(machine, object, &said); err != nil {
		said.ActionsError = err.Error()
	}
	if action != "" {
		if said.Result, err = perform(machine, object, action); err != nil {
			said.ResultError = err.Error()
		}
	}
	if hook.IsHook(object) {
		for _, one := range hook.Types(object) {
			said.Hooks = append(said.Hooks, string(one))
		}
		for _, one := range hook.DeletePolicies(object) {
			said.HookDeletion = append(said.HookDeletion, string(one))
		}
	}
	said.Wave = syncwaves.Wave(object)
	return said
}

func discover(machine lua.VM, object *unstructured.Unstructured, said *answer) error {
	scripts, err := machine.GetResourceActionDiscovery(object)
	if err != nil || len(scripts) == 0 {
		return err
	}
	actions, err := machine.ExecuteResourceActionDiscovery(object, scripts)
	for _, one := range actions {
		if one.Disabled {
			said.Disabled = append(said.Disabled, one.Name)
		} else {
			said.Actions = append(said.Actions, one.Name)
		}
	}
	sort.Strings(said.Actions)
	sort.Strings(said.Disabled)
	return err
}

// perform returns the object as the action leaves it; Argo CD sends the difference as a patch.
func perform(machine lua.VM, object *unstructured.Unstructured, name string) (map[string]any, error) {
	action, err := machine.GetResourceAction(object, name)
	if err != nil {
		return nil, err
	}
	impacted, err := machine.ExecuteResourceAction(object, action.ActionLua, nil)
	if err != nil {
		return nil, err
	}
	if len(impacted) != 1 || impacted[0].K8SOperation != lua.PatchOperation {
		return nil, fmt.Errorf("action %s does something else than patch this object", name)
	}
	return impacted[0].UnstructuredObj.Object, nil
}
