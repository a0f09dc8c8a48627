"""Test copies to people of the staff: who, in which editions. No delivery, no number."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digest import pipeline
from digest.config import Config
from digest.errors import DigestError, UsageError
from digest.members.preferences import FULL, Preferences
from digest.pipeline.editions import listed, preferences_for
from digest.web import staff
from digest.web.staff.access import actor, staff_page
from digest.web.staff.answers import in_words
from digest.web.staff.look import read_look
from digest.web.staff.moves import to_desk
from digest.web.staff.pages import page_context, the_config, the_keys
from digest.web.staff.when import count

MOST_EDITIONS = 20  # offered; the others are looked at in the preview
CHOSEN = "chosen"  # the edition the preview was showing, which members need not have


@staff_page("GET", "POST")
def test_send(request: HttpRequest) -> HttpResponse:
    """GET asks who shall get a test of what; POST sends it. Without a choice: the whole issue, to whoever asks."""
    config = the_config()
    if request.method != "POST":
        return render(request, "staff/trial.html", _context(request, config))
    at = staff.now()
    try:
        to, editions = _asked(request, config)
        coming = pipeline.coming(config, now=at)
        tried = pipeline.send_tests(
            config, the_keys(), coming, to=to, editions=editions, actor=actor(request), now=at
        )
    except DigestError as error:
        if request.POST.get("form") != "full":
            messages.error(request, in_words(error))
            return to_desk()
        return render(request, "staff/trial.html", _context(request, config, problem=in_words(error)), status=409)
    failed = [one for one in tried if one.failed]
    if len(tried) == 1 and not failed:
        messages.success(request, tried[0].words)
    elif len(tried) > len(failed):
        messages.success(request, f"{count(len(tried) - len(failed), 'test copy is', 'test copies are')} on the way.")
    for one in failed[:10]:
        messages.error(request, one.words)
    return to_desk()


def _asked(request: HttpRequest, config: Config) -> tuple[list[str], list[Preferences]]:
    """Addresses of the staff or of config.toml, and editions; nothing else is taken from a form."""
    if request.POST.get("form") != "full":
        own = request.user.email if request.user.is_authenticated else ""
        if not own:
            raise UsageError("Your account has no e-mail address.", hint="Add one in the administration.")
        return [own], [Preferences()]
    known = {tester.email for tester in pipeline.testers(config)}
    to = [address for address in request.POST.getlist("to") if address in known]
    editions = []
    for key in dict.fromkeys(request.POST.getlist("editions")):
        if key == CHOSEN:
            editions.append(read_look(config, request).chosen.preferences)
        else:
            editions.append(preferences_for(key))
    return to, editions


def _context(request: HttpRequest, config: Config, *, problem: str = "") -> dict[str, Any]:
    coming = pipeline.coming(config, now=staff.now())
    look = read_look(config, request)
    me = actor(request)
    ticked_to = request.POST.getlist("to") if problem else [me]
    ticked = request.POST.getlist("editions") if problem else [CHOSEN if not look.chosen.is_full else FULL]
    offered = [(key, words, members) for key, members, words in listed(config)][:MOST_EDITIONS]
    here = look.chosen.preferences.edition_key
    return {
        **page_context(request, here="preview"),
        "document": coming.document,
        "testers": [(one.email, one.name, one.email in ticked_to) for one in pipeline.testers(config)],
        "editions": [(key, words, members, key in ticked or key == here) for key, words, members in offered],
        "chosen": look.chosen if here not in {key for key, _, _ in offered} else None,
        "query": look.query(),
        "problem": problem,
    }
