"""Values of Secrets as files and editors leave them: usable, or refused in words that repeat nothing of them."""

from __future__ import annotations

import pytest

from vvol_replication.domain.outcomes import Refused
from vvol_replication.storage.credentials import api_token, is_header_value, password, username

TOKEN = "e448c603-e7d7-a00c-a2ca-9e7f0d8d6c3a"
BAD = "zq7marked"
ENDINGS = pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n", " \n"])


@ENDINGS
def test_a_line_break_behind_a_token_or_a_user_name_is_taken_off(ending: str) -> None:
    assert api_token("a", TOKEN + ending) == TOKEN
    assert username("vc", "EXAMPLE\\müller" + ending) == "EXAMPLE\\müller"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n"])
def test_a_line_break_behind_a_password_is_told(ending: str) -> None:
    assert "'password' ends with a line break" in refused(password("vc", BAD + ending))


@pytest.mark.parametrize("value", ["pass word ", " pässwörd", "密码", "😀", "a\u2028b", "\"'<&>"])
def test_a_password_goes_as_it_is(value: str) -> None:
    assert password("vc", value) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"{BAD}\nsecond line", "control character"),
        (f"{BAD}\tb", "control character"),
        (f"{BAD}\x00b", "control character"),
        (f"{BAD}\x85b", "control character"),
        (f"{BAD}\uffffb", "control character"),
        (f"\ufeff{BAD}", "byte order mark"),
        (f"{BAD}\udcff", "not UTF-8"),
    ],
)
def test_what_nobody_can_have_meant_is_refused_of_all_three(value: str, said: str) -> None:
    for check in (api_token, username, password):
        assert said in refused(check("the-secret", value))


@pytest.mark.parametrize("value", [f"{BAD} b", f"{BAD}é", f"{BAD}密"])
def test_what_no_header_carries_is_no_token(value: str) -> None:
    assert "a blank or a character that is not ASCII" in refused(api_token("a", value))


@pytest.mark.parametrize("value", ["\n", " ", "\r\n\t"])
def test_white_space_alone_is_neither_token_nor_user(value: str) -> None:
    for check in (api_token, username):
        assert "only white space" in refused(check("s", value))


@pytest.mark.parametrize(("text", "fits"), [("a-1", True), ("", False), ("a b", False), ("a\n", False), ("é", False)])
def test_one_word_of_a_header(text: str, fits: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_header_value(text) is fits


def refused(judged: str | Refused) -> str:
    """The message, which has nothing of the value."""
    assert isinstance(judged, Refused), judged
    assert judged.reason == "SecretValueInvalid"
    assert BAD not in judged.message
    assert judged.message.isprintable()
    assert "Nothing was sent" in judged.message
    return judged.message
