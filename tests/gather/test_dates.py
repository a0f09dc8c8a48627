"""Dates as feeds write them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.dates import are_month_first, is_date_only, read_date
from digest.gather.values import DateQuality
from tests.gather.feeds import NOW

LONDON = zoneinfo.ZoneInfo("Europe/London")


def read(raw: str) -> tuple[str, str]:
    instant, quality = read_date(raw, zone=LONDON, now=NOW)
    return (instant.strftime("%Y-%m-%d %H:%M:%S") if instant else "", quality.value)


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("Mon, 12 Feb 2024 09:30:00 +0000", "2024-02-12 09:30:00"),
        ("Mon, 12 Feb 2024 09:30:00 GMT", "2024-02-12 09:30:00"),
        ("12 Feb 2024 09:30 EST", "2024-02-12 14:30:00"),
        ("12 Feb 24 09:30:00 -0500 (EST)", "2024-02-12 14:30:00"),
        ("Wed, 12 Jul 2023 09:30:00 BST", "2023-07-12 08:30:00"),
        ("Mon, 12 Feb 2024 09:30:00 CET", "2024-02-12 08:30:00"),
        ("Wed, 12 Jul 2023 09:30:00 CEST", "2023-07-12 07:30:00"),
        ("Mon, 12 Feb 2024 09:30:00 Europe/Berlin", "2024-02-12 08:30:00"),
        ("Tue, 06-Nov-2018 10:00:00 GMT", "2018-11-06 10:00:00"),
        ("2024-02-12T09:30:00Z", "2024-02-12 09:30:00"),
        ("2024-02-12T09:30:00.1234567+02:00", "2024-02-12 07:30:00"),
        ("2024-02-12 09:30:00 +0100", "2024-02-12 08:30:00"),
        ("20240212T093000Z", "2024-02-12 09:30:00"),
        ("2024-02-12T24:00:00Z", "2024-02-13 00:00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31 23:59:59"),
        ("1707730200", "2024-02-12 09:30:00"),
        ("1707730200000", "2024-02-12 09:30:00"),
        ("Mon Feb 12 09:30:00 GMT 2024", "2024-02-12 09:30:00"),
        ("Seg, 24 Set 2018 19:42:40 -0300", "2018-09-24 22:42:40"),
        ("Dienstag, 3. Oktober 2023 10:00 MESZ", "2023-10-03 08:00:00"),
        ("ven., 5 févr. 2021 10:00:00 +0100", "2021-02-05 09:00:00"),
        ("Fri, 5 Fév 2021 10:00:00 +0100", "2021-02-05 09:00:00"),
    ],
)
def test_a_date_with_a_zone_is_exact(raw: str, instant: str) -> None:
    assert read(raw) == (instant, "exact")


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("2024-02-12", "2024-02-12 00:00:00"),
        ("2023-07-12", "2023-07-11 23:00:00"),
        ("2023-07-12T09:30:00", "2023-07-12 08:30:00"),
        ("Wed, 12 Jul 2023 09:30:00", "2023-07-12 08:30:00"),
        ("Wed, 12 Jul 2023 09:30:00 XYZ", "2023-07-12 08:30:00"),
        ("Wed, 12 Jul 2023 09:30:00 A", "2023-07-12 08:30:00"),
        ("Jul 12, 2023 9:30 PM", "2023-07-12 20:30:00"),
        ("July 12th, 2023", "2023-07-11 23:00:00"),
        ("2024-02", "2024-02-01 00:00:00"),
        ("2024-2-5", "2024-02-05 00:00:00"),
        ("2024-02-12 9:05 pm", "2024-02-12 21:05:00"),
        ("12/02/2024 10:00", "2024-02-12 10:00:00"),
        ("02/25/2024 10:00:00 AM", "2024-02-25 10:00:00"),
        ("Mon, 12/02/2024 - 10:00", "2024-02-12 10:00:00"),
        ("12.02.24", "2024-02-12 00:00:00"),
        ("2024/02/12 09:30", "2024-02-12 09:30:00"),
        ("2024年2月12日 09:30", "2024-02-12 09:30:00"),
    ],
)
def test_a_date_without_a_zone_is_read_in_the_associations(raw: str, instant: str) -> None:
    assert read(raw) == (instant, "guessed")


@pytest.mark.parametrize(
    "raw",
    [
        *("", "soon", "0000-00-00", "0000-00-00 00:00:00", "2024-02-30", "Mon, 31 Feb 2024 00:00:00 GMT"),
        *("Thu, 01 Jan 1970 00:00:00 GMT", "1989-12-31T23:59:59Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        *(
            "13/13/2024 10:00",
            "192.168.1.1",
            "2024-02-12T25:00:00Z",
            "2024-02-12T09:61:00Z",
            "99 Foo 2024 10:00:00 GMT",
            "2024",
        ),
    ],
)
def test_what_is_no_date_or_an_absurd_one_is_missing(raw: str) -> None:
    assert read(raw) == ("", "missing")


def test_the_dates_of_a_feed_tell_which_number_is_the_month() -> None:
    assert are_month_first(["02/12/2024", "01/25/2024 10:00"])
    assert not are_month_first(["02/12/2024", "25/01/2024"])
    assert not are_month_first(["02/12/2024", "Mon, 12 Feb 2024 09:30:00 GMT", "12.25.2024"])
    instant, quality = read_date("02/12/2024", zone=LONDON, now=NOW, month_first=True)
    assert instant == dt.datetime(2024, 2, 12, tzinfo=dt.UTC)
    assert quality is DateQuality.GUESSED


def test_a_day_is_told_from_an_instant() -> None:
    assert is_date_only("2024-02-12")
    assert not is_date_only("2024-02-12T09:30:00Z")
    assert not is_date_only("Mon, 12 Feb 2024 09:30:00 GMT")


INSTANTS = st.datetimes(dt.datetime(1990, 1, 2), dt.datetime(2028, 12, 30), timezones=st.just(dt.UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(INSTANTS)
def test_every_standard_spelling_of_an_instant_is_read_back(moment: dt.datetime) -> None:
    for raw in (format_datetime(moment), moment.isoformat(), moment.strftime("%Y%m%dT%H%M%SZ")):
        assert read_date(raw, zone=LONDON, now=NOW) == (moment, DateQuality.EXACT)


@given(st.text(max_size=60) | st.from_regex(r"[0-9A-Za-z:+ ,/.-]{0,40}", fullmatch=True))
def test_nothing_raises_and_an_instant_is_always_plausible(raw: str) -> None:
    instant, quality = read_date(raw, zone=LONDON, now=NOW)
    assert (instant is None) == (quality is DateQuality.MISSING)
    assert instant is None or (instant.tzinfo is dt.UTC and 1990 <= instant.year <= NOW.year + 5)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Monday, February 12, 2024 - 09:30", "2024-02-12T09:30 guessed"),
        ("4th March 2024 10:00", "2024-03-04T10:00 guessed"),
        ("10 Feb. 2024 9.30", "2024-02-10T09:30 guessed"),
        ("Mon, 12 Feb 2024 09h30", "2024-02-12T09:30 guessed"),
        ("Mon, 12 Feb 124 09:30:00 GMT", "2024-02-12T09:30 exact"),  # RFC 5322, 4.3: counted from 1900
        ("2024/02/12 09:30:00 +0900", "2024-02-12T00:30 exact"),
        ("2024-02-12T09:30:5Z", "2024-02-12T09:30 exact"),
        ("2024-02-12T09:30:00+01:00[Europe/Paris]", "2024-02-12T08:30 exact"),  # RFC 9557
        ("2024-07-12T09:30:00[Europe/Paris]", "2024-07-12T07:30 exact"),
        ("Mon, 5 Feb 2024 19:05:12 +0000 GMT", "2024-02-05T19:05 exact"),
        ("Mon, 12 Feb 2024 09:30:00 BRT", "2024-02-12T12:30 exact"),
        ("الإثنين, 12 فبراير 2024 09:30:00 +0000", "2024-02-12T09:30 exact"),
        ("12 ינואר 2024", "2024-01-12T00:00 guessed"),
        ("12 listopada 2023", "2023-11-12T00:00 guessed"),  # Polish
        ("dl., 12 febr. 2024 10:00:00 +0100", "2024-02-12T09:00 exact"),  # Catalan
    ],
)
def test_what_publishing_systems_of_the_world_write(raw: str, expected: str) -> None:
    instant, quality = read_date(raw, zone=LONDON, now=NOW)
    assert instant is not None
    assert f"{instant:%Y-%m-%dT%H:%M} {quality.value}" == expected
