"""When an event takes place: as a feed states it, else as its text says."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.gather.document import EventTime
from digest.gather.parse.guess import guess_event
from digest.gather.values import DateQuality
from tests.gather.feeds import NOW, only, parsed, rss

LONDON = zoneinfo.ZoneInfo("Europe/London")
SINCE = dt.datetime(2024, 2, 12, tzinfo=dt.UTC)


def guess(title: str, text: str = "", language: str = "en") -> EventTime | None:
    return guess_event(title, text, since=SINCE, zone=LONDON, language=language)


def when(title: str, text: str = "", language: str = "en") -> str:
    """`2024-03-05 14:00-15:00`, `2024-03-27..28` for days, "" for nothing. In London's time."""
    event = guess(title, text, language)
    if event is None:
        return ""
    assert event.guessed
    start = event.start.astimezone(LONDON)
    if event.all_day:
        last = f"..{(event.end - dt.timedelta(hours=1)).astimezone(LONDON):%d}" if event.end else ""
        return f"{start:%Y-%m-%d}{last}"
    return f"{start:%Y-%m-%d %H:%M}" + (f"-{event.end.astimezone(LONDON):%H:%M}" if event.end else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Webinar on 5 March 2024 at 14:00 GMT", "2024-03-05 14:00"),
        ("Join us online Thursday 29 February 12.00pm - 1.00pm", "2024-02-29 12:00-13:00"),
        ("Talk, Tuesday 5 March 2024, 11am-1pm UK time", "2024-03-05 11:00-13:00"),
        ("March 5th, 2-3pm", "2024-03-05 14:00-15:00"),
        ("2pm on 5 March", "2024-03-05 14:00"),
        ("14:00-15:30, Wed 6 March 2024", "2024-03-06 14:00-15:30"),
        ("On 5 March 2024 (Tuesday) 14:00", "2024-03-05 14:00"),
        ("3pm ET on 7 March", "2024-03-07 20:00"),
        ("21st May 2024, 12 noon", "2024-05-21 12:00"),
        ("May 20, 2024 9:30 PM", "2024-05-20 21:30"),
        ("Date: 5 March 2024\n\nTime: 14:00–15:00", "2024-03-05 14:00-15:00"),
        ("25/03/2024 10:00", "2024-03-25 10:00"),
        ("2024-03-05", "2024-03-05"),
        ("Conference, 27-28 March 2024", "2024-03-27..28"),
        ("April 9-11, 2024", "2024-04-09..11"),
        ("30 April to 2 May 2024", "2024-04-30..02"),
        ("Date: 27 and 28 March", "2024-03-27..28"),
        ("Register by 5pm on Friday 1 March; it is on 8 March at 2pm", "2024-03-08 14:00"),
        ("Registration closes on 1 March 2024. It takes place on 12 March 2024.", "2024-03-12"),
        ("A talk by Jane Smith on 5 March, 2pm", "2024-03-05 14:00"),
    ],
)
def test_a_day_in_the_text_is_found(text: str, found: str) -> None:
    assert when("A meeting", text) == found
    assert when(text) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("de", "Konferenz am 14. Juni 2024 um 14 Uhr", "2024-06-14 14:00"),
        ("fr", "Atelier le 29 février 2024 à 14h30", "2024-02-29 14:30"),
        ("es", "Taller: 5 de marzo de 2024 a las 16:00", "2024-03-05 16:00"),
        ("sv", "5 mars kl. 14.00", "2024-03-05 14:00"),
        ("ru", "5 марта 2024 в 14:00", "2024-03-05 14:00"),
        ("ar", "ورشة 5 مارس 2024", "2024-03-05"),
        ("ja", "2024年3月5日 14:00 開催", "2024-03-05 14:00"),
        ("xx", "5 March 2024", "2024-03-05"),
    ],
)
def test_other_languages_are_read(language: str, text: str, found: str) -> None:
    assert when(text, language=language) == found


@pytest.mark.parametrize(
    "text",
    [
        # A year is no date, nor is a month, nor a number beside a word.
        *("CPD Workshop Series 2024: Adoption", "May 2024", "The first 12 people", "5 may attend"),
        *(
            "Room 12 March Street",
            "Chapter 3 March hare",
            "The ratio is 3/4",
            "Version 3.12",
            "x 31 February 2024",
        ),
        # Not the event's own day.
        *("The deadline is 5 March 2024", "Please apply by 5 March", "Apply before Friday 8 March 2024"),
        *("(Accessed 13th March 2024)", "Recording of our event on 3 January 2024", "Founded 12 March 1990"),
        "Published on 5 March 2024",
        # Several, or contradictory.
        *("5 March and 12 March", "5 March 2024, 12 March 2024 and 19 March 2024", "Talk Monday 5 March 2024"),
        # Either of two days.
        "Meeting 12/03/2024",
        # So far ahead that it is rather the last one.
        "Report of the meeting on 2 February",
    ],
)
def test_what_is_no_day_of_the_event_is_not_taken_for_one(text: str) -> None:
    assert when("A meeting", text) == ""


def test_a_time_in_a_zone_that_could_be_several_is_left_out() -> None:
    assert when("7 March 2024, 3pm IST") == "2024-03-07"


def test_the_title_decides_between_days_and_then_the_label() -> None:
    text = "On 3 April 2024 we meet again. On 4 May 2024 too."
    assert when("Meeting on 12 March 2024", text) == "2024-03-12"
    assert when("Meeting", f"{text}\nDate: 12 March 2024") == "2024-03-12"
    assert when("Meeting", text) == ""


def test_a_labelled_place_is_read() -> None:
    event = guess("OER24", "Date: 27-28 March 2024\n\nLocation: MTU, Cork, Ireland\n\nCome.")
    assert event is not None
    assert (event.place, event.online) == ("MTU, Cork, Ireland", False)
    online = guess("OER24", "Date: 27 March 2024\n\nVenue: Zoom")
    assert online is not None
    assert online.online


def test_a_text_is_read_for_events_alone_and_only_its_beginning() -> None:
    body = rss("<title>Talk</title><description>It is on 5 March 2024 at 2pm.</description>")
    assert only(body, section_kind="events").event_start == dt.datetime(2024, 3, 5, 14, tzinfo=dt.UTC)
    assert only(body).event_start is None
    late = rss(f"<title>Talk</title><description>{'word ' * 200}on 5 March 2024 at 2pm.</description>")
    assert only(late, section_kind="events").event_start is None


def test_a_day_without_a_year_is_the_next_after_the_publication() -> None:
    body = rss("<title>Talk, 5 March</title><pubDate>Mon, 13 Feb 2023 09:00:00 GMT</pubDate>")
    assert only(body, section_kind="events").event_start == dt.datetime(2023, 3, 5, tzinfo=dt.UTC)


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet="0123456789 -–/.:,()apmMarchFebJune\n月日年", max_size=80))
def test_no_text_makes_the_guess_raise_or_lie_in_the_past(text: str) -> None:
    event = guess("T", text)
    assert event is None or (event.guessed and event.start >= SINCE - dt.timedelta(days=2))
    assert event is None or event.end is None or event.end > event.start


# stated ---------------------------------------------------------------------------------------------------------


def test_json_ld_in_the_text() -> None:
    data = (
        '{"@context":"https://schema.org","@graph":[{"@type":"WebPage"},{"@type":"EducationEvent",'
        '"startDate":"2024-03-05T14:00+01:00","endDate":"2024-03-05T15:00+01:00","eventAttendanceMode":'
        '"https://schema.org/OnlineEventAttendanceMode","location":{"@type":"Place","name":"The Hall",'
        '"address":{"streetAddress":"1 Quay","addressLocality":"Leeds"}}}]}'
    )
    markup = f'<p>Hi</p><script type="application/ld+json">{data}</script>'
    entry = only(rss(f"<title>W</title><description><![CDATA[{markup}]]></description>"), section_kind="events")
    assert entry.event_start == dt.datetime(2024, 3, 5, 13, tzinfo=dt.UTC)
    assert entry.event_end == dt.datetime(2024, 3, 5, 14, tzinfo=dt.UTC)
    event = entry.doc.event
    assert event is not None
    assert (event.place, event.online, event.guessed) == ("The Hall, 1 Quay, Leeds", True, False)
    assert "schema.org" not in entry.doc.text


@pytest.mark.parametrize(
    "markup",
    [
        '<span class="date-display-single" property="dc:date" content="2024-03-05T14:00:00+00:00">5 March</span>',
        '<abbr class="x dtstart" title="2024-03-05T14:00Z">Tuesday</abbr>',
        '<time class="dt-start" datetime="2024-03-05T14:00Z">Tuesday</time>',
        '<span itemprop="startDate">2024-03-05T14:00</span>',
        '<script type="application/ld+json">{broken</script><meta itemprop="startDate" content="2024-03-05T14:00">',
        '<script type="application/ld+json">[{"@type":["Event"],"startDate":"2024-03-05T14:00"}]</script>',
    ],
)
def test_other_ways_to_state_a_start(markup: str) -> None:
    body = rss(f"<title>W</title><description><![CDATA[<div>{markup}</div>]]></description>")
    assert only(body, section_kind="events").event_start == dt.datetime(2024, 3, 5, 14, tzinfo=dt.UTC)


def test_day_and_hour_in_fields_of_their_own() -> None:
    mec = 'xmlns:mec="http://webnus.net/rss/mec/"'
    entry = only(
        rss(
            f"<title>W</title><mec:startDate {mec}>2024-03-05</mec:startDate>"
            f"<mec:startHour {mec}>10:00 am</mec:startHour><mec:endDate {mec}>2024-03-05</mec:endDate>"
            f"<mec:endHour {mec}>1:00 pm</mec:endHour><mec:location {mec}>Hall &amp;amp; Garden</mec:location>"
        ),
        section_kind="events",
    )
    assert entry.event_start == dt.datetime(2024, 3, 5, 10, tzinfo=dt.UTC)
    assert entry.event_end == dt.datetime(2024, 3, 5, 13, tzinfo=dt.UTC)
    assert entry.doc.event is not None
    assert entry.doc.event.place == "Hall & Garden"


def test_where_most_dates_lie_ahead_they_are_the_events() -> None:
    items = [f"<title>E{n}</title><guid>{n}</guid><pubDate>{n} Mar 2024 18:00:00 GMT</pubDate>" for n in (5, 6, 7)]
    entries = parsed(rss(*items), section_kind="events").entries
    assert [e.event_start.day for e in entries if e.event_start] == [5, 6, 7]
    assert {e.date_quality for e in entries} == {DateQuality.EVENT}
    assert all(e.published_at is None and e.doc.event and e.doc.event.guessed for e in entries)
    news = parsed(rss(*items), section_kind="list").entries
    assert all(e.event_start is None and e.published_at for e in news)


def test_one_date_ahead_is_a_wrong_clock() -> None:
    past = "<title>A</title><guid>1</guid><pubDate>5 Feb 2024 18:00:00 GMT</pubDate>"
    soon = f"<title>B</title><guid>2</guid><pubDate>{NOW + dt.timedelta(days=1):%d %b %Y} 18:00:00 GMT</pubDate>"
    assert all(e.event_start is None for e in parsed(rss(past, soon), section_kind="events").entries)


@pytest.mark.parametrize(
    ("fields", "start", "end", "place"),
    [
        (
            "<startDate>2024-05-01</startDate><startTime>6:30 pm</startTime><endTime>8pm</endTime>"
            "<location>Hall%2C+London</location>",
            dt.datetime(2024, 5, 1, 17, 30),
            dt.datetime(2024, 5, 1, 19),
            "Hall, London",
        ),
        (
            "<start_at>Wed, 01 May 2024 18:30:00 +0100</start_at><end_at>Wed, 01 May 2024 20:30:00 +0100</end_at>"
            "<venue>The Mill</venue>",
            dt.datetime(2024, 5, 1, 17, 30),
            dt.datetime(2024, 5, 1, 19, 30),
            "The Mill",
        ),
        (
            "<date_from>01/05/2024</date_from><date_to>03/05/2024</date_to><hour_from/>",
            dt.datetime(2024, 4, 30, 23),
            dt.datetime(2024, 5, 3, 23),
            "",
        ),
        (
            "<u:startdate xmlns:u='https://u.example/'>2024-05-01T18:30:00+01:00</u:startdate>"
            "<u:enddate xmlns:u='https://u.example/'>2024-05-01</u:enddate>",
            dt.datetime(2024, 5, 1, 17, 30),
            None,
            "",
        ),
    ],
)
def test_calendars_with_fields_of_their_own(
    fields: str, start: dt.datetime, end: dt.datetime | None, place: str
) -> None:
    entry = only(rss(f"<title>Fair</title>{fields}"), section_kind="events")
    assert entry.event_start == start.replace(tzinfo=dt.UTC)
    assert entry.event_end == (end.replace(tzinfo=dt.UTC) if end else None)
    assert entry.doc.event is not None
    assert (entry.doc.event.place, entry.doc.event.guessed) == (place, False)


def test_a_field_that_names_no_day_starts_nothing() -> None:
    for field in ("<start>soon</start>", "<startTime>10:00</startTime>", "<eventDate/>"):
        assert only(rss(f"<title>Fair</title>{field}"), section_kind="events").doc.event is None


def test_the_order_of_day_and_month_is_that_of_the_feed() -> None:
    items = [f"<title>{n}</title><guid>{n}</guid><start_date>0{n}/2{n}/2024</start_date>" for n in (1, 2)]
    items.append("<title>3</title><guid>3</guid><start_date>03/04/2024</start_date>")
    starts = [entry.event_start for entry in parsed(rss(*items), section_kind="events").entries]
    assert [(start.month, start.day) for start in starts if start] == [(1, 21), (2, 22), (3, 4)]


_FIELD = "<div class='field field--name-field-when'>{}</div><p>Come.</p>"
_MOMENT = "<time datetime='2024-03-05T{}:00:00Z' class='datetime'>03/05/2024 - {}:00</time>"


def test_a_date_field_of_a_publishing_system() -> None:
    header = f"<span>Fair</span><span><span>admin</span></span><span>{_MOMENT.format(1, 1)}</span>"
    row = _FIELD.format(f"{_MOMENT.format(18, 18)} - {_MOMENT.format(20, 20)}")
    fair = only(
        rss(f"<title>Fair</title><description><![CDATA[{header}{row}]]></description>"), section_kind="events"
    )
    assert fair.event_start == dt.datetime(2024, 3, 5, 18, tzinfo=dt.UTC)
    assert fair.event_end == dt.datetime(2024, 3, 5, 20, tzinfo=dt.UTC)


def test_several_moments_decide_nothing() -> None:
    moments = "".join(_FIELD.format(_MOMENT.format(hour, hour)) for hour in (10, 12, 14))
    fair = only(rss(f"<title>Fair</title><description><![CDATA[{moments}]]></description>"), section_kind="events")
    assert fair.event_start is None


def test_an_event_of_a_forum() -> None:
    post = (
        "<p>Come.</p><div class='discourse-post-event' data-start='2024-03-05T18:00:00.000Z' data-status='public' "
        "data-end='2024-03-05 20:00'></div><p><small>1 post - 1 participant</small></p><p><a>Read full topic</a></p>"
    )
    fair = only(rss(f"<title>Fair</title><description><![CDATA[{post}]]></description>"), section_kind="events")
    assert fair.event_start == dt.datetime(2024, 3, 5, 18, tzinfo=dt.UTC)
    assert fair.event_end == dt.datetime(2024, 3, 5, 20, tzinfo=dt.UTC)
    assert fair.doc.summary == "Come."
