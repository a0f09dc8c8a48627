"""No link hides behind a shortener: readers cannot see where it leads, and spam filters mistrust it."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.plain import safe_url
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import addresses, host_of, shortened

SHORTENERS = frozenset(
    """
    adf.ly amzn.to bit.do bit.ly bitly.com buff.ly cutt.ly dlvr.it ebx.sh fb.me flip.it goo.gl ht.ly ift.tt is.gd j.mp
    lnkd.in ow.ly qr.ae rb.gy rebrand.ly shorturl.at smarturl.it snip.ly spr.ly su.pr t.co t.ly tiny.cc tiny.one
    tinyurl.com tr.im trib.al urlz.fr v.gd wp.me x.co zpr.io
    """.split()  # noqa: SIM905 - forty quoted words would be no easier to read
)


def _look(proof: Proof) -> Iterator[Finding]:
    told: set[str] = set()
    for address in addresses(proof.document, proof.config):
        url = safe_url(address.url)
        if url in told or host_of(url).removeprefix("www.") not in SHORTENERS:
            continue
        told.add(url)
        fact = proof.facts.get(url)
        known = fact.final_url if fact and host_of(fact.final_url) != host_of(url) else ""
        hint = f"It leads to {shortened(known, 200)}: use that." if known else "Use the address that it leads to."
        words = f"{address.noun} is a shortened one ({shortened(url)}), so readers cannot see where it leads."
        yield finding(Severity.WARN, words, hint, item=address.item, place=address.place, url=url)


CHECK = Check(name="short-links", title="Shortened links", look=_look)
