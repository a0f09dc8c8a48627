"""Lists that are no tables: what LISTSERV and JiscMail answer to REVIEW, and addresses as people write them. Pure.

* comment lines of the list server          Ada Lovelace <ada@example.org>
ada@EXAMPLE.ORG      Ada Lovelace           "Lovelace, Ada" <ada@example.org>; ben@example.org
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.members.formats import Says
from digest.members.rows import Row, clean_name

_BARE = r"[^@\s,;<>\"]+@[^@\s,;<>\"]+"
_REVIEWED = re.compile(rf"\s*({_BARE})[ \t]+([^<>,;@\t]\S*(?:[ \t]+[^<>@]*)?)")
_BRACKETED = re.compile(r'\s*[,;]?\s*(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<\s*([^<>]*?)\s*>\s*[,;]?')
_LONGEST = 2_000  # characters of a line that are looked at, and of one that is taken apart
_STARS = ("*", "Review of list", "Total number of")


def looks_like_review(lines: Iterable[str]) -> bool:
    """Whether these first lines are a list server's: comments under stars, or an address and a name after it."""
    told = [line[:_LONGEST] for line in lines if line.strip()]
    starred = [line for line in told if line.lstrip().startswith("*")]
    rest = [line for line in told if not line.lstrip().startswith(_STARS)]
    reviewed = [line for line in rest if _REVIEWED.fullmatch(line.rstrip())]
    return bool(rest) and (bool(starred) or len(reviewed) > len(rest) / 2)


def looks_like_addresses(lines: Iterable[str]) -> bool:
    """Whether the first line holds an address in angle brackets, or several parted by commas or blanks."""
    first = next((line[:_LONGEST] for line in lines if line.strip()), "")
    found = re.findall(_BARE, first)
    return bool(re.search(r"<[^<>\s]+@[^<>\s]+>", first)) or (
        len(found) > 1 and not re.sub(rf"{_BARE}|[\s,;]", "", first)
    )


def review_rows(lines: Iterable[str], says: Says) -> Iterator[Row]:
    """A row for each line that is no comment; `number` counts lines."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith(_STARS):
            continue
        address, _, name = text.partition(" ") if "\t" not in text else text.partition("\t")
        yield Row(number, address, clean_name(name), says)


def address_rows(lines: Iterable[str], says: Says) -> Iterator[Row]:
    """A row for each address; those of one line share its number."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if len(text) > _LONGEST:
            yield Row(number, "", "", says, "The line is too long to be a list of addresses.")
            continue
        if "<" not in text:
            for part in re.split(r"[\s,;]+", text):
                if part:
                    yield Row(number, part, "", says)
            continue
        at = 0
        while at < len(text):
            found = _BRACKETED.match(text, at)
            if found is None:
                yield Row(number, text[at:].strip(" ,;"), "", says)
                break
            quoted, plain, address = found.groups()
            yield Row(number, address, clean_name((quoted or plain or "").replace("\\", "")), says)
            at = found.end()
