"""Render: a document in the association's dress."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from django.conf import settings

from digest.compose.document import IssueDocument
from digest.compose.models import Approval, Issue
from digest.config import Config
from digest.deliver.editions import edition_links, public_links
from digest.deliver.models import Edition
from digest.errors import UsageError
from digest.render.models import Links, MergeTags, RenderedIssue

if TYPE_CHECKING:
    from digest.pipeline.coming import Coming
    from digest.render import Renderer

MOST_KEPT = 4  # renderings of some hundred kilobytes each
_kept: dict[tuple[str, str, Links], RenderedIssue] = {}
_lock = Lock()

FULL, PUBLIC = "full", "public"  # Edition keys: what members get, what the record keeps


def renderer_of(config: Config) -> Renderer:
    """The renderer of `config`, with the association's templates laid over the built-in ones."""
    from digest.render import Renderer  # MJML and premailer: a gather should not wait for them

    return Renderer(config, built_in=settings.BUILT_IN_TEMPLATES)


def render_for_members(config: Config, renderer: Renderer, document: IssueDocument, issue: Issue) -> RenderedIssue:
    """The edition that is sent, with its tags. The last few are kept: desk and preview look at the same one."""
    links = edition_links(config, document, issue.merge_tag)
    key = (renderer.fingerprint, document.sha256, links)
    with _lock:
        kept = _kept.get(key)
    if kept is None:
        kept = renderer.render(document, links, web=False)
        with _lock:
            _kept[key] = kept
            while len(_kept) > MOST_KEPT:
                _kept.pop(next(iter(_kept)))
    return kept


def render_public(config: Config, renderer: Renderer, document: IssueDocument) -> RenderedIssue:
    """The edition for the record: no recipient's link in it, and the web page with it."""
    return renderer.render(document.public(), public_links(config, document), web=True)


def render_coming(config: Config, coming: Coming, document: IssueDocument | None = None) -> RenderedIssue:
    """The coming issue as a member would see it, for the newsroom; the per-member links are examples.

    Once it is approved this is the frozen edition, whatever became of the templates since; unless another `document`
    is given, an edition's, which is rendered as it would be now.
    """
    if coming.issue.document is None or document is not None:
        links = replace(public_links(config, coming.document), **examples(config, coming.document))
        return renderer_of(config).render(document or coming.document, links, web=True)
    record = edition_of(coming.issue, PUBLIC)
    return replace(as_example(config, coming, edition_of(coming.issue, FULL)), web=record.web)


def as_example(config: Config, coming: Coming, edition: Edition) -> RenderedIssue:
    """A frozen edition with examples where each member's own links stand. Its page is left out."""
    tags, shown = MergeTags.of(coming.issue.merge_tag), examples(config, coming.document)
    html, text = (tags.replace(form, **shown) for form in (edition.html, edition.text))
    return RenderedIssue(subject=edition.subject, html=html, text=text, web="")


def examples(config: Config, document: IssueDocument) -> dict[str, str]:
    """What stands where each member's own links are, in what nobody is sent."""
    return {
        "view_in_browser": public_links(config, document).permalink,
        "unsubscribe": f"{config.web.base_url}/unsubscribe/preview",
        "preferences": f"{config.web.base_url}/preferences/preview",
    }


def render_for_test(config: Config, coming: Coming) -> RenderedIssue:
    """The edition a test mail carries, with its tags: the frozen one once the issue is approved."""
    if coming.issue.document is None:
        return render_for_members(config, renderer_of(config), coming.document, coming.issue)
    frozen = edition_of(coming.issue, FULL)
    return RenderedIssue(subject=frozen.subject, html=frozen.html, text=frozen.text, web="")


def edition_of(issue: Issue, key: str) -> Edition:
    """The edition frozen at the issue's standing approval."""
    approval = Approval.objects.filter(issue=issue, voided_at__isnull=True).latest("at")
    try:
        return Edition.objects.get(
            issue=issue, document_sha=approval.document_sha, fingerprint=approval.fingerprint, key=key
        )
    except Edition.DoesNotExist:
        raise UsageError(f"The issue has no edition {key!r}.", hint="`digest show --editions` lists them.") from None
