"""The HTML part stays below what Gmail shows before it cuts a message off (about 102 KB of source)."""

from __future__ import annotations

from collections.abc import Iterator

from digest.config import MAX_BYTES, WARN_BYTES
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding


def _look(proof: Proof) -> Iterator[Finding]:
    size = len(proof.mail.html.encode())
    if size < WARN_BYTES:
        return
    hint = "Drop or shorten items, or set lower limits for the sections." + _heaviest(proof)
    if size >= MAX_BYTES:
        words = f"The mail is {size:,} bytes of HTML. From {MAX_BYTES:,} on, Gmail would cut off its end."
        yield finding(Severity.BLOCK, words, hint)
    else:
        words = f"The mail is {size:,} bytes of HTML, and {MAX_BYTES:,} are too many: Gmail would cut off its end."
        yield finding(Severity.WARN, words, hint)


def _heaviest(proof: Proof) -> str:
    titles = {section.id: section.title for section in proof.document.sections}
    sizes = {id_: size for id_, size in proof.mail.bytes_per_section.items() if id_ in titles}
    if not sizes:
        return ""
    id_ = max(sizes, key=lambda key: sizes[key])
    return f" {titles[id_]} is the heaviest, with {sizes[id_]:,} bytes."


CHECK = Check(name="size", title="Size", look=_look)
