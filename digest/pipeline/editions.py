"""Editions: an issue as members chose it. Which there are, and how each looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from django.db.models import Count, Min, QuerySet

from digest.compose.choice import Choice, edition_document
from digest.config import Config
from digest.deliver.models import Edition
from digest.deliver.roll import Roll
from digest.errors import StateError, UsageError
from digest.members.models import Member, MemberStatus
from digest.members.preferences import Depth, Format, Preferences, preferences_of
from digest.pipeline.render import FULL, as_example, edition_of, render_coming
from digest.render.models import RenderedIssue

if TYPE_CHECKING:
    from digest.pipeline.coming import Coming

MOST = 200  # editions of one issue besides the full one


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Members who chose the same. `preferences` are None where what is stored does not fit the key."""

    key: str
    members: int
    preferences: Preferences | None


def choice_of(preferences: Preferences) -> Choice:
    """What of an issue these preferences want; format, cadence and pause are none of its content."""
    return Choice(
        sections=preferences.sections,
        headlines=preferences.depth is Depth.HEADLINES,
        language=preferences.language,
    )


def groups(roll: Roll) -> list[Group]:
    """Who of those on `roll` chose what, the most frequent first; the many who chose nothing are left out."""
    return _grouped(roll.receiving())


def _grouped(members: QuerySet[Member]) -> list[Group]:
    rows = list(
        members.exclude(edition_key=FULL)
        .order_by()
        .values_list("edition_key")
        .annotate(n=Count("pk"), sample=Min("pk"))
        .order_by("-n", "edition_key")
    )
    samples = Member.objects.in_bulk([sample for _, _, sample in rows])
    found = []
    for key, count, sample in rows:
        chosen = preferences_of(samples[sample]) if sample in samples else None
        fits = chosen is not None and chosen.edition_key == key
        found.append(Group(key=key, members=count, preferences=chosen if fits else None))
    return found


def preferences_for(key: str) -> Preferences:
    """What the members with this edition key chose. Raises UsageError for a key that nobody has."""
    if key == FULL:
        return Preferences()
    member = Member.objects.filter(edition_key=key).order_by("pk").first()
    if member is None or preferences_of(member).edition_key != key:
        raise UsageError(f"No member has chosen an edition {key!r}.", hint="`digest show --editions` lists them.")
    return preferences_of(member)


def render_edition(config: Config, coming: Coming, preferences: Preferences) -> RenderedIssue:
    """The coming issue as members with these preferences would get it; no HTML where they want plain text.

    Raises StateError when there is nothing in it for them.
    """
    document = edition_document(config, coming.document, choice_of(preferences))
    if document is None:
        raise StateError(
            "Nothing in this issue is of the sections chosen: members who chose these get no copy.",
            hint="Choose other sections, or look at the whole issue.",
        )
    if (frozen := frozen_edition(coming, preferences.edition_key)) is not None:
        return as_example(config, coming, frozen)
    whole = document.sha256 == coming.document.sha256
    rendered = render_coming(config, coming, None if whole else document)
    return replace(rendered, html="") if preferences.format is Format.TEXT else rendered


def frozen_edition(coming: Coming, key: str) -> Edition | None:
    """The edition of this key, where the issue is approved and it was made."""
    if coming.issue.document is None:
        return None
    full = edition_of(coming.issue, FULL)
    same = Edition.objects.filter(issue=coming.issue, document_sha=full.document_sha, fingerprint=full.fingerprint)
    return same.filter(key=key).first()


def listed(config: Config) -> Iterator[tuple[str, int, str]]:
    """(key, members, what they chose) of each edition that active members chose, the full one first."""
    active = Member.objects.filter(status=MemberStatus.ACTIVE, email__isnull=False)
    yield FULL, active.filter(edition_key=FULL).count(), "the whole issue"
    for group in _grouped(active)[:MOST]:
        if group.preferences is not None:
            yield group.key, group.members, content_in_words(config, group.preferences)


def content_in_words(config: Config, preferences: Preferences) -> str:
    """`News + Events, headlines only, plain text, in German`: what changes an issue, for staff."""
    titles = {section.id: section.title for section in config.sections}
    wanted = preferences.sections
    parts = []
    if wanted is not None:
        parts.append(" + ".join(title for id_, title in titles.items() if id_ in wanted) or "sections that are gone")
    else:
        parts.append("all sections")
    if preferences.depth is Depth.HEADLINES:
        parts.append("headlines only")
    if preferences.format is Format.TEXT:
        parts.append("plain text")
    if preferences.language:
        parts.append(f"in {_language(preferences.language)}")
    return ", ".join(parts)


def _language(tag: str) -> str:
    try:
        return Locale.parse(tag.replace("-", "_")).get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag
