"""The links of an edition, and how heavy its copies are. Pure.

The merge tags are shorter than the addresses that replace them, and lines end in two octets on the way, so an edition
alone says too little about its copies: bytes are counted as the member with the longest links gets it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from digest.compose.budget import Sizes
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.deliver.links import announcement_url, longest_links
from digest.render.measure import sizes_of
from digest.render.models import Links, MergeTags

if TYPE_CHECKING:
    from digest.render import Renderer


def new_merge_tag() -> str:
    """Letters and digits that no feed can guess: 80 random bits."""
    return f"dg{secrets.token_hex(10)}x"


def public_links(config: Config, document: IssueDocument) -> Links:
    """The addresses of a rendering that nobody in particular receives."""
    base = config.web.base_url
    number = document.number
    permalink = f"{base}/issues/{number}/" if number is not None else f"{base}/issues/"
    return Links(
        permalink=announcement_url(config, document.slug) if document.is_announcement else permalink,
        archive=f"{base}/issues/",
        feed=f"{base}/issues/feed.atom",
        website=config.association.website,
    )


def edition_links(config: Config, document: IssueDocument, merge_tag: str) -> Links:
    """The same with a tag where each member's own address belongs."""
    public = public_links(config, document)
    tags = MergeTags.of(merge_tag)
    return Links(
        permalink=public.permalink,
        archive=public.archive,
        feed=public.feed,
        website=public.website,
        view_in_browser=tags.view_in_browser,
        unsubscribe=tags.unsubscribe,
        preferences=tags.preferences,
    )


def weigh(config: Config, renderer: Renderer, document: IssueDocument) -> Sizes:
    """The bytes of `document` as it would be sent. Raises what Renderer.render raises."""
    tag = new_merge_tag()
    rendered = renderer.render(document, edition_links(config, document, tag), web=False)
    return weigh_edition(config, document, tag, html=rendered.html, text=rendered.text)


def weigh_edition(config: Config, document: IssueDocument, merge_tag: str, *, html: str, text: str) -> Sizes:
    """The bytes of an edition of `document` that was rendered with the tags of `merge_tag`."""
    tags = MergeTags.of(merge_tag)
    links = longest_links(config, document.name)
    html, text = (
        tags.replace(
            form,
            view_in_browser=links.view_in_browser,
            unsubscribe=links.unsubscribe,
            preferences=links.preferences,
        ).replace("\n", "\r\n")
        for form in (html, text)
    )
    return sizes_of(document, html=html, text=text)
