"""Who reads the plain text can go wherever the HTML leads, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import shortened

_REFERENCE = re.compile(r"^ *\[\d+\] +(\S+)$|^((?:https?://|mailto:)\S+)$", re.MULTILINE)


def _look(proof: Proof) -> Iterator[Finding]:
    hrefs = {link.get("href") or "" for link in proof.tree.iter("a")}
    there = {href for href in hrefs if href.startswith(("http://", "https://", "mailto:"))}
    text = proof.mail.text
    lines = {line.strip() for line in text.splitlines()}
    told = {one or other for one, other in _REFERENCE.findall(text)}
    missing = sorted(url for url in there - told if url.removeprefix("mailto:") not in lines)
    if missing:
        yield finding(Severity.WARN, _words("The text part", missing), "Mend your own template.", url=missing[0])
    further = sorted(url for url in told - there if url.startswith(("http://", "https://")))
    if further:
        yield finding(Severity.WARN, _words("The HTML part", further), "Mend your own template.", url=further[0])


def _words(form: str, urls: list[str]) -> str:
    links = "1 link" if len(urls) == 1 else f"{len(urls)} links"
    return f"{form} lacks {links} that the other one has: {shortened(urls[0], 100)}" + (" …" if urls[1:] else ".")


CHECK = Check(name="link-parity", title="Links of both forms", look=_look)
