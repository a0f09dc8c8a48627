"""An event's time as its title and text put it: "Thursday 29 February, 12.00pm - 1.00pm".

Found by pattern, its words read by dateparser, and only where the day is certain: a wrong date in a digest does more
harm than none. Whoever asks does so for the entries of an events section alone.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from digest.gather.clean.text import one_line
from digest.gather.document import EventTime
from digest.gather.parse.clock import Clock, read_clock
from digest.gather.parse.events import MAX_PLACE, is_online

LOOKED_AT = 600  # characters of the text
MOST_SPANS = 12  # that are looked at closer
WITHOUT_YEAR = dt.timedelta(days=300)  # how far ahead a day without a year may lie
WITH_YEAR = dt.timedelta(days=3 * 366)

_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|°|\.)?"
_TO = r"\s*(?:-|–|—|to|and|&|bis|und|au|et|al|y|e|t/m|till)\s*"
_WORD = r"[^\W\d_]{3,12}\.?"
_YEAR = r"(?:,?\s+(?:de\s+|del\s+)?((?:19|20)\d\d)(?!\d))?"
_DAY_FIRST = re.compile(
    rf"(?<![\d.,:/£$€-])(\d{{1,2}}){_ORDINAL}(?:\s+({_WORD}))?(?:{_TO}(\d{{1,2}}){_ORDINAL})?"
    rf"\s+(?:of\s+|de\s+|d['’])?({_WORD}){_YEAR}"
)
_MONTH_FIRST = re.compile(
    rf"\b([A-Z][a-z]{{2,8}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:\s*[-–—]\s*(\d{{1,2}})(?:st|nd|rd|th)?)?{_YEAR}"
    r"(?![\d:.]\d|\d|\s*[ap]\.?m\b|\s*%)"
)
_NUMBERS = re.compile(
    r"(?<![\d/.-])(?:((?:19|20)\d\d)-(\d\d)-(\d\d)|(\d{1,2})([./])\s?(\d{1,2})\5\s?((?:19|20)\d\d))(?![\d/.-]\d|\d)"
)
_CJK = re.compile(r"(?:((?:19|20)\d\d)\s*[年년]\s*)?(?<!\d)(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号號]")

_WEEKDAY_BEFORE = re.compile(r"([^\W\d_]{2,14})\.?,?\s+(?:the\s+|den\s+|dem\s+|le\s+|el\s+|il\s+)?$")
_WEEKDAY_AFTER = re.compile(r"^\s*\(([^\W\d_]{2,14})\)")
# What stands before a day that is not the event's own: in the same sentence, or right before it.
_NOT_THE_EVENT = re.compile(
    r"""\b(?:deadlines?|clos(?:e|es|ing)|opens?|early[ -]bird|submi\w+|appl(?:y|ications?)|due|accessed|retrieved
        |published|posted|updated|expires?|born|founded|established|tickets?|rsvp|record(?:ed|ing)|was|were
        |took\ place|anmelde\w*|anmeldung|frist
    )\b[^.!?\n]{0,60}$
    | \b(?:by|before|until|till|since|last|bis|avant|antes|hasta|jusqu\S{1,5}|entro)\s+
      (?:\d\S*\s+(?:[ap]m\s+)?)?(?:on\s+|del?\s+|zum\s+|le\s+|au\s+|il\s+)?(?:the\s+)?(?:[^\W\d_]+,?\s+)?$""",
    re.VERBOSE | re.IGNORECASE,
)
_ON = re.compile(r"\b(?:on|from|for|am|vom|ab|le|du|el|del|il|dal|op|den|dne)\s+(?:the\s+)?$", re.IGNORECASE)
_ENDS_THERE = re.compile(r"\s*(?:$|[\n.,;:!?()|/–—-])")
_AND = re.compile(r"\s(?:and|&|und|et|y|e)\s")
_LABEL = re.compile(
    r"(?:^|\n|[.:;|–-]\s)\s*(?:date(?:\s+(?:and|&)\s+time)?|when|datum|wann|fecha|data|quand)s?\s*:\s*$", re.I
)
_PLACE = re.compile(
    r"(?:^|\n)\s*(?:location|venue|where|place|ort|lieu|lugar|luogo)\s*:\s*([^\n]{3,200})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A day, or a row of them, as it stands in the text. `year` is 0 when none is given."""

    begin: int
    end: int
    day: int
    month: int
    year: int
    last_day: int = 0
    last_month: int = 0


def guess_event(
    title: str, text: str, *, since: dt.datetime, zone: dt.tzinfo, language: str = ""
) -> EventTime | None:
    """The one day that title and text name, marked as guessed; None when they name none, or several.

    `since` is when the entry was published (or first read): a day without a year is the next such day after it, and
    a day before it is history.
    """
    whole = f"{title}\n{text[:LOOKED_AT]}"
    days: dict[tuple[dt.date, dt.date], list[_Span]] = {}
    position = 0
    for span in _spans(whole, language):
        before, position = whole[max(position, span.begin - 90) : span.begin], span.end
        if _NOT_THE_EVENT.search(before):
            continue
        found = _days(span, whole, since.astimezone(zone).date(), language)
        if found is not None and _is_certain(span, whole, language):
            days.setdefault(found, []).append(span)
    chosen = _the_one(days, whole, len(title))
    if chosen is None:
        return None
    clock = next((c for span in days[chosen] if (c := _clock(whole, span))), None)
    return _event(chosen, clock, zone, whole)


def _is_certain(span: _Span, whole: str, language: str) -> bool:
    """Whether a day is one, and not a number beside a word: "Room 12, March Street"."""
    if span.last_day and _AND.search(whole[span.begin : span.end]):
        # "27 and 28 March" is one event; "5 March and 12 March" are two.
        return span.last_month == span.month and span.last_day == span.day + 1
    return (
        bool(span.year or span.last_day or _weekdays(span, whole, language))
        or _ON.search(whole[max(0, span.begin - 12) : span.begin]) is not None
        or _ENDS_THERE.match(whole, span.end) is not None
        or _clock(whole, span) is not None
    )


def _the_one(
    days: dict[tuple[dt.date, dt.date], list[_Span]], whole: str, title_end: int
) -> tuple[dt.date, dt.date] | None:
    """The only day; else the only one of the title; else the only one behind "Date:"."""
    if len(days) == 1:
        return next(iter(days))
    in_title = [day for day, spans in days.items() if any(span.begin < title_end for span in spans)]
    if len(in_title) == 1:
        return in_title[0]
    labelled = [
        day for day, spans in days.items() if any(_LABEL.search(whole[: span.begin].rstrip(" ")) for span in spans)
    ]
    return labelled[0] if len(labelled) == 1 and not in_title else None


def _event(days: tuple[dt.date, dt.date], clock: Clock | None, zone: dt.tzinfo, whole: str) -> EventTime:
    first, last = days
    found = _PLACE.search(whole)
    place = one_line(found[1])[:MAX_PLACE] if found else ""
    online = is_online(place)
    midnight = dt.time()
    if clock is None or last != first:
        end = _instant(last + dt.timedelta(days=1), midnight, zone) if last != first else None
        return EventTime(
            start=_instant(first, midnight, zone), end=end, all_day=True, place=place, online=online, guessed=True
        )
    stated = clock.zone or zone
    start = _instant(first, clock.start, stated)
    end = _instant(first, clock.end, stated) if clock.end else None
    return EventTime(
        start=start,
        end=end if end and end > start else None,
        zone=clock.zone_name,
        place=place,
        online=online,
        guessed=True,
    )


def _instant(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC)


def _spans(whole: str, language: str) -> list[_Span]:
    spans: list[_Span] = []
    for found in [*_DAY_FIRST.finditer(whole)][:MOST_SPANS]:
        day, first_month, last_day, word, year = found.groups()
        number = _month(word, language)
        if first_month and not last_day:
            # "12 people March" is no day; "5 de marzo" has its month where the pattern looks for the first of two.
            number, first_month, year = _month(first_month, language), None, None
        if number:
            spans.append(
                _Span(
                    begin=found.start(),
                    end=found.end() if year or last_day or found.group(2) is None else found.end(2),
                    day=int(day),
                    month=(_month(first_month, language) or number) if first_month else number,
                    year=int(year or 0),
                    last_day=int(last_day or 0),
                    last_month=number if last_day else 0,
                )
            )
    for found in [*_MONTH_FIRST.finditer(whole)][:MOST_SPANS]:
        word, day, last_day, year = found.groups()
        if number := _month(word, "en"):
            last = int(last_day or 0)
            spans.append(
                _Span(
                    begin=found.start(),
                    end=found.end(),
                    day=int(day),
                    month=number,
                    year=int(year or 0),
                    last_day=last,
                    last_month=number if last else 0,
                )
            )
    for found in [*_NUMBERS.finditer(whole)][:MOST_SPANS]:
        if numeric := _numeric(found):
            spans.append(numeric)
    for found in [*_CJK.finditer(whole)][:MOST_SPANS]:
        year, month, day = found.groups()
        spans.append(_Span(begin=found.start(), end=found.end(), day=int(day), month=int(month), year=int(year or 0)))
    return _apart(spans)


def _apart(spans: list[_Span]) -> list[_Span]:
    """Without those that lie inside another: "5 March 2024" also begins "March 20..."."""
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
        if not kept or span.begin >= kept[-1].end:
            kept.append(span)
    return kept


def _numeric(found: re.Match[str]) -> _Span | None:
    """2024-03-05 and 5.3.2024 as they stand; 5/3/2024 only where it can mean one day."""
    year, month, day, first, mark, second, last = found.groups()
    if year is None:
        year, day, month = last, first, second
        if mark == "/" and int(first) != int(second):
            if int(first) <= 12 and int(second) <= 12:
                return None
            day, month = (first, second) if int(first) > 12 else (second, first)
    return _Span(begin=found.start(), end=found.end(), day=int(day), month=int(month), year=int(year))


@lru_cache(maxsize=2048)
def _month(word: str, language: str) -> int:
    """The number of the month that `word` names in `language` or English; 0 for any other word."""
    from dateparser import parse as read_words  # type: ignore[import-untyped]
    from dateparser.data.languages_info import language_order  # type: ignore[import-untyped]

    spoken = language.partition("-")[0].lower()
    languages = list(dict.fromkeys(code for code in (spoken, "en") if code in language_order))
    # English and German write months with a capital: "5 may attend" names none.
    if spoken in ("", "en", "de") and not word[0].isupper():
        return 0
    settings = {
        "REQUIRE_PARTS": ["day", "month"],
        "PARSERS": ["absolute-time"],
        "RELATIVE_BASE": dt.datetime(2024, 1, 1),  # noqa: DTZ001 - never used: the text holds all three parts
        "DATE_ORDER": "DMY",
    }
    found = read_words(f"1 {word.rstrip('.')} 2024", languages=languages, settings=settings)
    return found.month if found is not None and (found.day, found.year) == (1, 2024) else 0


@lru_cache(maxsize=512)
def _weekday(word: str, language: str) -> int | None:
    """0 for the word that names Monday in `language` or English; None for any other word."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import get_day_names

    plain = word.casefold().rstrip(".")
    for code in dict.fromkeys((language.partition("-")[0].lower() or "en", "en")):
        try:
            locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            continue
        for width in ("wide", "abbreviated"):
            for number, name in get_day_names(width, "format", locale).items():
                if name.casefold().rstrip(".") == plain:
                    return int(number)
    return {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}.get(plain)


def _days(span: _Span, whole: str, since: dt.date, language: str) -> tuple[dt.date, dt.date] | None:
    weekdays = _weekdays(span, whole, language)
    for year in (span.year,) if span.year else (since.year, since.year + 1):
        try:
            first = dt.date(year, span.month, span.day)
            last = dt.date(year, span.last_month, span.last_day) if span.last_day else first
        except ValueError:
            continue
        limit = WITH_YEAR if span.year else WITHOUT_YEAR
        if not since - dt.timedelta(days=1) <= first <= since + limit or not first <= last <= first + limit:
            continue
        if not weekdays or weekdays == {first.weekday()}:
            return first, last
    return None


def _clock(whole: str, span: _Span) -> Clock | None:
    behind = _WEEKDAY_AFTER.sub("", whole[span.end : span.end + 60])
    return read_clock(whole[max(0, span.begin - 60) : span.begin], behind)


def _weekdays(span: _Span, whole: str, language: str) -> set[int]:
    """What the text says of the day of the week, before the day or in brackets behind it."""
    before = _WEEKDAY_BEFORE.search(whole[max(0, span.begin - 30) : span.begin])
    after = _WEEKDAY_AFTER.match(whole[span.end : span.end + 20])
    named = (_weekday(found[1], language) for found in (before, after) if found)
    return {number for number in named if number is not None}
