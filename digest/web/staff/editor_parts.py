"""The parts of the issue that are edited in place: an item, the words around the items, the subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import reselect, reswap, retarget, trigger_client_event

from digest.compose.document import Placed
from digest.compose.edit import LONGEST_LINE, LONGEST_TEXT, EditKind
from digest.compose.headline import preheader, subject
from digest.compose.rewrite import with_words
from digest.errors import DigestError
from digest.render import markdown
from digest.web.staff.access import staff_page
from digest.web.staff.answers import in_words, whole_number
from digest.web.staff.editor import Workspace, frame_of, others, show, tell_what_others_did, workspace
from digest.web.staff.editor_forms import changed_words, fields_of, shown_words, typed_words, words_of
from digest.web.staff.editor_moves import answer, came_between, make
from digest.web.staff.editor_view import section_of
from digest.web.staff.inbox import inbox
from digest.web.staff.pages import the_config

_EVENTS = ("events",)
_CLOSING = ("calls", "jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of the issue: which change stores it, and what it is called."""

    kind: EditKind
    key: str  # of the change's value
    label: str
    longest: int


TEXTS: Mapping[str, tuple[Text, ...]] = {
    "intro": (Text(kind=EditKind.INTRO, key="markdown", label="Intro", longest=LONGEST_TEXT),),
    "outro": (Text(kind=EditKind.OUTRO, key="markdown", label="Closing words", longest=LONGEST_TEXT),),
    "inbox": (
        Text(kind=EditKind.SUBJECT, key="text", label="Subject", longest=LONGEST_LINE),
        Text(kind=EditKind.PREHEADER, key="text", label="Preheader", longest=LONGEST_LINE),
    ),
}


@staff_page("GET", "POST")
def item(request: HttpRequest, entry: int) -> HttpResponse:
    """GET: an item's form. POST: store what was changed in it."""
    if request.method != "POST":
        return _item_form(request, workspace(), entry)
    try:
        changed = changed_words(request.POST)
        if changed:
            make(request, kind=EditKind.REWRITE, entry=entry, value=changed)
    except DigestError as error:
        work = workspace()
        return _item_form(request, work, entry, problem=_problem(request, work, error))
    return _saved(request, f"item-{entry}", "The item is saved." if changed else "Nothing was changed.")


@staff_page("GET", "POST")
def text(request: HttpRequest, part: str) -> HttpResponse:
    """GET: the form of the intro, of the closing words, or of subject and preheader. POST: store it."""
    if part not in TEXTS:
        raise Http404
    if request.method != "POST":
        return _text_form(request, workspace(), part)
    changed = [of for of in TEXTS[part] if _typed(request, of) != _was(request, of)]
    try:
        for of in changed:
            # Each is a change of its own; after the first the form's revision is one behind, which merging allows.
            make(request, kind=of.kind, value={of.key: _typed(request, of)})
    except DigestError as error:
        work = workspace()
        return _text_form(request, work, part, problem=_problem(request, work, error))
    names = " and ".join(of.label.lower() for of in changed)
    said = f"Saved: {names}." if changed else "Nothing was changed."
    return _saved(request, f"part-{part}", said)


@staff_page("POST")
def words(request: HttpRequest) -> HttpResponse:
    """Markdown as the mail will have it, while it is being written. Stores nothing."""
    typed = next((request.POST[kind] for kind in ("intro", "outro") if kind in request.POST), "")
    return render(request, "staff/editor_words.html", {"html": markdown.to_html(typed[:LONGEST_TEXT])})


@staff_page("POST")
def inbox_lines(request: HttpRequest) -> HttpResponse:
    """Subject and preheader as an inbox shows them, while they are being written. Stores nothing."""
    lines = {
        kind: request.POST.get(kind, "").strip() or request.POST.get(f"made-{kind}", "")
        for kind in ("subject", "preheader")
    }
    shown = inbox(the_config(), lines["subject"][:LONGEST_LINE], lines["preheader"][:LONGEST_LINE])
    return render(request, "staff/editor_inbox.html", {"inbox": shown})


def _item_form(request: HttpRequest, work: Workspace, entry: int, *, problem: str = "") -> HttpResponse:
    placed = next((p for p in work.coming.composition.placements if p.candidate.key == entry), None)
    if placed is None:
        raise Http404
    context = {**frame_of(request, work), **_item_context(request, work, placed), "problem": problem}
    return _part(request, "item", context, status=409 if problem else 200)


def _item_context(request: HttpRequest, work: Workspace, placed: Placed) -> dict[str, Any]:
    tz, entry = work.config.association.tz, placed.candidate.key
    edited = work.overlay.rewritten.get(entry, {})
    worded = with_words(placed.candidate.doc, edited, tz)
    stands = words_of(worded, tz)
    posted = request.POST if request.method == "POST" else None
    section = section_of(work.coming.composition, entry)
    kind = section.kind if section else ""
    return {
        "entry": entry,
        "title": stands["title"],
        "source": placed.candidate.source_title,
        "fields": fields_of(
            stands,
            source=words_of(placed.candidate.doc, tz),
            edited=edited,
            typed=typed_words(posted) if posted else None,
            was=shown_words(posted) if posted else None,
        ),
        "has_event": kind in _EVENTS or worded.event is not None,
        "has_closing": kind in _CLOSING or worded.closing is not None,
        "back": posted.getlist("back") if posted else [],
        "others": list(others(work, entry)),
        "slot_id": f"slot-item-{entry}",
        "anchor": f"item-{entry}",
    }


def _text_form(request: HttpRequest, work: Workspace, part: str, *, problem: str = "") -> HttpResponse:
    document, posted = work.coming.document, request.method == "POST"
    stands = {
        EditKind.INTRO: document.intro,
        EditKind.OUTRO: document.outro,
        EditKind.SUBJECT: work.overlay.subject or "",
        EditKind.PREHEADER: work.overlay.preheader or "",
    }
    made = {
        EditKind.SUBJECT: subject(work.config, document.title, document.sections),
        EditKind.PREHEADER: preheader(document.sections),
    }
    fields, lines = [], []
    for of in TEXTS[part]:
        now = stands[of.kind]
        value, before = (_typed(request, of), _was(request, of)) if posted else (now, now)
        value = value if value != before else now  # what was not touched follows the others
        fields.append(
            {
                "name": of.kind.value,
                "label": of.label,
                "longest": of.longest,
                "value": value,
                "was": now,
                "theirs": now if now != before and value != now else None,
                "made": made.get(of.kind, ""),
            }
        )
        lines.append(value or made.get(of.kind, ""))
    context = {
        **frame_of(request, work),
        "part": part,
        "fields": fields,
        "label": " and ".join(of.label.lower() if n else of.label for n, of in enumerate(TEXTS[part])),
        "html": markdown.to_html(lines[0]) if part != "inbox" else "",
        "inbox": inbox(work.config, *lines) if part == "inbox" else None,
        "problem": problem,
        "slot_id": f"slot-part-{part}",
        "anchor": f"part-{part}",
    }
    return _part(request, "text", context, status=409 if problem else 200)


def _part(request: HttpRequest, name: str, context: Mapping[str, Any], *, status: int) -> HttpResponse:
    """The form alone for HTMX, which puts it into the page; else a page of its own."""
    alone = bool(request.headers.get("HX-Request"))
    template = f"staff/editor_{name}_form.html" if alone else f"staff/editor_{name}.html"
    return render(request, template, {**context, "alone": not alone}, status=status)


def _saved(request: HttpRequest, anchor: str, said: str) -> HttpResponse:
    """The issue with the change in it. With HTMX the form is taken from the page, and the page put in its place."""
    messages.success(request, said)
    if not request.headers.get("HX-Request"):
        return answer(request, workspace(), anchor=anchor)
    work = workspace()
    if request.POST.get("mark") and work.issue.revision - whole_number(request, "revision") > 1:
        tell_what_others_did(request, work, since=request.POST["mark"])
    response = retarget(reselect(reswap(show(request, work), "outerHTML"), "#main"), "#main")
    # After the swap: before it the form stands where the answer is to be put.
    return trigger_client_event(response, "editor:saved", {"slot": f"slot-{anchor}"}, after="swap")


def _problem(request: HttpRequest, work: Workspace, error: DigestError) -> str:
    """Why it was not saved; what was typed is still in the form."""
    if did := came_between(request, work, error):
        return f"Not saved yet, because of what came between: {did}. Your words are still here: look, and save again."
    return f"Not saved yet. {in_words(error)}"


def _typed(request: HttpRequest, of: Text) -> str:
    return request.POST.get(of.kind.value, "").replace("\r\n", "\n").strip()


def _was(request: HttpRequest, of: Text) -> str:
    return request.POST.get(f"was-{of.kind.value}", "").replace("\r\n", "\n").strip()
