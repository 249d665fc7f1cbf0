"""Run in the judges' environment: the vendor's REST 2 client against two arrays. Prints what it saw as JSON.

Arguments: one JSON object `{source, target: {address, apiToken}, ca, control}`.
"""

import json
import sys
import time
import urllib.request
from typing import Any

from pypureclient import flasharray
from pypureclient.configuration import Configuration

REMOTE = "flasharray-a:erp"
DEADLINE_SECONDS = 60.0

Json = dict[str, Any]


def connect(array: Json, ca: str) -> Any:
    configuration = Configuration(ssl_ca_cert=ca)
    configuration.verify_ssl = True
    return flasharray.Client(
        array["address"], api_token=array["apiToken"], configuration=configuration, timeout=(5, 20), retries=5
    )


def act(control: str, action: str, /, **arguments: Any) -> None:
    body = json.dumps(arguments).encode()
    request = urllib.request.Request(f"{control}/actions/{action}", body, method="POST")  # noqa: S310 - http, loopback
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()


def items(response: Any) -> list[Any]:
    if response.status_code != 200:
        raise SystemExit(f"{response.status_code}: {response.errors}")
    rows = response.items
    return [] if rows is None else list(rows)  # what is deleted has no rows


def push(source: Any, suffix: str) -> Any:
    return source.post_protection_group_snapshots(
        source_names=["erp"],
        replicate_now=True,
        apply_retention=True,
        protection_group_snapshot=flasharray.ProtectionGroupSnapshotPost(suffix=suffix),
    )


def landed(target: Any) -> Json:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        (row,) = items(target.get_protection_group_snapshots_transfer(names=[f"{REMOTE}.judged-1"]))
        if getattr(row, "completed", None) is not None:
            return {"progress": row.progress, "after": row.completed >= row.started, "bytes": row.data_transferred}
        time.sleep(0.05)
    raise SystemExit("the transfer did not land")


def main() -> None:
    given: Json = json.loads(sys.argv[1])
    control = given["control"]
    source, target = connect(given["source"], given["ca"]), connect(given["target"], given["ca"])
    seen: Json = {"version": source.get_rest_version()}
    (array,) = items(source.get_arrays())
    seen["array"] = [array.name, array.id, array.os]
    (peer,) = items(source.get_array_connections())
    seen["connection"] = [peer.name, peer.status, peer.type, peer.remote.id]
    act(control, "set-switch", name="rest2PageLimit", value=1)
    seen["paged"] = [it.name for it in items(source.get_protection_groups())]
    act(control, "set-switch", name="rest2PageLimit", value=1000)
    seen["descending"] = [it.name for it in items(source.get_protection_groups(sort=["name-"]))]
    seen["filtered"] = [it.name for it in items(source.get_protection_groups(filter="name='*m*' and not(name='crm')"))]
    (member,) = items(source.get_protection_groups_targets(group_names=["erp"]))
    seen["target"] = [member.member.name, member.allowed, member.status]
    pushed = push(source, "judged-1")
    seen["pushed"] = items(pushed)[0].name
    again = push(source, "judged-1")
    seen["again"] = [again.status_code, again.errors[0].message, again.errors[0].context]
    seen["landed"] = landed(target)
    act(control, "expire-sessions")
    seen["renewed"] = items(source.get_arrays())[0].name
    act(control, "set-array", array="flasharray-a", rateLimit={"perSecond": 2, "burst": 1})
    seen["limited"] = [items(source.get_arrays())[0].name for _ in range(3)]
    act(control, "set-array", array="flasharray-a", rateLimit={"perSecond": 0})
    changed = source.patch_protection_group_snapshots(
        names=["erp.judged-1"], protection_group_snapshot=flasharray.ProtectionGroupSnapshotPatch(destroyed=True)
    )
    (gone,) = items(changed)
    seen["destroyed"] = [gone.destroyed, gone.time_remaining > 0]
    seen["eradicated"] = source.delete_protection_group_snapshots(names=["erp.judged-1"]).status_code
    seen["left"] = [it.name for it in items(source.get_protection_group_snapshots())]
    (group,) = items(target.get_protection_groups(names=[REMOTE]))
    seen["remote"] = [group.is_local, group.source.name]
    for client in (source, target):
        client._token_man.close_session()  # noqa: SLF001 - the client has no public way to log out
    print(json.dumps(seen))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
