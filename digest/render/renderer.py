"""The renderer: one document and its links in, the three forms out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from digest import __version__
from digest.compose.document import IssueDocument
from digest.config import Config
from digest.errors import StateError, TemplateError
from digest.render import markdown
from digest.render.environment import Templates, load_templates
from digest.render.inline import inline_css
from digest.render.measure import measure
from digest.render.mjml import compile_mjml
from digest.render.models import Links, RenderedIssue
from digest.render.page import render_page
from digest.render.plain import one_line, safe_url
from digest.render.text import render_text
from digest.render.theme import Theme, in_the_dark, theme_of
from digest.render.view import IssueView, view_of
from digest.render.wire import to_lines
from digest.render.words import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The association as the templates see it."""

    name: str
    strapline: str
    why: str
    postal_address: str
    contact_email: str
    website: str
    logo: str  # an absolute address, or ""
    logo_alt: str
    logo_width: int
    footer: str  # Markdown
    social: tuple[tuple[str, str], ...]  # title and address


class Renderer:
    """Renders issues in an association's dress.

    `built_in` is the folder that holds email/. Raises TemplateError for templates that cannot be read, and
    ConfigError for a brand that cannot be used.
    """

    def __init__(self, config: Config, *, built_in: Path) -> None:
        self._theme: Theme = theme_of(config)
        self._templates: Templates = load_templates(
            config.templates_dir / "email", built_in / "email", config.brand.theme
        )
        self._sender = sender_of(config)
        self._remote_images = config.web.remote_images
        self._missing(config)

    def render(self, document: IssueDocument, links: Links, *, web: bool = True) -> RenderedIssue:
        """The issue in its forms. With `web=False` the page, which nobody is sent, is not made.

        Raises TemplateError, and StateError when the issue's text holds what stands for a member's address.
        """
        _refuse_tags_in_content(document, links)
        view = view_of(document, links)
        values = self._values(view, links)
        source = self._templates.render("issue.mjml.j2", values)
        compiled = compile_mjml(source, own=self._templates.own)
        html = to_lines(inline_css(compiled.html, compiled.css))
        return RenderedIssue(
            subject=view.subject,
            html=html,
            text=render_text(self._templates, values),
            web=self._page(view, public(links)) if web else "",
            bytes_per_section=measure(html),
        )

    def _page(self, view: IssueView, links: Links) -> str:
        return render_page(self._templates, self._values(view, links), remote_images=self._remote_images)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that a rendering depends on besides the document and the links."""
        whole = json.dumps(
            [__version__, self._templates.sha256, repr(self._theme), repr(self._sender), self._remote_images],
            ensure_ascii=True,
        )
        return hashlib.sha256(whole.encode()).hexdigest()

    def _values(self, view: IssueView, links: Links) -> dict[str, Any]:
        words, rtl = words_of(view.language), view.direction == "rtl"
        return {
            "issue": view,
            "links": links,
            "association": self._sender,
            "theme": self._theme,
            "light": self._theme.light,
            "dark": self._theme.dark,
            "_": words.gettext,
            "ngettext": words.ngettext,
            "markdown": markdown.to_html,
            "in_the_dark": in_the_dark,
            "start": "right" if rtl else "left",
            "end": "left" if rtl else "right",
        }

    def _missing(self, config: Config) -> None:
        names = self._templates.names()
        needed = ["issue.mjml.j2", "issue.txt.j2", "page.html.j2"]
        needed += [f"sections/{section.kind}.{form}.j2" for section in config.sections for form in ("mjml", "txt")]
        for name in needed:
            if name not in names:
                raise TemplateError(
                    f"There is no template {name}.",
                    hint=f"Add it to {config.templates_dir / 'email'}, or correct the section's kind in config.toml.",
                )


def public(links: Links) -> Links:
    """`links` without those that lead to one member's pages."""
    return replace(links, view_in_browser="", unsubscribe="", preferences="")


def _refuse_tags_in_content(document: IssueDocument, links: Links) -> None:
    tags = [tag for tag in (links.view_in_browser, links.unsubscribe, links.preferences) if tag]
    content = document.model_dump_json() if tags else ""
    for tag in tags:
        if tag in content:
            raise StateError(
                f"The issue's own text holds {tag!r}, which stands for each member's address.",
                hint="Drop the item that holds it.",
            )


def sender_of(config: Config) -> Sender:
    association, brand = config.association, config.brand
    name = one_line(association.name)
    return Sender(
        name=name,
        strapline=one_line(association.strapline),
        why=one_line(association.why.replace("{association}", name)),
        postal_address=one_line(association.postal_address),
        contact_email=one_line(association.contact_email),
        website=safe_url(association.website),
        logo=safe_url(urljoin(f"{config.web.base_url}/", brand.logo)) if brand.logo else "",
        logo_alt=one_line(brand.logo_alt) or name,
        logo_width=brand.logo_width,
        footer=brand.footer,
        social=tuple((one_line(link.title), safe_url(link.url)) for link in brand.social if safe_url(link.url)),
    )
