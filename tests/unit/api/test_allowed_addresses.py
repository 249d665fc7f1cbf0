"""Where a Secret may be sent to, as it says itself."""

from __future__ import annotations

import pytest

from vvol_replication.api.allowed_addresses import forbids
from vvol_replication.api.endpoint import Address

DALLAS = Address.parse("vcenter.dallas.example.com")


def said(written: str | None, address: str = "vcenter.dallas.example.com", *, required: bool = True) -> str | None:
    found = forbids("vc", written, Address.parse(address), required=required)
    return None if found is None else found.message


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("vcenter.dallas.example.com", "vcenter.dallas.example.com"),
        ("vcenter.dallas.example.com", "vcenter.dallas.example.com:443"),
        ("VCENTER.dallas.example.com\n", "vcenter.Dallas.example.com"),
        ("one.example.com, two.example.com:8443", "two.example.com:8443"),
        ("one.example.com\ntwo.example.com\n", "two.example.com"),
        ("[fd00::0:1]:8443", "[fd00::1]:8443"),
    ],
)
def test_an_address_that_the_secret_names(written: str, address: str) -> None:
    assert said(written, address) is None


@pytest.mark.parametrize(
    "written",
    [
        "", " \n", "vcenter.dallas.example.com:8443", "dallas.example.com", "vcenter.dallas.example.com.evil.example",
        "*.example.com", "10.0.0.5",
    ],
)  # fmt: skip
@pytest.mark.parametrize("required", [True, False])
def test_another_address_is_refused_whether_the_key_is_required_or_not(written: str, required: bool) -> None:  # noqa: FBT001 - parametrized
    message = said(written, required=required)
    assert message is not None
    assert "Nothing was sent." in message
    assert "'vcenter.dallas.example.com'" in message


def test_an_entry_that_is_no_address_allows_nothing() -> None:
    message = said("https://vcenter.dallas.example.com vcenter.dallas.example.com")
    assert message is not None
    assert "an entry that is not an address" in message
    assert "https" not in message, "the value may be a password that was put into the wrong key"


def test_a_secret_without_the_key_goes_anywhere_unless_the_operator_was_told_otherwise() -> None:
    assert said(None, required=False) is None
    message = said(None, required=True)
    assert message is not None
    assert "has no key 'allowedAddresses'" in message
