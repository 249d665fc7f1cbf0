"""How the chart has traces sent: off by default; on, to the collector and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e.helm import HelmError, one

if TYPE_CHECKING:
    from e2e.helm import Helm

    Object = dict[str, Any]

ENDPOINT = "http://collector.observability:4318"
ON = {"enabled": True, "endpoint": ENDPOINT}


def container(objects: list[Object]) -> Object:
    (found,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def ways_out(objects: list[Object]) -> list[Object]:
    """Those of the collector's port."""
    rules = one(objects, "NetworkPolicy")["spec"]["egress"]
    return [rule for rule in rules if {"port": 4318, "protocol": "TCP"} in rule["ports"]]


def test_by_default_nothing_is_sent_and_nothing_gets_out(helm: Helm) -> None:
    objects = helm.objects({"tracing": {"endpoint": ENDPOINT}})
    assert "--tracing" not in container(objects)["args"]
    assert [one for one in container(objects)["env"] if one["name"].startswith("OTEL_")] == []
    assert ways_out(objects) == []


def test_it_is_told_where_to_and_with_which_secret(helm: Helm) -> None:
    secret = {"secretKeyRef": {"name": "collector", "key": "headers"}}
    more = [{"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": secret}, {"name": "OTEL_SERVICE_NAME", "value": "dr"}]
    objects = helm.objects({"tracing": {**ON, "env": more}})
    assert "--tracing" in container(objects)["args"]
    told = [one for one in container(objects)["env"] if one["name"].startswith("OTEL_")]
    assert told == [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": ENDPOINT}, *more]
    assert ways_out(objects) == [{"ports": [{"port": 4318, "protocol": "TCP"}]}]


def test_the_network_policy_can_say_where_the_collector_is(helm: Helm) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}}}
    objects = helm.objects({"tracing": ON, "networkPolicy": {"tracing": {"to": [peer]}}})
    assert ways_out(objects) == [{"ports": [{"port": 4318, "protocol": "TCP"}], "to": [peer]}]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"tracing": {"enabled": True}}, "tracing.endpoint is required"),
        ({"tracing": {"endpoint": "collector:4318"}}, "endpoint"),
        ({"tracing": {"endpoint": "http://user:password@collector:4318"}}, "endpoint"),
        ({"tracing": {"env": [{"name": "PATH", "value": "/"}]}}, "name"),
        ({"tracing": {"env": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": ENDPOINT}]}}, "name"),
        ({"tracing": {"env": [{"name": "OTEL_SERVICE_NAME"}]}}, "env"),
        ({"tracing": {"env": [{"name": "OTEL_A", "valueFrom": {"secretKeyRef": {"name": "collector"}}}]}}, "key"),
        ({"networkPolicy": {"tracing": {"to": [{}]}}}, "to"),
    ],
)
def test_a_value_that_is_wrong_is_an_error_that_names_it(helm: Helm, values: dict[str, Any], named: str) -> None:
    with pytest.raises(HelmError, match=named):
        helm.text(values)
