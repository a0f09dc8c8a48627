"""Every picture says in words what it shows, for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render import markdown
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding

_UNTOLD = ("image", "img", "picture", "photo", "logo", "untitled")
_FILES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif")


def _look(proof: Proof) -> Iterator[Finding]:
    document = proof.document
    for place, text in (("intro", document.intro), ("outro", document.outro), ("footer", proof.config.brand.footer)):
        for mention in markdown.mentions(text):
            if mention.picture and not mention.words:
                words = f"A picture in the {place} has no words for those who do not see it."
                yield finding(Severity.WARN, words, "Write them: ![What it shows](https://…).", place=place)
    for picture in proof.tree.iter("img"):
        if picture.get("alt") is None:
            words = f"A picture in the mail has no alt text at all: {(picture.get('src') or '')[:80]}."
            hint = 'Give it alt="…" in your own template; alt="" where it is mere decoration.'
            yield finding(Severity.WARN, words, hint)
    for item in document.items:
        alt = item.image.alt.strip().casefold() if item.image else ""
        # Empty is right beside a headline that says it all (WCAG, H67); a file's name read aloud helps nobody.
        if alt.endswith(_FILES) or alt in _UNTOLD:
            words = f"The picture's alt text is “{alt[:60]}”, which says nothing of what it shows."
            yield finding(Severity.INFO, words, "Its source should describe the picture.", item=item)


CHECK = Check(name="alt-text", title="Alt text", look=_look)
