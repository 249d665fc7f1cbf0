"""The drawing of the README is made from a text that a person can write, and says where that is wrong."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from docs import drawing

TEXT = "title: T\nlanes: You | Operator <x>\n\nYou -> Operator <x>: a & b\nOperator <x>: thinks\n"


def test_each_line_is_drawn() -> None:
    root = ET.fromstring(drawing.draw(TEXT))  # noqa: S314 - our own
    words = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert words == ["You", "Operator <x>", "a & b", "thinks"]
    assert "prefers-color-scheme: dark" in drawing.draw(TEXT)


@pytest.mark.parametrize(
    ("line", "said"),
    [("You -> Nobody: hello", "line 6 names Nobody, which is no lane"), ("nothing", "line 6 has no colon: 'nothing'")],
)
def test_a_line_that_says_nothing_is_named(line: str, said: str) -> None:
    with pytest.raises(drawing.DrawingError, match=said):
        drawing.draw(TEXT + line + "\n")
