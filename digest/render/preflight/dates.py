"""Weekdays and dates agree, in the issue's language and in English, and no coming event is last year's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from babel.dates import format_date, get_day_names

from digest.render.dates import locale_of
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import passages, shortened

_YEAR = re.compile(r"(?<![\d/–-])(20\d\d)(?!\w|\s?[/–-]\s?(?:20)?\d\d(?!\d))")
_ORDINAL = r"(?:st|nd|rd|th|er|ère|\.|º|ª)?"
_OF = r"(?:of\s+|de\s+|di\s+|d['’])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """A language's names of days and months, and the patterns made of them."""

    days: dict[str, int]
    months: dict[str, int]
    patterns: tuple[re.Pattern[str], ...]


def _look(proof: Proof) -> Iterator[Finding]:
    document = proof.document
    languages = dict.fromkeys((locale_of(document.language).language, "en"))
    for passage in passages(document):
        if passage.place == "preheader":
            continue  # it repeats headlines
        for language in languages:
            for text, day, weekday in wrong_weekdays(passage.text, language, near=document.date):
                words = f"{passage.where} says “{shortened(text)}”, but {_said(day)} is a {weekday}."
                hint = "One of them is wrong: ask, then correct it."
                place = "" if passage.item else passage.place
                yield finding(Severity.WARN, words, hint, item=passage.item, place=place)
    for item in document.items:
        if item.event is None or item.event.start.date() < document.date:
            continue
        years = {int(year) for year in _YEAR.findall(item.title)}
        if document.date.year - 1 in years and not years & {document.date.year, item.event.start.year}:
            words = f"The headline speaks of {document.date.year - 1}, and the event is in {item.event.start.year}."
            yield finding(Severity.WARN, words, "Look whether it is last year's event.", item=item)
    full = re.search(rf"\b{document.date.day}\b[^\d]{{1,20}}\b{document.date.year - 1}\b", document.subject)
    if full and _other_date(full[0], document.date):
        words = f"The subject says “{shortened(full[0])}”, which is last year."
        yield finding(Severity.WARN, words, f"This issue is of {document.date.year}.", place="subject")


def wrong_weekdays(text: str, language: str, *, near: dt.date) -> Iterator[tuple[str, dt.date, str]]:
    """Dates in `text` whose weekday is another: how it is written, the day meant, and its weekday in English.

    A date without a year is the one nearest to `near`.
    """
    names = _names(language)
    for pattern in names.patterns:
        for found in pattern.finditer(text):
            parts = found.groupdict()
            month = names.months[_key(parts["month"])]
            day = _meant(int(parts["day"]), month, parts["year"], near)
            if day is not None and day.weekday() != names.days[_key(parts["weekday"])]:
                yield found[0].strip(" ,"), day, f"{day:%A}"


def _meant(day: int, month: int, year: str | None, near: dt.date) -> dt.date | None:
    years = [int(year)] if year else [near.year - 1, near.year, near.year + 1]
    possible = []
    for candidate in years:
        try:
            possible.append(dt.date(candidate, month, day))
        except ValueError:
            continue
    return min(possible, key=lambda date: abs(date - near), default=None)


@lru_cache(maxsize=8)
def _names(language: str) -> _Names:
    locale = locale_of(language)
    days: dict[str, int] = {}
    months: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            days |= {_key(name): n for n, name in get_day_names(width, context, locale).items()}
            months |= {_key(name): n for n, name in locale.months[context][width].items()}
    if language == "en":
        days |= {"tues": 1, "thur": 3, "thurs": 3}
        months |= {"sept": 9}
    weekday = rf"(?<!\w)(?P<weekday>{_any(days)})\b\.?,?\s+(?:the\s+|den\s+|le\s+|el\s+)?"
    month = rf"(?P<month>{_any(months)})\b\.?"
    year = r"(?:,?\s+(?:de\s+)?(?P<year>(?:19|20)\d\d)\b)?"
    return _Names(
        days=days,
        months=months,
        patterns=(
            re.compile(rf"{weekday}(?P<day>\d{{1,2}}){_ORDINAL}\s+{_OF}{month}{year}", re.IGNORECASE),
            re.compile(rf"{weekday}{month}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){year}", re.IGNORECASE),
        ),
    )


def _any(names: dict[str, int]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1)


def _key(name: str) -> str:
    return name.rstrip(".").casefold()


def _said(day: dt.date) -> str:
    return format_date(day, "d MMMM y", locale="en_GB")


def _other_date(text: str, date: dt.date) -> bool:
    """Whether `text` names the issue's own day and month, in another year."""
    months = _names("en").months
    return any(months.get(_key(word)) == date.month for word in re.findall(r"[^\W\d_]+", text))


CHECK = Check(name="dates", title="Dates", look=_look)
