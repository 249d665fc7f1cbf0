"""/sms/sdk: the way in, and the VASA providers."""

from typing import Any

from pyVmomi import sms

from vvol_simulator.model import Provider

from . import bindings
from .calls import Call, Table
from .versions import SMS, api_version

STORAGE_MANAGER = "storageManager"
METHODS = Table(SMS)
_VASA_VERSION = "3.5"


@METHODS.method("QueryAboutInfo", on="ServiceInstance")
def _about(call: Call) -> object:
    return bindings.build(
        sms.AboutInfo,
        name="VMware vCenter Storage Monitoring Service",
        fullName=f"VMware vCenter Storage Monitoring Service {call.site.version}",
        vendor="VMware, Inc.",
        apiVersion=api_version(call.site.version),
        instanceUuid=call.site.instance_uuid,
        vasaApiVersion=_VASA_VERSION,
    )


@METHODS.method("QueryStorageManager", on="ServiceInstance")
def _query_storage_manager(_: Call) -> object:
    return bindings.build(sms.StorageManager, STORAGE_MANAGER)


@METHODS.method("QueryProvider", on=STORAGE_MANAGER)
def _query_provider(call: Call) -> object:
    return [reference(provider.moid) for provider in call.site.providers]


@METHODS.method("QueryProviderInfo")
def _query_provider_info(call: Call) -> object:
    return _info(call, provider_of(call))


def reference(moid: str) -> sms.provider.VasaProvider:
    """A reference to a VASA provider."""
    return bindings.build(sms.provider.VasaProvider, moid)


def provider_of(call: Call) -> Provider:
    """The provider that a call is made at, or `ManagedObjectNotFound`."""
    return call.site.provider(call.moid)


def _info(call: Call, provider: Provider) -> Any:
    profiles = ["StorageCapability", "Replication"] if provider.replicates else ["VAIOFilter"]
    return bindings.build(
        sms.provider.VasaProviderInfo,
        uid=provider.uid,
        name=provider.name,
        description=f"VASA provider {provider.name}",
        version="2.0",
        url=f"https://{provider.name}.example.test:8084/version.xml",
        status=provider.status,
        vasaVersion=_VASA_VERSION,
        namespace="com.purestorage" if provider.replicates else "VMW",
        lastSyncTime=call.now.isoformat(),
        supportedProviderProfile=profiles,
        relatedStorageArray=[
            bindings.build(
                sms.provider.VasaProviderInfo.RelatedStorageArray,
                arrayId=call.world.arrays[array_id].storage_array_id,
                active=provider.active,
                manageable=True,
                priority=200,
            )
            for array_id in provider.array_ids
        ],
        providerId=provider.uid,
        certificateStatus="valid",
        needsExplicitActivation=False,
        maxBatchSize=None if provider.max_batch is None else bindings.long(provider.max_batch),
        type="external" if provider.replicates else "VMwareCertified",
    )
