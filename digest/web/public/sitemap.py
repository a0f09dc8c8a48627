"""/sitemap.xml: the addresses worth finding, after the protocol of sitemaps.org (at most 50,000 in a file)."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from digest.archive.announcements import announced, mark_of
from digest.archive.index import Archive, archive_of
from digest.pipeline.river_sources import public_sources
from digest.web.public.answers import answer
from digest.web.public.river import config

MOST = 50_000
SECONDS = 3600
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    archive = archive_of(config().issues_dir)
    sources = [source.key for source in public_sources(config(), now=timezone.now()) if source.last is not None]
    return answer(
        request,
        stamp=(archive.mark(), mark_of(config().issues_dir), sources),
        make=lambda: HttpResponse(_written(archive, sources), content_type="application/xml; charset=utf-8"),
        seconds=SECONDS,
    )


def _written(archive: Archive, sources: list[str]) -> bytes:
    root = ET.Element("urlset", xmlns=_NAMESPACE)
    for path, changed in list(_addresses(archive, sources))[:MOST]:
        url = ET.SubElement(root, "url")
        ET.SubElement(url, "loc").text = f"{config().web.base_url}{path}"
        if changed is not None:
            ET.SubElement(url, "lastmod").text = changed.isoformat(timespec="seconds")
    ET.indent(root, space="")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _addresses(archive: Archive, sources: list[str]) -> Iterator[tuple[str, dt.datetime | None]]:
    """Paths, and when what stands there last changed, where that can be said."""
    issues = archive.issues()
    newest = max((issue.changed for issue in issues), default=None)
    yield reverse("home"), newest
    yield reverse("issues"), newest
    yield from (
        (reverse("year", args=[year]), max(issue.changed for issue in some)) for year, some in archive.by_year()
    )
    yield reverse("search"), None
    yield from ((reverse("issue", args=[issue.number]), issue.changed) for issue in issues)
    if said := announced(config().issues_dir):
        yield reverse("public-announcements"), said[0].changed
        yield from ((reverse("public-announcement", args=[one.slug]), one.changed) for one in said)
    yield reverse("river"), None
    yield from ((reverse("river-section", args=[section.id]), None) for section in config().sections)
    yield reverse("river-sources"), None
    yield from ((reverse("river-source", args=[key]), None) for key in sources)
    if config().join.open:
        yield reverse("subscribe"), None
