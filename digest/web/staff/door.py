"""What holds for everything behind the door, whoever wrote the page: Django's, allauth's and ours."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

BEHIND = ("/newsroom/", "/admin/", "/accounts/")  # as digest/site/urls.py has them
Answer = Callable[[HttpRequest], HttpResponseBase]


def kept_out_of_caches(answer: Answer) -> Answer:
    """Middleware: a page that says nothing about caches is kept in none; another person may sit there next."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if request.path.startswith(BEHIND) and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware
