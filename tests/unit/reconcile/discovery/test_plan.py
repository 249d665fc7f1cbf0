"""Which ReplicationGroups discovery makes, keeps and leaves alone: laws for any world, and the cases people meet."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.names import label_value
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import GroupRef
from vvol_replication.domain.groups import (
    FaultDomain,
    Group,
    GroupId,
    GroupState,
    Inventory,
    SourceGroup,
    TargetGroup,
    VCenterAbout,
)
from vvol_replication.reconcile.binding.presence import Presence, presence
from vvol_replication.reconcile.binding.world import Problem, SiteView, World
from vvol_replication.reconcile.discovery.names import DISCOVERED_BY, object_name
from vvol_replication.reconcile.discovery.plan import Known, Plan, Wish, discover

SITES = ("austin", "dallas", "third")
DOMAINS = tuple(FaultDomain(f"fd-{x}", f"array-{x}", f"id-{x}") for x in "abc")
ABOUT = VCenterAbout("uuid", "8.0.3.0", ("pure",))
SOURCE, TARGET = GroupId("fd-a", "s"), GroupId("fd-b", "t")
ERP = SourceGroup(SOURCE, "flasharray-a:erp", GroupState.SOURCE, (TARGET,))
COPY = TargetGroup(TARGET, SOURCE, GroupState.TARGET)
NAME = object_name("flasharray-a:erp", TARGET)


def site(*groups: Group, complete: bool = True, problem: Problem | None = None) -> SiteView:
    return SiteView(ABOUT, Inventory(DOMAINS, groups, complete), problem)


def world(**sites: SiteView) -> World:
    return World(sites, {})


TWO = world(austin=site(ERP), dallas=site(COPY))


def carried_out(wish: Wish, vcenter: str, generation: int = 1) -> Known:
    """The object that the API server holds after that apply."""
    manifest = wish.manifest(vcenter, "dr")
    uid = manifest["metadata"].get("uid", f"uid-{wish.name}")
    spec = ReplicationGroupSpec.parse(manifest["spec"])
    return Known(wish.name, uid, generation, manifest["metadata"]["labels"], spec, None)


def applied(plan: Plan, vcenter: str, known: tuple[Known, ...] = ()) -> tuple[Known, ...]:
    new = {one.name: one for one in known} | {one.name: carried_out(one, vcenter) for one in plan.wishes}
    return tuple(new.values())


def person(name: str = "mine", seen: GroupId | None = None, **spec: Any) -> Known:
    said = ReplicationGroupSpec(**({"recovery_site": "dallas"} | spec))
    return Known(name, f"uid-{name}", 1, {}, said, seen)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some pairs, listed by any sites: on both sides, on one, on none; some sites incomplete, or not read at all."""
    sites: dict[str, list[Group]] = {name: [] for name in SITES}
    for number in range(draw(st.integers(1, 4))):
        targets = tuple(
            GroupId(f"fd-{draw(st.sampled_from('bc'))}", f"t{number}{n}") for n in range(draw(st.integers(1, 2)))
        )
        source = SourceGroup(
            GroupId("fd-a", f"s{number}"),
            draw(st.sampled_from(["a:erp", "a:Erp!", "a:crm"])),
            GroupState.SOURCE,
            targets,
        )
        for listed in draw(st.sets(st.sampled_from(SITES), max_size=2)):
            sites[listed].append(source)
        for target in targets:
            for listed in draw(st.sets(st.sampled_from(SITES), max_size=2)):
                sites[listed].append(TargetGroup(target, source.id, GroupState.TARGET))
    views = {
        name: draw(st.sampled_from([site(*groups), site(*groups, complete=False), SiteView()]))
        for name, groups in sites.items()
    }
    return World(views, {})


@given(found=worlds(), vcenter=st.sampled_from(SITES))
def test_what_was_applied_is_not_planned_again_and_no_pair_has_two_objects(found: World, vcenter: str) -> None:
    plan = discover(vcenter, found, ())

    known = applied(plan, vcenter)
    again = discover(vcenter, found, known)

    assert again.wishes == ()
    assert again.ours == len(known) == len({one.target for one in plan.wishes})
    assert plan.found == again.found == again.ours + len(again.nameless) + len(again.targetless)


def _turned_round(view: SiteView) -> SiteView:
    inventory = view.inventory
    return view if inventory is None else replace(view, inventory=replace(inventory, groups=inventory.groups[::-1]))


@given(found=worlds(), data=st.data())
def test_neither_order_nor_who_began_matters(found: World, data: st.DataObject) -> None:
    order = data.draw(st.permutations(SITES))
    shuffled = World({name: _turned_round(found.sites[name]) for name in order}, {})
    for vcenter in SITES:
        assert discover(vcenter, shuffled, ()) == discover(vcenter, found, ())


@given(found=worlds(), order=st.permutations(SITES))
def test_several_vcenters_that_discover_into_one_namespace_make_one_object_for_a_pair(
    found: World, order: list[str]
) -> None:
    known: tuple[Known, ...] = ()
    for vcenter in [*order, *order]:
        plan = discover(vcenter, found, known)
        assert not {one.name for one in plan.wishes} & {one.name for one in known}
        known = applied(plan, vcenter, known)

    targets = [one.spec.target for one in known if one.spec]
    assert len(set(targets)) == len(targets)
    assert all(discover(vcenter, found, known).wishes == () for vcenter in SITES)


@given(before=worlds(), vcenter=st.sampled_from(SITES), silent=st.sets(st.sampled_from(SITES)), data=st.data())
def test_silence_changes_no_object_that_is_there(before: World, vcenter: str, silent: set[str], data: Any) -> None:
    known = applied(discover(vcenter, before, ()), vcenter)

    def less(name: str, view: SiteView) -> SiteView:
        if name not in silent or view.inventory is None:
            return view
        kept = data.draw(st.lists(st.sampled_from(view.inventory.groups), unique=True)) if view.inventory.groups else []
        return replace(view, inventory=replace(view.inventory, groups=tuple(kept), complete=False))

    after = World({name: less(name, view) for name, view in before.sites.items()}, {})
    plan = discover(vcenter, after, known)

    # Another site that lists a side may be told where none was known; nothing else may become of what is there.
    specs = {one.name: one.spec for one in known}
    for wish in plan.wishes:
        spec = specs[wish.name]
        assert spec is not None
        assert wish.recovery == spec.recovery_site
        assert spec.protected_site is None


@given(found=worlds(), vcenter=st.sampled_from(SITES))
def test_each_name_is_a_dns_label_and_each_manifest_a_spec(found: World, vcenter: str) -> None:
    for wish in discover(vcenter, found, ()).wishes:
        assert re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", wish.name)
        spec = carried_out(wish, vcenter).spec
        assert spec is not None
        assert spec.target == GroupRef(wish.target.fault_domain, wish.target.device_group)


@given(name=st.none() | st.text(max_size=300), domain=st.text(max_size=20), group=st.text(max_size=20))
def test_any_name_becomes_a_dns_label(name: str | None, domain: str, group: str) -> None:
    assert re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", object_name(name, GroupId(domain, group)))


def test_names_are_readable_and_told_apart_by_the_targets_ids() -> None:
    assert NAME == "flasharray-a-erp-9fbf013470"  # written once, for ever: another name would be another object
    assert object_name("flasharray-a:erp", GroupId("fd-b", "u")) != NAME
    assert object_name("flasharray-a:erp", GroupId("a", "bc")) != object_name("flasharray-a:erp", GroupId("ab", "c"))
    assert object_name("??", TARGET).startswith("group-")
    assert label_value("dallas") == "dallas"
    assert re.fullmatch("[-a-z0-9.]{1,62}[a-z0-9]", label_value("d." * 100 + "x"))
    assert label_value("d." * 100 + "x") != label_value("d." * 100 + "y")


def test_both_sides_are_named_whichever_side_discovers() -> None:
    for vcenter in ("austin", "dallas"):
        plan = discover(vcenter, TWO, ())
        assert plan.wishes == (Wish(NAME, TARGET, "dallas", "austin"),)


def test_both_sides_in_one_vcenter() -> None:
    assert discover("one", world(one=site(ERP, COPY)), ()).wishes == (Wish(NAME, TARGET, "one", "one"),)


def test_a_source_whose_target_nobody_lists_is_said_and_makes_nothing() -> None:
    plan = discover("austin", world(austin=site(ERP)), ())
    assert (plan.wishes, plan.targetless, plan.found) == ((), ("flasharray-a:erp",), 1)


def test_a_target_without_its_source_is_made_once_all_was_read_and_the_source_is_filled_in_later() -> None:
    assert discover("dallas", world(dallas=site(COPY), austin=SiteView()), ()).nameless == (str(TARGET),)
    assert discover("dallas", world(dallas=site(COPY), austin=site(complete=False)), ()).wishes == ()
    plan = discover("dallas", world(dallas=site(COPY)), ())
    assert plan.wishes == (Wish(object_name("array-b", TARGET), TARGET, "dallas", None),)

    known = applied(plan, "dallas")
    (wish,) = discover("dallas", TWO, known).wishes

    assert wish == replace(plan.wishes[0], protected="austin", uid=known[0].uid)
    assert discover("dallas", TWO, applied(Plan((wish,)), "dallas", known)).wishes == ()


def test_a_target_that_names_itself_gives_its_name() -> None:
    named = replace(COPY, name="flasharray-a:erp")
    assert [one.name for one in discover("dallas", world(dallas=site(named)), ()).wishes] == [NAME]


@pytest.mark.parametrize(
    "known",
    [
        person(target=GroupRef("fd-b", "t")),
        person(protected_site="austin", group_name="FlashArray-A:ERP"),
        person(protected_site="gone", group_name="old-name", seen=TARGET),
        person(recovery_site="not-read-yet", group_name="flasharray-a:erp"),
    ],
    ids=["by its ids", "by its name", "by its status", "by a name that cannot be looked up yet"],
)
def test_what_somebody_made_for_the_pair_is_adopted_and_never_edited(known: Known) -> None:
    plan = discover("dallas", TWO, [known])
    assert (plan.wishes, plan.others, plan.ours) == ((), 1, 0)


@pytest.mark.parametrize(
    "known",
    [
        person(target=GroupRef("fd-b", "other")),
        person(protected_site="austin", group_name="flasharray-a:crm"),
        person(protected_site="austin", group_name="nameless"),
        replace(person(group_name="x"), spec=None),
    ],
)
def test_what_stands_for_something_else_is_no_hindrance(known: Known) -> None:
    assert len(discover("dallas", TWO, [known]).wishes) == 1


def test_an_object_that_chooses_none_of_several_targets_stands_for_none() -> None:
    other = GroupId("fd-c", "t")
    both = replace(ERP, targets=(TARGET, other))
    found = world(austin=site(both), dallas=site(COPY, TargetGroup(other, SOURCE, GroupState.TARGET)))
    plan = discover("dallas", found, [person(protected_site="austin", group_name="flasharray-a:erp")])
    assert [one.target for one in plan.wishes] == [TARGET, other]


def test_a_name_that_something_else_has_is_never_written() -> None:
    plan = discover("dallas", TWO, [person(NAME, target=GroupRef("fd-b", "other"))])
    assert (plan.wishes, plan.taken) == ((), (NAME,))


def test_an_object_whose_label_was_removed_is_its_owners() -> None:
    (made,) = applied(discover("dallas", world(dallas=site(COPY)), ()), "dallas")
    labels = {key: value for key, value in made.labels.items() if key != DISCOVERED_BY}
    plan = discover("dallas", TWO, [replace(made, labels=labels)])
    assert (plan.wishes, plan.others) == ((), 1)


def test_a_site_that_lists_the_group_no_more_is_replaced_only_where_that_is_known() -> None:
    known = applied(discover("dallas", TWO, ()), "dallas")
    moved = site(COPY)
    for dallas in (site(complete=False), site(problem=Problem(Reason.UNREACHABLE, "silent")), SiteView()):
        assert discover("third", world(austin=site(ERP), dallas=dallas, third=moved), _of("third", known)).wishes == ()
    for sites in ({"dallas": site()}, {}):
        found = world(austin=site(ERP), third=moved, **sites)
        (wish,) = discover("third", found, _of("third", known)).wishes
        assert (wish.recovery, wish.uid) == ("third", known[0].uid)


def _of(vcenter: str, known: tuple[Known, ...]) -> list[Known]:
    return [replace(one, labels={**one.labels, DISCOVERED_BY: vcenter}) for one in known]


BOTH = frozenset({"austin", "dallas"})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (TWO, Presence.LISTED),
        (world(austin=site(ERP), dallas=site()), Presence.LISTED),
        (world(austin=site(), dallas=site(), third=site(COPY)), Presence.LISTED),
        (world(austin=site(), dallas=site()), Presence.ABSENT),
        (world(austin=site(replace(ERP, targets=())), dallas=site()), Presence.ABSENT),
        (world(austin=site(), dallas=site(complete=False)), Presence.UNKNOWN),
        (world(austin=site(problem=Problem(Reason.UNREACHABLE, "silent")), dallas=site()), Presence.UNKNOWN),
        (world(austin=SiteView(), dallas=site()), Presence.UNKNOWN),
        (world(dallas=site()), Presence.UNKNOWN),
        (world(austin=SiteView(ABOUT, Inventory((), ())), dallas=SiteView(ABOUT, Inventory((), ()))), Presence.UNKNOWN),
    ],
)
def test_absence_is_concluded_only_from_complete_fresh_readings_of_all_who_listed_it(
    found: World, expected: Presence
) -> None:
    assert presence(TARGET, BOTH, found) is expected


def test_an_object_by_name_that_is_bound_is_the_one_for_its_group() -> None:
    mine = person(group_name="flasharray-a:erp", seen=TARGET)
    plan = discover("dallas", TWO, (mine,))
    assert plan.wishes == ()
    assert plan.others == 1
