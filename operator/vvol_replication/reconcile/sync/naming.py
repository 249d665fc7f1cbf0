"""On which point in time did the asked name end? Names are how people know what they fail over to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Borrowed, PointInTimeStatus
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.identify import Finding, certainly_new, named_elsewhere, within
from vvol_replication.reconcile.core.observation import rows
from vvol_replication.reconcile.core.summarize import describe, point_status

from .context import ActiveSync


@dataclass(frozen=True, slots=True)
class Naming:
    """`wanted` is the condition Named. `settled`: waiting longer cannot better it. `fatal`: it would be a lie.

    `elsewhere` has the name, and is not the point in time that was found, as far as is known. `given`: the sync has
    named one whose data is from after the request.
    """

    wanted: Wanted
    settled: bool
    fatal: bool = False
    elsewhere: PointInTime | None = None
    given: bool = False

    @property
    def shown_elsewhere(self) -> PointInTimeStatus | None:
        """`elsewhere` as the status shows it."""
        return None if self.elsewhere is None else point_status(self.elsewhere)

    def identified(self, finding: Finding) -> Wanted:
        """The condition PointInTimeIdentified that goes with it."""
        if finding.point is not None:
            return Wanted("PointInTimeIdentified", "True", Reason.IDENTIFIED, f"It has the id {finding.point.id!r}.")
        return Wanted(
            "PointInTimeIdentified",
            "False",
            Reason.POINT_IN_TIME_AMBIGUOUS,
            "Several transfers landed so close together that more than one point "
            "in time fits. Use the snapshot's name and time.",
        )


def names_of(active: ActiveSync, mine: Snapshot, finding: Finding) -> Naming:
    """Where the name is, now that our data has landed and is listed."""
    naming = _found(active, mine, finding)
    sync = active.operation.sync
    # The sync that was pending at the push has ended where its name is; only one armed later may be pending still.
    spent = naming.given and sync is not None and sync.pending_seen_at is not None
    if spent or not active.maybe_armed or naming.wanted.reason == Reason.NAME_STILL_PENDING:
        return naming
    also = f"{naming.wanted.message} The sync is still armed: the next data that lands may get the name too."
    return replace(naming, wanted=replace(naming.wanted, message=also))


def _found(active: ActiveSync, mine: Snapshot, finding: Finding) -> Naming:
    name, sync = active.operation.point_in_time_name or "", active.operation.sync
    baseline, arrived = active.operation.baseline, rows(active.seen.target_snapshots)
    elsewhere = named_elsewhere(name, finding.point, rows(active.seen.points), baseline)
    credited = sync.credited if sync else ()
    new = elsewhere is not None and certainly_new(elsewhere, arrived, baseline)
    if finding.point is not None and finding.point.name == name:
        return _on_ours(active, finding.point, name)
    if elsewhere is not None and finding.point is None and within(elsewhere.time, mine):
        text = f"The name {name!r} is on point in time {describe(elsewhere)}"
        text = f"{text}. It is not known whether that is this snapshot."
        if new:
            text = f"{text} In both cases its data is from after the request."
        wanted = Wanted("Named", "Unknown", Reason.POINT_IN_TIME_AMBIGUOUS, text)
        return Naming(wanted, settled=not (new and active.maybe_armed), elsewhere=elsewhere, given=new)
    if elsewhere is not None and new:
        mine_is = f" This request's own is {finding.point.id!r}." if finding.point is not None else ""
        text = (
            f"The name {name!r} is on another point in time, {describe(elsewhere)}. Its data is also from after the "
            f"request.{mine_is} Fail over by id."
        )
        wanted = Wanted("Named", "False", Reason.NAME_ON_OTHER_POINT_IN_TIME, text)
        return Naming(wanted, settled=not active.maybe_armed, elsewhere=elsewhere, given=True)
    if elsewhere is not None or credited:
        which = f"{elsewhere.id!r} of {elsewhere.time:%Y-%m-%dT%H:%M:%SZ}" if elsewhere else "that landed before"
        text = f"The name {name!r} is on the older point in time {which}."
        wanted = Wanted("Named", "False", Reason.NAME_ON_OLDER_POINT_IN_TIME, text)
        explicit = active.request.spec.point_in_time_name is not None
        return Naming(wanted, settled=not active.maybe_armed, fatal=explicit, elsewhere=elsewhere)
    if active.maybe_armed:
        pending = sync.borrowed.name if sync and sync.borrowed else name
        text = f"The sync is still armed: the name {pending!r} may go to the next data that lands."
        return Naming(Wanted("Named", "False", Reason.NAME_STILL_PENDING, text), settled=False)
    if sync is not None and sync.borrowed is not None:
        return _lent(sync.borrowed, finding)
    other = finding.point.name if finding.point is not None else None
    text = f"No point in time has the name {name!r}."
    if other is not None and sync is not None and sync.unanswered_at is not None:
        text = f"{text} After a lost answer, another sync was taken for this request's own: {other!r}."
    return Naming(Wanted("Named", "False", Reason.NOT_NAMED, text), settled=sync is None or other is not None)


def _on_ours(active: ActiveSync, point: PointInTime, name: str) -> Naming:
    """Our own point in time has the name. Has another one, too?"""
    sync, baseline, arrived = active.operation.sync, active.operation.baseline, rows(active.seen.target_snapshots)
    namesakes = [one for one in rows(active.seen.points) if one.name == name and one.id != point.id]
    if (sync and sync.credited) or not all(certainly_new(one, arrived, baseline) for one in namesakes):
        also = f"An older point in time has the name {name!r}, too. Fail over to id {point.id!r}."
        wanted = Wanted("Named", "True", Reason.NAME_ALSO_ON_OLDER_POINT_IN_TIME, also)
        return Naming(wanted, settled=True, given=True)
    if namesakes:
        also = (
            f"Another point in time has the name {name!r}, too: {describe(namesakes[0])}. Its data is also from after "
            f"the request. This request's own is {point.id!r}. Fail over by id."
        )
        wanted = Wanted("Named", "True", Reason.NAME_ALSO_ON_OTHER_POINT_IN_TIME, also)
        return Naming(wanted, settled=True, given=True, elsewhere=namesakes[0])
    wanted = Wanted("Named", "True", Reason.NAMED, f"The point in time is named {name!r}.")
    return Naming(wanted, settled=True, given=True)


def _lent(borrowed: Borrowed, finding: Finding) -> Naming:
    """The sync that was armed at the push was an earlier request's, and so is the name."""
    text = (
        f"The sync {borrowed.name!r} of ReplicationSync {borrowed.request!r} was still armed: its name went to the "
        "next point in time."
    )
    wanted = Wanted("Named", "False", Reason.NAMED_FOR_EARLIER_REQUEST, text)
    return Naming(wanted, settled=finding.point is not None and finding.point.name is not None)
