"""The keys of a topology file with what each says. A test holds this against what the reader takes.

`<name>` stands for any name, `[]` for the entries of a list.
"""

from collections.abc import Mapping

KEYS: Mapping[str, Mapping[str, str]] = {
    "": {
        "transferSeconds": "How long a transfer takes unless its protection group says otherwise; default: 2.",
        "switches": "Switches by their names, see above.",
        "arrays": "The FlashArrays, by name.",
        "connections": "Which arrays are connected with each other; pairs not named are not.",
        "vCenters": "The vCenters, by name.",
        "protectionGroups": "The protection groups, each on its source array.",
    },
    "arrays.<name>": {
        "id": "The array's own id; default: a random one.",
        "faultDomainId": "Its id as a VMware fault domain; default: a random one.",
        "apiToken": "The first user's API token; default: a random one.",
        "role": "The first user's role: readonly, ops_admin, storage_admin (default) or array_admin. "
        "Only the last two may change anything.",
        "users": "Further users by name.",
        "purityVersion": "The version it tells; default: 6.9.1. It decides nothing.",
        "restVersions": "The REST versions it speaks, of one family or both; default: 1.0 to 1.19 and 2.0 to 2.44.",
        "skew": "Seconds its clock is ahead (negative: behind); default: 0.",
        "port": "Its TCP port; default: a free one.",
        "idleSeconds": "How long an unused session lives; default: 1800; 0: for ever.",
        "sessionLimit": "How many sessions there may be at once; default: 0, no limit. See switch `sessionLimit`.",
        "eradicationSeconds": "How long destroyed objects wait, and keep their names; default: 86400.",
        "safeMode": "Whether nothing can be eradicated by hand; default: false.",
        "rateLimit": "How many calls it takes; default: any number. Beyond: 429 with `Retry-After`.",
        "pods": "Its pods by name.",
    },
    "arrays.<name>.users.<name>": {
        "apiToken": "The user's API token; default: a random one.",
        "role": "As of the first user.",
    },
    "arrays.<name>.rateLimit": {
        "perSecond": "Calls a second.",
        "burst": "How many may come at once; default: as many as in a second.",
    },
    "arrays.<name>.pods.<name>": {
        "demoted": "Whether it takes no writes: nothing in it can be snapshotted; default: false.",
    },
    "connections[]": {
        "arrays": "The two ends.",
        "connected": "Whether it is healthy; default: true.",
    },
    "vCenters.<name>": {
        "arrays": "Arrays it has a VASA provider for, one each.",
        "providers": "The same with more to say.",
        "filterProviders": "How many more there are that replicate nothing, as of hosts for I/O filters; default: 0.",
        "username": "Who may log in.",
        "password": "With which password; default: a random one.",
        "instanceUuid": "Its identity; default: a random one.",
        "version": "The version it tells.",
        "sessionLimit": "How many sessions there may be at once; default: no limit.",
        "skew": "Seconds its clock is ahead (negative: behind); default: 0.",
        "port": "Its TCP port; default: a free one.",
    },
    "vCenters.<name>.providers[]": {
        "name": "The provider's name; default: its managed object id.",
        "arrays": "The arrays behind it.",
        "status": "online (default), offline, syncError, unknown, connected or disconnected.",
        "active": "Whether it is the active one of its arrays; default: true.",
        "replicates": "Whether it offers replication; default: true.",
        "maxBatch": "How many groups one call may name; default: any number.",
    },
    "protectionGroups[]": {
        "name": "Its name on the source array; in a pod: `<pod>::<name>`.",
        "source": "The array it is on.",
        "targets": "The arrays it replicates to; each needs a connection.",
        "offloads": "Targets that are no arrays, by name: they are listed, nothing more.",
        "groupId": "The source group's device group id; default: a random one.",
        "snapshots": "Snapshots that are there from the start.",
        "schedule": "When the array replicates by itself; without it: never.",
        "retention": "How long snapshots are kept that are made with `applyRetention`; then they are destroyed.",
        "transferSeconds": "How long its transfers take.",
        "transferBytes": "How many bytes each moves; default: 1 GiB.",
        "vms": "VMs whose home is in it.",
    },
    "protectionGroups[].targets[]": {
        "array": "The target array.",
        "allowed": "Whether the target allows it; default: true.",
        "suspended": "Whether the target takes nothing although it allows it; default: false.",
        "groupId": "The target group's device group id; default: a random one.",
    },
    "protectionGroups[].snapshots[]": {
        "suffix": "Its suffix.",
        "replicate": "Whether it has landed on every target that could take it; default: true.",
        "destroyed": "Whether it is destroyed on the source, and waits for eradication; default: false.",
    },
    "protectionGroups[].schedule": {
        "enabled": "Whether it runs; default: true.",
        "every": "Its interval in seconds; default: 14400.",
    },
    "protectionGroups[].retention": {
        "allFor": "Seconds all snapshots are kept on the source, -1 for ever; default: 86400.",
        "perDay": "How many a day are kept after that; default: 4.",
        "days": "For how many days, -1 for ever; default: 7.",
        "targetAllFor": "The same on the targets.",
        "targetPerDay": "The same on the targets.",
        "targetDays": "The same on the targets.",
    },
    "protectionGroups[].vms[]": {
        "name": "The VM's name.",
        "power": "poweredOn (default), poweredOff or suspended.",
        "vCenter": "Where it is; default: the vCenter that has a provider for the source array.",
        "disks": "How many there are, or for each the protection group it is in (null: none); default: 1.",
    },
}
