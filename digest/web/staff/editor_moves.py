"""What the editor's buttons do (POST). One address takes them all: the button's value says what, and to which item.

    drop:12  hold:12  include:12  restore:12  pin:12  unpin:12   an item's fate
    move:12:events                                               to another section
    up:12:news  down:12:news                                     one place up or down in its section
    place:12:events:news                                         where the order posted for it says; from news
    apart:12:34  join:12                                         told apart from another; merged into the one chosen
    undo  redo

A change made on an older page is stored when it touches nothing that others changed since; else it is refused with
what they did. With HTMX the answer is the page itself, without it a redirect to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from digest import pipeline
from digest.compose.document import Composition
from digest.compose.edit import EditKind
from digest.compose.models import Issue
from digest.errors import ConflictError, DigestError, StateError, UsageError
from digest.web import staff
from digest.web.staff.access import actor, staff_page
from digest.web.staff.answers import SeeOther, in_words, whole_number
from digest.web.staff.editor import Workspace, lines_since, show, tell_what_others_did, workspace
from digest.web.staff.editor_view import find, titles_of, where
from digest.web.staff.editor_week import show_week
from digest.web.staff.pages import issue_key, the_config

_INCOMPLETE = "The form came incomplete; nothing was changed."
_SAID = {
    EditKind.DROP: "{} is dropped.",
    EditKind.HOLD: "{} is held for the next issue.",
    EditKind.INCLUDE: "{} is in the issue.",
    EditKind.RESTORE: "{} is back.",
    EditKind.APART: "{} stands by itself again.",
    EditKind.JOIN: "{} is merged into the other item.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a button asks for."""

    kind: EditKind
    entry: int | None = None
    value: Mapping[str, Any] = field(default_factory=dict)


@staff_page("POST")
def change(request: HttpRequest) -> HttpResponse:
    """Do what the button says."""
    try:
        move = read_move(request)
        revision = make(request, kind=move.kind, entry=move.entry, value=move.value)
    except DigestError as error:
        return refused(request, error)
    return done(request, move, revision)


@staff_page("POST")
def reopen(request: HttpRequest) -> HttpResponse:
    """Make the approved issue a draft again, to be changed. Every editor may: it only keeps mail back."""
    try:
        _, issue = looked_at(request)
        if issue.pk is None:
            raise StateError("The issue is not approved: it can be changed as it is.")
        why = "to change the issue"
        pipeline.void_approval(the_config(), issue.pk, actor=actor(request), now=staff.now(), why=why)
    except DigestError as error:
        messages.error(request, in_words(error))
        return SeeOther(reverse("issue-editor"))
    messages.success(
        request,
        "The approval is void, and the issue can be changed. The desk shows what is different; approve it there.",
    )
    return SeeOther(reverse("issue-editor"))


def make(
    request: HttpRequest, *, kind: EditKind, entry: int | None = None, value: Mapping[str, Any] | None = None
) -> int:
    """Store the change, made on the revision the posted page showed; the new one. Raises DigestError."""
    revision, issue = looked_at(request)
    return pipeline.add_edit(
        the_config(),
        issue.pk,
        kind=kind,
        entry=entry,
        value=value or {},
        actor=actor(request),
        now=staff.now(),
        base_revision=revision,
        merge=True,
    )


def looked_at(request: HttpRequest) -> tuple[int, Issue]:
    """The revision and the issue that the posted page showed. StateError when another issue is up by now."""
    revision = whole_number(request, "revision")
    issue = pipeline.current_issue(the_config(), now=staff.now())
    if request.POST.get("issue") != issue_key(issue):
        raise StateError(
            "That page showed another issue than the one that is coming now; nothing was changed.",
            hint="This is the coming one.",
        )
    return revision, issue


def done(request: HttpRequest, move: Move, revision: int) -> HttpResponse:
    """The page after a change, which says what was done, and what others did before it."""
    work = workspace()
    if request.POST.get("mark") and revision - whole_number(request, "revision") > 1:
        tell_what_others_did(request, work, since=request.POST["mark"])
    messages.success(request, said(work, move))
    return answer(request, work, anchor=f"item-{move.entry}" if move.entry else "")


def refused(request: HttpRequest, error: DigestError) -> HttpResponse:
    """The page as it is now, above it why the change was not made."""
    work = workspace()
    did = came_between(request, work, error)
    words = f"Not done, because of what came between: {did}. This is the issue as it is now." if did else ""
    messages.error(request, words or in_words(error))
    return answer(request, work, status=409)


def came_between(request: HttpRequest, work: Workspace, error: DigestError) -> str:
    """What others did since the posted page, when that is why a change was not stored; else ""."""
    posted = request.POST.get("revision", "")
    if not isinstance(error, ConflictError) or not posted.isdecimal():
        return ""
    lines, me = lines_since(work, int(posted)), actor(request)
    return "; ".join(f"{'you' if line.actor == me else line.actor or 'somebody'} {line.words}" for line in lines[-5:])


def answer(request: HttpRequest, work: Workspace, *, anchor: str = "", status: int = 200) -> HttpResponse:
    """The page the button stood on: itself for HTMX, or when it tells of a failure; else the way back to it."""
    query = request.POST.get("week")
    if query is not None:
        if request.headers.get("HX-Request") or status != 200:
            return show_week(request, work, query, status=status)
        return SeeOther(f"{reverse('week')}{'?' if query else ''}{query}")
    if request.headers.get("HX-Request") or status != 200:
        return show(request, work, status=status)
    return SeeOther(reverse("issue-editor") + (f"#{anchor}" if anchor else ""))


def said(work: Workspace, move: Move) -> str:
    """What was done, in a sentence that somebody who cannot see the page can go by."""
    if move.kind in (EditKind.UNDO, EditKind.REDO):
        line = work.history().lines[-1]
        return f"{line.words[0].upper()}{line.words[1:]}."
    shown, entry = work.blocks(), move.entry or 0
    if move.kind in (EditKind.ORDER, EditKind.MOVE):
        entry = entry or int(move.value.get("moved", 0))
        return where(shown, entry) or "The order is changed."
    if move.kind is EditKind.PIN:
        found = find(shown, entry)
        return where(shown, entry) if found and found[1].pinned else f"{_named(work, entry)} is unpinned."
    words = _SAID[move.kind].format(_named(work, entry))
    found = find(shown, entry)
    if move.kind in (EditKind.INCLUDE, EditKind.RESTORE) and (found is None or found[1].dropped):
        title, why = _named(work, entry), _why_not(work.coming.composition, entry)
        return f"{title} is no longer taken out, but has no place in the issue: {why}."
    return words


def read_move(request: HttpRequest) -> Move:
    """The pressed button's wish. UsageError when it makes no sense."""
    verb, *rest = request.POST.get("do", "").split(":")
    try:
        parts, reader = _READERS[verb]
        if len(rest) != parts:
            raise ValueError(verb)
        return reader(request, verb, rest)
    except (KeyError, ValueError):
        raise UsageError(_INCOMPLETE, hint="Load the page again.") from None


def _fate(_request: HttpRequest, verb: str, rest: list[str]) -> Move:
    return Move(kind=EditKind(verb), entry=_key(rest[0]))


def _pin(_request: HttpRequest, verb: str, rest: list[str]) -> Move:
    return Move(kind=EditKind.PIN, entry=_key(rest[0]), value={"pinned": verb == "pin"})


def _move(_request: HttpRequest, _verb: str, rest: list[str]) -> Move:
    return Move(kind=EditKind.MOVE, entry=_key(rest[0]), value={"section": rest[1]})


def _step(request: HttpRequest, verb: str, rest: list[str]) -> Move:
    entry, section = _key(rest[0]), rest[1]
    order = _order(request, section)
    here = order.index(entry)
    there = here + (-1 if verb == "up" else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    return Move(kind=EditKind.ORDER, value={"section": section, "entries": order, "moved": entry})


def _place(request: HttpRequest, _verb: str, rest: list[str]) -> Move:
    entry, section, home = _key(rest[0]), rest[1], rest[2]
    order = _order(request, section)
    if entry not in order:
        raise ValueError(section)
    if section == home:
        return Move(kind=EditKind.ORDER, value={"section": section, "entries": order, "moved": entry})
    return Move(kind=EditKind.MOVE, entry=entry, value={"section": section, "entries": order})


def _apart(_request: HttpRequest, _verb: str, rest: list[str]) -> Move:
    return Move(kind=EditKind.APART, entry=_key(rest[0]), value={"other": _key(rest[1])})


def _join(request: HttpRequest, _verb: str, rest: list[str]) -> Move:
    into = request.POST.get("into", "")
    if not into:
        raise UsageError("Choose the item it is the same story as.")
    return Move(kind=EditKind.JOIN, entry=_key(rest[0]), value={"into": _key(into)})


def _history(_request: HttpRequest, verb: str, _rest: list[str]) -> Move:
    return Move(kind=EditKind(verb))


# By the verb: how many parts follow it, and what reads them.
_READERS: Mapping[str, tuple[int, Callable[[HttpRequest, str, list[str]], Move]]] = {
    **dict.fromkeys(("drop", "hold", "include", "restore"), (1, _fate)),
    **dict.fromkeys(("pin", "unpin"), (1, _pin)),
    **dict.fromkeys(("up", "down"), (2, _step)),
    **dict.fromkeys(("undo", "redo"), (0, _history)),
    "move": (2, _move),
    "place": (3, _place),
    "apart": (2, _apart),
    "join": (1, _join),
}


def _order(request: HttpRequest, section: str) -> list[int]:
    return [_key(part) for part in request.POST.get(f"order-{section}", "").split(",") if part]


def _key(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(text)
    return int(text)


def _named(work: Workspace, entry: int) -> str:
    title = titles_of(work.coming.composition).get(entry)
    return f"“{title}”" if title else "The item"


def _why_not(composition: Composition, entry: int) -> str:
    return next((p.reason for p in composition.placements if p.candidate.key == entry), "this week does not know it")
