"""The source of storage: what is put into a text for people is quoted, or is known to be ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vvol_replication import storage

TEXTS = {"seen", "said", "text", "detail", "there", "why"}
"""Names of texts that become parts of messages: what is assigned to them is looked through like a message."""
OWN = {
    # What people wrote into the object, what the caller asked for, and our own numbers, names and words for it.
    "self.address", "self._session.address", "self.endpoint", "address", "rest_version", "self.rest", "self.name",
    "self.method", "self.group", "self._group", "fault_domain", "name", "names", "suffix", "protection_group", "pod",
    "task", "self.what", "asked.what", "failure", "wanted", "path", "call.path", "where", "field", "fields[0]", "what",
    "_shown(name)", "_shown(suffix)", "text[:_SHOWN]", "kind(answer)", "kind(value)", "status",
    "moment_in(left)", "moment_in(failure.left)", "moment_in(seconds)", "moment",
    "secret_name", "key", "left",
    "failure.status", "seconds", "deadline", "workers", "self._workers", "self._threads", "answer_timeout",
    "int(fault.maxBatchSize)", "self._counted", "major", "min(minors)", "max(minors)", "_ranges(offered)", "_version()",
    "type(self).__name__", "type(error).__name__", "type(error).__name__.rpartition('.')[2]",
    "type(cause).__name__.rpartition('.')[2]",
    "refusals.advice(reason)", "refusals.advice(reasons.NOT_SUPPORTED)", "refusals.advice(reasons.PERMISSION_DENIED)",
    "_ADVICE[reason]", "_FIRST[step]", "', '.join(_FAMILIES)", "problem", "advice", "when", "calls", "of",
    # Texts that are built elsewhere from such pieces, so looked through there.
    *TEXTS, "about", "message", "_KINDS.get(type(cause), type(cause).__name__)",
    "_seen(error.__cause__ or error, asked, answer_timeout)[1]",
    "failure.why", "_problem(ca_certificates, insecure=insecure_skip_verify)",
    "' '.join(seen.split())", "_said(failure, asked)", "_said(cause, asked)", "_detail(cause, asked)",
    "_detail(cause, redactor)", "_short(cause, asked)", "self._line(error, method)",
    "row.seen", "row.advice", "detail", "shown",
    "self._line(error, 'QueryReplicationPeer')", "machine.state(self._reading)",
    # Failures that are no messages yet: they are quoted when they become one (`outcomes.outcome`).
    "kind", "unknown", "words",
    # Objects, whose texts are quoted.
    "_refusal(failure)", "ArrayText.parse(failure.text)", "fault",
}  # fmt: skip
QUOTING = {"quote", "quoted", "_quote", "redacted"}
MESSAGES = {"Refused": 1, "Unavailable": 1, "Indeterminate": 1, "AlreadyThere": 0, "LookFailed": 0, "NotAsked": 1}
BUILDERS = {"line", "says", "message", "fault_message", "already_there", "not_trusted", "explain"}
BUILT = {
    *TEXTS, "message", "row.message", "failure.why",
}  # fmt: skip
"""What may be a whole message: texts that were built, of ours."""


def trees() -> Iterator[tuple[str, ast.AST]]:
    root = Path(storage.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.name != "redaction.py":
            yield str(path.relative_to(root)), ast.parse(path.read_text())


def called(node: ast.AST) -> str:
    """The name of what is called; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def strange(value: ast.expr) -> Iterator[str]:
    """Pieces of a text that are neither quoted nor known as ours."""
    if isinstance(value, ast.IfExp):
        yield from strange(value.body)
        yield from strange(value.orelse)
    elif isinstance(value, ast.BinOp):
        yield from strange(value.left)
        yield from strange(value.right)
    elif isinstance(value, ast.BoolOp):
        for one in value.values:
            yield from strange(one)
    elif called(value) == "rstrip" and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        yield from strange(value.func.value)
    elif not (
        isinstance(value, ast.Constant | ast.JoinedStr)
        or called(value) in QUOTING | BUILDERS | {"len"}
        or ast.unparse(value).rpartition(".")[2].lstrip("_").isupper()
    ):
        yield ast.unparse(value)


def strange_messages(tree: ast.AST) -> Iterator[str]:
    """Of all messages and texts in this source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            yield from set(strange(node.value)) - OWN
        if isinstance(node, ast.Assign) and {ast.unparse(one) for one in node.targets} & TEXTS:
            yield from set(strange(node.value)) - OWN
        at, name = 0, called(node)
        if isinstance(node, ast.Call) and (name in MESSAGES or name in ("line", "says")):
            at = MESSAGES.get(name, 0)
            given = [*node.args[at : at + 1], *(one.value for one in node.keywords if one.arg == "message")]
            for value in given:
                yield from set(strange(value)) - BUILT
        if isinstance(node, ast.keyword) and node.arg == "message":
            yield from set(strange(node.value)) - BUILT


@pytest.mark.parametrize(("path", "tree"), list(trees()), ids=[path for path, _ in trees()])
def test_what_is_put_into_a_text_is_quoted_or_ours(path: str, tree: ast.AST) -> None:
    assert list(strange_messages(tree)) == [], f"quote it, or (in {path}) is it ours?"


@pytest.mark.parametrize(
    "source",
    ["f'it says {error}'", "f'it says {fault.msg}'", "Refused(r, str(error))", "asked.line(fault.msg)",
     "TaskReading(s, message=fault.msg)", "Refused(r, 'x' + error.strerror)", "asked.says(failure.text)",
     "AlreadyThere(said.whole)", "seen = str(error)"],
)  # fmt: skip
def test_the_look_through_finds_what_is_not_quoted(source: str) -> None:
    assert list(strange_messages(ast.parse(source)))
