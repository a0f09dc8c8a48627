"""Preflight: what should be known of an issue before anybody approves it. Pure.

base.py      what a check takes (Proof) and gives (Finding)
reading.py   how checks read an issue

Every other file is one check. A finding of severity `block` keeps the issue from being approved until somebody gives
a reason; the others are words. False alarms cost more than misses here: a list that is usually long is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from digest.render.preflight import (
    alt_text,
    capitals,
    contrast,
    control_characters,
    dates,
    dead_links,
    duplicate_headlines,
    empty_sections,
    link_parity,
    merge_tags,
    placeholders,
    postal_address,
    preheader,
    relative_links,
    short_links,
    size,
    subject,
    unsubscribe,
)
from digest.render.preflight.base import Check, Finding, LinkFact, Previous, Proof, Severity

CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in (
        size.CHECK,
        unsubscribe.CHECK,
        postal_address.CHECK,
        subject.CHECK,
        preheader.CHECK,
        merge_tags.CHECK,
        placeholders.CHECK,
        dates.CHECK,
        dead_links.CHECK,
        relative_links.CHECK,
        short_links.CHECK,
        duplicate_headlines.CHECK,
        capitals.CHECK,
        alt_text.CHECK,
        contrast.CHECK,
        link_parity.CHECK,
        control_characters.CHECK,
        empty_sections.CHECK,
    )
}

__all__ = ["CHECKS", "Check", "Finding", "LinkFact", "Previous", "Proof", "Severity", "preflight"]


def preflight(proof: Proof) -> tuple[Finding, ...]:
    """Everything the checks find, the heaviest first, then in the order of the registry."""
    found = [replace(one, check=check.name) for check in CHECKS.values() for one in check.look(proof)]
    return tuple(sorted(found, key=lambda one: one.severity.rank))
