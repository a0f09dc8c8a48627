"""An issue's deliveries: the figures, the reasons, what is unknown, and a person's word on it.

Whose copy it was is shown in full to those only who may see members; everybody else sees a mask.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from digest import pipeline
from digest.compose.naming import issue_called
from digest.deliver.models import DeliveryState
from digest.deliver.settle import Verdict
from digest.errors import DigestError, UsageError
from digest.pipeline.deliveries import copies, report
from digest.web import staff
from digest.web.staff.access import APPROVE, actor, staff_page
from digest.web.staff.answers import SeeOther, in_words
from digest.web.staff.pages import page_context, the_config
from digest.web.staff.when import count, distance, long_time

SEE_MEMBERS = "members.view_member"
MOST_COPIES = 50  # of each list of single copies; the command's --csv has them all
LISTED = (DeliveryState.UNKNOWN, DeliveryState.BOUNCED, DeliveryState.DROPPED, DeliveryState.REJECTED)
TONES = {
    DeliveryState.PENDING: "brand",
    DeliveryState.CLAIMED: "brand",
    DeliveryState.UNKNOWN: "warn",
    DeliveryState.ACCEPTED: "good",
    DeliveryState.DELIVERED: "good",
    DeliveryState.BOUNCED: "bad",
    DeliveryState.DROPPED: "bad",
    DeliveryState.COMPLAINED: "bad",
    DeliveryState.REJECTED: "bad",
    DeliveryState.CANCELLED: "warn",
}
STATES = {
    "draft": ("", "Draft"),
    "approved": ("good", "Approved"),
    "handing_over": ("brand", "Being handed over"),
    "released": ("brand", "Going out"),
    "sent": ("good", "Sent"),
    "stopped": ("bad", "Stopped"),
    "held": ("warn", "Held"),
    "skipped": ("warn", "Skipped"),
}


@staff_page("GET")
def deliveries(request: HttpRequest, number: str) -> HttpResponse:
    """The figures of one issue."""
    return render(request, "staff/deliveries.html", _context(request, number))


@staff_page("POST", permission=APPROVE, proven=True)
def settle(request: HttpRequest, number: str) -> HttpResponse:
    """Say of unknown copies whether they were sent; back to the figures, or what could not be done above them."""
    try:
        verdict, ordinal, expected = _asked(request)
        done = pipeline.settle(
            number,
            verdict,
            ordinal=ordinal,
            why=request.POST.get("why", ""),
            actor=actor(request),
            now=staff.now(),
            expected=expected,
        )
    except DigestError as error:
        context = _context(request, number, problem=in_words(error))
        return render(request, "staff/deliveries.html", context, status=409)
    copies_ = count(done.copies, "copy", "copies")
    if verdict is Verdict.SENT:
        messages.success(request, f"{copies_} settled as sent.")
    else:
        messages.success(request, f"{copies_} go out with the next sending.")
    return SeeOther(reverse("deliveries", args=[number]))


def _asked(request: HttpRequest) -> tuple[Verdict, int | None, int]:
    """What the form says: the verdict, the batch or None for all, and how many copies the page showed."""
    try:
        verdict = Verdict(request.POST.get("as", ""))
        batch = request.POST.get("batch", "")
        ordinal = None if batch == "all" else _whole(batch)
        expected = _whole(request.POST.get(f"copies-{batch}", ""))
    except ValueError:
        raise UsageError("The form came incomplete; nothing was changed.", hint="Load the page again.") from None
    if verdict is Verdict.NOT_SENT and request.POST.get("looked") != "yes":
        raise UsageError(
            "Copies that were sent after all would reach their members twice; nothing was changed.",
            hint="Look them up in the provider's activity log first, and tick that you have.",
        )
    return verdict, ordinal, expected


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _context(request: HttpRequest, key: str, *, problem: str = "") -> dict[str, Any]:
    config, at = the_config(), staff.now()
    try:
        issue = issue_called(key)
    except DigestError:
        raise Http404 from None
    tz = config.association.tz
    figures = report(config, issue)
    known = {issue.pk: {line.state.value: line.count for line in figures.lines}}
    may_see = request.user.has_perm(SEE_MEMBERS)
    tone, state = STATES.get(figures.state, ("", figures.state.capitalize()))
    return {
        **page_context(request, here="deliveries"),
        "number": key,
        "report": figures,
        "may_correct": request.user.has_perm(APPROVE),
        "state": state,
        "state_tone": tone,
        "tones": TONES,
        "released": long_time(figures.released_at, tz) if figures.released_at else "",
        "released_distance": distance(figures.released_at, at) if figures.released_at else "",
        "share": f"{100 * figures.taken / figures.recipients:.1f} %" if figures.recipients else "",
        "unknown": [
            {
                "batch": batch,
                "copies": count(batch.copies, "copy", "copies"),
                "when": long_time(batch.claimed_at, tz) if batch.claimed_at else "",
            }
            for batch in figures.unknown
        ],
        "listed": [
            {
                "state": line.state,
                "words": line.words,
                "total": line.count,
                "rows": list(copies(issue, line.state, addresses=may_see, most=MOST_COPIES)),
            }
            for line in figures.lines
            if line.state in LISTED
        ],
        "may_see_addresses": may_see,
        "alarms": [
            alarm for alarm in pipeline.alarms(config, at, known=known) if alarm.number in (figures.number, None)
        ],
        "problem": problem,
        "typed_why": request.POST.get("why", "") if problem else "",
    }
