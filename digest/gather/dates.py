"""Dates as feeds write them -> instants. Pure; the raw text is kept beside the result by whoever asks.

RFC 822/5322 (`Mon, 12 Feb 2024 09:30:00 BST`) and ISO 8601/RFC 3339, with what real feeds do to them: month names
in other languages, two-digit years, no seconds, no zone, a zone in brackets, epoch seconds, numbers alone.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable
from functools import lru_cache

from digest.gather.values import DateQuality

FIRST_YEAR = 1990  # nothing was published in a feed before
YEARS_AHEAD = 5

# Minutes east of Greenwich. RFC 5322 names the American ones; the others are what servers in Europe, Asia and the
# Pacific write. One with two common meanings (IST: India, Ireland, Israel) is left out: such a date is a guess.
ZONES = {
    **{"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0},
    **{"BST": 60, "WEST": 60, "CET": 60, "MET": 60, "MEZ": 60},
    **{"CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "SAST": 120, "EEST": 180, "MSK": 180},
    **{"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420},
    **{"AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180},
    **{"AWST": 480, "AEST": 600, "AEDT": 660, "ACST": 570, "ACDT": 630, "NZST": 720, "NZDT": 780},
    **{"JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "PHT": 480, "ICT": 420, "WIB": 420, "WITA": 480, "WIT": 540},
    **{"PKT": 300, "NPT": 345, "EAT": 180, "CAT": 120, "WAT": 60, "TRT": 180, "BRT": -180, "ART": -180, "CLT": -240},
}
MONTH_LOCALES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "cs",
    "sv",
    "da",
    "nb",
    "fi",
    "hu",
    "ru",
    "uk",
    "tr",
    "el",
    *("ca", "ro", "sk", "bg", "he", "ar", "id", "et", "lv", "lt", "is", "fa"),
)

_RFC822 = re.compile(
    r"""^\s*(?:[^\W\d]+\.?\s*,?\s*)?              # the weekday, in whatever language: never needed
        (\d{1,2})(?:st|nd|rd|th)?[\s.-]+([^\W\d]{3,12})\.?[\s,.-]+(\d{2,4})(?!\d)
        (?:[\sT,]+(?:[–-]\s+)?(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*([ap]\.?m\.?)?)?
        \s*(.*?)\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_ISO = re.compile(
    r"""^\s*(\d{4})-?(\d{2})(?:-?(\d{2}))?
        (?:[T\s]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?|:(\d))?(?!\d)\s*([ap]\.?m\b\.?)?)?
        \s*(.*?)\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_MONTH_FIRST = re.compile(  # "Feb 12, 2024 9:30 PM", "Mon Feb 12 09:30:00 GMT 2024"
    r"""^\s*(?:[a-z]{3,9}\.?,?\s+)?([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?
        (?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+([A-Z+:\d-]{1,6}))?)?
        \s+(\d{4})
        (?:[,\s]+(?:[–-]\s+|at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?\s*(.*?))?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBERS = re.compile(  # "12/02/2024 10:00", "12.2.24", "2024/02/12", "2024年2月12日 10:00"
    r"""^\s*(?:[^\W\d]+\.?\s*,?\s+)?
        (?:(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})\s*[./年-]\s*(\d{1,2})\s*[./月-]\s*(\d{1,2})(?:\s*日)?)
        (?:[T,\s]+(?:[–-]\s+)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?)?\s*(.*?)\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_EPOCH = re.compile(r"^\s*(\d{9,10})(\d{3})?\s*$")
_OFFSET = re.compile(r"^(?:GMT|UTC?|Z)?\s*([+-−])\s*(\d{1,2}):?(\d{2})?\s*(?:\(.*\)|[A-Z]{1,5})?$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"^(\S*?)\[!?([\w/+-]+)\](?:\[.*\])?$")  # RFC 9557: "+01:00[Europe/Paris]"


def read_date(
    raw: str, *, zone: dt.tzinfo, now: dt.datetime, month_first: bool = False
) -> tuple[dt.datetime | None, DateQuality]:
    """The instant that `raw` names (aware UTC) and how far it can be trusted.

    A date without a zone, or without a time of day, is read in `zone` and GUESSED; so is one of numbers alone, where
    the day stands before the month unless `month_first` or the numbers themselves say otherwise. What cannot be
    read, or lies outside 1990 to five years from now, is (None, MISSING).
    """
    raw = raw[:200]
    found = _parse(raw, zone) or _parse_numbers(raw, zone, month_first=month_first)
    if found is None:
        return None, DateQuality.MISSING
    instant, exact = found
    if not FIRST_YEAR <= instant.year <= now.year + YEARS_AHEAD:
        return None, DateQuality.MISSING
    return instant, DateQuality.EXACT if exact else DateQuality.GUESSED


def is_date_only(raw: str) -> bool:
    """Whether `raw` names a day and no time of day."""
    return re.search(r"\d:\d\d|T\d{2}", raw) is None


def are_month_first(raws: Iterable[str]) -> bool:
    """Whether the dates of one feed, as far as they are numbers alone, can only be meant month first."""
    pairs = [
        (int(found[1]), int(found[3]))
        for raw in raws
        if "/" in raw and (found := _NUMBERS.match(raw[:200])) and found[2] == "/"
    ]
    return any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs)


def _parse_numbers(raw: str, zone: dt.tzinfo, *, month_first: bool) -> tuple[dt.datetime, bool] | None:
    found = _NUMBERS.match(raw)
    if found is None:
        return None
    day, mark, month, short, year, month2, day2, hour, minute, second, half, rest = found.groups()
    if year:
        month, day = month2, day2
    else:
        year = _full_year(short)
        # Between points the day always comes first; between slashes Americans write the month there.
        if (month_first and mark == "/" and int(day) <= 12) or int(month) > 12:
            day, month = month, day
    read = _instant((year, month, day), (_hour(hour, half), minute, second), rest, zone)
    # With the year first nothing is ambiguous: it is as good as its zone.
    return (read[0], read[1] and month2 is not None) if read else None


def _parse(raw: str, zone: dt.tzinfo) -> tuple[dt.datetime, bool] | None:
    if found := _EPOCH.match(raw):
        return dt.datetime.fromtimestamp(int(found[1]), dt.UTC), True
    if found := _ISO.match(raw):
        year, month, day, hour, minute, second, digit, half, rest = found.groups()
        return _instant((year, month, day or "1"), (_hour(hour, half), minute, second or digit), rest, zone)
    if found := _RFC822.match(raw):
        day, name, year, hour, minute, second, half, rest = found.groups()
        month_number = _month(name)
        if month_number is None:
            return None
        return _instant((_full_year(year), str(month_number), day), (_hour(hour, half), minute, second), rest, zone)
    if found := _MONTH_FIRST.match(raw):
        name, day, hour, minute, second, middle, year, hour2, minute2, second2, half, rest = found.groups()
        month_number = _month(name)
        if month_number is None:
            return None
        time = (hour, minute, second) if hour else (_hour(hour2, half), minute2, second2)
        return _instant((year, str(month_number), day), time, middle or rest or "", zone)
    return None


def _instant(
    date: tuple[str, str, str], time: tuple[str | None, str | None, str | None], rest: str, zone: dt.tzinfo
) -> tuple[dt.datetime, bool] | None:
    hour, minute, second = time
    try:
        # 24:00 is the midnight that ends the day (ISO 8601), and a leap second is a second like others.
        year, month, day = map(int, date)
        moment = dt.datetime(year, month, day)  # noqa: DTZ001 - the zone comes last
        moment += dt.timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=min(int(second or 0), 59))
        if int(hour or 0) > 24 or int(minute or 0) > 59:
            return None
        if hour is not None and (stated := _zone(rest)) is not None:
            return moment.replace(tzinfo=stated).astimezone(dt.UTC), True
        return moment.replace(tzinfo=zone).astimezone(dt.UTC), False
    except (ValueError, OverflowError):
        return None


def _zone(rest: str) -> dt.tzinfo | None:
    """The zone that stands behind a time, or None when `rest` names none that is known."""
    rest = rest.strip()
    if found := _IN_BRACKETS.match(rest):
        rest = found[1] or found[2]
    named = re.sub(r"\s*\(.*\)$", "", rest).strip()
    if (minutes := ZONES.get(named.upper())) is not None:
        return dt.timezone(dt.timedelta(minutes=minutes))
    if found := _OFFSET.match(rest):
        hours, part = int(found[2]), int(found[3] or 0)
        if hours <= 14 and part < 60:
            return dt.timezone((1 if found[1] == "+" else -1) * dt.timedelta(hours=hours, minutes=part))
    if re.fullmatch(r"[A-Z][A-Za-z_]+/[A-Z][A-Za-z_/]+", named):
        zone = zone_of(named)
        return zone if zone is not dt.UTC else None
    return None


def _full_year(year: str) -> str:
    """RFC 5322, 4.3: two digits below 50 belong to this century; three are counted from 1900."""
    return year if len(year) == 4 else str(int(year) + (2000 if int(year) < 50 else 1900))


def _hour(hour: str | None, half: str | None) -> str | None:
    if hour is None or not half:
        return hour
    return str(int(hour) % 12 + (12 if half.lower().startswith("p") else 0))


_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ENGLISH_SHORT = {name[:3]: number for number, name in enumerate(_ENGLISH, 1)}


def _month(name: str) -> int | None:
    name = name.casefold().rstrip(".")
    if (number := _ENGLISH_SHORT.get(name[:3])) and (len(name) <= 4 or name in _ENGLISH):
        return number
    months = _foreign_months()
    if name in months:
        return months[name]
    begun = {number for full, number in months.items() if full.startswith(name)}
    return begun.pop() if len(begun) == 1 else None


@lru_cache(maxsize=1)
def _foreign_months() -> dict[str, int]:
    """Month names in the languages of `MONTH_LOCALES`; a spelling that means two months means none."""
    from babel.dates import get_month_names

    found: dict[str, set[int]] = {}
    for locale in MONTH_LOCALES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    found.setdefault(name.casefold().rstrip("."), set()).add(number)
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}


@lru_cache(maxsize=32)
def zone_of(name: str) -> dt.tzinfo:
    """The zone called `name`; UTC when there is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC
