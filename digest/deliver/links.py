"""The links in a member's copy: signed, final in form, and valid for ever. Pure.

    {base_url}/{verb}/{public_id}.{key id}.{mac}

The mac is HMAC-SHA256 under the named link key over `verb NUL list NUL public_id` (none of the three can hold a
NUL), its first 16 bytes in URL-safe base64 without padding: 22 characters, 128 bits. It binds the verb, so that a
view-in-browser link that was passed on cannot be turned into one that unsubscribes. Mails keep for years, so this
form never changes; a new key is listed above the old one, and the key id says which of them signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from digest.config import Config, Keys, SecretKey

MAC_BYTES = 16
_BLOCK = 64  # bytes that SHA-256 takes at a time
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,32})\.([a-z0-9]{1,16})\.([A-Za-z0-9_-]{22})")


class Verb(StrEnum):
    """What a link lets its holder do. The values stand in mails that were sent."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VIEW = "view"
    CONFIRM = "confirm"  # names a request to join, not a member; it works as long as that request is kept


class MailingList(StrEnum):
    """Which list a link speaks of. The name is signed, so it is not the List-Id: that follows config.toml."""

    DIGEST = "digest"
    ANNOUNCEMENTS = "announcements"  # whoever leaves these keeps the digest


class MemberLinks(NamedTuple):
    """One member's own addresses, absolute. A tuple, as `Recipient` is: one is made for every copy."""

    view_in_browser: str
    unsubscribe: str
    preferences: str


def sign(keys: Keys, verb: Verb, mailing_list: str, public_id: str) -> str:
    """The token of a link, signed with the current key."""
    key = keys.link[0]
    return f"{public_id}.{key.id}.{_mac(key, verb, mailing_list, public_id)}"


def verify(keys: Keys, verb: Verb, mailing_list: str, token: str) -> str | None:
    """The public id that `token` was signed for, or None. Only the key that it names is tried."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    public_id, key_id, mac = found.groups()
    key = next((key for key in keys.link if key.id == key_id), None)
    # Compared as text: base64 has several spellings of one value, and only ours is a valid link.
    if key is None or not hmac.compare_digest(_mac(key, verb, mailing_list, public_id), mac):
        return None
    return public_id


def member_links(config: Config, keys: Keys, public_id: str, issue: str) -> MemberLinks:
    """One member's links. `issue` is its number or slot; it is no secret, so it stands beside the token."""
    return LinkMaker(config, keys, issue)(public_id)


class LinkMaker:
    """Makes the links of one issue's copies, many of them: what they share is worked out once.

    `leaves` is the list that the link to unsubscribe speaks of; the two others speak of the member alone.

    The macs are those of `sign`. HMAC (RFC 2104) hashes its key, and here the verb and the list after it, before
    anything that differs from member to member; that state is kept and copied.
    """

    def __init__(self, config: Config, keys: Keys, issue: str, *, leaves: MailingList = MailingList.DIGEST) -> None:
        key = keys.link[0]
        block = key.secret if len(key.secret) <= _BLOCK else hashlib.sha256(key.secret).digest()
        block = block.ljust(_BLOCK, b"\0")
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._states, self._starts = [], []
        for verb in (Verb.VIEW, Verb.UNSUBSCRIBE, Verb.PREFERENCES):  # in the order of MemberLinks
            state = inner.copy()
            state.update(_signed(verb, leaves if verb is Verb.UNSUBSCRIBE else MailingList.DIGEST, "").encode())
            self._states.append(state)
            self._starts.append(f"{config.web.base_url}/{verb}/")
        self._middle, self._query = f".{key.id}.", f"?issue={issue}"

    def __call__(self, public_id: str) -> MemberLinks:
        return self.of([public_id])[0]

    def of(self, public_ids: Iterable[str]) -> list[MemberLinks]:
        """The links of each member, in their order."""
        ids = list(public_ids)
        view, unsubscribe, preferences = self._starts
        middle, query = self._middle, self._query
        macs = iter(_texts(self._macs(ids)))
        return [
            MemberLinks(f"{view}{token}{one}{query}", f"{unsubscribe}{token}{two}", f"{preferences}{token}{three}")
            for token, one, two, three in zip([name + middle for name in ids], macs, macs, macs, strict=True)
        ]

    def _macs(self, public_ids: Iterable[str]) -> list[bytes]:
        """The macs of every member's links, one after another. This is most of the work of making a copy."""
        macs = []
        view, unsubscribe, preferences = (state.copy for state in self._states)
        outer = self._outer.copy
        for public_id in public_ids:
            name = public_id.encode()
            for begun in (view, unsubscribe, preferences):
                inner = begun()
                inner.update(name)
                whole = outer()
                whole.update(inner.digest())
                macs.append(whole.digest())
        return macs


def longest_links(config: Config, issue: str) -> MemberLinks:
    """As many characters as any member's links can have: for counting a copy's bytes."""
    token = f"{'x' * 32}.{'x' * 16}.{'x' * 22}"
    view, unsubscribe, preferences = (
        f"{config.web.base_url}/{verb}/{token}" for verb in (Verb.VIEW, Verb.UNSUBSCRIBE, Verb.PREFERENCES)
    )
    return MemberLinks(view_in_browser=f"{view}?issue={issue}", unsubscribe=unsubscribe, preferences=preferences)


def trial_links(config: Config, number: int | None = None) -> MemberLinks:
    """What stands in a test mail: addresses that lead somewhere and act on nobody."""
    base = config.web.base_url
    return MemberLinks(
        view_in_browser=issue_url(config, number) if number is not None else archive_url(config),
        unsubscribe=f"{base}/{Verb.UNSUBSCRIBE}/preview",
        preferences=f"{base}/{Verb.PREFERENCES}/preview",
    )


def lifelike_links(config: Config, issue: int | str | None) -> MemberLinks:
    """Addresses as long as a member's own, and nobody's: for measuring a mail before it is anybody's."""
    base, token = config.web.base_url, f"{'0' * 32}.{'0' * 4}.{'0' * 22}"
    view, unsubscribe, preferences = (
        f"{base}/{verb}/{token}" for verb in (Verb.VIEW, Verb.UNSUBSCRIBE, Verb.PREFERENCES)
    )
    return MemberLinks(
        view_in_browser=f"{view}?issue={issue or '2000-01-01'}", unsubscribe=unsubscribe, preferences=preferences
    )


def archive_url(config: Config) -> str:
    """The public list of issues."""
    return f"{config.web.base_url}/issues/"


def issue_url(config: Config, number: int) -> str:
    """The public page of an issue."""
    return f"{archive_url(config)}{number}/"


def announcement_url(config: Config, slug: str) -> str:
    """The public page of an announcement."""
    return f"{config.web.base_url}/announcements/{slug}/"


def _mac(key: SecretKey, verb: Verb, mailing_list: str, public_id: str) -> str:
    return _text(hmac.digest(key.secret, _signed(verb, mailing_list, public_id).encode(), "sha256"))


def _signed(verb: Verb, mailing_list: str, public_id: str) -> str:
    return "\x00".join((verb, mailing_list, public_id))


def _text(mac: bytes) -> str:
    return _texts([mac])[0]


def _texts(macs: Sequence[bytes]) -> list[str]:
    """The macs as they stand in links. Encoded together: 18 bytes, two of them nothing, fill 24 characters each."""
    text = base64.urlsafe_b64encode(b"\0\0".join([mac[:MAC_BYTES] for mac in macs])).decode()
    return [text[start : start + 22] for start in range(0, len(text), 24)]
