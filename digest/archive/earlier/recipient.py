"""What in an old mail is its recipient's own: links with a token, addresses in "sent to ...", lines of its head.

A link that was made for one reader looks like any other, so the doubtful ones are taken for such: their words
stay, the link goes. What is told by these rules is the record's promise that it names no recipient; a salutation
("Dear Ada") they cannot tell.
"""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from digest.gather.clean.links import absolute, without_tracking

LONGEST_URL = 800  # characters; what stands in a line of a mail
LEFT_OUT = "[link left out]"
NO_ADDRESS = "[address left out]"

_ADDRESS = re.compile(r"[\w.+'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"\\^`{|}]+", re.IGNORECASE)
_OWN_WORDS = re.compile(
    r"unsubscri|opt[ -]?out of (?:th|our|receiv|future)|\bwas (?:sent|delivered|addressed|mailed) to\b|^sent to\b|"
    r"\byou (?:are|were) (?:receiv|subscri|on )|\byou received? (?:this|it)\b|subscribed (?:as|with|under)\b|"
    r"(?:view|read|open|see) .{0,30}(?:in|with) (?:your|a|the) (?:web )?browser|view (?:this|it) (?:\w+ )?online|"
    r"(?:update|change|manage|edit) your (?:\w+ )?(?:preferences|profile|subscription|details|settings)|"
    r"forward (?:this )?(?:\w+ )?to a (?:friend|colleague)",
    re.IGNORECASE,
)
_OWN_URL = re.compile(
    r"unsub|opt-?out|/mailman/options/|list-manage|update[-_]?profile|forward[-_]?to|viewonline|"
    r"(?:e?mail|subscri\w*)[-_/]?preferences|manage[-_]?(?:subscription|preferences)|(?:view|open)[-_]?in[-_]?browser|"
    r"/(?:track|wf|ls|e|t)/(?:click|open|c|o)\b|\.ct\.sendgrid\.net|awstrack\.me|safelinks\.protection|cmail\d+\.com|"
    r"createsend\d*\.com|rs6\.net|hubspotlinks|exacttarget|//click\.|urldefense",
    re.IGNORECASE,
)
_OWN_QUERY = re.compile(
    r"e|u|uid|uuid|user(_?id)?|member(_?id)?|recipient|subscriber(_?id)?|contact(_?id)?|e?mail|key|token|hash|auth|sig",
    re.IGNORECASE,
)
_WRAPPED = ("url", "u", "q", "target", "redirect", "dest", "destination", "to", "link")
_HEAD = re.compile(r"(?:to|cc|bcc|delivered-to|envelope-to|x-original-to|return-path|recipient)\s*:", re.IGNORECASE)
_MAIL_HEAD = re.compile(
    r"(?:from|to|cc|bcc|subject|date|sent|reply-to|delivered-to|envelope-to|x-original-to|return-path|received|"
    r"message-id|mime-version|content-[\w-]+|list-[\w-]+|x-[\w-]+|dkim-[\w-]+|authentication-results|precedence)\s*:",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PIECES = re.compile(r"[^0-9A-Za-z]+")
_TOKEN, _LONG_TOKEN = 14, 20  # characters; identifiers of videos, articles and DOIs are shorter or in words


def names_recipient(words: str) -> bool:
    """Whether a paragraph is one that speaks to its recipient: why it came, how to leave."""
    return _OWN_WORDS.search(words) is not None


def is_recipients_head(line: str) -> bool:
    """Whether a line is that of a mail's head which says to whom it went."""
    return _HEAD.match(line) is not None and _ADDRESS.search(line) is not None


def is_mail_head(line: str) -> bool:
    return _MAIL_HEAD.match(line) is not None


def without_addresses(words: str) -> tuple[str, int]:
    """`words` without e-mail addresses, and how many there were."""
    return _ADDRESS.subn(NO_ADDRESS, words)


def parts_of(words: str) -> list[tuple[str, str]]:
    """`words` in their order as `(words, "")` and `(address as written, web address)`."""
    parts, at = [], 0
    for found in _WEB.finditer(words):
        url = found[0].rstrip(".,;:!?'*_")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?'*_")
        if url[-2:] != "//":
            parts += [(words[at : found.start()], ""), (url, url)]
            at = found.start() + len(url)
    return [part for part in (*parts, (words[at:], "")) if part[0]]


def public_link(href: str) -> str:
    """`href` as everybody may follow it, or "" when it may be one reader's own, or is none at all."""
    url = absolute(href)
    for _ in range(3):
        inner = _unwrapped(url)
        if not inner:
            break
        url = inner
    url = without_tracking(url)
    return "" if not url or len(url) > LONGEST_URL or _is_own(url) else url.replace("\\", "%5C")


def _unwrapped(url: str) -> str:
    """The address that a click counter's address leads to, where it says so; else ""."""
    if not url or not (_OWN_URL.search(url) or urlsplit(url).path in ("/url", "/l.php")):
        return ""
    given = dict(parse_qsl(urlsplit(url).query))
    return next((inner for name in _WRAPPED if (inner := absolute(given.get(name, ""))) and inner != url), "")


def _is_own(url: str) -> bool:
    if _OWN_URL.search(url) or _ADDRESS.search(url):
        return True
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if parts.username or any(_OWN_QUERY.fullmatch(name) for name, _ in query):
        return True
    values = [*unquote(parts.path).split("/"), *(value for _, value in query), unquote(parts.fragment)]
    return any(map(_is_token, values))


def _is_token(value: str) -> bool:
    """Whether `value` looks drawn by lot: letters and digits in turn, where a title has words."""
    if _UUID.search(value):
        return True
    if any(len(piece) >= _TOKEN and _turns(piece) >= 3 for piece in _PIECES.split(value)):
        return True
    whole = _PIECES.sub("", value)
    return len(whole) >= _LONG_TOKEN and _turns(whole) * 4 >= len(whole)


def _turns(text: str) -> int:
    """How often small letters, capitals and digits take turns. A word with a capital first has none."""
    kinds = ["a" if c.islower() else "A" if c.isupper() else "0" for c in text]
    return sum(one != other for one, other in pairwise(kinds[1:]))
