"""The public pages are answered before sessions, sign-in and messages begin.

They know no visitor, so nothing that is made to know one may run for them: no cookie can be set by what is not there,
and a page costs half as much. Only GET and HEAD take this way; a form goes through everything, as a staff page does.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

PUBLIC = "digest.web.public."


class PublicPagesFirst:
    """Middleware: what the views of digest/web/public answer goes out from here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if not match.func.__module__.startswith(PUBLIC):
            return self.get_response(request)
        request.resolver_match = match
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return answer
