"""To the OpenID provider and back. allauth does it; here what it leaves open ends in words instead of an error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponse
from requests import RequestException

log = logging.getLogger(__name__)
View = Callable[[HttpRequest, str], HttpResponse]


def in_words(view: View) -> View:
    """A provider that is out of order, or says what no provider should, is told of on a page."""

    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except (RequestException, KeyError, ValueError) as error:
            log.error("single sign-on: the provider gave no answer that can be used: %s", error)
            provider = get_adapter().get_provider(request, provider_id)
            answer: HttpResponse = render_authentication_error(request, provider, exception=error)
            return answer

    return guarded


begin = in_words(views.login)
back = in_words(views.callback)
