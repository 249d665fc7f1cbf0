"""Advice of the catalogue that stands beside a message must not contradict it."""

from __future__ import annotations

import pytest

from vvol_replication.api.reasons import info_of


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("CertificateNotTrusted", "renew or correct the certificate"),
        ("CertificateNotTrusted", "spec.tls.caCertificates"),
        ("GroupPrepared", "set its spec.failoverCalledOffAt."),
        ("Cancelled", "The message says what is left behind."),
    ],
)
def test_advice_covers_each_case_of_its_reason(reason: str, words: str) -> None:
    known = info_of(reason)
    assert known is not None
    assert words in known.advice


def test_what_was_cancelled_may_be_a_preparation() -> None:
    known = info_of("Cancelled")
    assert known is not None
    assert "point in time" not in known.advice
