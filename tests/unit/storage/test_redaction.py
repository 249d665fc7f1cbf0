"""What a redactor blacks out, and what it leaves alone."""

from __future__ import annotations

import base64
import html
import json
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.storage.redaction import LONGEST, Redactor, SessionSecrets

SECRET = "fake-päss w/\"ord'<&>+%-99"
BASIC = base64.b64encode(f"svc:{SECRET}".encode()).decode()
SPELLED = {
    "plain": SECRET,
    "url": quote(SECRET, safe=""),
    "lower-case url": "fake-p%c3%a4ss%20w%2f%22ord%27%3c%26%3e%2b%25-99",
    "form": quote_plus(SECRET),
    "html": html.escape(SECRET),
    "xml text": html.escape(SECRET, quote=False),
    "xml attribute": html.escape(SECRET).replace("&#x27;", "&apos;"),
    "json": json.dumps(SECRET)[1:-1],
    "json in utf-8": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "url-safe base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "basic": BASIC,
    "basic header": f"Authorization: Basic {BASIC}",
}


@pytest.mark.parametrize("spelled", SPELLED.values(), ids=list(SPELLED))
@pytest.mark.parametrize("around", ["{}", "you sent {}.", "x{}x"])
def test_a_secret_goes_however_it_is_spelled(spelled: str, around: str) -> None:
    for redactor in (Redactor(SECRET, username="svc"), session(BASIC, SECRET)):
        said = redactor.redacted(around.format(spelled))
        assert "***" in said
        assert spelled not in said
        assert "99" not in said.replace(around.format(""), "")


def session(*secrets: str) -> Redactor:
    """Who knows these only as sessions."""
    redactor = Redactor("")
    for secret in secrets:
        redactor.sessions.add(secret)
    return redactor


def test_a_user_name_stays() -> None:
    redactor = Redactor("fake-password-1", username="svc")
    text = "svc at vcenter.svc.example.com"
    assert redactor.redacted(text) == text


@pytest.mark.parametrize("text", ["mountains", "xmount", "amount", "mount_2", "paramount's"])
def test_a_short_secret_stays_in_another_word(text: str) -> None:
    assert Redactor("mount").redacted(text) == text
    assert Redactor("secret").redacted("secretary, the Secret's, topsecret") == "secretary, the Secret's, topsecret"


@pytest.mark.parametrize("around", ["{}", "({})", "'{}'", "a {} b", "password={};", "vc.{}.example.com", "{}\n"])
def test_a_short_secret_goes_as_a_whole_word(around: str) -> None:
    assert Redactor("secret").redacted(around.format("secret")) == around.format("***")


def test_eight_characters_go_anywhere() -> None:
    assert Redactor("12345678").redacted("x12345678x") == "x***x"
    assert Redactor("1234567").redacted("x1234567x") == "x1234567x"


def test_a_short_secret_is_short_however_it_is_spelled() -> None:
    assert Redactor("a&b<c").redacted("xa&amp;b&lt;cx, a&amp;b&lt;c") == "xa&amp;b&lt;cx, ***"
    assert Redactor("a         ").redacted("a cat and a dog") == "*** cat and *** dog", "however blanks are told"
    assert Redactor("a         ").redacted("cat") == "cat"


@pytest.mark.parametrize("nothing", ["", " ", "\n\t"])
def test_an_empty_secret_is_none(nothing: str) -> None:
    assert Redactor(nothing, username="svc").redacted("a b  c\n") == "a b  c\n"


def test_of_two_secrets_the_longer_one_goes_whole() -> None:
    redactor = session("token-aaaa", "token-aaaa-bbbb")
    assert redactor.redacted("token-aaaa-bbbb token-aaaa") == "*** ***"


def test_a_session_is_a_secret_from_when_it_was_given() -> None:
    redactor = Redactor("fake-password-1")
    assert redactor.redacted("you are session-1") == "you are session-1"
    redactor.sessions.add("session-1")
    assert redactor.redacted("you are session-1, fake-password-1") == "you are ***, ***"


def test_the_last_sessions_are_remembered() -> None:
    sessions = SessionSecrets()
    for number in range(100):
        sessions.add(f"session-{number}")
    sessions.add("")
    sessions.add(None)
    sessions.add("session-99")
    assert list(sessions) == [f"session-{number}" for number in range(36, 100)]


def test_sessions_come_from_any_thread_while_messages_are_built() -> None:
    redactor = Redactor("fake-password-1")

    def log_in(thread: int) -> None:
        for number in range(50):
            redactor.sessions.add(f"session-{thread}-{number}")

    threads = [threading.Thread(target=log_in, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert redactor.redacted("fake-password-1") == "***"
    for thread in threads:
        thread.join()
    assert all(redactor.redacted(f"<{one}>") == "<***>" for one in redactor.sessions)


def test_nothing_shows_in_a_repr() -> None:
    redactor = Redactor("fake-password-1", username="svc")
    redactor.sessions.add("session-1")
    assert not {"fake", "svc", "session-1"} & set(repr(redactor).replace("-", " ").split())
    assert "fake-password" not in repr(redactor)
    assert "session-1" not in repr(redactor.sessions)


@given(st.integers(0, 2 * LONGEST), st.text())
def test_a_text_is_redacted_before_it_is_cut(before: int, after: str) -> None:
    quoted = Redactor("fake-password-1").quoted("x" * before + "fake-password-1" + after)
    assert "fake-pas" not in quoted
    assert len(quoted) <= LONGEST
    assert quoted.isprintable()


@given(st.text(min_size=8), st.text(), st.text())
def test_any_long_secret_goes(secret: str, before: str, after: str) -> None:
    said = Redactor(secret).redacted(before + secret + after)
    assert not secret.strip() or "***" in said
