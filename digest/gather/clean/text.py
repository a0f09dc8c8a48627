"""Characters and lines: what may stand in text that goes into a mail."""

from __future__ import annotations

import html
import re
import unicodedata

# Bytes 0x80-0x9F of Windows-1252, which arrive as C1 controls when a page calls itself Latin-1. Browsers read
# them this way (WHATWG Encoding); the five that stand for nothing are dropped.
_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}

_DROPPED = (
    [code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)]
    + [0x7F, 0xAD, 0xFEFF, 0xFFFC]  # 0xAD: where a word might be parted; it parts words in a search
    + [0x061C]  # Arabic letter mark
    + list(range(0x202A, 0x202F))  # bidi embeddings and overrides
    + list(range(0x2066, 0x206A))  # bidi isolates: unbalanced ones would reorder what stands around the text
    + list(range(0x206A, 0x2070))  # deprecated format characters
    + list(range(0xFFF9, 0xFFFC))  # interlinear annotation
)
# U+200E and U+200F stay: they order nothing but themselves, and right-to-left writers need them. So do the joiners.
_TABLE: dict[int, str | int | None] = {
    **dict.fromkeys(_DROPPED),
    **_CP1252,
    0x0B: " ",
    0x0C: " ",
    0x0D: "\n",
    0x2028: "\n",
    0x2029: "\n\n",
}
_UNUSUAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u2028-\u202e\u2066-\u206f\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    "\ud800-\udfff\U0001fffe\U0001ffff]"
)
_NONCHARACTER = re.compile("[\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U0001fffe\U0001ffff]")
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_MARKUP = re.compile(r"</[a-zA-Z][\w:-]*\s*>|<[a-zA-Z][\w:-]*\s[^<>]*=[^<>]*>|<(?:br|hr|wbr)\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_UNSPOKEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"[^\w]+")

_VISIBLE = re.compile(r"[^\s\u200b-\u200f\u2060-\u2064\u3164]")

MAX_TITLE = 500  # characters: a longer one is an article that lost its tags


def scrub(text: str) -> str:
    """`text` without control, override and non-characters; line ends are newlines."""
    if _UNUSUAL.search(text) is None:
        return text
    return _NONCHARACTER.sub("", text.replace("\r\n", "\n").translate(_TABLE))


def one_line(text: str) -> str:
    """`text` scrubbed, with every run of white space made one space."""
    return _SPACES.sub(" ", scrub(text)).strip()


def is_markup(text: str) -> bool:
    """Whether a short text that claims to be plain holds tags: a closing one, or one with an attribute.

    A single "<b>" may be what the text is about.
    """
    return "<" in text and _MARKUP.search(text) is not None


def has_entities(text: str) -> bool:
    """Whether a short text that claims to be plain holds character references."""
    return "&" in text and _ENTITY.search(text) is not None


def is_escaped_twice(text: str) -> bool:
    """Whether a title that its feed calls plain text was escaped as HTML all the same: "Q&amp;A", "what&#8217;s".

    Not one that shows tags: "&lt;b&gt;" may be what it is about.
    """
    return "&" in text and _ENTITY.search(text) is not None and "&lt;" not in text and "&gt;" not in text


def plain_title(text: str, *, is_html: bool) -> str:
    """A title as plain text: markup removed and entities decoded, once, when the feed says that it is HTML."""
    if is_html:
        # Entities are decoded after the tags are gone, so that "&lt;b&gt;" stays the text "<b>".
        text = html.unescape(_TAG.sub("", _UNSPOKEN.sub("", text)))
    line = one_line(text)
    if not _VISIBLE.search(line):
        return ""
    if len(line) <= MAX_TITLE:
        return line
    return line[: MAX_TITLE - 1].rsplit(" ", 1)[0].rstrip() + "…"


def normalised_title(title: str) -> str:
    """What two spellings of one headline have in common: letters and digits, case folded."""
    return _WORD.sub(" ", unicodedata.normalize("NFKC", title).casefold()).strip()
