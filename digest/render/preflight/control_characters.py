"""Nothing invisible stands in the mail that turns text round (UTR 36) or that programs read as they please (C1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import passages

# C0 but tab, line feed and return, DEL, C1; then embeddings, overrides and isolates of the bidirectional algorithm.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-f]{1,6})|(\d{1,7}));", re.IGNORECASE)


def _look(proof: Proof) -> Iterator[Finding]:
    # References are read by number: an HTML parser would turn those of C1 into Windows-1252 before anyone sees them.
    html = proof.mail.html + "".join(
        chr(min(int(hex_, 16) if hex_ else int(decimal), 0x10FFFF))
        for hex_, decimal in _REFERENCE.findall(proof.mail.html)
    )
    for form, text in (("HTML", html), ("text", proof.mail.text), ("subject", proof.mail.subject)):
        name = "subject" if form == "subject" else f"{form} part"
        if found := _CONTROLS.search(text):
            words = (
                f"The {name} holds a control character (U+{ord(found[0]):04X}), which programs read as they please."
            )
            yield finding(Severity.BLOCK, words, "Take it out of your own template, or out of the settings.")
        if found := _BIDI.search(text):
            words = f"The {name} holds a character that turns the text after it round (U+{ord(found[0]):04X})."
            yield finding(Severity.BLOCK, words, "Take it out of your own template, or out of the settings.")
    for passage in passages(proof.document):
        if found := _BIDI.search(passage.text) or _CONTROLS.search(passage.text):
            words = f"{passage.where} held an invisible character (U+{ord(found[0]):04X}); it was taken out."
            place = "" if passage.item else passage.place
            yield finding(Severity.INFO, words, "Look whether it still reads well.", item=passage.item, place=place)


CHECK = Check(name="control-characters", title="Invisible characters", look=_look)
