"""The addresses that a Secret may be sent to, as its owner wrote them into it.

Who may write a VCenter or FlashArray chooses the address, who may write the Secret chooses what is in it: without this
key the first could have the second's password sent to a host of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from .endpoint import Address
from .errors import SpecError

KEY = "allowedAddresses"
"""The key of the Secret. Its value: addresses as in `spec.address`, with white space or commas between them."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """Nothing may be sent. `message` says why, and what to do, for people; nothing of the credentials."""

    message: str


def forbids(secret_name: str, written: str | None, address: Address, *, required: bool) -> NotAllowed | None:
    """Return why a Secret must not be sent to that address, or None.

    Args:
        secret_name: for the message.
        written: the value of the key; None where the Secret does not have it.
        address: where the credentials are to be sent. Host and port have to be the same, in any case of letters.
        required: refuse a Secret without the key.
    """
    if written is None:
        if not required:
            return None
        return NotAllowed(
            f"Secret {secret_name!r} has no key {KEY!r}, and the operator was started so that it must have one. "
            f"Nothing was sent. Add the key, with the address {str(address)!r} in it."
        )
    allowed: list[Address] = []
    for text in written.replace(",", " ").split():
        try:
            allowed.append(Address.parse(text, KEY))
        except SpecError:
            return NotAllowed(
                f"Secret {secret_name!r}: the value of {KEY!r} has an entry that is not an address. Nothing was sent. "
                f"Write addresses like {str(address)!r}, with a space between them."
            )
    if any(_same(address, one) for one in allowed):
        return None
    return NotAllowed(
        f"Secret {secret_name!r} must not be sent to {str(address)!r}: its key {KEY!r} does not have this address. "
        "Nothing was sent. Correct spec.address, or add the address to the Secret."
    )


def _same(one: Address, other: Address) -> bool:
    return one.port == other.port and one.host.lower() == other.host.lower()
