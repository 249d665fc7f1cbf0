package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// command is a line on standard input after the setup.
//
//   - state: nothing but the answer
//   - expire: end all sessions, as idle time or a restart would; now, or right after the call that is `after` from now
//   - fault: answer the next calls of a method with a fault
//   - power: bring a VM into a power state
//   - remove: a VM is no longer there
type command struct {
	Do     string `json:"do"`
	Method string `json:"method"`
	Fault  string `json:"fault"` // a fault's name on the wire, e.g. NotAuthenticated
	Times  int    `json:"times"` // 0: for ever
	Skip   int    `json:"skip"`  // let so many calls pass before
	After  int    `json:"after"`
	VM     string `json:"vm"`
	State  string `json:"state"` // poweredOn, poweredOff, suspended
}

// state answers every line. Calls are counted by method since the start, also those that were refused.
type state struct {
	Port     int               `json:"port"`
	UUID     string            `json:"uuid"`
	Version  string            `json:"version"`
	VMs      map[string]string `json:"vms"` // name -> managed object id
	Sessions []string          `json:"sessions"`
	Calls    map[string]int    `json:"calls"`
	Open     int               `json:"open"`   // connections
	Opened   int               `json:"opened"` // connections since the start
	Error    string            `json:"error,omitempty"`
}

func (c *center) state(ctx context.Context) state {
	sessions, err := c.sessions(ctx)
	about := c.client.ServiceContent.About
	said := state{UUID: about.InstanceUuid, Version: about.ApiVersion, VMs: map[string]string{}, Sessions: sessions}
	if _, err := fmt.Sscan(c.server.URL.Port(), &said.Port); err != nil {
		said.Error = err.Error()
	}
	if err != nil {
		said.Error = err.Error()
	}
	for name, vm := range c.vms {
		said.VMs[name] = vm.Reference().Value
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	said.Calls, said.Open, said.Opened = maps.Clone(c.calls), len(c.open), c.opened
	return said
}

func (c *center) obey(ctx context.Context, line []byte) state {
	err := c.try(ctx, line)
	said := c.state(ctx)
	if err != nil {
		said.Error = err.Error()
	}
	return said
}

func (c *center) try(ctx context.Context, line []byte) error {
	var asked command
	if err := json.Unmarshal(line, &asked); err != nil {
		return err
	}
	switch asked.Do {
	case "state":
		return nil
	case "expire":
		if asked.After == 0 {
			return c.expire(ctx)
		}
		c.lock.Lock()
		c.ends = c.all + asked.After
		c.lock.Unlock()
		return nil
	case "fault":
		return c.break_(asked)
	case "power":
		return c.power(ctx, asked.VM, asked.State)
	case "remove":
		return c.remove(ctx, asked.VM)
	}
	return fmt.Errorf("no such command: %q", asked.Do)
}

func (c *center) sessions(ctx context.Context) ([]string, error) {
	reference := *c.client.ServiceContent.SessionManager
	// Not by RetrievePropertiesEx: faults may have been ordered for that one.
	read, err := methods.RetrieveProperties(ctx, c.client, &types.RetrieveProperties{
		This: c.client.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: reference}},
			PropSet:   []types.PropertySpec{{Type: reference.Type, PathSet: []string{"sessionList"}}},
		}},
	})
	if err != nil {
		return nil, err
	}
	var manager mo.SessionManager
	if err := mo.LoadObjectContent(read.Returnval, &manager); err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(manager.SessionList))
	for _, session := range manager.SessionList {
		keys = append(keys, session.Key)
	}
	return keys, nil
}

func (c *center) expire(ctx context.Context) error {
	keys, err := c.sessions(ctx)
	if err != nil {
		return err
	}
	request := types.TerminateSession{This: *c.client.ServiceContent.SessionManager, SessionId: keys}
	_, err = methods.TerminateSession(ctx, c.client, &request)
	return err
}

func (c *center) break_(asked command) error {
	kind, known := types.TypeFunc()(asked.Fault)
	if !known {
		return fmt.Errorf("no such fault: %q", asked.Fault)
	}
	fault, fits := reflect.New(kind).Interface().(types.BaseMethodFault)
	if !fits {
		return fmt.Errorf("%q is no fault", asked.Fault)
	}
	c.service.AddFaultRule(&simulator.FaultInjectionRule{
		MethodName:  asked.Method,
		ObjectType:  "*",
		ObjectName:  "*",
		Probability: 1,
		FaultType:   simulator.FaultTypeCustom,
		Fault:       fault,
		MaxCount:    asked.Times,
		SkipCount:   asked.Skip,
		Enabled:     true,
	})
	return nil
}

func (c *center) power(ctx context.Context, name, wanted string) error {
	vm, known := c.vms[name]
	if !known {
		return fmt.Errorf("no such VM: %q", name)
	}
	now, err := vm.PowerState(ctx)
	if err != nil || string(now) == wanted {
		return err
	}
	var change func(context.Context) (*object.Task, error)
	switch types.VirtualMachinePowerState(wanted) {
	case types.VirtualMachinePowerStatePoweredOn:
		change = vm.PowerOn
	case types.VirtualMachinePowerStatePoweredOff:
		change = vm.PowerOff
	case types.VirtualMachinePowerStateSuspended:
		change = vm.Suspend
	default:
		return fmt.Errorf("no such power state: %q", wanted)
	}
	return finished(ctx, change)
}

func (c *center) remove(ctx context.Context, name string) error {
	vm, known := c.vms[name]
	if !known {
		return fmt.Errorf("no such VM: %q", name)
	}
	if err := c.power(ctx, name, string(types.VirtualMachinePowerStatePoweredOff)); err != nil {
		return err
	}
	delete(c.vms, name)
	return finished(ctx, vm.Destroy)
}

func finished(ctx context.Context, begin func(context.Context) (*object.Task, error)) error {
	task, err := begin(ctx)
	if err != nil {
		return err
	}
	if task == nil {
		return errors.New("no task")
	}
	return task.Wait(ctx)
}
