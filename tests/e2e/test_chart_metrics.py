"""How the chart lets metrics be scraped: protected or plain, by which monitor, under which certificate."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e.helm import NAMESPACE, RELEASE, HelmError, one

from testbed import accounts

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.helm import Helm

    Object = dict[str, Any]

SERVER_NAME = f"{RELEASE}-metrics.{NAMESPACE}.svc"
READER = f"{RELEASE}-metrics-reader"
OWN_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
PROMETHEUS = {"name": "prometheus-k8s", "namespace": "monitoring"}
MONITORS = {"serviceMonitor": ("ServiceMonitor", "endpoints"), "podMonitor": ("PodMonitor", "podMetricsEndpoints")}


def rendered(helm: Helm, **metrics: Any) -> list[Object]:
    return helm.objects({"metrics": metrics})


def scraped(objects: list[Object], monitor: str) -> Object:
    """The only endpoint of a monitor."""
    kind, where = MONITORS[monitor]
    (found,) = one(objects, kind)["spec"][where]
    return dict(found)


def container(objects: list[Object]) -> Object:
    (found,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_by_default_they_are_protected_and_nobody_scrapes_them(helm: Helm) -> None:
    objects = helm.objects()
    assert "--metrics-port=8443" in container(objects)["args"]
    assert one(objects, "ClusterRole", READER)["rules"] == [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    assert [obj for obj in objects if obj.get("roleRef", {}).get("name") == READER] == []
    assert one(objects, "Service", f"{RELEASE}-metrics")["spec"]["ports"] == [
        {"name": "metrics", "port": 8443, "targetPort": "metrics", "protocol": "TCP"}
    ]
    assert "--metrics-port=8443" in one(objects, "Pod", f"{RELEASE}-check")["spec"]["containers"][0]["args"], (
        "helm test asks for it, too"
    )
    assert {obj["kind"] for obj in objects} & {"ServiceMonitor", "PodMonitor"} == set()


@pytest.mark.parametrize("namespaces", [[], ["dr"]], ids=["everywhere", "namespaces"])
def test_the_operator_may_have_tokens_judged_wherever_it_acts(helm: Helm, namespaces: list[str]) -> None:
    objects = helm.objects({"namespaces": namespaces})
    assert one(objects, "ClusterRole", f"{RELEASE}-metrics")["rules"] == [
        {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
        {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
    ]
    assert one(objects, "ClusterRoleBinding", f"{RELEASE}-metrics")["subjects"] == [
        {"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}
    ]


def test_readers_are_bound(helm: Helm) -> None:
    (subject,) = one(rendered(helm, readers=[PROMETHEUS]), "ClusterRoleBinding", READER)["subjects"]
    assert subject == {"kind": "ServiceAccount", **PROMETHEUS}


def test_plain_metrics_are_on_the_port_of_the_probes_and_take_no_rights(helm: Helm) -> None:
    objects = rendered(helm, secure=False, serviceMonitor={"enabled": True}, podMonitor={"enabled": True})
    assert "metrics" not in str(container(objects))
    assert [obj for obj in objects if obj["kind"].startswith("ClusterRole") and "metrics" in str(obj)] == []
    assert one(objects, "Service", f"{RELEASE}-metrics")["spec"]["ports"] == [
        {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}
    ]
    assert one(objects, "NetworkPolicy")["spec"]["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    for monitor in MONITORS:
        assert scraped(objects, monitor) == {"port": "http", "path": "/metrics", "honorLabels": True}


def test_a_service_monitor_scrapes_with_prometheus_own_token(helm: Helm) -> None:
    objects = rendered(helm, port=9443, serviceMonitor={"enabled": True})
    assert scraped(objects, "serviceMonitor") == {
        "port": "metrics",
        "path": "/metrics",
        "honorLabels": True,
        "scheme": "https",
        "tlsConfig": {"insecureSkipVerify": True},
        "bearerTokenFile": OWN_TOKEN,
    }
    service = one(objects, "Service", f"{RELEASE}-metrics")
    chosen = one(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert chosen.items() <= service["metadata"]["labels"].items()
    assert service["spec"]["ports"][0]["port"] == 9443
    assert {"name": "metrics", "containerPort": 9443, "protocol": "TCP"} in container(objects)["ports"]


@pytest.mark.parametrize("monitor", MONITORS)
def test_a_monitor_has_what_the_values_say(helm: Helm, monitor: str) -> None:
    said = {"enabled": True, "interval": "1m", "scrapeTimeout": "15s", "labels": {"release": "prometheus"}}
    tls = {"secret": "metrics-certificate"}
    objects = rendered(helm, tls=tls, tokenSecret={"name": "reader", "key": "t"}, **{monitor: said})
    assert scraped(objects, monitor) == {
        "port": "metrics",
        "path": "/metrics",
        "honorLabels": True,
        "interval": "1m",
        "scrapeTimeout": "15s",
        "scheme": "https",
        "tlsConfig": {"serverName": SERVER_NAME, "ca": {"secret": {"name": "metrics-certificate", "key": "ca.crt"}}},
        "authorization": {"type": "Bearer", "credentials": {"name": "reader", "key": "t"}},
    }
    found = one(objects, MONITORS[monitor][0])
    assert found["metadata"]["labels"]["release"] == "prometheus"
    labels = one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert found["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_a_certificate_is_mounted_and_may_have_another_name_and_a_public_ca(helm: Helm) -> None:
    tls = {"secret": "metrics-certificate", "caKey": "", "serverName": "metrics.example.com"}
    objects = rendered(helm, tls=tls, serviceMonitor={"enabled": True})
    assert scraped(objects, "serviceMonitor")["tlsConfig"] == {"serverName": "metrics.example.com"}
    where = "/etc/vvol-replication/metrics"
    operator = container(objects)
    assert f"--metrics-cert-path={where}" in operator["args"]
    assert {"name": "metrics-certificate", "mountPath": where, "readOnly": True} in operator["volumeMounts"]
    volumes = one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "metrics-certificate", "secret": {"secretName": "metrics-certificate"}} in volumes


def test_the_network_policy_can_say_who_reaches_them(helm: Helm) -> None:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["prometheus"]}]},
    }
    policy = one(helm.objects({"networkPolicy": {"metrics": {"from": [peer]}}}), "NetworkPolicy")["spec"]
    assert policy["ingress"] == [
        {"ports": [{"port": "http", "protocol": "TCP"}]},
        {"ports": [{"port": "metrics", "protocol": "TCP"}], "from": [peer]},
    ]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"metrics": {"port": 443}}, "port"),
        ({"metrics": {"secure": "no"}}, "secure"),
        ({"metrics": {"readers": [{"name": "prometheus"}]}}, "readers"),
        ({"metrics": {"tls": {"secret": "A"}}}, "secret"),
        ({"metrics": {"serviceMonitor": {"interval": "30"}}}, "interval"),
        ({"metrics": {"serviceMonitor": {"honorLabels": False}}}, "honorLabels"),
        ({"metrics": {"podMonitor": {"labels": {"a": 1}}}}, "labels"),
        ({"metrics": {"podMonitor": {"enabled": True}}}, "metrics.podMonitor needs metrics.tokenSecret.name"),
        ({"networkPolicy": {"metrics": {"from": [{}]}}}, "from"),
        ({"networkPolicy": {"metrics": {"from": [{"podSelector": {"app": "x"}}]}}}, "app"),
    ],
)
def test_a_value_that_is_wrong_is_an_error_that_names_it(helm: Helm, values: dict[str, Any], named: str) -> None:
    with pytest.raises(HelmError, match=named):
        helm.text(values)


# As kustomize has it


def kustomized(tools: dict[str, Path], directory: Path, *components: str) -> list[Object]:
    """The overlay `cluster-wide` with these components."""
    for name in ("crds", "manifests"):
        shutil.copytree(accounts.MANIFESTS.parent / name, directory / name)
    overlay = directory / "overlay"
    overlay.mkdir()
    said = {
        "resources": ["../manifests/overlays/cluster-wide"],
        "components": [f"../manifests/components/{one}" for one in components],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(said))
    return accounts.built(tools["kubectl"], overlay)


@pytest.mark.parametrize("certificate", [False, True], ids=["self-signed", "certificate"])
def test_the_components_of_kustomize_are_what_the_chart_makes(
    helm: Helm, tools: dict[str, Path], tmp_path: Path, *, certificate: bool
) -> None:
    more = ["metrics-certificate"] if certificate else []
    objects = kustomized(tools, tmp_path, "service-monitor", "pod-monitor", *more)
    tls = {"tls": {"secret": "vvol-replication-metrics"}} if certificate else {}
    token = {"tokenSecret": {"name": READER}}
    service = rendered(helm, serviceMonitor={"enabled": True}, **tls)
    pods = rendered(helm, podMonitor={"enabled": True}, **tls, **token)
    for monitor, theirs in (("serviceMonitor", service), ("podMonitor", pods)):
        assert scraped(objects, monitor) == scraped(theirs, monitor)
    assert sorted(container(objects)["args"]) == sorted(container(service)["args"])
    assert container(objects)["volumeMounts"] == container(service)["volumeMounts"]
