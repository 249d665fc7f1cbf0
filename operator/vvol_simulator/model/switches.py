"""Everything that docs/facts leaves open, as a switch, so that tests can run both ways.

Switches belong to the world and may be changed while it runs. A new one is a field here with a default and, for a
choice, a `Literal`: topology and control interface read this class.
"""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .errors import WorldError
from .spelling import camel


@dataclass
class Switches:
    """Behaviours that no source settles."""

    point_in_time_time: Literal["sourceCreation", "targetCompletion"] = "sourceCreation"
    """Which moment a point in time carries."""
    point_in_time_whole_seconds: bool = True
    """Whether that moment is cut to whole seconds, as the arrays' REST 1 times are."""
    points_outlive_snapshots: bool = False
    """Whether a point in time stays listed when the snapshot that it is of was destroyed on the target."""
    sync_ongoing: Literal["thrown", "groupError", "taskError"] = "thrown"
    """Where `SyncOngoing` appears: thrown by the call, in the result's error[], or as the task's error."""
    sync_ongoing_carries_task: bool = True
    """Whether `SyncOngoing` names the task that is running."""
    group_faults: Literal["groupError", "thrown", "taskError"] = "groupError"
    """Where all other refusals of one group appear."""
    wrong_side: Literal["InvalidFunctionTarget", "NotFound"] = "InvalidFunctionTarget"
    """What a sync at a source group, or a prepare at a target group, is answered with."""
    provider_pushes_on_sync: bool = False
    """Whether a sync makes the provider push by itself. Documented for Pure in 2019: it does not."""
    vasa_lag_seconds: float = 0.0
    """How long after a landing the VASA provider sees it (credits the sync, lists the point in time)."""
    task_queued_seconds: float = 0.0
    """How long a new SMS task says `queued` before it says `running`."""
    prepare_with_powered_on_vms: Literal["accept", "refuse"] = "accept"
    """Whether prepareFailover looks at the VMs' power (`ResourceInUse` when it refuses)."""
    prepared_sync_name: Literal["own", "asked"] = "own"
    """The name in the answer of a sync at a prepared group: the last point in time's own, or the one asked for."""
    push_while_disconnected: Literal["stayLocal", "queue"] = "stayLocal"
    """What a push to a target that is not connected does: nothing beyond the local snapshot, or wait for the link."""
    destroyed_suffix_message: Literal["alreadyExists", "hasBeenDestroyed"] = "alreadyExists"
    """How an array words the refusal of a suffix that a destroyed snapshot still reserves."""
    target_row_before_start: bool = True
    """Whether a transfer has a row on the target before it has started."""
    source_transfer_rows: Literal["mirrored", "blank"] = "mirrored"
    """Whether the source's own transfer rows show progress and completion, or leave them empty."""
    rest1_pending_with_transfer: bool = True
    """Whether REST 1 takes `pending` together with `transfer` (otherwise 400)."""
    bad_token_status: Literal[400, 401] = 401
    """The status for a wrong API token at REST 1 `auth/session`."""
    readonly_status: Literal[400, 401, 403] = 403
    """The status for a change that an array's read-only user asks for."""
    session_limit: Literal["refused", "busy", "oldestEnds"] = "refused"
    """What an array with too many sessions does at a login: 400, 503 with `Retry-After`, or end the oldest session."""
    push_from_pod: Literal["replicated", "refused"] = "replicated"
    """Whether a protection group in a pod that is not demoted can be pushed. Cinder's driver relies on it."""
    rest1_rate_limited: bool = True
    """Whether an array's rate limit counts and refuses REST 1 calls too."""
    rest2_destroyed_unasked: bool = True
    """Whether REST 2 lists destroyed objects too unless `destroyed` says which; otherwise only those that are named."""
    rest2_page_limit: int = 1000
    """How many items one REST 2 answer has at most; 0 = no limit."""
    rest2_withdrawn_status: Literal[400, 404, 450] = 404
    """The status for a REST 2 version that the array does not offer."""
    rest2_connection_id: Literal["remoteArray", "connection"] = "remoteArray"
    """Whose id an array connection carries in REST 2."""
    unfiltered_groups: Literal["full", "idsOnly"] = "full"
    """Whether `QueryReplicationGroup` without ids gives everything or only the ids."""
    fault_domain_providers: bool = True
    """Whether `QueryFaultDomain` names the provider that is active for a fault domain."""
    points_in_time: Literal["details", "summary"] = "details"
    """Whether `QueryPointInTimeReplica` honours `preferDetails` or always answers with a summary."""
    session_idle_seconds: float = 1800.0
    """After how long without activity a vCenter ends a session; 0: never."""
    sms_keeps_session: bool = False
    """Whether calls to SMS and PBM count as activity of the vim session that they come with."""
    reads_without_session: Literal["missingSet", "thrown"] = "missingSet"
    """Whether properties read without a session are answered, with the fault in the place of each, or refused."""
    session_limit_answer: Literal["http503", "fault"] = "http503"
    """How a vCenter refuses a login that is one session too many."""
    member_ids: Literal["vvol", "uuid", "filePath", "moid", "none"] = "vvol"
    """How a source group names its members, VMs and disks: by VVol id, by instance uuid and disk key, by path and disk
    id, by managed object id; or not at all."""
    target_group_names: bool = True
    """Whether target groups carry a name."""
    points_in_time_at_most: int = 0
    """Points in time that one group's list may have; 0 = no limit."""
    points_in_time_too_many: Literal["TooMany", "summary"] = "TooMany"
    """What a list that would be longer than `pointsInTimeAtMost` is answered with."""
    summary_bounds: Literal["exact", "down", "up", "nearest"] = "exact"
    """How a summary rounds the times of the first and the last point in time that it counts."""
    summary_bounds_seconds: float = 60.0
    """To how many seconds a summary rounds them."""
    soap_prefixed_types: bool = False
    """Whether SOAP answers write every xsi:type with a prefix."""
    soap_extra_header: bool = False
    """Whether SOAP answers carry a header that clients do not know."""
    soap_chunked: bool = False
    """Whether SOAP answers come in chunks, without a length."""
    soap_gzip: bool = False
    """Whether SOAP answers are compressed for clients that accept it."""

    def set(self, name: str, value: Any) -> None:
        """Change one switch by its camelCase name; `WorldError` says what would be allowed."""
        by_name = {camel(item.name): item.name for item in fields(self)}
        if name not in by_name:
            raise WorldError(f"There is no switch {name!r}; there are {', '.join(sorted(by_name))}.")
        setattr(self, by_name[name], _checked(name, get_type_hints(type(self))[by_name[name]], value))

    def as_dict(self) -> dict[str, Any]:
        """All switches by their camelCase names."""
        return {camel(item.name): getattr(self, item.name) for item in fields(self)}


SOURCES: dict[str, str] = {
    "provider_pushes_on_sync": "a vendor engineer's article of 2019: it does not push; nothing newer found",
    "wrong_side": "VMware's cmdlet reference says where a sync may be called, not how else it is refused",
    "sync_ongoing": "VMware's WSDL allows all three",
    "sync_ongoing_carries_task": "the WSDL makes it optional",
    "group_faults": "VMware's WSDL allows all three",
    "prepared_sync_name": "the article says that it succeeds immediately, not what it answers",
    "push_while_disconnected": "the vendor's specs are silent; the default is the more dangerous one",
    "destroyed_suffix_message": "drivers match both texts",
    "source_transfer_rows": "scripts treat a blank as idle, others read progress there",
    "bad_token_status": "clients handle both",
    "readonly_status": "the vendor's specs list no errors",
    "push_from_pod": "OpenStack Cinder's driver replicates protection groups of pods to a third array",
    "rest1_rate_limited": "the vendor's SDK describes the limit for REST 2 only",
    "rest2_destroyed_unasked": "the vendor's specs say what true and false do, not what leaving it out does",
    "rest2_page_limit": "the vendor's specs: there is one; its number is not given",
    "rest2_withdrawn_status": "450 is known for REST 1 only",
    "rest2_connection_id": "the vendor's Ansible collection takes it for the remote array's",
    "fault_domain_providers": "the WSDL makes it optional",
    "points_in_time_too_many": "VMware's API reference allows both",
    "target_row_before_start": "field output shows rows while transfers run, not before",
}
"""What there is to go by, for docs/simulator.md; a switch that is not here has no source at all."""


def _checked(name: str, hint: Any, value: Any) -> Any:
    """The value as the field's type wants it."""
    if get_origin(hint) is Literal:
        allowed = get_args(hint)
        if value not in allowed or isinstance(value, bool):
            raise WorldError(f"Switch {name} is one of {', '.join(map(str, allowed))}, not {value!r}.")
        return value
    if hint is bool:
        if not isinstance(value, bool):
            raise WorldError(f"Switch {name} is true or false, not {value!r}.")
        return value
    if hint is int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise WorldError(f"Switch {name} is a whole number from 0, not {value!r}.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise WorldError(f"Switch {name} is a number of seconds, not {value!r}.")
    return float(value)
