package main

import (
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/pbm/methods"
	pbm "github.com/vmware/govmomi/pbm/types"
	"github.com/vmware/govmomi/vim25/soap"
	vim "github.com/vmware/govmomi/vim25/types"
)

// group names a replication group.
type group struct {
	FaultDomain string `json:"faultDomain"`
	DeviceGroup string `json:"deviceGroup"`
}

// replicationManager stands where govmomi's PBM advertises one and has none. What it says is ours; how that is read and
// written on the wire is govmomi's.
type replicationManager struct {
	vim.ManagedObjectReference

	groups map[string]group // by the VM's managed object id
}

func newReplicationManager(groups map[string]group, vms map[string]*object.VirtualMachine) *replicationManager {
	manager := &replicationManager{
		ManagedObjectReference: vim.ManagedObjectReference{Type: "PbmReplicationManager", Value: "ReplicationManager"},
		groups:                 map[string]group{},
	}
	for name, of := range groups {
		if vm, known := vms[name]; known {
			manager.groups[vm.Reference().Value] = of
		}
	}
	return manager
}

// PbmQueryReplicationGroups tells a VM's group for the VM and for each of its disks ("vm-7:2000").
func (m *replicationManager) PbmQueryReplicationGroups(asked *pbm.PbmQueryReplicationGroups) soap.HasFault {
	answer := &pbm.PbmQueryReplicationGroupsResponse{}
	for _, entity := range asked.Entities {
		row := pbm.PbmQueryReplicationGroupResult{Object: entity}
		id, _, _ := strings.Cut(entity.Key, ":")
		if of, has := m.groups[id]; has {
			row.ReplicationGroupId = &vim.ReplicationGroupId{
				FaultDomainId: vim.FaultDomainId{Id: of.FaultDomain},
				DeviceGroupId: vim.DeviceGroupId{Id: of.DeviceGroup},
			}
		}
		answer.Returnval = append(answer.Returnval, row)
	}
	return &methods.PbmQueryReplicationGroupsBody{Res: answer}
}
