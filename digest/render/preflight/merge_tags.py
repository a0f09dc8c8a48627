"""No merge tag stands in a text: another program's would be printed as it is, our own would become an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import passages, shortened

_NAMES = (
    r"(?:first|last|full|user)?[ _]?name|f_?name|l_?name|e?-?mail(?:[ _]address)?|unsubscribe(?:_?(?:url|link))?|"
    r"subscriber|recipient|contact(?:\.\w+)?|current_year|list:\w+|archive|update_profile"
)
_FOREIGN = re.compile(
    rf"\*\|[\w:.#-]{{1,60}}\|\*"  # Mailchimp
    rf"|%%[\w .=]{{1,60}}%%"  # Salesforce, ListManager
    rf"|\{{\{{[\s&#/]*[\w.]+(?:\s*\|[^}}]{{0,40}})?\s*\}}\}}"  # Handlebars, Liquid, Jinja
    rf"|\{{(?:{_NAMES})\}}|\[\[(?:{_NAMES})\]\]|\[(?:{_NAMES}|%[\w|]+%)\]|%(?:{_NAMES})%"
    rf"|(?<![\w-])-(?:{_NAMES})-(?![\w-])"  # SendGrid's old substitutions
    rf"|<%\s*asm_\w+\s*%>",
    re.IGNORECASE,
)
_OURS = re.compile(r"\bdg[0-9a-f]{20}x[vup]?")


def _look(proof: Proof) -> Iterator[Finding]:
    told: list[str] = []
    for passage in sorted(passages(proof.document), key=lambda p: p.item is None):
        text = passage.written or passage.text  # *|FNAME|* is emphasis in Markdown
        ours = _OURS.search(text) or (proof.merge_tag and re.search(re.escape(proof.merge_tag), text))
        found = ours or _FOREIGN.search(text)
        if not found:
            continue
        repeated = passage.place in ("subject", "preheader") and found[0] in told
        told.append(found[0])
        if repeated:
            continue
        place = "" if passage.item else passage.place
        hint = "Rewrite it, or drop the item." if passage.item else "Rewrite it."
        if ours:
            words = f"{passage.where} holds a mark that this program keeps for members' own links."
            yield finding(Severity.BLOCK, words, hint, item=passage.item, place=place)
        else:
            severity = Severity.BLOCK if passage.own else Severity.WARN
            words = f"{passage.where} holds a merge tag, which members would see as it is: “{shortened(found[0])}”."
            yield finding(severity, words, hint, item=passage.item, place=place)


CHECK = Check(name="merge-tags", title="Merge tags", look=_look)
