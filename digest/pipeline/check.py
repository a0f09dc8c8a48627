"""Check: what should be known of an issue before it goes. The checks are pure; here they get what they need.

`check_links` is the only thing here that asks the network, and only for as long as it is told; everything else reads
what was found out before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from digest.compose.document import IssueDocument
from digest.compose.models import Issue, IssueKind
from digest.config import Config
from digest.deliver.links import lifelike_links
from digest.errors import StateError
from digest.gather import link_checks
from digest.gather.link_checks import LinkReport
from digest.gather.values import LinkState
from digest.pipeline.coming import Coming, coming
from digest.pipeline.render import FULL, edition_of, render_for_members, renderer_of
from digest.pipeline.show import numbered
from digest.render.models import MergeTags, RenderedIssue

if TYPE_CHECKING:
    from digest.render.preflight import Finding, Previous

PATIENCE = 60.0  # seconds for all links of an issue: at the command line, and for the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The findings on one issue, the heaviest first, and how much is known of its links."""

    title: str
    findings: tuple[Finding, ...]
    links: int  # that are worth asking
    links_known: int  # of those, how many have answered lately
    links_at: dt.datetime | None  # the oldest answer among them

    @property
    def blocks(self) -> tuple[Finding, ...]:
        """Those that keep the issue from being approved."""
        return tuple(found for found in self.findings if found.severity == "block")


def check(config: Config, number: int | None, *, now: dt.datetime, links: bool = True) -> Checked:
    """The findings on issue `number`, or on the coming one for None, after asking its links unless told not to.

    StateError when there is no such issue; TemplateError when it does not render.
    """
    if number is None:
        current = coming(config, now=now)
        if links:
            check_links(config, current.document, now=now)
        return check_coming(config, current, now=now)
    issue = numbered(number)
    if issue.kind == IssueKind.IMPORTED:
        raise StateError(f"Issue {number} was imported: it went out before this program knew it.")
    document = IssueDocument.model_validate(issue.document)
    if links:
        check_links(config, document, now=now)
    return _check_approved(config, issue, document, now=now)


def check_coming(config: Config, current: Coming, *, now: dt.datetime) -> Checked:
    """The findings on the coming issue. Reads only, and asks nobody."""
    issue, document = current.issue, current.document
    if issue.document is not None:
        return _check_approved(config, issue, document, now=now)
    return check_mail(
        config, issue, document, render_for_members(config, renderer_of(config), document, issue), now=now
    )


def check_mail(
    config: Config, issue: Issue, document: IssueDocument, mail: RenderedIssue, *, now: dt.datetime
) -> Checked:
    """The findings on `document` as it was rendered into `mail`, with its tags. Reads only, and asks nobody."""
    # The checks and the renderer take a while to load: a gather should not wait for them.
    from digest.render.measure import measure
    from digest.render.preflight import LinkFact, Proof, preflight
    from digest.render.preflight.reading import asked
    from digest.render.theme import theme_of

    urls = asked(document, config)
    known = link_checks.look_up(urls, now=now)
    example = lifelike_links(config, document.slug or document.number)
    tags = MergeTags.of(issue.merge_tag)
    forms = {
        form: tags.replace(
            text,
            view_in_browser=example.view_in_browser,
            unsubscribe=example.unsubscribe,
            preferences=example.preferences,
        )
        for form, text in (("html", mail.html), ("text", mail.text))
    }
    proof = Proof(
        config=config,
        document=document,
        mail=replace(mail, **forms, bytes_per_section=measure(forms["html"])),
        theme=theme_of(config),
        unsubscribe=example.unsubscribe,
        merge_tag=issue.merge_tag,
        facts={
            url: LinkFact(state=LinkState(row.state), words=row.words, final_url=row.final_url, at=row.checked_at)
            for url, row in known.items()
        },
        previous=previous_of(issue),
    )
    return Checked(
        title=document.title,
        findings=preflight(proof),
        links=len(urls),
        links_known=len(known),
        links_at=min((row.checked_at for row in known.values()), default=None),
    )


def check_links(
    config: Config,
    document: IssueDocument,
    *,
    now: dt.datetime,
    seconds: float = PATIENCE,
    again: bool = False,
) -> LinkReport:
    """Ask the issue's links whether they are there, those first of which nothing is known; at most `seconds` long.

    Nobody is asked about the sample association's: its servers do not exist.
    """
    from digest.render.preflight.reading import asked

    urls: Sequence[str] = () if config.is_sample else asked(document, config)
    return link_checks.refresh(config, urls, now=now, seconds=seconds, again=again)


def refuse_blocked(checked: Checked, override: str) -> Mapping[str, object]:
    """What the audit trail keeps of the findings that block, and of the reason to approve all the same.

    Raises StateError, in words, when there are some and no reason.
    """
    if not checked.blocks:
        return {}
    if not override:
        listed = " ".join(told(found) for found in checked.blocks)
        what = "1 finding blocks" if len(checked.blocks) == 1 else f"{len(checked.blocks)} findings block"
        raise StateError(
            f"{what} the approval: {listed}",
            hint="Mend that, or give a reason to approve all the same (`digest approve --override REASON`).",
        )
    return {"override": override, "blocks": [told(found) for found in checked.blocks]}


def told(found: Finding) -> str:
    """A finding on one line, with the item it is about."""
    return f"{found.words[:-1]}, in “{found.headline}”." if found.headline else found.words


def previous_of(issue: Issue) -> Previous | None:
    """The weekly issue before `issue` that was approved, as far as the checks compare with it; an announcement is
    compared with none."""
    if issue.kind != IssueKind.WEEKLY:
        return None
    earlier = Issue.objects.filter(kind=IssueKind.WEEKLY, document__isnull=False, title_date__lt=issue.title_date)
    from digest.render.preflight import Previous

    last = earlier.order_by("-title_date").first()
    if last is None or last.document is None:
        return None
    document = last.document
    return Previous(
        subject=document.get("subject", ""),
        preheader=document.get("preheader", ""),
        counts={section["id"]: len(section["items"]) for section in document.get("sections", ())},
    )


def _check_approved(config: Config, issue: Issue, document: IssueDocument, *, now: dt.datetime) -> Checked:
    edition = edition_of(issue, FULL)
    mail = RenderedIssue(subject=edition.subject, html=edition.html, text=edition.text, web="")
    return check_mail(config, issue, document, mail, now=now)
