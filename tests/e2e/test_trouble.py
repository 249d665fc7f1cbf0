"""What is missing, wrong or unreachable has a reason of its own, says what to do, and heals when the cause is gone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PROTECTED, PUSH, RECOVERY, SECRETS, SOURCE, TARGET, Rig, Site, ready, topology

from testbed import stage
from vvol_simulator.tls import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object

ENDPOINTS = pytest.mark.parametrize(
    ("kind", "name"), [("VCenter", RECOVERY), ("FlashArray", SOURCE)], ids=["vcenter", "array"]
)
TRIES = 3


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    """Sound endpoints with groups that are created by the tests."""
    with rig.site(topology("erp", "crm", "mail", "late")) as made:
        yield made


@pytest.fixture
def bare(rig: Rig) -> Iterator[Site]:
    """A site of the test's own, of which nothing is in the cluster yet."""
    with rig.site(topology("erp"), connected=False) as made:
        yield made


def secret_of(site: Site, kind: str, name: str) -> Object:
    """The Secret that the object names."""
    obj = site.object(kind, name)
    wanted = obj["spec"]["credentialsSecretRef" if kind == "VCenter" else "apiTokenSecretRef"]["name"]
    return next(one for one in site.objects() if one["kind"] == "Secret" and one["metadata"]["name"] == wanted)


def wait_told(site: Site, kind: str, name: str, reason: str) -> str:
    """Wait until the endpoint's Ready gives that reason; its message."""
    obj = site.rig.kubectl.wait_until(
        kind.lower(), site.prefix + name, lambda one: ready(one)[0] == reason, what=f"Ready to say {reason}"
    )
    return ready(obj)[1]


def test_a_missing_group_is_waited_for(site: Site) -> None:
    name = f"{site.prefix}late"
    request = site.request(name)

    waiting = request.wait_reason("GroupNotFound")
    assert "Create it" in ready(waiting)[1]
    site.group("late")

    request.assert_true_success("late")


@ENDPOINTS
def test_a_missing_secret_is_waited_for(kind: str, name: str, bare: Site) -> None:
    secret = secret_of(bare, kind, name)
    bare.apply(*(one for one in bare.objects() if one != secret))
    request = bare.request(bare.group("erp"))

    message = wait_told(bare, kind, name, "SecretNotFound")
    assert secret["metadata"]["name"] in message
    assert "Create it" in message
    waiting = request.wait_reason("SecretNotFound")
    assert secret["metadata"]["name"] in ready(waiting)[1]
    bare.apply(secret)

    request.assert_true_success("erp")


@ENDPOINTS
def test_a_missing_key_is_waited_for(kind: str, name: str, bare: Site) -> None:
    secret = secret_of(bare, kind, name)
    key = min(secret["data"])
    emptied = {**secret, "data": {**secret["data"], key: ""}}
    bare.apply(emptied, *(one for one in bare.objects() if one != secret))
    request = bare.request(bare.group("erp"))

    message = wait_told(bare, kind, name, "SecretKeyMissing")
    assert repr(key) in message
    request.wait_reason("SecretKeyMissing")
    bare.apply(secret)

    request.assert_true_success("erp")


@ENDPOINTS
def test_a_wrong_password_is_tried_three_times_and_heals_with_the_secret(kind: str, name: str, bare: Site) -> None:
    secret = secret_of(bare, kind, name)
    key = "password" if kind == "VCenter" else "apiToken"
    wrong = stage.secret(secret["metadata"]["name"], bare.rig.secrets, **{**plain(secret), key: SECRETS[4]})
    bare.apply(wrong, *(one for one in bare.objects() if one != secret))
    request = bare.request(bare.group("erp"))

    message = wait_told(bare, kind, name, "LoginFailed")
    assert "Secret" in message
    request.wait_reason("LoginFailed")
    books = "vcenters" if kind == "VCenter" else "arrays"
    bare.rig.kubectl.wait_until(
        kind.lower(),
        bare.prefix + name,
        lambda _: bare.simulator.state()[books][name]["failedLogins"] >= TRIES,
        what=f"{TRIES} logins",
    )
    # whatever pokes the endpoint from now on, no further login is tried
    bare.rig.kubectl("label", kind.lower(), bare.prefix + name, "looked=at")
    second = bare.request(bare.group("erp", name=f"{bare.prefix}erp-2"))
    second.wait_reason("LoginFailed")
    assert bare.simulator.state()[books][name]["failedLogins"] == TRIES
    keep = {**wrong, "metadata": {**wrong["metadata"], "name": f"{bare.prefix}wrong"}}
    bare.apply(secret, keep)

    request.assert_true_success("erp")
    assert bare.simulator.state()[books][name]["failedLogins"] == TRIES


def plain(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


@ENDPOINTS
def test_an_unknown_ca_is_not_trusted(kind: str, name: str, bare: Site) -> None:
    obj = bare.object(kind, name)
    right = obj["spec"]["tls"]
    others = {"caCertificates": Authority().pem()}
    assert others != right
    bare.apply(
        *(one for one in bare.objects() if one["metadata"]["name"] != obj["metadata"]["name"] or one["kind"] != kind),
        {**obj, "spec": {**obj["spec"], "tls": others}},
    )
    request = bare.request(bare.group("erp"))

    message = wait_told(bare, kind, name, "CertificateNotTrusted")
    assert "caCertificates" in message
    request.wait_reason("CertificateNotTrusted")
    assert bare.calls(ARM) == []
    bare.apply({**obj, "spec": {**obj["spec"], "tls": right}})

    request.assert_true_success("erp")


@ENDPOINTS
def test_an_endpoint_that_hangs_or_is_away_is_told_and_heals(kind: str, name: str, bare: Site) -> None:
    bare.simulator.action("refuse-connections", endpoint=name)
    bare.connect()
    request = bare.request(bare.group("erp"))

    message = wait_told(bare, kind, name, "Unreachable")
    assert bare.object(kind, name)["spec"]["address"] in message
    request.wait_reason("Unreachable")
    bare.simulator.action("accept-connections", endpoint=name)

    request.assert_true_success("erp")


def wait_group_told(site: Site, name: str, reason: str) -> str:
    obj = site.rig.kubectl.wait_until(
        "replicationgroup", name, lambda one: ready(one)[0] == reason, what=f"Ready to say {reason}"
    )
    return ready(obj)[1]


def test_a_group_on_the_wrong_side_is_refused_before_any_call(site: Site) -> None:
    source = site.world("erp")["sourceGroup"]
    ids = {"faultDomainID": source["faultDomainId"], "deviceGroupID": source["deviceGroupId"]}
    name = f"{site.prefix}wrong-side"
    group = stage.group(name, site.rig.namespace, "unused", recovery=site.prefix + PROTECTED, protected=None)
    group["spec"]["group"] = {"target": ids}
    site.apply(group)
    before = site.simulator.journal()

    message = wait_group_told(site, name, "WrongSide")
    request = site.request(name)

    assert "source group" in message
    request.wait_reason("WrongSide")
    assert site.simulator.journal() == before
    request.patch(cancel=True)
    request.wait_finished()


def test_a_group_that_is_not_there_and_one_without_a_colon(site: Site) -> None:
    missing = site.group("absent")
    assert f"{SOURCE}:absent" in wait_group_told(site, missing, "SourceGroupNotFound")
    nameless = f"{site.prefix}nameless"
    site.group("erp", name=nameless, source="no-colon")
    assert "<array>:<protection group>" in wait_group_told(site, nameless, "InvalidGroupName")


@pytest.mark.parametrize("missing", [SOURCE, TARGET])
def test_an_array_that_nobody_connected_is_asked_for(missing: str, bare: Site) -> None:
    bare.connect(("FlashArray", missing))
    request = bare.request(bare.group("erp"))

    waiting = request.wait_reason("ArrayUnknown")
    assert missing in ready(waiting)[1]
    assert "Create one" in ready(waiting)[1]
    bare.connect()

    request.assert_true_success("erp")


def test_two_objects_that_claim_one_array_are_told(bare: Site) -> None:
    bare.connect()
    twin = bare.object("FlashArray", SOURCE)
    twin["metadata"]["name"] += "-twin"
    bare.apply(twin)
    bare.rig.kubectl.wait_for_condition("flasharray", twin["metadata"]["name"], "Ready")
    request = bare.request(bare.group("erp"))

    waiting = request.wait_reason("AmbiguousArray")
    assert twin["metadata"]["name"] in ready(waiting)[1]
    assert bare.calls(PUSH) == []
    bare.delete("FlashArray", twin["metadata"]["name"])

    request.assert_true_success("erp")


def test_a_missing_vcenter_is_asked_for(bare: Site) -> None:
    bare.connect(("VCenter", RECOVERY))
    request = bare.request(bare.group("erp"))

    waiting = request.wait_reason("VCenterNotFound")
    assert bare.prefix + RECOVERY in ready(waiting)[1]
    bare.connect()

    request.assert_true_success("erp")


BLOCKED = {
    "disallow": ("TargetNotAllowed", "allow"),
    "destroy-group": ("ProtectionGroupDestroyed", "recover-group"),
}


@pytest.mark.parametrize("how", BLOCKED)
def test_what_the_push_needs_is_checked_before_arming(how: str, site: Site) -> None:
    reason, undo = BLOCKED[how]
    group = site.group("crm")
    site.wait_group(group)
    armed = len(site.calls(ARM, "crm"))
    site.act(how, "crm")
    request = site.request(group)

    waiting = request.wait_reason(reason)
    assert "crm" in ready(waiting)[1]
    assert len(site.calls(ARM, "crm")) == armed
    site.act(undo, "crm")

    request.assert_true_success("crm")


def test_no_secret_was_told_by_any_of_this(rig: Rig, site: Site) -> None:
    used = rig.plane.kubectl("get", "secrets", f"--namespace={rig.secrets}", "--output=json").stdout
    encoded = [base64.b64encode(one.encode()).decode() for one in SECRETS]
    assert all(one in used for one in encoded), "the endpoints have these, and a wrong one was tried"
    assert site.simulator.state()["vcenters"][RECOVERY]["logins"] > 0

    rig.check_secrets()
