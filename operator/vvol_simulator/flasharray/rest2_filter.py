"""REST 2's `filter`: comparisons of fields with values, joined by `and`, `or`, `not` and brackets.

`name='erp.*' and not(destroyed='true')`, `progress="1.0"`, `created>1780000000000`, `name=('a','b')`,
`contains(name,'vr-')`. In `=` and `!=` a `*` stands for anything.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from vvol_simulator.model import ArrayError
from vvol_simulator.model.names import key

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(!=|<=|>=|[=<>(),])|([^\s"'=<>!(),]+))""")
_WORDS = ("=", "!=", "<", "<=", ">", ">=")


def field(row: Row, path: str) -> Any:
    """The value at a dotted path; None where there is nothing."""
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def parse(text: str) -> Test:
    """The test that a filter stands for; `ArrayError` if it is none."""
    parser = _Parser(list(_tokens(text)), text)
    test = parser.either()
    parser.end()
    return test


def _tokens(text: str) -> Iterator[str]:
    text, at = text.rstrip(), 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _refusal(text)
        yield match[1] or match[2] or match[3]
        at = match.end()


def _refusal(text: str) -> ArrayError:
    return ArrayError("Invalid filter expression.", text)


class _Parser:
    def __init__(self, tokens: Sequence[str], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._at = 0

    def either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise _refusal(self._text)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        name = self._next()
        if name == "contains":
            return self._contains()
        operator = self._next()
        if operator not in _WORDS:
            raise _refusal(self._text)
        values = self._values()
        if operator in ("=", "!="):
            return lambda row: any(_equal(field(row, name), value) for value in values) is (operator == "=")
        if len(values) != 1:
            raise _refusal(self._text)
        return lambda row: _ordered(field(row, name), operator, values[0])

    def _contains(self) -> Test:
        self._expect("(")
        name = self._next()
        self._expect(",")
        (value,) = self._values()
        self._expect(")")
        return lambda row: key(value) in key(str(field(row, name) or ""))

    def _values(self) -> list[str]:
        if not self._take("("):
            return [_bare(self._next())]
        values = [_bare(self._next())]
        while self._take(","):
            values.append(_bare(self._next()))
        self._expect(")")
        return values

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise _refusal(self._text)
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at].lower() == word
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _refusal(self._text)


def _bare(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] in "\"'" else token


def _equal(value: Any, wanted: str) -> bool:
    if value is None:
        return wanted.lower() == "null"
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, int | float):
        return _number(wanted) == value
    return fnmatch.fnmatchcase(key(str(value)), key(wanted))


def _ordered(value: Any, operator: str, wanted: str) -> bool:
    if value is None:
        return False
    other: Any = wanted
    if isinstance(value, int | float):
        other = _number(wanted)
        if other is None:
            return False
    one: Any = value if isinstance(value, int | float) else str(value)
    below: bool = one < other
    if one == other:
        return "=" in operator
    return below is operator.startswith("<")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
