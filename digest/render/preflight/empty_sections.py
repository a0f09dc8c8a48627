"""No heading stands above nothing, and a section that is empty for once is noticed."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding


def _look(proof: Proof) -> Iterator[Finding]:
    document = proof.document
    if document.is_announcement:
        if document.is_empty:
            yield finding(Severity.BLOCK, "The announcement says nothing.", "Write its text.", place="intro")
        return
    if not document.items:
        yield finding(Severity.BLOCK, "There is nothing in the issue.", "Gather, or wait for news.")
        return
    before = proof.previous.counts if proof.previous else {}
    for section in document.sections:
        if section.items or not before.get(section.id):
            continue
        had = "1 item" if before[section.id] == 1 else f"{before[section.id]} items"
        words = f"{section.title} is empty this time and is left out; last time it had {had}."
        yield finding(Severity.INFO, words, "See whether its sources are well.", place=section.id)
    filled = {section.id for section in document.sections if section.items}
    for heading in proof.tree.iter("h2"):
        id_ = (heading.get("id") or "").removeprefix("s-")
        if id_ and id_ in {s.id for s in document.sections} - filled:
            words = (
                f"The mail has the heading “{' '.join(''.join(heading.itertext()).split())}” with nothing under it."
            )
            yield finding(Severity.WARN, words, "Mend it in your own template: leave out sections without items.")


CHECK = Check(name="empty-sections", title="Empty sections", look=_look)
