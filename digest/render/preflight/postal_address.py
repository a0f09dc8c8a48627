"""The sender's postal address stands in both forms, as the law asks in most countries (CAN-SPAM, PECR, UWG)."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.plain import one_line
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding


def _look(proof: Proof) -> Iterator[Finding]:
    address = one_line(proof.config.association.postal_address)
    if not address:
        words = "The mail has no postal address, and the law wants one."
        yield finding(Severity.BLOCK, words, "Set [association] postal_address in config.toml.", place="footer")
        return
    forms = {"HTML": " ".join("".join(proof.tree.itertext()).split()), "text": " ".join(proof.mail.text.split())}
    for form, words_of_form in forms.items():
        if _bare(address) not in _bare(words_of_form):
            words = f"The postal address is missing from the {form} part."
            yield finding(Severity.BLOCK, words, "Put it back into the footer of your own template.", place="footer")


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


CHECK = Check(name="postal-address", title="Postal address", look=_look)
