"""Correcting a published issue: a dated notice in the archive, for good."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from digest.errors import DigestError, UsageError
from digest.pipeline.public_record import add_erratum
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import SeeOther, in_words
from digest.web.staff.pages import the_config


@staff_page("POST", permission=APPROVE, proven=True)
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Publish an erratum to issue `number`, when it was ticked that it stays; back to the page it was written on."""
    try:
        if request.POST.get("sure") != "yes":
            raise UsageError("An erratum stays for good: tick that you know.", hint="Nothing was published.")
        text = request.POST.get("text", "")
        done = add_erratum(the_config(), int(number), text=text, item="", actor=actor(request), now=staff.now())
        messages.success(request, f"Erratum {done.erratum} to issue {number} stands in the archive.")
    except DigestError as error:
        messages.error(request, in_words(error))
    return SeeOther(reverse("deliveries", args=[number]))
