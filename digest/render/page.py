"""The issue's own page on the web: self-contained, the same for everybody, and frozen once it is published."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from digest.render.environment import Templates
from digest.render.view import EventView, IssueView, ItemView, SectionView

_PICTURE = re.compile(r'<img(?:\s[a-z]+="[^"]*")*\s*/?>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_TYPES = {"blog": "BlogPosting", "publications": "ScholarlyArticle"}


def render_page(templates: Templates, values: Mapping[str, Any], *, remote_images: bool) -> str:
    """The whole page. `values` must hold no recipient's link.

    Without `remote_images` it shows those pictures alone that lie where the page itself lies: whoever opens the
    record calls nobody else.
    """
    issue: IssueView = values["issue"]
    if not remote_images:
        home, markdown = _origin(issue.permalink), values["markdown"]
        values = {**values, "markdown": lambda text: without_others_pictures(markdown(text), home)}
        issue = with_own_pictures(issue)
    pictures = (item.image for section in issue.sections for item in section.items if item.image)
    shown = {**values, "issue": issue, "json_ld": json_ld(issue, values["association"].name)}
    return templates.render("page.html.j2", {**shown, "picture": next(pictures, None)}).strip() + "\n"


def with_own_pictures(issue: IssueView) -> IssueView:
    """`issue` without the pictures that lie on another server than its page."""
    home = _origin(issue.permalink)

    def item_with(item: ItemView) -> ItemView:
        return replace(item, image=None) if item.image and _origin(item.image.url) != home else item

    sections = (replace(section, items=tuple(map(item_with, section.items))) for section in issue.sections)
    return replace(issue, sections=tuple(sections))


def without_others_pictures(html: Markup, home: tuple[str, str]) -> Markup:
    """Clean HTML, as nh3 writes it, with the words of a picture in place of one that is not of `home`."""

    def kept(picture: re.Match[str]) -> str:
        attributes = dict(_ATTRIBUTE.findall(picture[0]))
        own = _origin(unescape(attributes.get("src", ""))) == home
        return picture[0] if own else attributes.get("alt", "")

    return Markup(_PICTURE.sub(kept, html))  # noqa: S704 - what it was, less some elements


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def json_ld(issue: IssueView, publisher: str) -> Markup:
    """schema.org's view of the issue, safe inside <script>."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "PublicationIssue",
        "name": issue.title,
        "url": issue.permalink,
        "datePublished": issue.iso_date,
        "inLanguage": issue.language,
        "isPartOf": {
            "@type": "Periodical",
            "name": issue.name,
            "publisher": {"@type": "Organization", "name": publisher},
        },
        "hasPart": [_thing(section, item) for section in issue.sections for item in section.items],
    }
    if issue.announcement:
        del data["isPartOf"], data["hasPart"]
        data |= {"@type": "Article", "headline": issue.title}
        data["publisher"] = {"@type": "Organization", "name": publisher}
    if issue.number is not None:
        data["issueNumber"] = str(issue.number)
    return in_script(data)


def in_script(data: Mapping[str, Any]) -> Markup:
    """JSON-LD for inside <script>."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - JSON with every sign that means something in HTML escaped


def _thing(section: SectionView, item: ItemView) -> dict[str, Any]:
    if item.event is not None:
        return _event(item, item.event)
    thing: dict[str, Any] = {"@type": _TYPES.get(section.kind, "Article"), "name": item.title, "headline": item.title}
    if item.url:
        thing["url"] = item.url
    if item.published:
        thing["datePublished"] = item.published
    if item.author_names:
        thing["author"] = [{"@type": "Person", "name": name} for name in item.author_names]
    if item.publication is not None and item.publication.doi_url:
        thing["sameAs"] = item.publication.doi_url
    if item.publication is not None and item.publication.journal:
        thing["isPartOf"] = {"@type": "Periodical", "name": item.publication.journal}
    return thing


def _event(item: ItemView, event: EventView) -> dict[str, Any]:
    thing: dict[str, Any] = {"@type": "Event", "name": item.title, "startDate": event.start}
    if item.url:
        thing["url"] = item.url
    if event.end:
        thing["endDate"] = event.end
    where: list[dict[str, str]] = []
    if event.venue:
        where.append({"@type": "Place", "name": event.venue})
    if event.online:
        where.append({"@type": "VirtualLocation", **({"url": item.url} if item.url else {})})
    if where:
        thing["location"] = where if len(where) > 1 else where[0]
        mode = "Mixed" if len(where) > 1 else "Online" if event.online else "Offline"
        thing["eventAttendanceMode"] = f"https://schema.org/{mode}EventAttendanceMode"
    return thing
