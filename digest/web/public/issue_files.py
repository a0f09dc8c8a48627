"""What an issue is beside its page: text, PDF, data, calendar files, citations; and the archive's feeds and picture.

All of it is served from the record, or made from it; nobody's asking makes a PDF (digest/archive/pdf.py).
"""

from __future__ import annotations

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from pydantic import ValidationError

from digest.archive import feeds, pdf
from digest.archive.cite import FORMS as CITATIONS
from digest.archive.cite import Reference, of_issue, of_item, publications
from digest.archive.index import Published
from digest.archive.record import JSON
from digest.archive.syndication import FORMS as FEEDS
from digest.archive.syndication import links
from digest.render.wrap import wrap
from digest.web.public.answers import answer
from digest.web.public.card import card_png
from digest.web.public.pages import ISSUE_SECONDS, LIST_SECONDS, archive, config, published

ALL_PUBLICATIONS = "publications"  # the name of the file that cites all of an issue's


@require_safe
def issue_text(request: HttpRequest, number: str) -> HttpResponseBase:
    """The plain-text edition; what was corrected since stands above it."""
    found = published(number)
    try:
        body = found.text()
    except OSError:
        raise Http404(f"The text of issue {number} cannot be read.") from None
    return _file(request, found, _corrections(found) + body, "text/plain; charset=utf-8")


@require_safe
def issue_json(request: HttpRequest, number: str) -> HttpResponseBase:
    """issue.json as it stands in the record: docs/record.md, docs/issue.schema.json."""
    found = published(number)
    try:
        body = (found.folder / JSON).read_bytes()
    except OSError:
        raise Http404(f"The data of issue {number} cannot be read.") from None
    return _file(request, found, body, "application/json; charset=utf-8")


@require_safe
def issue_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """The PDF, where it has been made."""
    found = published(number)
    try:
        body = pdf.path_of(config(), found).read_bytes()
    except OSError:
        raise Http404(f"There is no PDF of issue {number}.") from None
    called = f'inline; filename="issue-{found.number}.pdf"'
    return _file(request, found, body, "application/pdf", **{"Content-Disposition": called})


@require_safe
def issue_calendar(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """One event of an issue, or all of them, for a reader's calendar."""
    found = published(number)
    try:
        body = found.calendar(name)
    except OSError:
        raise Http404(f"Issue {number} has no calendar {name}.") from None
    called = f'attachment; filename="issue-{found.number}-{name}.ics"'
    return _file(request, found, body, "text/calendar; charset=utf-8", **{"Content-Disposition": called})


@require_safe
def citation(request: HttpRequest, number: str, form: str, name: str = "") -> HttpResponseBase:
    """An issue, one of its publications, or all of them, for a reference manager."""
    found = published(number)
    references = _references(found, name)
    if not references:
        raise Http404(f"Issue {number} has no publication {name}.")
    content_type, write = CITATIONS[form]
    called = f'attachment; filename="issue-{number}{f"-{name}" if name else ""}.{form}"'
    return _file(request, found, write(references).encode(), content_type, **{"Content-Disposition": called})


def _references(issue: Published, name: str) -> list[Reference]:
    permalink = f"{config().web.base_url}/issues/{issue.number}/"
    try:
        document = issue.document()
    except (OSError, ValidationError):
        raise Http404(f"The data of issue {issue.number} cannot be read.") from None
    if not name:
        return [of_issue(document, permalink=permalink, publisher=config().association.name)]
    items = [item for item in publications(document) if name in (ALL_PUBLICATIONS, item.id)]
    return [of_item(document, item, permalink=permalink) for item in items]


@require_safe
def issues_feed(request: HttpRequest, form: str) -> HttpResponseBase:
    """The issues as a feed. A quiet one says that it changed when its latest issue did."""
    found = archive().issues()
    content_type, write = FEEDS[form]
    here = f"{config().web.base_url}{request.path}"

    def make() -> HttpResponse:
        head = feeds.issues_head(config())
        body = write(head, feeds.issue_items(config(), found), here)
        return HttpResponse(body, content_type=content_type, headers={"Link": links(head, here)})

    changed = max((issue.changed for issue in found), default=None)
    return answer(request, stamp=(archive().mark(),), make=make, seconds=LIST_SECONDS, changed=changed)


@require_safe
def section_feed(request: HttpRequest, section: str, form: str) -> HttpResponseBase:
    """What stood in a section of the issues, as a feed. A section that is gone from config keeps its feed."""
    found = archive().issues()
    titles = {s.id: s.title for s in config().sections} | dict(archive().facets().sections)
    if section not in titles:
        raise Http404(f"There is no section {section}.")
    content_type, write = FEEDS[form]
    here = f"{config().web.base_url}{request.path}"

    def make() -> HttpResponse:
        head = feeds.section_head(config(), section, titles[section])
        body = write(head, feeds.section_items(config(), section, found), here)
        return HttpResponse(body, content_type=content_type, headers={"Link": links(head, here)})

    changed = max((issue.changed for issue in found), default=None)
    return answer(request, stamp=(archive().mark(),), make=make, seconds=LIST_SECONDS, changed=changed)


@require_safe
def card(request: HttpRequest) -> HttpResponseBase:
    """The picture that stands for a page where somebody links to it."""
    brand = config().brand
    return answer(
        request,
        stamp=("card", brand.primary, brand.accent),
        make=lambda: HttpResponse(card_png(brand.primary, brand.accent), content_type="image/png"),
        seconds=24 * 3600,
    )


def _corrections(issue: Published) -> bytes:
    tz = config().association.tz
    said = [f"Erratum, {erratum.at.astimezone(tz):%d %b %Y}: {erratum.text}" for erratum in issue.errata]
    return "".join(f"{wrap(words)}\n\n" for words in said).encode()


def _file(request: HttpRequest, issue: Published, body: bytes, content_type: str, **headers: str) -> HttpResponseBase:
    return answer(
        request,
        stamp=(hashlib.sha256(body).hexdigest(),),
        make=lambda: HttpResponse(body, content_type=content_type, headers=headers),
        seconds=ISSUE_SECONDS,
        changed=issue.changed,
    )
