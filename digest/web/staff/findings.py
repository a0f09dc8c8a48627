"""What the checks found, as the desk and the approval show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest import pipeline
from digest.compose.models import IssueState
from digest.config import Config
from digest.errors import DigestError
from digest.pipeline import Checked, Coming
from digest.render.preflight import CHECKS, Finding, Severity
from digest.web.staff.when import count, distance

SHOWN = 5  # on the desk, before the rest is folded away; those that block are always shown
_TONES = {Severity.BLOCK: ("bad", "Blocks"), Severity.WARN: ("warn", "Look"), Severity.INFO: ("", "Note")}
_CALLABLE = ("dead-links", "short-links")  # whose addresses one wants to try


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding. `anchor` is where in the editor its `subject` stands, "" for nowhere."""

    tone: str
    badge: str
    title: str
    words: str
    hint: str
    subject: str
    anchor: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is to be said. `links` is "" when there is none to ask."""

    tone: str
    words: str
    rows: tuple[Row, ...]
    blocks: int
    links: str
    askable: bool

    @property
    def shown(self) -> tuple[Row, ...]:
        return self.rows[: max(SHOWN, self.blocks)]

    @property
    def folded(self) -> tuple[Row, ...]:
        return self.rows[len(self.shown) :]


def read_findings(config: Config, coming: Coming, *, now: dt.datetime) -> Findings | None:
    """What the checks say of the coming issue; None where there is nothing to check any more, or not yet.

    Nobody is asked for it: what is known of links was found out before.
    """
    if coming.issue.state not in (IssueState.DRAFT, IssueState.APPROVED) or coming.document.is_empty:
        return None
    try:
        checked = pipeline.check_coming(config, coming, now=now)
    except DigestError as error:
        words = f"The checks cannot be made, because the issue cannot be rendered. {error.message} {error.hint}"
        return Findings(tone="bad", words=words.strip(), rows=(), blocks=0, links="", askable=False)
    tone, words = _summary(checked)
    return Findings(
        tone=tone,
        words=words,
        rows=tuple(_row(found) for found in checked.findings),
        blocks=len(checked.blocks),
        links=_links(config, checked, now),
        askable=bool(checked.links) and not config.is_sample,
    )


def _summary(checked: Checked) -> tuple[str, str]:
    blocks = len(checked.blocks)
    warnings = sum(found.severity is Severity.WARN for found in checked.findings)
    if blocks:
        more = f", and {warnings} more are worth a look" if warnings > 1 else ", and 1 more is worth a look"
        more = more if warnings else ""
        return "bad", f"{count(blocks, 'finding blocks', 'findings block')} the approval{more}."
    if warnings:
        return "warn", f"{count(warnings, 'finding is', 'findings are')} worth a look. Nothing blocks the approval."
    return "good", "Nothing to mend."


def _row(found: Finding) -> Row:
    tone, badge = _TONES[found.severity]
    subject, anchor = found.headline, ""
    if found.entry is not None:
        anchor = f"#item-{found.entry}"
    elif found.place == "intro" and not found.headline:
        subject, anchor = "To the intro", "#part-intro"
    return Row(
        tone=tone,
        badge=badge,
        title=CHECKS[found.check].title,
        words=found.words,
        hint=found.hint,
        subject=subject,
        anchor=anchor,
        url=found.url if found.check in _CALLABLE else "",
    )


def _links(config: Config, checked: Checked, now: dt.datetime) -> str:
    if not checked.links:
        return ""
    if config.is_sample:
        return "The sample's links lead to invented servers, so nobody asks them."
    if checked.links_at is None:
        return "No link has been asked yet." if checked.links > 1 else "The link has not been asked yet."
    when = distance(checked.links_at, now)
    when = "just now" if when == "now" else when
    if checked.links_known == checked.links:
        return f"Links asked: {'the only one' if checked.links == 1 else f'all {checked.links}'}, {when}."
    return f"Links asked: {checked.links_known} of {checked.links}, {when}."
