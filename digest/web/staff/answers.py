"""How a move answers, and how it reads its form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect

from digest.errors import DigestError, UsageError


class SeeOther(HttpResponseRedirect):
    """303: whatever was posted, come back with a GET."""

    status_code = 303


def whole_number(request: HttpRequest, name: str) -> int:
    """The posted number of that name. UsageError when the form came incomplete."""
    text = request.POST.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UsageError("The form came incomplete; nothing was changed.", hint="Load the page again.")
    return int(text)


def in_words(error: DigestError) -> str:
    """What happened and what to do, on one line."""
    return f"{error.message} {error.hint}".strip()
