"""What rendering takes and gives besides the document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The addresses a rendering needs. In the mail the per-member ones hold a tag that the provider replaces.

    In a rendering nobody receives (the web page, a public preview) the per-member ones are empty and the
    lines that would hold them are left out.
    """

    permalink: str  # the public page of the issue
    archive: str
    feed: str = ""
    website: str = ""
    view_in_browser: str = ""
    unsubscribe: str = ""
    preferences: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTags:
    """What stands in a rendered edition where each member's own address belongs.

    Letters, digits and underscores only, drawn at random for each issue, so that no feed can name one.
    `replace` turns an edition into one member's copy.
    """

    view_in_browser: str
    unsubscribe: str
    preferences: str

    @classmethod
    def of(cls, token: str) -> MergeTags:
        """The tags of an issue whose `merge_tag` is `token`."""
        return cls(
            view_in_browser=f"{token}v",
            unsubscribe=f"{token}u",
            preferences=f"{token}p",
        )

    def replace(self, text: str, *, view_in_browser: str, unsubscribe: str, preferences: str) -> str:
        return (
            text.replace(self.view_in_browser, view_in_browser)
            .replace(self.unsubscribe, unsubscribe)
            .replace(self.preferences, preferences)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedIssue:
    """One edition in its forms. `html` is pure ASCII; `text` is wrapped at 72 columns."""

    subject: str
    html: str
    text: str
    web: str  # a whole, self-contained page; "" when it was not asked for
    bytes_per_section: Mapping[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Size of the HTML part in bytes, before the members' addresses replace the tags."""
        return len(self.html.encode())

    @property
    def sha256(self) -> str:
        whole = "\x00".join((self.subject, self.html, self.text))
        return hashlib.sha256(whole.encode()).hexdigest()
