"""Every link is a whole address that works from an inbox: with its https:// and its server."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.plain import safe_url
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import addresses, shortened


def _look(proof: Proof) -> Iterator[Finding]:
    for address in addresses(proof.document, proof.config):
        if not safe_url(address.url):
            words = f"{address.noun} is no whole address (“{shortened(address.url)}”), so it is left out of the mail."
            hint = "Write it in full, beginning with https://."
            yield finding(Severity.WARN, words, hint, item=address.item, place=address.place)
    anchors = {element.get("id") for element in proof.tree.iter() if element.get("id")}
    told: set[str] = set()
    for link in proof.tree.iter("a"):
        href = link.get("href")
        if href is None or href in told:  # without one it is no link: the address was left out above
            continue
        told.add(href)
        if href.startswith("#") and href[1:] not in anchors:
            words = f"A link in the mail jumps to “{shortened(href)}”, and nothing there has that name."
            yield finding(Severity.WARN, words, "Mend it in your own template.")
        elif not href.startswith("#") and not safe_url(href):
            words = f"A link in the mail is no whole address: “{shortened(href)}”."
            yield finding(Severity.WARN, words, "Mend it in your own template: begin it with https://.")


CHECK = Check(name="relative-links", title="Relative links", look=_look)
