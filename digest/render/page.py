"""The issue's own page on the web: self-contained, the same for everybody, and frozen once it is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from digest.render.environment import Templates
from digest.render.view import IssueView, ItemView, SectionView

_TYPES = {"blog": "BlogPosting", "publications": "ScholarlyArticle"}


def render_page(templates: Templates, values: Mapping[str, Any]) -> str:
    """The whole page. `values` must hold no recipient's link."""
    issue, name = values["issue"], values["association"].name
    return templates.render("page.html.j2", {**values, "json_ld": json_ld(issue, name)}).strip() + "\n"


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
    if issue.number is not None:
        data["issueNumber"] = str(issue.number)
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - JSON with every sign that means something in HTML escaped


def _thing(section: SectionView, item: ItemView) -> dict[str, Any]:
    thing: dict[str, Any] = {"@type": _TYPES.get(section.kind, "Article"), "name": item.title}
    if item.url:
        thing["url"] = item.url
    if item.event is not None:
        thing["@type"] = "Event"
        thing["startDate"] = item.event.start
        if item.event.end:
            thing["endDate"] = item.event.end
        if item.event.place:
            thing["location"] = item.event.place
        return thing
    if item.published:
        thing["datePublished"] = item.published
    if item.author_names:
        thing["author"] = [{"@type": "Person", "name": name} for name in item.author_names]
    if item.publication is not None and item.publication.doi_url:
        thing["sameAs"] = item.publication.doi_url
    return thing
