"""Replay: an issue that went out, from its frozen document, in today's templates. Nothing is stored or sent."""

from __future__ import annotations

from dataclasses import replace

from digest.compose.choice import edition_document
from digest.compose.document import IssueDocument
from digest.compose.models import Number
from digest.config import Config
from digest.deliver.editions import public_links
from digest.errors import StateError
from digest.members.preferences import FULL, Format, Preferences
from digest.pipeline.editions import choice_of
from digest.pipeline.render import examples, renderer_of
from digest.pipeline.show import numbered
from digest.render.models import RenderedIssue

MOST = 104  # issues that are offered: two years of them


def replayed(config: Config, number: int) -> IssueDocument:
    """The document of issue `number` as it was frozen. StateError when there is none that could be rendered."""
    issue = numbered(number)
    document = IssueDocument.model_validate(issue.document)
    if not document.items:
        raise StateError(
            f"Issue {number} was imported: its text is kept as it was, and there are no items to set anew.",
            hint="The archive shows it.",
        )
    return document


def render_replay(config: Config, document: IssueDocument, preferences: Preferences) -> RenderedIssue:
    """`document` in today's dress, as members with these preferences would get it; their own links are examples.

    Raises StateError when there is nothing in it for them, and TemplateError.
    """
    edition: IssueDocument | None = document
    if preferences.edition_key != FULL:
        edition = edition_document(config, document, choice_of(preferences))
    if edition is None:
        raise StateError("Nothing in this issue is of the sections chosen: members who chose these got no copy.")
    links = replace(public_links(config, document), **examples(config, document))
    rendered = renderer_of(config).render(edition, links, web=True)
    return replace(rendered, html="") if preferences.format is Format.TEXT else rendered


def replayable() -> list[int]:
    """The numbers of the issues that went out and can be replayed, the latest first."""
    rows = Number.objects.filter(issue__document__isnull=False, issue__released_at__isnull=False)
    return list(rows.order_by("-number").values_list("number", flat=True)[:MOST])
