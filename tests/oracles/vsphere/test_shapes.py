"""Our simulator and govmomi's answer the same questions in the same shape, but for what is listed here.

A difference is a mistake of one of the two, or a choice that vCenters make differently. Each is listed with what is
known of it, so that a new one, or one that has gone, is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from component.simulator.soap_sites import TOPOLOGY, running

from .dialogue import dialogue
from .govmomi import PASSWORD, USERNAME, Govmomi
from .shapes import Answer, Asker, top

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ = "RetrievePropertiesExResponse"
MISSING = f"{READ}/returnval/objects/missingSet/fault"
FAULT = "soapenv:Fault"
GROUPS = "{urn:pbm}PbmQueryReplicationGroupsResponse/returnval"
GROUP_ID = f"{GROUPS}/replicationGroupId"


@dataclass(frozen=True)
class Difference:
    """What only one of the two has: the topmost elements that differ."""

    why: str
    govmomi: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()
    statuses: tuple[int, int] | None = None  # (govmomi's, ours) where they differ


WITHOUT_OBJECT = Difference(
    "vCenters before 8.0 say at which object a privilege was missing; our simulator does not.",
    govmomi=frozenset({f"{FAULT}/detail/NotAuthenticatedFault(NotAuthenticated)/object"}),
)
KNOWN: dict[str, Difference] = {
    "clock without a session": WITHOUT_OBJECT,
    "view without a session": WITHOUT_OBJECT,
    "logout without a session": WITHOUT_OBJECT,
    "groups without a session": WITHOUT_OBJECT,
    "groups after logout": WITHOUT_OBJECT,
    "properties without a session": Difference(
        "As above; and a fault inside an answer may or may not bring its text along.",
        govmomi=frozenset({f"{MISSING}/fault(NotAuthenticated)/object"}),
        ours=frozenset({f"{MISSING}/localizedMessage"}),
    ),
    "current session without one": Difference(
        "Real vCenters leave it unset, as our simulator does.",
        govmomi=frozenset({FAULT}),
        ours=frozenset({"FetchResponse"}),
        statuses=(500, 200),
    ),
    "current session": Difference(
        "Fetch returns an anyType, so that its type belongs there; our simulator leaves it out.",
        govmomi=frozenset({"FetchResponse/returnval(UserSession)"}),
        ours=frozenset({"FetchResponse/returnval"}),
    ),
    "page of a spent token": Difference(
        "govmomi names a fault by a Go type that is no fault of vSphere's.",
        govmomi=frozenset({f"{FAULT}/detail/InvalidPropertyFaultFault(InvalidPropertyFault)"}),
        ours=frozenset({f"{FAULT}/detail/InvalidArgumentFault(InvalidArgument)"}),
    ),
    "pages of nothing": Difference(
        "govmomi takes a limit of 0 for none; our simulator refuses it.",
        govmomi=frozenset({READ}),
        ours=frozenset({FAULT}),
        statuses=(200, 500),
    ),
    "properties of nothing": Difference(
        "Nothing is told by an element without content, or by none.",
        govmomi=frozenset({f"{READ}/returnval"}),
    ),
    "a property that does not exist": Difference(
        "govmomi says so for each object, our simulator refuses the question.",
        govmomi=frozenset({READ}),
        ours=frozenset({FAULT}),
        statuses=(200, 500),
    ),
    "a method that does not exist": Difference(
        "Both refuse, by different faults.",
        govmomi=frozenset({f"{FAULT}/detail/InvalidRequestFault(InvalidRequest)"}),
        ours=frozenset({f"{FAULT}/detail/MethodNotFoundFault(MethodNotFound)"}),
    ),
    "groups": Difference(
        "The parts of a group's id are of vim's namespace inside PBM's answer; govmomi writes PBM's throughout.",
        govmomi=frozenset({f"{GROUP_ID}/deviceGroupId", f"{GROUP_ID}/faultDomainId"}),
        ours=frozenset(
            {
                f"{GROUP_ID}/{{urn:vim25}}deviceGroupId",
                f"{GROUP_ID}/{{urn:vim25}}faultDomainId",
                f"{GROUPS}/object/serverUuid",  # govmomi's side of this answer echoes the question
            }
        ),
    ),
}
# Where our simulator need not have all that a vCenter has.
PARTIAL = {"content"}


@pytest.fixture(scope="module")
def both(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Answer, Answer]]]:
    """The answers to each question: govmomi's, and our simulator's."""
    vms = {vm["name"]: vm.get("power", "poweredOn") for vm in TOPOLOGY["protectionGroups"][0]["vms"]}
    group = {"faultDomain": "domain-a", "deviceGroup": "erp-source"}
    log = tmp_path_factory.mktemp("govmomi") / "govmomi.log"
    with Govmomi(program, log, vms=vms, groups={"erp-db": group}) as govmomi, running() as ours:
        site, simulator = ours.site("austin"), ours.simulator
        one = Asker(govmomi.address, govmomi.authority)
        other = Asker(f"127.0.0.1:{simulator.endpoint('austin').port}", simulator.authority.pem())
        first = dict(dialogue(one, USERNAME, PASSWORD, govmomi.begun.vms["erp-db"]))
        second = dict(dialogue(other, site.username, site.password, site.vms[0].moid))
        one.close()
        other.close()
        assert list(first) == list(second)
        yield {question: (first[question], second[question]) for question in first}


def test_each_question_is_answered_in_the_same_shape_but_for_what_is_known(
    both: dict[str, tuple[Answer, Answer]],
) -> None:
    found: dict[str, Difference] = {}
    for question, (govmomi, ours) in both.items():
        missing = frozenset() if question in PARTIAL else top(govmomi.shape - ours.shape)
        statuses = (govmomi.status, ours.status) if govmomi.status != ours.status else None
        difference = Difference("", missing, top(ours.shape - govmomi.shape), statuses)
        if difference != Difference(""):
            found[question] = difference
    expected = {q: Difference("", known.govmomi, known.ours, known.statuses) for q, known in KNOWN.items()}
    assert found == expected


def test_the_session_cookie_comes_with_the_login(both: dict[str, tuple[Answer, Answer]]) -> None:
    for side in (0, 1):
        said = both["login"][side].set_cookie
        assert said is not None
        assert said.startswith("vmware_soap_session=…;")
        assert "HttpOnly" in said
        assert both["clock"][side].set_cookie is None
    assert [both["content"][side].set_cookie is not None for side in (0, 1)] == [False, True], (
        "vCenter plants a cookie before the login, which our simulator does and govmomi does not"
    )
