"""What the digest writes to one person: please confirm, welcome, you are on the list already. Pure, in any language
there is a catalogue of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from digest.render.dates import full_date, locale_of
from digest.render.plain import one_line
from digest.render.words import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One of several things that a letter tells staff: what is so, and the next step with the page it is done on."""

    heading: str
    words: str
    todo: str = ""
    url: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One short mail, in plain text: the renderer escapes it. `button` is its one way on: words and an address.

    `told` are what staff are told, the weightiest first.  `reading` are titles with their addresses, under
    `reading_title`. `small` stands at the foot, above the sender.
    """

    language: str
    subject: str
    preheader: str
    heading: str
    paragraphs: Sequence[str]
    button: tuple[str, str]
    after: Sequence[str] = ()
    told: Sequence[Told] = ()
    reading_title: str = ""
    reading: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()  # as they stand, indented
    small: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = field(default=())  # at the foot


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest issue, for a welcome: its name, its public page, the first few of its headlines."""

    name: str
    url: str
    headlines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    """A letter in its forms, made by notice.py. `html` is pure ASCII; `text` is wrapped at 72 columns."""

    subject: str
    text: str
    html: str = field(repr=False)


def please_confirm(association: str, *, language: str, url: str, not_me: str, days: int) -> Letter:
    """The mail whose link puts the reader on the list. `not_me` takes the request back."""
    words = words_of(language)
    _ = words.gettext
    lapses = words.ngettext(
        "The link works for %(count)s day. Without it nothing is sent to you, and your address is deleted.",
        "The link works for %(count)s days. Without it nothing is sent to you, and your address is deleted.",
        days,
    ) % {"count": days}
    return Letter(
        language=language,
        subject=_("Please confirm: the weekly digest of %(association)s") % {"association": association},
        preheader=_("One click, and the next issue comes to you."),
        heading=_("One more step"),
        paragraphs=[
            _("Somebody, probably you, asked that the weekly digest of %(association)s be sent to this address.")
            % {"association": association},
            _("To receive it, open this page and press the button there."),
        ],
        button=(_("Confirm my address"), url),
        after=[lapses],
        small=[_("If it was not you, you need not do anything.")],
        links=[(_("It was not me"), not_me)],
    )


def welcome(
    association: str,
    *,
    language: str,
    preferences: str,
    unsubscribe: str,
    latest: Latest | None,
    next_issue: dt.date,
) -> Letter:
    """The first mail after a confirmation, with the latest issue to read at once."""
    _ = words_of(language).gettext
    day = full_date(next_issue, locale_of(language))
    facts = {"association": association, "date": day}
    coming = _("Your first issue of the weekly digest of %(association)s comes on %(date)s.") % facts
    choice = _("You choose what it holds: which sections, in full or headlines only, every week or once a month.")
    until_then = _("Until then, here is the latest issue.")
    return Letter(
        language=language,
        subject=_("Welcome to the weekly digest of %(association)s") % facts,
        preheader=until_then if latest else coming,
        heading=_("Welcome"),
        paragraphs=[coming, choice, *([until_then] if latest else [])],
        button=(_("Read the latest issue"), latest.url) if latest else (_("Choose what you receive"), preferences),
        reading_title=latest.name if latest else "",
        reading=[(one_line(title), "") for title in latest.headlines] if latest else [],
        small=[_("You receive this mail because you confirmed your address.")],
        links=[(_("Change your preferences"), preferences), (_("Unsubscribe"), unsubscribe)],
    )


def on_the_list(association: str, *, language: str, preferences: str, unsubscribe: str) -> Letter:
    """To somebody who asked to join and is on the list already: only they learn of it."""
    _ = words_of(language).gettext
    facts = {"association": association}
    return Letter(
        language=language,
        subject=_("You are on the list already: the weekly digest of %(association)s") % facts,
        preheader=_("Nothing was changed."),
        heading=_("You are on the list already"),
        paragraphs=[
            _("Somebody, probably you, asked that the weekly digest of %(association)s be sent to this address.")
            % facts,
            _(
                "It is sent to you already, and nothing was changed. If it does not arrive, look into the folder for "
                "unwanted mail, and see on your own page whether it is paused."
            ),
        ],
        button=(_("Look at your page"), preferences),
        small=[_("If it was not you, you need not do anything.")],
        links=[(_("Change your preferences"), preferences), (_("Unsubscribe"), unsubscribe)],
    )


def what_we_hold(association: str, *, language: str, held: str, preferences: str, unsubscribe: str) -> Letter:
    """All that is kept on the reader; `held` is JSON, in lines."""
    _ = words_of(language).gettext
    return Letter(
        language=language,
        subject=_("What is kept about you: the weekly digest of %(association)s") % {"association": association},
        preheader=_("You asked for it on your own page."),
        heading=_("What is kept about you"),
        paragraphs=[
            _("You asked for it on your own page. This is all of it, in the form of JSON, which programs read too."),
            _("To have it deleted, reply to this mail."),
        ],
        lines=held.splitlines(),
        button=(_("Look at your page"), preferences),
        small=[_("If it was not you, you need not do anything.")],
        links=[(_("Change your preferences"), preferences), (_("Unsubscribe"), unsubscribe)],
    )


def to_staff(association: str, told: Sequence[Told], *, newsroom: str, site: str) -> Letter:
    """What staff should know, in one mail. It is in English, as the newsroom is."""
    first, more = told[0], len(told) - 1
    and_more = f" (and {more} more)" if more else ""
    # A page of its own is named once: beside its note among several, on the button where there is one note alone.
    notes = [replace(note, url="" if note.url == newsroom else note.url) for note in told]
    return Letter(
        language="en-GB",
        subject=f"{first.heading}{and_more}",
        preheader=one_line(first.words)[:140],
        heading="What there is to know" if more else first.heading,
        paragraphs=[],
        told=notes if more else [replace(first, heading="", url="")],
        button=("Open the newsroom", newsroom if more else first.url or newsroom),
        small=[
            f"You get this because you look after the weekly digest of {association} at {site}. "
            "Who is told stands under [notices] in config.toml."
        ],
    )
