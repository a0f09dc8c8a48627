"""What a text is: a feed of some format, or something else, said in words."""

from __future__ import annotations

import re

from digest.gather.values import Refused

HEAD = 65_536  # characters looked at

_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_FEED_BEHIND_JUNK = re.compile(r"(?:<\?xml[^>]{0,200}\?>\s*)?<(?:rss|rdf:RDF|(?:atom:)?feed)[\s>]")
# A feed that was saved or served inside a page; in an article about feeds the brackets would be escaped.
_FEED_IN_PAGE = re.compile(r"<(rss|feed)\s[^<>]{0,500}?(?:version|xmlns)\s*=")

FEED_ROOTS = {"rss", "rdf", "feed", "channel", "newsfeed"}


def sniff(text: str) -> str | Refused:
    """The name of the parser for `text` (a key of `PARSERS`), or why there is none."""
    head = text[:HEAD].lstrip("\ufeff\x00 \t\r\n")
    if not head:
        return Refused(words="answered with nothing: the file is empty")
    if head[0] in "{[":
        return "json"
    if head[:15].upper() == "BEGIN:VCALENDAR":
        return "icalendar"
    root = root_name(head)
    if root in FEED_ROOTS:
        return "xml"
    if root == "html" and _FEED_IN_PAGE.search(head):
        return "xml"
    if root == "html" or (root in ("head", "body", "script", "div") and not _FEED_BEHIND_JUNK.search(head)):
        return "html"
    if root == "opml":
        return Refused(words="answered with a list of feeds (OPML), not with a feed")
    if root in ("urlset", "sitemapindex"):
        return Refused(words="answered with a sitemap, not a feed")
    if not head.startswith("<?xml") and _FEED_BEHIND_JUNK.search(head):
        return "xml"  # a warning of the server's stands before the feed
    if root:
        return Refused(words=f"answered with XML that is not a feed (it begins with <{root[:40]}>)")
    if head.startswith("<"):
        return Refused(words="answered with something that is neither a feed nor a web page")
    return Refused(words="answered with plain text, not a feed (it is not XML)")


def root_name(head: str) -> str:
    """The local name of the first element, in lower case; "" when there is none."""
    position = 0
    while True:
        at = head.find("<", position)
        if at < 0 or (head[:at].strip() and position == 0):
            return ""
        if head.startswith("<!--", at):
            end = head.find("-->", at + 4)
            position = end + 3
        elif head.startswith("<?", at):
            end = head.find("?>", at)
            position = end + 2
        elif head.startswith("<!", at):
            if re.match(r"<!doctype\s+html", head[at : at + 30], re.IGNORECASE):
                return "html"
            end = _doctype_end(head, at)
            position = end
        else:
            found = _ROOT.match(head, at)
            return found[2].lower() if found else ""
        if end < 0:
            return ""


def _doctype_end(head: str, at: int) -> int:
    """The position behind a declaration that may hold an internal subset in brackets; -1 when it never ends."""
    close, bracket = head.find(">", at), head.find("[", at)
    if close < 0:
        return -1
    if 0 <= bracket < close:
        close = head.find("]", bracket)
        close = head.find(">", close) if close >= 0 else -1
    return close + 1 if close >= 0 else -1


def without_junk(text: str) -> str:
    """`text` from its XML declaration or its root on: servers print warnings before a feed."""
    text = text.lstrip("\ufeff\x00 \t\r\n")
    if root_name(text[:HEAD]) == "html" and (page := _FEED_IN_PAGE.search(text, 0, HEAD)):
        return _out_of_page(text, page)
    if text.startswith(("<?xml", "<rss", "<feed", "<rdf:RDF")):
        return text
    found = _FEED_BEHIND_JUNK.search(text, 0, HEAD)
    return text[found.start() :] if found else text


def _out_of_page(text: str, found: re.Match[str]) -> str:
    end = text.rfind(f"</{found[1]}>")
    return text[found.start() : end + len(found[1]) + 3 if end > 0 else None]
