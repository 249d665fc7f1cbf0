"""The evidence of a request or a group, and its forms."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from unit.cli.objects import NOW, Object, condition, group, obj

from vvol_cli.evidence import collect, html, markdown

NAME = "<b>|evil|</b>"
STATUS: Object = {
    "phase": "Succeeded",
    "acceptedAt": "2026-11-30T11:00:01Z",
    "finishedAt": "2026-11-30T11:02:00Z",
    "operation": {
        "requestID": "CHG-1",
        "turnAt": "2026-11-30T11:00:02Z",
        "sync": {"intentAt": "2026-11-30T11:00:03Z"},
        "push": {"intentAt": "2026-11-30T11:00:05Z", "created": "2026-11-30T11:00:06Z"},
        "baseline": {"newestPoint": {"time": "2026-11-30T10:45:00Z", "readAt": "2026-11-30T11:00:00Z"}},
        "resolved": {"sourceArray": "a", "targetGroup": {"faultDomainID": "fd"}},
    },
    "pointInTime": {"id": "7f1c", "name": NAME, "time": "2026-11-30T11:00:06Z"},
    "machines": [{"name": "erp-app", "instanceUUID": "u"}],
    "checks": [{"name": "Consent", "result": "Passed"}],
}
REQUEST = obj("FailoverPreparation", "move", {"groupRef": {"name": "erp"}},
              [condition("Ready", "True", "FailoverPrepared"), condition("Complete", "True", "FailoverPrepared"),
               condition("Finished", "True", "FailoverPrepared")], **STATUS)  # fmt: skip
REQUEST["metadata"] |= {
    "creationTimestamp": "2026-11-30T11:00:00Z",
    "annotations": {"replication.vvol.dev/asked-by": "alice", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
}
GROUP = group(history=[{"uid": "uid-move", "kind": "FailoverPreparation", "name": "move", "outcome": "Succeeded",
                        "askedBy": {"manager": "argocd"}, "newestPointAgeAfter": "1m54s"}])  # fmt: skip
EVENTS = [
    {
        "regarding": {"uid": "uid-move"},
        "eventTime": "2026-11-30T11:02:00Z",
        "reason": "FailoverPrepared",
        "type": "Normal",
    },
    {"regarding": {"uid": "another"}, "eventTime": "2026-11-30T11:02:00Z", "reason": "Other", "type": "Normal"},
]
EVIDENCE = collect.of_a_request(REQUEST, GROUP, EVENTS, NOW)


class Tags(HTMLParser):
    """The tags of a page, and what they name elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elsewhere += [name for name, _ in attrs if name in {"src", "href", "onclick"}]
        if tag not in {"meta", "!doctype"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_evidence_has_who_what_and_every_step_in_order() -> None:
    assert EVIDENCE["askedBy"] == {"manager": "argocd"}
    assert EVIDENCE["annotations"] == {"replication.vvol.dev/asked-by": "alice"}
    assert (EVIDENCE["outcome"], EVIDENCE["requestID"]) == ("Done", "CHG-1")
    steps = [(one["step"], one["clock"]) for one in EVIDENCE["steps"]]
    assert (steps[0], steps[-1]) == (("created", "API server"), ("ended", "operator"))
    times = [one["time"] for one in EVIDENCE["steps"]]
    assert times == sorted(times)
    assert EVIDENCE["newestPointBefore"]["age"] == "15m"
    assert EVIDENCE["newestPointAfter"] == {"age": "1m54s"}
    assert EVIDENCE["machines"] == [{"name": "erp-app", "instanceUUID": "u", "power": "poweredOff"}]
    assert [one["reason"] for one in EVIDENCE["events"]] == ["FailoverPrepared"]
    json.dumps(EVIDENCE)


def test_what_is_not_known_is_left_out() -> None:
    bare = collect.of_a_request({"kind": "ReplicationSync", "metadata": {"name": "x", "namespace": "n"}}, None, [], NOW)
    assert set(bare) == {"subject", "kind", "namespace", "madeAt"}
    assert "# ReplicationSync n/x" in markdown.render(bare)


def test_the_page_is_whole_needs_nothing_from_elsewhere_and_others_texts_are_texts() -> None:
    page, tags = html.render(EVIDENCE), Tags()
    tags.feed(page)
    assert (tags.open, tags.elsewhere) == ([], [])
    assert not re.search(r"https?:|@import|url\(", page)
    assert "&lt;b&gt;|evil|&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "@media print" in page


def test_markdown_keeps_others_texts_in_their_cells() -> None:
    page = markdown.render(EVIDENCE)
    assert r"\<b\>\|evil\|\</b\>" in page
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1, table


def test_the_evidence_of_a_group() -> None:
    evidence = collect.of_a_group(GROUP, [REQUEST], [], NOW)
    assert (evidence["newestPointAge"], evidence["running"]) == ("10m", ["prep/move"])
    assert "manager argocd" in markdown.render(evidence)
