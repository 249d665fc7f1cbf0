"""What can happen next in a state: each possibility with its name, and the state that it leads to.

The operator's part is the real one: `decide_sync` and the functions that absorb answers. What is modelled here is what
the engine does around them (`engine/requests/reconciler.py`, `engine/requests/queue.py`), and the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from explore import rules
from explore.state import LEAP, MOMENT, TUNING, Case, Late, State
from explore.storage import STRANGER
from unit.reconcile.model.world import BINDING

from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused
from vvol_replication.reconcile.core.observation import Moment, Observation, Query
from vvol_replication.reconcile.core.steps import Arm, Decision, Finish, Park, Push, Read, Record
from vvol_replication.reconcile.sync.absorb import absorb_armed, absorb_pushed, absorb_reading, absorb_recorded
from vvol_replication.reconcile.sync.borrowed import left_armed
from vvol_replication.reconcile.sync.context import SyncContext
from vvol_replication.reconcile.sync.decide import decide_sync, name_is_taken

Move = tuple[str, State]

LOST: Indeterminate = Indeterminate("AnswerLost", "The connection ended before the answer came.")
REFUSED = Refused("ProviderBusy", "The endpoint answered, and the answer was no.")
_JUST_BEFORE = timedelta(microseconds=1)


def moves(state: State) -> Iterator[Move]:
    """Everything that can happen next. Raises `rules.BrokenRuleError` for a step that breaks one."""
    for number, case in enumerate(state.cases):
        if not case.ended:
            yield from _of_case(state, number, case)
    yield from _of_world(state)
    yield from _of_process(state)


def _of_case(state: State, number: int, case: Case) -> Iterator[Move]:
    name = f"request {number}"
    if not case.confirmed:
        yield f"{name}: its acceptance is shown", _with(state, number, replace(case, confirmed=True, news=True))
    if state.budget.cancels and not case.request.spec.cancel:
        spec = replace(case.request.spec, cancel=True)
        cancelled = replace(case, request=replace(case.request, spec=spec), news=True)
        yield f"{name}: is cancelled", replace(_with(state, number, cancelled), budget=state.budget.less("cancels"))
    if case.asleep and case.follows and (polled := _polled(state, case)) is not None:
        yield f"{name}: the poller delivers", _with(state, number, polled)
    if not case.asleep or case.news:
        for what, after in _steps(state, number, replace(case, asleep=False, news=False)):
            yield f"{name}: {what}", after


def behind(state: State, number: int) -> str | None:
    """As `engine/requests/queue.py` does: who has acted goes first, then the order of acceptance; one at a time."""
    waiting = [
        index
        for index, case in enumerate(state.cases)
        if not case.ended and (case.acted or state.armed is None or not name_is_taken(case.request, state.armed))
    ]
    if number not in waiting:
        return None
    waiting.sort(key=lambda index: not state.cases[index].acted)
    return None if waiting[0] == number else f"prod/sync-{waiting[0]}"


def _steps(state: State, number: int, case: Case) -> Iterator[Move]:
    armed = state.armed
    seen = replace(
        case.seen,
        confirmed=case.confirmed,
        bound=BINDING,
        behind=behind(state, number),
        armed=None if armed is None or armed.uid == case.request.uid else armed,
        identity=f"process-{state.process}",
        taken_up_at=state.began,
    )
    decision = decide_sync(case.request, case.status, seen, state.now, TUNING)
    case = replace(case, seen=seen)
    match decision.step:
        case Read(queries):
            yield from _read(state, number, replace(case, status=decision.status), queries)
        case Record():
            recorded = replace(case, stored=decision.status, status=decision.status, seen=absorb_recorded(seen))
            yield "records an intent", _with(state, number, recorded)
        case Arm(name):
            yield from _arm(state, number, replace(case, status=decision.status), name)
        case Push(_, suffix):
            yield from _push(state, number, replace(case, status=decision.status), suffix)
        case Park(_, follow):
            parked = replace(case, status=decision.status, asleep=True, follows=follow)
            if case.confirmed:
                parked = replace(parked, stored=decision.status)
            yield f"parks: {_reason(decision)}", _with(state, number, parked)
        case Finish():
            rules.at_end(state, number, case, decision)
            left = left_armed(SyncContext(case.request, decision.status, seen, state.now, TUNING))
            ended = replace(case, stored=decision.status, status=decision.status, seen=Observation())
            after = replace(state, armed=left or state.armed)
            yield f"ends: {_reason(decision)}", _woken(_with(after, number, ended))


def _read(state: State, number: int, case: Case, queries: frozenset[Query]) -> Iterator[Move]:
    what = f"reads {', '.join(sorted(queries))}"
    yield what, _with(state, number, _taken(state, case, _ordered(queries)))
    if Query.TARGET_SNAPSHOTS in queries and len(queries) > 1:
        # The answers of one round come from different moments: here something lands between the first and the others.
        first = _taken(state, case, [Query.TARGET_SNAPSHOTS], whole=queries)
        rest = [query for query in _ordered(queries) if query is not Query.TARGET_SNAPSHOTS]
        for copy in state.storage.under_way():
            landed = replace(state, storage=state.storage.landing(copy.suffix, state.now))
            torn = _with(landed, number, _taken(landed, first, rest, whole=queries))
            yield f"{what}, and {copy.suffix} lands meanwhile", torn


def _ordered(queries: frozenset[Query]) -> list[Query]:
    return sorted(queries, key=lambda query: (query is not Query.TARGET_SNAPSHOTS, query))


def _taken(state: State, case: Case, queries: Sequence[Query], whole: frozenset[Query] | None = None) -> Case:
    """The answers absorbed as the engine does, with its care for the order of the task and the rest."""
    operation = case.status.operation
    task = operation.sync.task if operation is not None and operation.sync is not None else None
    with_task = Query.TASK in (whole or queries)
    seen = case.seen
    for query in queries:
        at = state.now if query is Query.TASK or not with_task else state.now - _JUST_BEFORE
        outcome: Outcome[Any] = Done(state.storage.answer(query, task))
        seen = absorb_reading(case.status, seen, query, outcome, Moment(at, TUNING))
    return replace(case, seen=seen)


def _polled(state: State, case: Case) -> Case | None:
    """The poller's delivery, where it brings news."""
    rows = state.storage.answer(Query.TARGET_SNAPSHOTS, None)
    reading = case.seen.target_snapshots
    if reading is not None and reading.value == rows:
        return None
    return replace(_taken(state, case, [Query.TARGET_SNAPSHOTS]), news=True)


def _arm(state: State, number: int, case: Case, name: str) -> Iterator[Move]:
    rules.at_sync(state, number, case)

    def answered(after: State, outcome: Outcome[Any]) -> State:
        status, seen = absorb_armed(case.status, case.seen, outcome, Moment(after.now, TUNING))
        unsure = case.unsure or outcome is LOST
        return _with(after, number, replace(case, status=status, seen=seen, unsure=unsure))

    storage, answer = state.storage.armed(name)
    carried_out = replace(state, storage=storage)
    yield f"arms {name!r}", answered(carried_out, Done(answer))
    yield from _lossy(state, carried_out, Late("sync", name), answered)


def _push(state: State, number: int, case: Case, suffix: str) -> Iterator[Move]:
    rules.at_push(state, number, case, suffix)
    case = replace(case, suffixes=case.suffixes | {suffix})

    def answered(after: State, outcome: Outcome[Any]) -> State:
        status, seen = absorb_pushed(case.status, case.seen, outcome, Moment(after.now, TUNING))
        return _with(after, number, replace(case, status=status, seen=seen))

    storage, answer = state.storage.pushed(suffix, state.now)
    carried_out = replace(state, storage=storage)
    yield f"pushes {suffix}", answered(carried_out, Done(answer))
    yield from _lossy(state, carried_out, Late("push", suffix), answered)


def _lossy(state: State, carried_out: State, late: Late, answered: Any) -> Iterator[Move]:
    """The same call, refused or with its answer lost."""
    if not state.budget.losses:
        return
    what = f"asks for the {late.kind}"
    budget = state.budget.less("losses")
    yield f"{what}, which is refused", answered(replace(state, budget=budget), REFUSED)
    yield f"{what}, the answer is lost after the effect", answered(replace(carried_out, budget=budget), LOST)
    lost = replace(state, budget=budget, late=(*state.late, late))
    yield f"{what}, the answer is lost and the effect is late", answered(lost, LOST)


def _of_world(state: State) -> Iterator[Move]:
    storage, budget, now = state.storage, state.budget, state.now
    for copy in storage.under_way():
        yield f"{copy.suffix} lands", _moved(state, storage.landing(copy.suffix, now))
    if budget.schedules:
        suffix = f"s-{len(storage.copies)}"
        yield "a scheduled transfer begins", _moved(state, storage.taken(suffix, now), "schedules")
    if budget.forgets and storage.known_from < len(storage.syncs):
        yield "SMS forgets its tasks", _moved(state, storage.forgetting(), "forgets")
    if budget.errors and storage.pending is not None:
        yield "the pending sync fails", _moved(state, storage.failing(), "errors")
    if budget.strangers and storage.pending is None and not storage.prepared:
        yield "a stranger arms a sync", _moved(state, storage.armed(STRANGER)[0], "strangers")
    if budget.prepares and not storage.prepared:
        yield "a stranger prepares the group", _moved(state, storage.preparing(), "prepares")
    if state.armed is not None and (storage.pending is None or storage.pending.task != state.armed.task):
        yield "the group sees that the sync that was left armed has ended", _woken(replace(state, armed=None))
    for late in dict.fromkeys(state.late):
        rest = list(state.late)
        rest.remove(late)
        after = storage.armed(late.argument)[0] if late.kind == "sync" else storage.taken(late.argument, now)
        yield f"the late {late.kind} takes effect", replace(_moved(state, after), late=tuple(rest))


def _of_process(state: State) -> Iterator[Move]:
    live = [case for case in state.cases if not case.ended]
    if not live:
        return
    quiet = all(case.asleep and not case.news for case in live)
    storage = state.storage
    if quiet and storage.pending is not None and not storage.under_way() and not state.budget.schedules:
        # A sync that nobody here may take for theirs is waited for; in a fair world something lands in the end.
        suffix = f"s-{len(storage.copies)}"
        yield "the array's own schedule comes round", _later(replace(state, storage=storage.taken(suffix, state.now)))
    if quiet or state.budget.stalls:
        budget = state.budget if quiet else state.budget.less("stalls")
        # Whatever was on its way has arrived by now, or never will.
        yield "time passes", replace(_woken(state), now=state.now + LEAP, budget=budget, late=())
    cases = tuple(case if case.ended else _taken_up(case) for case in state.cases)
    if state.budget.crashes:
        again = replace(state, cases=cases, budget=state.budget.less("crashes"), began=state.now)
        yield "the process is killed, and started again", _later(again)
    if state.budget.takeovers:
        other = replace(state, cases=cases, budget=state.budget.less("takeovers"), began=state.now)
        yield "another process takes over", _later(replace(other, process=state.process + 1))


def _taken_up(case: Case) -> Case:
    """By another process: it knows what is stored, and nothing else."""
    operation = case.stored.operation
    unanswered = operation is not None and operation.sync is not None and operation.sync.task is None
    return replace(
        case,
        status=case.stored,
        seen=Observation(),
        asleep=False,
        follows=False,
        news=False,
        unsure=case.unsure or unanswered,
    )


def _moved(state: State, storage: Any, kind: str | None = None) -> State:
    budget = state.budget if kind is None else state.budget.less(kind)
    return _later(replace(state, storage=storage, budget=budget))


def _woken(state: State) -> State:
    return replace(state, cases=tuple(replace(case, news=True) for case in state.cases))


def _with(state: State, number: int, case: Case) -> State:
    cases = tuple(case if index == number else other for index, other in enumerate(state.cases))
    return _later(replace(state, cases=cases))


def _later(state: State) -> State:
    """Everything takes a moment."""
    return replace(state, now=state.now + MOMENT)


def _reason(decision: Decision) -> str:
    return next((one.reason for one in decision.status.conditions if one.type == "Ready"), "?")
