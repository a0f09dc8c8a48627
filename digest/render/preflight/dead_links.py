"""No link or picture leads nowhere: a page that is gone, a server that is none, a manual's example.com."""

from __future__ import annotations

from collections.abc import Iterator

from digest.gather.values import LinkState
from digest.render.plain import safe_url
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import addresses, host_of, is_nowhere


def _look(proof: Proof) -> Iterator[Finding]:
    told: set[str] = set()
    for address in addresses(proof.document, proof.config):
        url = safe_url(address.url)
        if not url or url in told:
            continue
        told.add(url)
        verdict = _verdict(url, proof)
        if verdict:
            severity, words, hint = verdict
            words = f"{address.noun} {words}."
            yield finding(severity, words, hint, item=address.item, place=address.place, url=url)


def _verdict(url: str, proof: Proof) -> tuple[Severity, str, str] | None:
    """What there is to say of an address, without its subject."""
    host, fact = host_of(url), proof.facts.get(url)
    if is_nowhere(host) and host != host_of(proof.config.web.base_url):
        words = f"leads to {host}, where no reader can follow"
        return Severity.WARN, words, "Correct the address, or drop it."
    if fact and fact.state is LinkState.DEAD:
        return Severity.WARN, fact.words, "Try it in a browser, then correct the address or drop it."
    if fact and fact.state is LinkState.UNSURE:
        return Severity.INFO, fact.words, "It may be a bad moment of that server. Try it in a browser."
    return None


CHECK = Check(name="dead-links", title="Dead links", look=_look)
