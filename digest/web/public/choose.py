"""The member's own page: where they stand, what they receive, pause, leave, and what is kept about them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from digest import pipeline
from digest.deliver import links
from digest.deliver.under_way import copy_under_way
from digest.errors import DigestError
from digest.members import announcements
from digest.members.leave import leave, return_, standing
from digest.members.models import Member, MemberStatus
from digest.members.preferences import (
    LONGEST_PAUSE,
    Cadence,
    Depth,
    Format,
    Preferences,
    chosen_sections,
    pause_problem,
    preferences_of,
    save,
)
from digest.web.public.members import WORDING
from digest.web.public.own import config, damaged, gone, keys, masked, named_by, page
from digest.web.public.speech import choices

_DAY = dt.timedelta(days=1)
_T = TypeVar("_T", bound=StrEnum)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows; POST saves the choices, leaves, comes back, or has what is kept mailed to the member."""
    public_id = named_by(links.Verb.PREFERENCES, token)
    if public_id is None:
        return damaged(request, token)
    now = dt.datetime.now(dt.UTC)
    done, wanted, wrong = _act(request, public_id, now=now)
    member = Member.objects.filter(public_id=public_id).first()
    where = standing(public_id, keys=keys(), now=now)
    if member is None or where is None:
        return gone(request)
    today = now.astimezone(config().association.tz).date()
    kept = _awake(preferences_of(member), today)
    context = {
        "standing": where,
        "done": done,
        "wrong": wrong,
        "address": masked(member.email),
        "chosen": wanted or kept,
        "hears": announcements.hears(member, keys=keys())
        if done != "wrong"
        else request.POST.get("announcements") == "yes",
        "paused_until": kept.paused_until,
        "sections": [(section.id, section.title) for section in config().sections],
        "languages": choices(config()),
        "earliest": today + _DAY,
        "latest": today + LONGEST_PAUSE,
        "on_its_way": copy_under_way(public_id, now=now) if done == "left" else None,
    }
    return page(request, "public/preferences.html", context, language=member.language)


def _act(request: HttpRequest, public_id: str, *, now: dt.datetime) -> tuple[str, Preferences | None, dict[str, str]]:
    """One word for what came of the form; what was wanted where it could not be saved, and what is wrong with it."""
    if request.method != "POST":
        return "", None, {}
    match request.POST.get("do"):
        case "save":
            if not Member.objects.filter(public_id=public_id).exclude(status=MemberStatus.ERASED).exists():
                return "", None, {}
            today = now.astimezone(config().association.tz).date()
            wanted, wrong = read_form(request.POST, today=today)
            if wrong:
                return "wrong", wanted, wrong
            saved = save(public_id, wanted, how="page", now=now).value
            if request.POST.get("asked") == "announcements":  # a page from before this was asked says nothing of it
                wants = request.POST.get("announcements") == "yes"
                heard = announcements.choose(public_id, wants, keys=keys(), how="page", now=now)
                saved = heard.value if heard is announcements.Heard.SAVED else saved
            return saved, None, {}
        case "leave":
            return leave(public_id, how="page", now=now, wording=WORDING["leave"]).value, None, {}
        case "return":
            return return_(public_id, how="page", now=now, wording=WORDING["return"]).value, None, {}
        case "held":
            try:
                fresh = pipeline.mail_what_is_held(config(), keys(), public_id, now=now)
            except DigestError:
                return "held-failed", None, {}
            return ("held" if fresh else "held-already"), None, {}
    return "", None, {}


def read_form(form: QueryDict, *, today: dt.date) -> tuple[Preferences, dict[str, str]]:
    """What the form says, and what is wrong with it: field -> one word."""
    known = [section.id for section in config().sections]
    ticked = [section for section in form.getlist("sections") if section in known]
    wrong: dict[str, str] = {}
    if not ticked:
        wrong["sections"] = "none"
    until: dt.date | None = None
    if raw := form.get("paused_until", "").strip():
        try:
            until = dt.date.fromisoformat(raw)
        except ValueError:
            wrong["paused_until"] = "no-date"
        else:
            if problem := pause_problem(until, today=today):
                wrong["paused_until"] = problem
    offered = {tag for tag, _ in choices(config())}
    language = form.get("language", "")
    wanted = Preferences(
        sections=chosen_sections(ticked, known) if ticked else frozenset(),
        language=language if language in offered else "",
        paused_until=until,
        depth=_one_of(form, "depth", Depth.FULL),
        format=_one_of(form, "format", Format.HTML),
        cadence=_one_of(form, "cadence", Cadence.WEEKLY),
    )
    return wanted, wrong


def _one_of(form: QueryDict, field: str, otherwise: _T) -> _T:
    """The choice that the form names; `otherwise` where it names none that there is."""
    said = form.get(field)
    return next((choice for choice in type(otherwise) if choice.value == said), otherwise)


def _awake(chosen: Preferences, today: dt.date) -> Preferences:
    """Without a pause that is over: the form would refuse its day."""
    over = chosen.paused_until is not None and chosen.paused_until <= today
    return replace(chosen, paused_until=None) if over else chosen
