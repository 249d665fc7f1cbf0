package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	pbm "github.com/vmware/govmomi/pbm/simulator"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Where real vCenters have it; govmomi's own place for it is /pbm.
const pbmPath = "/pbm/sdk"

// setup is the first line on standard input.
type setup struct {
	Certificate string            `json:"certificate"` // PEM, with its chain
	Key         string            `json:"key"`         // PEM
	Username    string            `json:"username"`
	Password    string            `json:"password"`
	VMs         map[string]string `json:"vms"` // name -> power state, as vSphere writes it
	// VM's name -> the replication group that PBM tells of it. Without this, PBM has no replication manager at all,
	// as govmomi has none.
	Groups map[string]group `json:"groups"`
	// How long a session may be idle, e.g. "1s"; without it, for ever.
	IdleTimeout string `json:"idleTimeout"`
}

type center struct {
	service *simulator.Service
	server  *simulator.Server
	model   *simulator.Model
	client  *vim25.Client // within this process, past sockets and sessions
	vms     map[string]*object.VirtualMachine

	lock   sync.Mutex
	calls  map[string]int
	all    int // calls since the start
	ends   int // the number of the call after which all sessions end; 0: none
	open   map[net.Conn]struct{}
	opened int
}

func start(ctx context.Context, wanted setup) (*center, error) {
	pair, err := tls.X509KeyPair([]byte(wanted.Certificate), []byte(wanted.Key))
	if err != nil {
		return nil, fmt.Errorf("certificate and key of the setup do not do: %w", err)
	}
	model := simulator.VPX()
	model.Host, model.ClusterHost, model.Machine = 0, 1, len(wanted.VMs)
	if err := model.Create(); err != nil {
		return nil, err
	}
	c := &center{
		service: model.Service,
		model:   model,
		vms:     map[string]*object.VirtualMachine{},
		calls:   map[string]int{},
		open:    map[net.Conn]struct{}{},
	}
	if c.client, err = vim25.NewClient(ctx, c.service); err != nil {
		return nil, err
	}
	if err := c.furnish(ctx, wanted.VMs); err != nil {
		return nil, err
	}
	if wanted.IdleTimeout != "" {
		model.Map().OptionManager().Setting = append(model.Map().OptionManager().Setting,
			&types.OptionValue{Key: "config.vmacore.soap.sessionTimeout", Value: wanted.IdleTimeout})
	}

	policies := pbm.New()
	policies.Path = pbmPath
	if wanted.Groups != nil {
		policies.Put(newReplicationManager(wanted.Groups, c.vms))
	}
	c.service.RegisterSDK(policies)
	model.Map().Handler, policies.Handler = c.count, c.count

	c.service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	c.service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(wanted.Username, wanted.Password)}
	c.server = c.service.NewServer()
	c.watchConnections() // nobody knows the port yet
	return c, nil
}

// furnish gives the VMs that the model made the names and power states that are wanted.
func (c *center) furnish(ctx context.Context, wanted map[string]string) error {
	found, err := find.NewFinder(c.client).VirtualMachineList(ctx, "/DC0/vm/*")
	if err != nil && len(wanted) > 0 {
		return err
	}
	for name, state := range wanted {
		vm := found[0]
		found = found[1:]
		task, err := vm.Rename(ctx, name)
		if err != nil {
			return err
		}
		if err := task.Wait(ctx); err != nil {
			return err
		}
		c.vms[name] = vm
		if err := c.power(ctx, name, state); err != nil {
			return err
		}
	}
	return nil
}

// inside marks the calls that this program makes itself.
type inside struct{}

// count notes each call from outside; whoever answers it is for govmomi to find.
func (c *center) count(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Value(inside{}) != nil {
		return nil, nil
	}
	c.lock.Lock()
	c.calls[method.Name]++
	c.all++
	last := c.all == c.ends
	c.lock.Unlock()
	if last { // the call itself has its session already
		if err := c.expire(context.WithValue(context.Background(), inside{}, true)); err != nil {
			return nil, &types.SystemError{Reason: err.Error()}
		}
	}
	return nil, nil
}

func (c *center) watchConnections() {
	before := c.server.Config.ConnState
	c.server.Config.ConnState = func(connection net.Conn, state http.ConnState) {
		c.lock.Lock()
		switch state {
		case http.StateNew:
			c.open[connection] = struct{}{}
			c.opened++
		case http.StateClosed, http.StateHijacked:
			delete(c.open, connection)
		}
		c.lock.Unlock()
		before(connection, state)
	}
}

func (c *center) close() {
	c.server.CloseClientConnections()
	c.server.Close()
	c.model.Remove()
}
