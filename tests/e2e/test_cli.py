"""`kubectl vvol` against a real API server: each command, each exit code, in a pipe and on a terminal."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from e2e.cli import Terminal, told, vvol
from e2e.pipelines import asked, once, shell
from e2e.preparing import app_of, powered
from e2e.rig import Rig, Site

from testbed import stage
from vvol_cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered("erp", "crm", "moved", "held")) as made:
        for name in ("erp", "crm", "moved", "held"):
            made.group(name, name=name)
        rig.kubectl("label", "replicationgroup", "erp", "crm", "app=two")
        for name in ("erp", "crm", "moved", "held"):
            made.wait_group(name)
        yield made


@pytest.fixture
def quiet(rig: Rig) -> str:
    """A namespace that no operator watches."""
    name = f"{rig.namespace}-quiet"
    if rig.plane.client.find("namespace", name) is None:
        rig.plane.client.make_namespace(name)
    return name


def test_a_sync_is_done_and_its_point_in_time_is_the_output(rig: Rig, site: Site) -> None:
    before = len(asked(site))
    done = vvol(rig, "sync", "erp", "--name", "by-name", "-o", "name")

    assert (done.returncode, done.stdout) == (Outcome.DONE, "by-name\n"), done.stderr
    assert asked(site)[before:] == once()


def test_several_groups_are_asked_together_and_give_one_table_and_one_exit_code(rig: Rig, site: Site) -> None:
    before = len(asked(site))
    done = vvol(rig, "sync", "-l", "app=two")

    assert done.returncode == Outcome.DONE, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split()[:3] == ["GROUP", "REQUEST", "OUTCOME"]
    assert [(row.split()[0], row.split()[2]) for row in rows] == [("crm", "Done"), ("erp", "Done")]
    assert sorted(asked(site)[before:]) == sorted(once(2))
    assert "PointInTimeCreated" in done.stderr


def test_a_command_that_is_repeated_with_its_request_id_pushes_once(rig: Rig, site: Site) -> None:
    before = len(asked(site))
    ends = [told(rig, "sync", "erp", "--request-id", "CHG-4711")["items"][0] for _ in range(2)]

    assert [one["reason"] for one in ends] == ["PointInTimeCreated", "AlreadyDone"]
    assert ends[0]["pointInTime"]["id"] == ends[1]["pointInTime"]["id"]
    assert asked(site)[before:] == once()


def test_a_point_in_time_that_is_young_enough_does(rig: Rig, site: Site) -> None:
    vvol(rig, "sync", "crm")
    before = len(asked(site))
    (end,) = told(rig, "sync", "crm", "--max-age", "1h")["items"]

    assert (end["outcome"], end["reason"]) == ("Done", "RecentEnough")
    assert asked(site)[before:] == []


def test_time_is_over_and_the_request_goes_on_and_is_waited_for_again(rig: Rig, site: Site) -> None:
    site.act("hold", "held")
    done = vvol(rig, "sync", "held", "--timeout", "2s")
    site.act("release", "held")
    assert done.returncode == Outcome.STILL_RUNNING, done.stderr
    name = done.stdout.splitlines()[1].split()[1]
    assert f"`kubectl vvol wait {name}` waits longer" in done.stderr

    again = vvol(rig, "wait", name)
    assert again.returncode == Outcome.DONE, again.stderr
    assert again.stdout.splitlines()[1].split()[2:4] == ["Done", "PointInTimeCreated"]


def test_a_request_that_is_cancelled_before_and_after_its_push(rig: Rig, site: Site) -> None:
    before = site.request("held", "cancelled-before", suspend=True)
    before.wait_reason("Suspended")
    assert vvol(rig, "cancel", "sync/cancelled-before").stdout == "sync/cancelled-before cancelled\n"
    assert vvol(rig, "wait", "sync/cancelled-before").returncode == Outcome.FAILED, "nothing was pushed"

    site.act("hold", "held")
    after = site.request("held", "cancelled-after")
    after.wait_reason("Transferring")
    assert "has no effect" not in vvol(rig, "cancel", "sync/cancelled-after").stderr
    done = vvol(rig, "wait", "sync/cancelled-after")
    site.act("release", "held")
    assert done.returncode == Outcome.UNKNOWN, "its data may still arrive"
    assert vvol(rig, "cancel", "sync/cancelled-after").returncode == Outcome.REFUSED, "it has ended"


def test_an_object_that_is_deleted_while_it_is_followed_is_told(rig: Rig, site: Site) -> None:
    request = site.request("held", "deleted", suspend=True)
    request.wait_reason("Suspended")
    terminal = Terminal(rig, "wait", "sync/deleted")
    terminal.wait_for("Suspended")
    rig.kubectl("delete", "replicationsync", "deleted")

    assert terminal.ended() == Outcome.FAILED
    assert "deleted before its end" in " ".join(terminal.text.split())


def test_a_group_is_suspended_and_resumed(rig: Rig, site: Site) -> None:
    for word, said in (("suspend", "suspended"), ("suspend", "suspended already"), ("resume", "resumed")):
        done = vvol(rig, word, "group/crm")
        assert (done.returncode, done.stdout) == (Outcome.DONE, f"group/crm {said}\n")
    site.wait_group("crm")


def test_wrong_usage_changes_nothing(rig: Rig, site: Site) -> None:
    before = len(asked(site))
    for words in (
        ("sync", "nobody"), ("sync", "erp", "nobody"), ("sync",), ("sync", "-l", "app=none"), ("wait", "sync/nobody"),
        ("sync", "erp", "--name", "x" * 81), ("sync", "erp", "--timeout", "soon"), ("prepare", "erp"), ("what",),
        ("explain", "NoSuchReason"), ("cancel", "group/erp"), ("status", "erp", "-A"),
        ("status", "--context", "nowhere"), ("sync", "erp", "--method", "ArrayOnly", "-o", "name"),
    ):  # fmt: skip
        done = vvol(rig, *words)
        assert done.returncode == Outcome.USAGE, (words, done.stdout, done.stderr)
        assert done.stderr
        assert "Traceback" not in done.stderr
    assert asked(site)[before:] == []


@pytest.mark.usefixtures("site")
def test_no_access(rig: Rig) -> None:
    nowhere = ("--server", "https://127.0.0.1:9")
    commands = (("status", "erp"), ("status",), ("sync", "erp"), ("points", "erp"), ("wait", "sync/by-name"))
    for words in (*((*one, "--as", "nobody") for one in commands), ("status", "erp", *nowhere), ("doctor", *nowhere)):
        done = vvol(rig, *words)
        assert done.returncode == Outcome.NO_ACCESS, (words, done.stdout, done.stderr)
    lost = shell(rig, "env", f"PATH={rig.directory}", f"{shell(rig, 'which', 'kubectl-vvol').stdout.strip()}", "rpo")
    assert lost.returncode == Outcome.NO_ACCESS
    assert "kubectl cannot be started: it is not on PATH" in lost.stderr


def test_fifty_groups_are_asked_within_a_second(rig: Rig, quiet: str) -> None:
    groups = [stage.group(f"g{number}", quiet, "a:g", recovery="x", protected=None) for number in range(50)]
    for one in groups:
        one["metadata"]["labels"] = {"app": "fifty"}
    rig.plane.client.apply(*groups)
    done = vvol(rig, "sync", "-l", "app=fifty", "--no-wait", "-o", "name", namespace=quiet)

    assert done.returncode == Outcome.DONE, done.stderr
    made = rig.plane.client.in_namespace(quiet).get("replicationsyncs")["items"]
    times = sorted(datetime.fromisoformat(one["metadata"]["creationTimestamp"]) for one in made)
    assert (len(times), len(done.stdout.splitlines())) == (50, 50)
    assert (times[-1] - times[0]).total_seconds() <= 1


def test_status_shows_groups_and_what_runs(rig: Rig, site: Site) -> None:
    site.act("hold", "held")
    request = site.request("held", "in-status")
    request.wait_reason("Transferring")
    rows = {one["group"]: one for one in told(rig, "status")["items"]}
    sheet = vvol(rig, "status", "held")
    site.act("release", "held")

    assert rows["erp"]["state"] == "Ready"
    assert [one["name"] for one in rows["held"]["running"]] == ["sync/in-status"]
    assert "sync/in-status: Transferring" in sheet.stdout
    assert "flasharray-a:held, SOURCE" in sheet.stdout
    request.wait_complete()
    assert "held" in vvol(rig, "status", "-A", "-o", "wide").stdout


def test_points_history_and_rpo(rig: Rig, site: Site) -> None:
    site.next_second()
    request = site.request("erp", "for-points", pointInTimeName="for-points")
    made = request.wait_complete()["status"]["pointInTime"]
    rig.kubectl("patch", "replicationgroup", "erp", "--type=merge", '--patch={"spec":{"recoveryPointObjective":"1h"}}')
    site.wait_group("erp", "RecoveryPointCurrent")

    point = next(one for one in told(rig, "points", "erp")["items"] if one["id"] == made["id"])
    assert (point["name"], point["madeBy"]) == ("for-points", "sync/for-points")
    entry = next(one for one in told(rig, "history", "erp")["items"] if one["name"] == "for-points")
    assert entry["outcome"] == "Succeeded"
    held = {one["group"]: one["held"] for one in told(rig, "rpo")["items"]}
    assert (held["erp"], held["crm"]) == ("True", None)


def test_evidence_of_a_sync_in_each_format(rig: Rig, site: Site) -> None:
    site.next_second()
    name = json.loads(vvol(rig, "sync", "erp", "-o", "json").stdout)["items"][0]["request"]
    site.wait_group("erp")
    evidence = json.loads(vvol(rig, "report", name, "-o", "json").stdout)

    assert evidence["askedBy"]["manager"] == "kubectl-vvol"
    assert evidence["steps"][0]["step"] == "created"
    assert {"snapshot taken", "transfer completed", "ended"} <= {one["step"] for one in evidence["steps"]}
    assert evidence["newestPointBefore"]["age"]
    assert "PointInTimeCreated" in {one["reason"] for one in evidence["events"]}
    page = vvol(rig, "report", name, "-o", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "http" not in page
    assert evidence["pointInTime"]["id"] in page
    assert evidence["uid"] in vvol(rig, "report", name).stdout
    assert "# ReplicationGroup" in vvol(rig, "report", "erp").stdout


def test_a_schedule_is_run_now(rig: Rig, site: Site) -> None:
    schedule = {
        "apiVersion": stage.API_VERSION,
        "kind": "ReplicationSchedule",
        "metadata": {"name": "nightly", "namespace": rig.namespace},
        "spec": {"groupRef": {"name": "crm"}, "schedule": "0 0 1 1 *", "pointInTimeNamePrefix": "nightly"},
    }
    rig.plane.client.have(schedule)
    done = vvol(rig, "schedule", "run-now", "nightly", "--text", "CHG-1", "-o", "name")
    assert (done.returncode, done.stdout) == (Outcome.DONE, "nightly-CHG-1\n"), done.stderr

    vvol(rig, "suspend", "schedule/nightly")
    refused = vvol(rig, "schedule", "run-now", "nightly")
    assert refused.returncode == Outcome.REFUSED
    assert "suspended" in refused.stderr
    assert site.rig.kubectl.get("replicationschedule", "nightly")["spec"]["runNow"] == "CHG-1"


def test_a_sync_on_a_terminal_shows_a_bar_and_colours_unless_they_are_not_wanted(rig: Rig, site: Site) -> None:
    site.act("hold", "held")
    terminal = Terminal(rig, "sync", "held", "--name", "watched")
    terminal.wait_for("Transferring")
    site.act("release", "held")

    assert terminal.ended() == Outcome.DONE
    assert "PointInTimeCreated: point in time watched" in terminal.text
    assert "━" in terminal.text
    assert "\x1b[32mDone" in terminal.raw
    plain = Terminal(rig, "status", "held", NO_COLOR="1")
    assert plain.ended() == Outcome.DONE
    assert "\x1b" not in plain.raw


def test_a_preparation_is_refused_then_confirmed_and_then_refuses_syncs(rig: Rig, site: Site) -> None:
    site.simulator.action("power", vm=app_of("moved"), state="poweredOn")
    refused = vvol(rig, "prepare", "moved", "--yes")
    assert refused.returncode == Outcome.REFUSED, refused.stderr
    assert "VMPoweredOn" in refused.stderr
    site.simulator.action("power", vm=app_of("moved"), state="poweredOff")

    wrong = Terminal(rig, "prepare", "moved")
    wrong.wait_for("type its name")
    wrong.type("erp")
    assert wrong.ended() == Outcome.REFUSED
    assert "Nothing was prepared" in wrong.text
    dry = vvol(rig, "prepare", "moved", "--dry-run")
    assert dry.returncode == Outcome.DONE, dry.stderr

    right = Terminal(rig, "prepare", "moved")
    right.wait_for("type its name")
    right.type("moved")
    assert right.ended() == Outcome.DONE, right.text
    assert site.world("moved")["sourceGroup"]["prepared"]
    sync = vvol(rig, "sync", "moved")
    assert sync.returncode == Outcome.REFUSED
    assert "GroupPrepared" in sync.stdout

    assert vvol(rig, "call-off", "moved").returncode == Outcome.USAGE, "there is no terminal"
    assert "not prepared" in vvol(rig, "call-off", "crm", "--yes").stderr
    unsure = Terminal(rig, "call-off", "moved")
    unsure.wait_for("Call off the failover of group/moved?")
    unsure.type("n")
    assert unsure.ended() == Outcome.REFUSED
    for said in ("called off", "called off already"):
        done = vvol(rig, "call-off", "moved", "--yes")
        assert (done.returncode, done.stdout) == (Outcome.DONE, f"group/moved {said}\n")
        rig.kubectl(
            "wait", "--for=jsonpath={.status.conditions[?(@.type=='Prepared')].status}=Unknown", "repgroup/moved"
        )


def test_the_doctor(rig: Rig, site: Site, quiet: str) -> None:
    site.wait_group("erp")
    # Of operators of other tests, which are gone; this one is alone and needs none.
    for lease in json.loads(rig.kubectl("get", "leases", "-A", "-o", "json").stdout)["items"]:
        if lease["metadata"]["name"] == "vvol-replication":
            rig.plane.client.in_namespace(lease["metadata"]["namespace"])("delete", "lease", "vvol-replication")
    found = json.loads(vvol(rig, "doctor", "-o", "json").stdout)["items"]
    seen = {one["subject"]: one["result"] for one in found}
    assert (seen["operator"], seen["API server"], seen["CRDs"], seen["clock"]) == ("Fine",) * 4, found
    assert seen[f"vcenter/{site.prefix}dallas"] == "Fine"

    rig.plane.client.have(stage.group("unseen", quiet, "a:unseen", recovery="x", protected=None))
    unseen = vvol(rig, "doctor", "-o", "json", namespace=quiet)
    assert unseen.returncode == Outcome.FAILED
    wrong = {one["subject"] for one in json.loads(unseen.stdout)["items"] if one["result"] == "Wrong"}
    assert "group/unseen" in wrong
    assert {one.partition("/")[0] for one in wrong} <= {"group", "operator"}  # and what other tests have left there
    assert "No operator has seen it yet" in vvol(rig, "sync", "unseen", "--timeout", "1s", namespace=quiet).stderr


def test_what_a_newer_operator_says_is_shown_as_it_is(rig: Rig, quiet: str) -> None:
    kubectl = rig.plane.client.in_namespace(quiet)
    rig.plane.client.have(stage.group("newer", quiet, "a:newer", recovery="x", protected=None))
    said = {"type": "Ready", "status": "False", "reason": "OfTheFuture", "message": "Words of a later version.",
            "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    patch = json.dumps({"status": {"observedGeneration": 1, "conditions": [said]}})
    kubectl("patch", "replicationgroup", "newer", "--subresource=status", "--type=merge", f"--patch={patch}")

    assert (
        "OfTheFuture (group/newer): Words of a later version." in vvol(rig, "status", "newer", namespace=quiet).stdout
    )
    explained = vvol(rig, "explain", "group/newer", namespace=quiet)
    assert explained.returncode == Outcome.DONE
    assert "does not know that reason" in explained.stdout


@pytest.mark.usefixtures("site")
def test_words_and_names_are_completed(rig: Rig) -> None:
    def offered(*words: str) -> list[str]:
        return shell(rig, "kubectl", "__complete", "vvol", *words).stdout.splitlines()

    assert any(one.startswith("sync\t") for one in offered(""))
    assert {"erp", "crm", ":4"} <= set(offered("sync", ""))
    assert offered("suspend", "group/e") == ["group/erp", ":4"]
    assert any(one.startswith("--max-age") for one in offered("sync", "--max"))
