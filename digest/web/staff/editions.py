"""Which edition a preview shows: one that members chose, or any choice at all. Read from the address alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from digest.config import Config
from digest.errors import UsageError
from digest.members.preferences import FULL, Depth, Format, Preferences, chosen_sections
from digest.pipeline.editions import content_in_words, listed, preferences_for
from digest.web.public.speech import choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the address asks for. `query` ("?edition=...", or "") keeps it in links to the other views."""

    preferences: Preferences
    words: str
    query: str
    problem: str = ""

    @property
    def is_full(self) -> bool:
        return self.preferences.edition_key == FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    key: str
    members: int
    words: str
    current: bool


def read_choice(config: Config, request: HttpRequest) -> Chosen:
    """`?edition=KEY`, or `?choose=1` with sections, depth, format and language; the full edition without either."""
    asked = request.GET
    key = asked.get("edition", "")
    if asked.get("choose"):
        preferences = _free(config, asked)
        return Chosen(
            preferences=preferences, words=content_in_words(config, preferences), query=f"?{asked.urlencode()}"
        )
    if not key or key == FULL:
        return Chosen(preferences=Preferences(), words="", query="")
    try:
        preferences = preferences_for(key)
    except UsageError:
        words = "No member has chosen this edition any more. This is the whole issue."
        return Chosen(preferences=Preferences(), words="", query="", problem=words)
    only = QueryDict(mutable=True)
    only["edition"] = key
    return Chosen(preferences=preferences, words=content_in_words(config, preferences), query=f"?{only.urlencode()}")


def form_of(config: Config, chosen: Chosen) -> dict[str, object]:
    """What the form needs: the editions there are, and the fields of a free choice."""
    current = chosen.preferences
    return {
        "options": [
            Option(key=key, members=members, words=words, current=key == current.edition_key)
            for key, members, words in listed(config)
        ],
        "sections": [
            (section.id, section.title, current.sections is None or section.id in current.sections)
            for section in config.sections
        ],
        "headlines": current.depth is Depth.HEADLINES,
        "text": current.format is Format.TEXT,
        "languages": [(tag, name, tag == current.language) for tag, name in choices(config)],
    }


def _free(config: Config, asked: QueryDict) -> Preferences:
    known = [section.id for section in config.sections]
    ticked = asked.getlist("sections")
    language = asked.get("language", "")
    return Preferences(
        sections=chosen_sections(ticked, known) if ticked else None,
        depth=Depth.HEADLINES if asked.get("depth") == Depth.HEADLINES else Depth.FULL,
        format=Format.TEXT if asked.get("format") == Format.TEXT else Format.HTML,
        language=language if language in {tag for tag, _ in choices(config)} else "",
    )
