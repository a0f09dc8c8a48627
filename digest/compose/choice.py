"""The issue as a group of members chose it: the same number, the same words, less of them. Pure.

What a choice leaves out is left out of the document, so everything that is drawn from it - the table of contents, the
counts, the calendar link - fits what is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from digest.compose.document import IssueDocument, Item
from digest.compose.headline import preheader, subject
from digest.config import Config
from digest.words import spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of an issue is wanted. The default is all of it.

    `sections` are section ids, None for all. `headlines` leaves summaries and pictures out; when and where an event
    is, and in which journal an article stands, are no summaries. `language` is an IETF tag, "" for the issue's own.
    """

    sections: frozenset[str] | None = None
    headlines: bool = False
    language: str = ""


def edition_document(config: Config, document: IssueDocument, choice: Choice) -> IssueDocument | None:
    """`document` as `choice` has it; None when none of its items is left, so that there is nothing to send.

    An announcement is whole in every edition.

    Subject and preheader are worded anew where they are those that config gives; an editor's stay as they were
    written. The language is that of the fixed words and of the dates beside items, taken only where there are words
    of it; the issue's title is its name in every edition, and what the sources wrote stays as it is.
    """
    # A section without items is in no mail; it stays, so that who chose all that is there has the whole document.
    sections = tuple(
        section.model_copy(update={"items": tuple(map(_headline, section.items))}) if choice.headlines else section
        for section in document.sections
        if choice.sections is None or section.id in choice.sections or not section.items
    )
    language = choice.language if _is_spoken(choice.language) else document.language
    if document.is_announcement:
        return document.model_copy(update={"language": language})
    if not any(section.items for section in sections):
        return None
    changes: dict[str, object] = {"sections": sections, "language": language}
    if document.subject == subject(config, document.title, document.sections):
        changes["subject"] = subject(config, document.title, sections)
    if document.preheader == preheader(document.sections):
        changes["preheader"] = preheader(sections)
    return document.model_copy(update=changes)


def _is_spoken(language: str) -> bool:
    try:
        return bool(language) and spoken(language, "") == language and bool(Locale.parse(language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return False


def _headline(item: Item) -> Item:
    return item.model_copy(update={"summary": "", "image": None})
