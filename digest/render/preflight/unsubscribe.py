"""Both forms hold the link by which a member leaves (RFC 8058 covers the header; people look in the footer)."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding


def _look(proof: Proof) -> Iterator[Finding]:
    hint = "Put links.unsubscribe back into the footer of your own template."
    links = {link.get("href"): " ".join("".join(link.itertext()).split()) for link in proof.tree.iter("a")}
    if not proof.unsubscribe or proof.unsubscribe not in links:
        yield finding(Severity.BLOCK, "The HTML part has no link to unsubscribe.", hint, place="footer")
    elif not links[proof.unsubscribe]:
        yield finding(
            Severity.BLOCK, "The link to unsubscribe has no words, so nobody sees it.", hint, place="footer"
        )
    if not proof.unsubscribe or proof.unsubscribe not in proof.mail.text:
        yield finding(Severity.BLOCK, "The text part has no link to unsubscribe.", hint, place="footer")


CHECK = Check(name="unsubscribe", title="Unsubscribe", look=_look)
