"""Find a member by the address, whichever key the row was made with."""

from __future__ import annotations

from digest.config import Keys
from digest.errors import UsageError
from digest.members.address import Refused, address_keys, normalise
from digest.members.models import Member


def read_address(text: str) -> str:
    """A person's spelling of an address in ours. Raises UsageError in words."""
    address = normalise(text)
    if isinstance(address, Refused):
        raise UsageError(f"{text!r} is no e-mail address: {address.reason}")
    return address


def find_member(keys: Keys, address: str) -> Member | None:
    """The member with this normalised address, or None."""
    known_as = address_keys(keys, address)
    found = {member.address_key: member for member in Member.objects.filter(address_key__in=known_as)}
    return next((found[key] for key in known_as if key in found), None)
