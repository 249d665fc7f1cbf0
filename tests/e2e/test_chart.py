"""What the chart renders, template by template: with its defaults, with each value, and with values that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e.helm import NAMESPACE, RELEASE, one

from testbed import accounts
from vvol_replication.api.names import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.helm import Helm

    Object = dict[str, Any]

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
WORKLOADS = (("Deployment", RELEASE), ("Job", f"{RELEASE}-uninstall"), ("Pod", f"{RELEASE}-check"))


def pod(obj: Object) -> Object:
    """A workload's pod spec."""
    spec: Object = obj["spec"] if obj["kind"] == "Pod" else obj["spec"]["template"]["spec"]
    return spec


def operator(helm: Helm, **values: Any) -> Object:
    """The operator's container."""
    (container,) = pod(one(helm.objects(values), "Deployment"))["containers"]
    return dict(container)


def kinds(objects: list[Object]) -> set[str]:
    return {obj["kind"] for obj in objects}


def test_by_default_all_is_there(helm: Helm) -> None:
    assert kinds(helm.objects()) == {
        "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Deployment", "Job", "NetworkPolicy", "Pod",
        "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount",
    }  # fmt: skip


def test_it_makes_no_secret_and_may_read_secrets_in_its_own_namespace_only(helm: Helm) -> None:
    for values in ({}, {"namespaces": ["dr"]}):
        objects = helm.objects(values)
        assert "Secret" not in kinds(objects)
        reading = [
            (obj["kind"], obj["metadata"].get("namespace"), rule["verbs"])
            for obj in objects
            for rule in obj.get("rules", ())
            if "secrets" in rule.get("resources", ())
        ]
        assert reading == [("Role", NAMESPACE, ["get"])]


@pytest.mark.parametrize("values", [{}, {"namespaces": ["dr", "test"]}], ids=["everywhere", "namespaces"])
def test_there_are_no_wildcards(helm: Helm, values: dict[str, Any]) -> None:
    rules = [rule for obj in helm.objects(values) for rule in obj.get("rules", ())]
    assert rules
    assert [rule for rule in rules if any("*" in word for words in rule.values() for word in words)] == []
    assert [rule for rule in rules if not all(rule.values())] == []


@pytest.mark.parametrize(("kind", "name"), WORKLOADS)
def test_each_pod_fits_the_restricted_level(helm: Helm, kind: str, name: str) -> None:
    spec = pod(one(helm.objects(), kind, name))
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == 65532
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"]["memory"]
        assert container["resources"]["limits"]["memory"]
    assert not any(spec.get(one) for one in ("hostNetwork", "hostPID", "hostIPC"))
    assert all("hostPath" not in volume for volume in spec.get("volumes", ()))


@pytest.mark.parametrize(("kind", "name"), WORKLOADS)
def test_each_pod_is_placed_and_pulled_alike(helm: Helm, kind: str, name: str) -> None:
    values = {
        "image": {"repository": "registry.example.com/vvol", "digest": DIGEST, "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "storage", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": "system-cluster-critical",
        "podSecurity": {"runAsUser": None, "runAsGroup": 2000},
    }
    spec = pod(one(helm.objects(values), kind, name))
    (container,) = spec["containers"]
    assert container["image"] == f"registry.example.com/vvol@{DIGEST}"
    assert container["imagePullPolicy"] == "Always"
    assert {key: spec[key] for key in ("imagePullSecrets", "nodeSelector", "tolerations", "priorityClassName")} == {
        key: values[key] for key in ("imagePullSecrets", "nodeSelector", "tolerations", "priorityClassName")
    }
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsGroup": 2000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_an_image_is_named_by_digest_by_tag_or_by_the_charts_version(helm: Helm) -> None:
    assert operator(helm)["image"] == "vvol-replication:0.1.0"
    assert operator(helm, image={"tag": "1.2.3"})["image"] == "vvol-replication:1.2.3"
    assert operator(helm, image={"tag": "1.2.3", "digest": DIGEST})["image"] == f"vvol-replication@{DIGEST}"


def test_the_operator_is_told_what_the_values_say(helm: Helm) -> None:
    values = {
        "namespaces": ["dr", "test"],
        "log": {"format": "text", "level": "debug"},
        "http": {"port": 9090},
        "leaderElection": {"leaseDuration": "30s", "renewDeadline": "20s", "retryPeriod": "5s"},
    }
    container = operator(helm, **values)
    assert container["command"] == ["vvol-replication"]
    assert set(container["args"]) == {
        "--leader-elect", "--leader-elect-resource-name=vvol-replication", "--leader-elect-lease-duration=30s",
        "--leader-elect-renew-deadline=20s", "--leader-elect-retry-period=5s", "--log-format=text",
        "--log-level=debug", "--namespace=dr", "--namespace=test", "--http-port=9090", "--metrics-port=8443",
    }  # fmt: skip
    assert container["ports"] == [
        {"name": "http", "containerPort": 9090, "protocol": "TCP"},
        {"name": "metrics", "containerPort": 8443, "protocol": "TCP"},
    ]
    fields = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in container["env"]}
    assert fields == {
        "OPERATOR_NAMESPACE": "metadata.namespace",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_NAME": "metadata.name",
    }


def test_probes_ask_the_port_by_its_name(helm: Helm) -> None:
    container = operator(helm, http={"port": 9090})
    asked = {kind: container[kind]["httpGet"] for kind in ("livenessProbe", "readinessProbe", "startupProbe")}
    assert asked == {
        "livenessProbe": {"path": "/livez", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
        "startupProbe": {"path": "/livez", "port": "http"},
    }


@pytest.mark.parametrize("required", [True, False])
def test_secrets_have_to_say_where_they_may_be_sent_if_that_is_chosen(helm: Helm, required: bool) -> None:  # noqa: FBT001 - parametrized
    arguments = operator(helm, secrets={"requireAllowedAddresses": required})["args"]
    assert ("--require-allowed-addresses" in arguments) is required


def test_a_trusted_ca_is_mounted_and_named_to_openssl_and_without_one_nothing_is(helm: Helm) -> None:
    spec = pod(one(helm.objects({"trustedCA": {"configMap": "our-ca", "key": "bundle.pem"}}), "Deployment"))
    (container,) = spec["containers"]
    assert {"name": "SSL_CERT_FILE", "value": "/etc/vvol-replication/ca/bundle.pem"} in container["env"]
    assert {"name": "trusted-ca", "mountPath": "/etc/vvol-replication/ca", "readOnly": True} in container[
        "volumeMounts"
    ]
    assert {"name": "trusted-ca", "configMap": {"name": "our-ca"}} in spec["volumes"]
    plain = pod(one(helm.objects(), "Deployment"))
    assert [volume["name"] for volume in plain["volumes"]] == ["tmp"]
    assert "SSL_CERT_FILE" not in str(plain)


def test_pods_get_labels_and_annotations_but_not_instead_of_the_selectors(helm: Helm) -> None:
    values = {
        "podLabels": {"team": "dr", "app.kubernetes.io/name": "else"},
        "podAnnotations": {"example.com/a": "b"},
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "resources": {"limits": {"memory": "1Gi"}},
        "terminationGracePeriodSeconds": 60,
        "replicas": 3,
    }
    deployment = one(helm.objects(values), "Deployment")
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert labels["team"] == "dr"
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert template["metadata"]["annotations"]["example.com/a"] == "b"
    assert template["spec"]["affinity"] == values["affinity"]
    assert template["spec"]["terminationGracePeriodSeconds"] == 60
    assert template["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"memory": "1Gi"},
    }
    assert deployment["spec"]["replicas"] == 3


def test_selectors_of_all_objects_meet_the_operators_pods_and_not_those_of_hooks(helm: Helm) -> None:
    objects = helm.objects()
    labels = one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    others = [
        one(objects, "Job", f"{RELEASE}-uninstall")["spec"]["template"]["metadata"]["labels"],
        one(objects, "Pod", f"{RELEASE}-check")["metadata"]["labels"],
    ]
    spread = one(objects, "Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    selectors = [
        one(objects, "Deployment")["spec"]["selector"],
        one(objects, "PodDisruptionBudget")["spec"]["selector"],
        one(objects, "NetworkPolicy")["spec"]["podSelector"],
        {"matchLabels": one(objects, "Service", f"{RELEASE}-metrics")["spec"]["selector"]},
        *(constraint["labelSelector"] for constraint in spread),
    ]
    assert len(selectors) == 6
    for selector in selectors:
        assert selector["matchLabels"].items() <= labels.items()
        assert not any(selector["matchLabels"].items() <= other.items() for other in others)


def test_spread_budget_and_policy_can_be_left_out(helm: Helm) -> None:
    off = {"enabled": False}
    objects = helm.objects({"topologySpread": off, "podDisruptionBudget": off, "networkPolicy": off})
    assert not {"PodDisruptionBudget", "NetworkPolicy"} & kinds(objects)
    assert "topologySpreadConstraints" not in pod(one(objects, "Deployment"))
    assert (
        one(helm.objects({"podDisruptionBudget": {"maxUnavailable": 2}}), "PodDisruptionBudget")["spec"][
            "maxUnavailable"
        ]
        == 2
    )


def test_the_network_policy_lists_where_the_operator_may_go(helm: Helm) -> None:
    values = {
        "networkPolicy": {
            "dns": {"namespace": "openshift-dns", "ports": [5353]},
            "apiServer": {"cidrs": ["10.1.0.1/32"], "ports": [6443]},
            "storage": {"cidrs": ["10.2.0.0/24", "fd00::/64"], "ports": [443, 8443]},
        }
    }
    spec = one(helm.objects(values), "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [
        {"ports": [{"port": "http", "protocol": "TCP"}]},
        {"ports": [{"port": "metrics", "protocol": "TCP"}]},
    ]
    assert spec["egress"] == [
        {
            "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}],
            "ports": [{"port": 5353, "protocol": "UDP"}, {"port": 5353, "protocol": "TCP"}],
        },
        {"to": [{"ipBlock": {"cidr": "10.1.0.1/32"}}], "ports": [{"port": 6443, "protocol": "TCP"}]},
        {
            "to": [{"ipBlock": {"cidr": "10.2.0.0/24"}}, {"ipBlock": {"cidr": "fd00::/64"}}],
            "ports": [{"port": 443, "protocol": "TCP"}, {"port": 8443, "protocol": "TCP"}],
        },
    ]


def test_with_namespaces_there_is_a_role_in_each_and_none_for_all(helm: Helm) -> None:
    objects = helm.objects({"namespaces": ["dr", "test"]})
    everywhere = [obj for obj in objects if (obj["kind"], obj["metadata"]["name"]) == ("ClusterRole", RELEASE)]
    assert everywhere == []
    rules = one(helm.objects(), "ClusterRole")["rules"]
    for namespace in ("dr", "test"):
        assert one(objects, "Role", RELEASE, namespace)["rules"] == rules
        assert one(objects, "RoleBinding", RELEASE, namespace)["subjects"] == [
            {"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}
        ]


def test_each_binding_binds_a_role_of_the_chart_to_an_account_of_the_chart(helm: Helm) -> None:
    for values in ({}, {"namespaces": ["dr"]}):
        objects = helm.objects(values, "other")
        roles = {(obj["kind"], obj["metadata"]["name"], obj["metadata"].get("namespace")) for obj in objects}
        for obj in objects:
            if obj["kind"] in {"RoleBinding", "ClusterRoleBinding"}:
                role = obj["roleRef"]
                where = obj["metadata"].get("namespace") if role["kind"] == "Role" else None
                assert (role["kind"], role["name"], where) in roles
                (subject,) = obj["subjects"]
                assert ("ServiceAccount", subject["name"], subject["namespace"]) in roles


def test_an_account_that_is_there_is_bound_and_not_made(helm: Helm) -> None:
    objects = helm.objects({"serviceAccount": {"create": False, "name": "theirs"}})
    accounts_made = {obj["metadata"]["name"] for obj in objects if obj["kind"] == "ServiceAccount"}
    assert accounts_made == {f"{RELEASE}-uninstall"}
    assert pod(one(objects, "Deployment"))["serviceAccountName"] == "theirs"
    assert one(objects, "ClusterRoleBinding")["subjects"][0]["name"] == "theirs"
    annotated = helm.objects({"serviceAccount": {"name": "ours", "annotations": {"example.com/role": "x"}}})
    assert one(annotated, "ServiceAccount", "ours")["metadata"]["annotations"] == {"example.com/role": "x"}


def test_user_roles_and_their_aggregation_can_be_left_out(helm: Helm) -> None:
    def people(values: dict[str, Any]) -> dict[str, list[str]]:
        bound = {obj["roleRef"]["name"] for obj in helm.objects(values) if "roleRef" in obj}
        return {
            obj["metadata"]["name"].rpartition("-")[2]: [
                label.rpartition("-")[2] for label in obj["metadata"]["labels"] if "aggregate" in label
            ]
            for obj in helm.objects(values)
            if obj["kind"] == "ClusterRole" and obj["metadata"]["name"] not in {*bound, f"{RELEASE}-metrics-reader"}
        }

    assert people({}) == {"connect": [], "bind": [], "sync": ["edit"], "prepare": [], "view": ["view"]}
    assert people({"userRoles": {"aggregate": False}}) == {
        "connect": [], "bind": [], "sync": [], "prepare": [], "view": []
    }  # fmt: skip
    assert people({"userRoles": {"create": False}}) == {}


def test_crds_are_installed_kept_or_left_out(helm: Helm, tools: dict[str, Path]) -> None:
    def crds(objects: list[Object]) -> list[Object]:
        return [obj for obj in objects if obj["kind"] == "CustomResourceDefinition"]

    kept = crds(helm.objects())
    assert [obj["spec"] for obj in kept] == [
        obj["spec"] for obj in crds(accounts.built(tools["kubectl"], accounts.MANIFESTS.parent / "crds"))
    ]
    assert all(obj["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"} for obj in kept)
    loose = crds(helm.objects({"crds": {"keep": False}}))
    assert len(loose) == len(kept) == len(KINDS)
    assert all("annotations" not in obj["metadata"] for obj in loose)
    assert crds(helm.objects({"crds": {"enabled": False}})) == []


def test_the_hooks_come_after_deletion_and_with_helm_test(helm: Helm) -> None:
    objects = helm.objects({"namespaces": ["dr"], "uninstall": {"timeoutSeconds": 60}})
    job = one(objects, "Job", f"{RELEASE}-uninstall")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-delete"
    assert job["spec"]["activeDeadlineSeconds"] == 60
    assert pod(job)["containers"][0]["args"][0] == "--release-finalizers"
    assert "--namespace=dr" in pod(job)["containers"][0]["args"]
    check = one(objects, "Pod", f"{RELEASE}-check")
    assert check["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert check["spec"]["containers"][0]["args"][0] == "--check"
    assert check["spec"]["serviceAccountName"] == RELEASE
    for obj in objects:
        if obj["metadata"]["name"] == f"{RELEASE}-uninstall":
            assert obj["metadata"]["annotations"]["helm.sh/hook"] == "post-delete"
    left = helm.objects({"uninstall": {"releaseFinalizers": False}})
    assert [obj for obj in left if obj["metadata"]["name"].endswith("-uninstall")] == []


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        ("vvol-replication", {}, "vvol-replication"),
        ("dr", {}, "dr-vvol-replication"),
        ("dr", {"nameOverride": "sync"}, "dr-sync"),
        ("dr", {"fullnameOverride": "mine"}, "mine"),
        ("r" * 53, {}, "r" * 48),
    ],
)
def test_names_follow_the_release_and_fit(helm: Helm, release: str, values: dict[str, Any], name: str) -> None:
    objects = helm.objects(values, release)
    deployment = one(objects, "Deployment", name)
    assert f"--leader-elect-resource-name={name}" in pod(deployment)["containers"][0]["args"]
    lease = next(rule for rule in one(objects, "Role", f"{name}-home")["rules"] if "resourceNames" in rule)
    assert lease["resourceNames"] == [name]
    for obj in objects:
        if obj["kind"] != "CustomResourceDefinition":
            assert len(obj["metadata"]["name"]) <= 63
            assert obj["metadata"]["name"].startswith(name)
        assert all(len(value) <= 63 for value in obj["metadata"]["labels"].values())


def test_two_releases_share_no_object_but_the_crds(helm: Helm) -> None:
    def names(release: str) -> set[tuple[str, str | None, str]]:
        objects = helm.objects({"crds": {"enabled": False}, "namespaces": ["dr"]}, release)
        return {(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in objects}

    assert names("one") & names("two") == set()


def test_no_object_is_rendered_twice(helm: Helm) -> None:
    objects = helm.objects({"namespaces": ["default", NAMESPACE]})
    names = [(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in objects]
    assert sorted(map(str, names)) == sorted(map(str, set(names)))
