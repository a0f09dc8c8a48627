"""The page that searches the record. It asks the database's index, and changes nothing."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from digest.archive.index import Facets
from digest.archive.search import Filters, find
from digest.archive.search.query import LONGEST
from digest.web.public.answers import answer
from digest.web.public.pages import LIST_SECONDS, archive, config


@require_safe
def search(request: HttpRequest) -> HttpResponseBase:
    """`?q=` words; `section`, `source` and `year` narrow it; `order=newest`; `page`. Nonsense is ignored."""
    facets = archive().facets()
    asked = _asked(request.GET, facets)
    page = request.GET.get("page", "")
    number = int(page) if page.isdecimal() and len(page) < 4 else 1
    return answer(
        request,
        stamp=("search", archive().mark(), *sorted(asked.items()), number),
        make=lambda: render(request, "public/search.html", _context(asked, number, facets)),
        seconds=LIST_SECONDS,
        keep=False,
    )


def _asked(given: QueryDict, facets: Facets) -> dict[str, str]:
    """What of the address is meant, and only that: a filter that the record does not know would find nothing."""
    choices = {
        "section": {id_ for id_, _ in facets.sections},
        "source": {id_ for id_, _ in facets.sources},
        "year": {str(year) for year in facets.years},
        "order": {"newest"},
    }
    asked = {"q": " ".join(given.get("q", "").replace("\0", " ").split())[:LONGEST]}
    return asked | {name: value for name, known in choices.items() if (value := given.get(name, "")) in known}


def _context(asked: dict[str, str], number: int, facets: Facets) -> dict[str, object]:
    filters = Filters(
        section=asked.get("section", ""), source=asked.get("source", ""), year=int(asked.get("year", 0)) or None
    )
    found = find(
        asked["q"],
        filters,
        language=config().association.language,
        newest_first="order" in asked,
        page=number,
    )
    return {
        "asked": asked,
        "narrowed": any((filters.section, filters.source, filters.year)),
        "found": found,
        "facets": facets,
        "year_options": [(year, year) for year in facets.years],
        "here_with": lambda **changes: "?" + urlencode({k: v for k, v in {**asked, **changes}.items() if v}),
    }
