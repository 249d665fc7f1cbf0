"""Releases of the chart in a real API server while a sync is under way: installed, changed, rolled back, removed.

There is no kubelet and no controller: what they would do with Deployment, Job and Pod is done here, with the objects
that Helm has stored.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e import pods
from e2e.helm import CHART, NAMESPACE, RELEASE, HelmError, with_image
from e2e.rig import LONG, PUSH, SECRETS, Rig, ready, topology

from testbed import stage
from testbed.controlplane import ControlPlane
from testbed.waiting import eventually
from vvol_replication.api.names import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.helm import Helm
    from e2e.rig import Request, Site

    from testbed.processes import Process

    Object = dict[str, Any]

FINALIZER = "replication.vvol.dev/in-flight"
JOB = f"{RELEASE}-uninstall"
DONE = "2026-01-01T00:00:00Z"
QUICK = {"leaderElection": {"leaseDuration": "5s", "renewDeadline": "3s", "retryPeriod": "1s"}}


class Installed(Rig):
    """A cluster with the chart's Deployment; its pods are processes."""

    def __init__(self, plane: ControlPlane, directory: Path, helm: Helm) -> None:
        super().__init__(plane, directory, permissions="cluster-wide")
        self.helm = dataclasses.replace(helm, kubeconfig=plane.kubeconfig)
        self.secrets = NAMESPACE
        self.home = plane.client.in_namespace(NAMESPACE)
        self.pods: list[Process] = []
        self.numbers = itertools.count(1)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        namespace["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "restricted"}  # type: ignore[index]
        plane.client.apply(namespace)

    def release(self, *arguments: str, **values: Any) -> str:
        """`helm install`, `upgrade`, ... of our release in its namespace."""
        said = json.dumps(with_image({**QUICK, **values}))
        return self.helm(*arguments, f"--namespace={NAMESPACE}", "--values=-", stdin=said)

    def roll(self) -> None:
        """What the Deployment's controller does: one new pod, one old one ended, until all are new."""
        deployment = self.home.get("deployment", RELEASE)
        spec = deployment["spec"]["template"]["spec"]
        old, self.pods = self.pods, []
        for _ in range(deployment["spec"]["replicas"]):
            name = f"pod-{next(self.numbers)}"
            process = pods.start(self.home, self.directory, spec, NAMESPACE, name)
            self.pods.append(process)
            eventually(
                lambda process=process: "waiting for Lease" in process.log.read_text(),  # type: ignore[misc]
                what=f"{name} to be ready",
                timeout=LONG,
            )
            if old:
                assert old.pop(0).end() == 0

    def scale_to_nothing(self) -> None:
        """What follows the Deployment's deletion."""
        for process in self.pods:
            process.ask_to_end()
        for process in self.pods:
            process.end()
        self.pods = []

    def logs(self) -> str:
        """What all pods have said."""
        return "".join(path.read_text() for path in sorted(self.directory.glob("*.log")))


@pytest.fixture(scope="module")
def installed(tools: dict[str, Path], helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The chart installed in a cluster of its own, CRDs included, with both replicas running."""
    directory = tmp_path_factory.mktemp("installed")
    with ControlPlane.start(directory / "plane", tools) as plane:
        made = Installed(plane, directory, helm)
        made.release("install", RELEASE, str(CHART))
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        made.roll()
        try:
            yield made
        finally:
            made.scale_to_nothing()


@pytest.fixture(scope="module")
def site(installed: Installed) -> Iterator[Site]:
    """Simulated storage, connected."""
    with installed.site(topology("erp", "crm", "hr")) as made:
        yield made


def in_flight(site: Site, protection_group: str) -> Request:
    """A sync whose transfer is under way, and stays so."""
    group = site.group(protection_group)
    site.wait_group(group)
    site.act("hold", protection_group)
    request = site.request(group)
    request.wait_reason("Transferring")
    return request


def finalizers(request: Request) -> list[str]:
    return list(request.get()["metadata"].get("finalizers", ()))


def strangers(site: Site) -> list[Object]:
    """VCenters and FlashArrays, connected, that bring no CA of their own: nobody trusts them."""
    objects = site.objects()
    endpoints = [one for one in objects if one["kind"] != "Secret"]
    for one in endpoints:
        del one["spec"]["tls"]
    site.apply(*objects)
    for one in endpoints:
        site.rig.plane.client.wait_until(
            one["kind"].lower(),
            one["metadata"]["name"],
            lambda found: "not trusted" in ready(found)[1],
            what="a refusal",
            timeout=LONG,
        )
    return endpoints


def test_a_sync_goes_on_through_upgrade_and_rollback_and_is_pushed_once(installed: Installed, site: Site) -> None:
    """The upgrade brings a ConfigMap of CAs, too: those who are trusted with it only are reached after it."""
    request = in_flight(site, "erp")
    suffix = request.suffix()
    before = installed.home.get("deployment", RELEASE)["spec"]["template"]
    with installed.site(topology("other"), connected=False) as other:
        endpoints = strangers(other)
        authority = other.objects()[-1]["spec"]["tls"]["caCertificates"]
        metadata = {"name": "our-ca"}
        installed.home.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": authority}}
        )
        installed.release("upgrade", RELEASE, str(CHART), trustedCA={"configMap": "our-ca"}, log={"format": "text"})
        assert installed.home.get("deployment", RELEASE)["spec"]["template"] != before
        installed.roll()
        for one in endpoints:
            name = one["metadata"]["name"]
            installed.plane.client.wait_for_condition(one["kind"].lower(), name, "Ready", timeout=LONG)
    installed.helm("rollback", RELEASE, "1", f"--namespace={NAMESPACE}")
    assert installed.home.get("deployment", RELEASE)["spec"]["template"] == before
    installed.roll()

    assert FINALIZER in finalizers(request)
    site.act("release", "erp")
    request.assert_true_success("erp")
    assert request.suffix() == suffix
    assert len(site.calls(PUSH, "erp")) == 1


def pod_of_hooks(installed: Installed, kind: str) -> Object:
    """The pod's spec of a hook of the release, as Helm has stored it."""
    text = installed.helm("get", "hooks", RELEASE, f"--namespace={NAMESPACE}")
    return next(one["spec"] for one in yaml.safe_load_all(text) if one and one["kind"] == kind)


def run(installed: Installed, spec: Object, what: str) -> tuple[int, str]:
    """Run a pod to its end: exit status and log."""
    process = pods.start(installed.home, installed.directory, spec, NAMESPACE, f"{what}-{next(installed.numbers)}")
    process.wait(120)
    return process.end(), process.log.read_text()


def test_helm_test_runs_the_check_and_takes_its_word(installed: Installed) -> None:
    name = f"{RELEASE}-check"
    for mended in (True, False):
        with ThreadPoolExecutor(1) as beside:
            if not mended:
                installed.plane.kubectl("delete", "clusterrolebinding", RELEASE)
            testing = beside.submit(installed.helm, "test", RELEASE, f"--namespace={NAMESPACE}", "--timeout=2m")
            pod = eventually(lambda: installed.home.find("pod", name), what="the pod of helm test", timeout=LONG) or {}
            status, said = run(installed, pod["spec"], "check")
            assert status == (0 if mended else 1), said
            phase = json.dumps({"status": {"phase": "Failed" if status else "Succeeded"}})
            installed.home("patch", "pod", name, "--subresource=status", "--type=merge", "--patch", phase)
            if mended:
                assert "Succeeded" in testing.result(60)
            else:
                with pytest.raises(HelmError, match="failed"):
                    testing.result(60)
        installed.home("delete", "pod", name, "--force", "--grace-period=0")
    missing = [json.loads(line)["message"] for line in said.splitlines() if "may not" in line]
    assert "this account may not delete replicationsyncs (replication.vvol.dev). Apply the roles" in "".join(missing)
    assert not [line for line in missing if "vcenters" in line or "secrets" in line], "those it still may"
    installed.release("upgrade", RELEASE, str(CHART))  # puts back what was deleted


def test_the_check_says_that_no_replica_is_at_work(installed: Installed) -> None:
    spec = copy.deepcopy(pod_of_hooks(installed, "Pod"))
    (container,) = spec["containers"]
    changed = {"resource-name": "another", "lease-duration": "4s", "renew-deadline": "3s", "retry-period": "1s"}
    container["args"] += [f"--leader-elect-{option}={value}" for option, value in changed.items()]
    status, said = run(installed, spec, "check")
    assert status == 1
    assert "no replica is at work" in said
    assert "this account may not get leases 'another'" in said


def test_an_uninstallation_lets_go_of_what_is_in_flight_and_the_next_installation_goes_on(
    installed: Installed, site: Site
) -> None:
    kept, deleted = in_flight(site, "crm"), in_flight(site, "hr")
    suffix = kept.suffix()
    with ThreadPoolExecutor(1) as beside:
        removing = beside.submit(installed.helm, "uninstall", RELEASE, f"--namespace={NAMESPACE}", "--timeout=3m")
        job = eventually(lambda: installed.home.find("job", JOB), what="the hook's Job", timeout=LONG) or {}
        spec = job["spec"]["template"]["spec"]
        releasing = pods.start(installed.home, installed.directory, spec, NAMESPACE, "release")
        eventually(lambda: "waiting for Lease" in releasing.log.read_text(), what="it to stand", timeout=LONG)
        assert "held by pod-" in releasing.log.read_text()
        assert FINALIZER in finalizers(kept), "an operator still runs"
        installed.scale_to_nothing()
        releasing.wait(120)
        assert releasing.end() == 0, releasing.log.read_text()
        done = {
            "startTime": DONE, "completionTime": DONE, "succeeded": 1,
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": DONE}
                for kind in ("SuccessCriteriaMet", "Complete")
            ],
        }  # fmt: skip
        patch = ("--subresource=status", "--type=merge", "--patch", json.dumps({"status": done}))
        installed.home("patch", "job", JOB, *patch)
        removing.result(120)

    assert finalizers(kept) == finalizers(deleted) == []
    kinds = "deployments,jobs,roles,rolebindings,clusterroles,clusterrolebindings,serviceaccounts,networkpolicies,pdb"
    ours = (f"--selector=app.kubernetes.io/instance={RELEASE}", "--all-namespaces", "--output=name")
    assert installed.plane.kubectl("get", kinds, *ours).stdout == ""
    assert len(installed.plane.kubectl("get", "crd", *ours[::2]).stdout.split()) == len(KINDS)
    installed.kubectl("delete", "replicationsync", deleted.name, "--timeout=10s")
    assert not stage.is_true(kept.get(), "Finished"), "only the finalizer was taken"

    installed.release("install", RELEASE, str(CHART))
    installed.roll()
    eventually(lambda: FINALIZER in finalizers(kept), what="the operator to hold it again", timeout=LONG)
    site.act("release", "crm")
    kept.assert_true_success("crm")
    assert kept.suffix() == suffix
    assert [len(site.calls(PUSH, group)) for group in ("crm", "hr")] == [1, 1]


def test_no_pod_told_a_secret_or_met_an_error_that_it_does_not_know(installed: Installed) -> None:
    said = installed.logs()
    assert [secret for secret in SECRETS if secret in said] == []
    assert "Traceback" not in said
