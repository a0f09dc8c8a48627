"""The same story from two feeds becomes one item; different stories never do."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.document import Candidate
from digest.compose.merge import Duplicate, MergeRule, find_duplicates
from digest.config import Config
from digest.gather.document import EventTime, Publication
from digest.gather.parse import parse_feed
from digest.gather.values import ParsedEntry, ParsedFeed, Reading
from digest.sample.feeds import NAMES, feed_bytes
from tests.compose.values import at, story

RANK = {"news": 0, "events": 1, "blog": 2}


_addresses = count(1)


def told(title: str, source: str, **more: Any) -> Candidate:
    more.setdefault("url", f"https://{source}.example/{next(_addresses)}")
    return story(title, more.pop("published", "2024-02-07 10:00"), source=source, section=source, **more)


def merged(*candidates: Candidate, **more: Any) -> tuple[Duplicate, ...]:
    return find_duplicates(candidates, rank=RANK, **more)


SAME = [
    ("Landfall 2027: the full programme is here", "Landfall 2027 - the full programme is here!"),
    ("Meet our OER24 keynote speakers", "Meet our OER24 Keynote Speakers"),
    ("Announcing the ALT Awards judging panel for 2024", "Announcing the ALT awards judging panel for 2024."),
    ("The library's new reading room", "The library’s new reading room"),
    (
        "Call to get involved: join our accreditation committee",
        "Join our accreditation committee: call to get involved",
    ),
    ("A guide to organisational change", "Guide to organizational change"),
    ("Open textbooks get a second edition", "Open textbook gets a second edition"),
    ("Reflections on teaching with video – part 2", "Reflections on Teaching with Video, Part 2"),
    ("مؤتمر التعليم المفتوح يعلن برنامجه الكامل", "مؤتمر التعليم المفتوح يعلن برنامجه الكامل!"),
    ("第一回学習支援技術研究会のご案内", "第一回学習支援技術研究会のご案内"),
    ("FEWER THAN TEN TICKETS REMAIN FOR THE HARBOUR SUPPER", "Fewer than ten tickets remain for the harbour supper"),
    ("Fwd: Trustees publish their strategy for inclusion", "Trustees publish their strategy for inclusion"),
    ("[HALYARD-ANNOUNCE] Reviewers wanted for Soundings", "Reviewers wanted for Soundings"),
    ("Re: [HALYARD-ANNOUNCE] Reviewers wanted for Soundings", "Reviewers wanted for Soundings"),
    ("News: five questions to ask before you buy a dashboard", "Five questions to ask before you buy a dashboard"),
    ("Five questions to ask before you buy a dashboard | News", "Five questions to ask before you buy a dashboard"),
    ("Technicians' meet-up: lecture capture without tears", "Technicians’ meetup: lecture capture without tears"),
    ("Drop in clinic for quiz banks", "Drop-in clinic for quiz banks"),
    ("Colour and contrast in slides", "Color and contrast in slides"),
    ("A programme of behavioural research", "A program of behavioral research"),
    ("Café conversations about assessment design", "Cafe conversations about assessment design"),
    ("Analysing how students read feedback", "Analyzing how students read feedback"),
    ("Survey of university libraries published", "Survey of university library published"),
    ("Survey  of\tuniversity libraries published", "Survey of university libraries published"),
    ("“Quiet design”: review of a short book", "'Quiet design': review of a short book"),
    ("Buying captions & transcripts: a note", "Buying captions and transcripts: a note"),
    ("New home of the discussion list", "The new home of the discussion list"),
    ("The survey of digital skills is open", "Survey of digital skills now open"),
    ("Ｆｕｌｌ ｗｉｄｔｈ letters in a headline", "Full width letters in a headline"),
    ("Ten per cent of tickets remain: harbour supper", "Ten per cent of tickets remain – harbour supper"),
    ("Judgement day for plagiarism detectors", "Judgment day for plagiarism detectors"),
    ("Der Lehrpreis für digitale Prüfungen", "der Lehrpreis für digitale Prüfungen."),
    ("C++ teaching: lessons from a decade", "C++ Teaching - lessons from a decade"),
]
DIFFERENT = [
    ("CPD webinar 1: captions that help", "CPD webinar 2: captions that help"),
    ("CPD webinar 1", "CPD webinar 2"),
    ("Call for papers 2024: open education", "Call for papers 2025: open education"),
    ("Call for papers 2024", "Call for papers 2025"),
    ("Reflections on teaching with video, part I", "Reflections on teaching with video, part II"),
    ("Reflections on teaching with video, part one", "Reflections on teaching with video, part two"),
    ("Reflections on teaching with video", "Reflections on teaching with video, part II"),
    ("Regional meet-up for technicians in Leeds", "Regional meet-up for technicians in London"),
    ("Regional meet-up for technicians in Newport", "Regional meet-up for technicians in Newquay"),
    ("Regional meet-up for technicians in Newton", "Regional meet-up for technicians in Newtown"),
    ("Technicians' open meet-up day in Stamford", "Technicians' open meet-up day in Stanford"),
    ("[Leeds] Drop-in clinic for quiz banks", "[London] Drop-in clinic for quiz banks"),
    ("Drop-in clinic on Monday for new members", "Drop-in clinic on Tuesday for new members"),
    ("Drop-in clinic for quiz banks, 3 May", "Drop-in clinic for quiz banks, 5 March"),
    ("Annual conference registration opens", "Annual conference registration closes"),
    ("Learning spaces summer workshop: beginners", "Learning spaces summer workshop: advanced"),
    ("Minutes of the trustees' meeting, January", "Minutes of the trustees' meeting, February"),
    ("Newsletter", "Newsletter"),
    ("Welcome back", "Welcome back"),
    ("Minutes", "Minutes"),
    ("Notice of the annual general meeting", "Notice of the annual general meeting"),
    ("Vacancy: Learning Technologist", "Vacancy: Learning Technologist"),
    ("第一回学習支援技術研究会のご案内", "第二回学習支援技術研究会のご案内"),
    ("Annual General Meeting", "Annual General Meeting 2024"),
    ("Special interest group A elections", "Special interest group B elections"),
    ("Postponed: technicians' day at Penhallow", "Technicians' day at Penhallow"),
    ("New guidance on recording students", "New guidance on recording seminars"),
    ("Funding for digital inclusion announced", "Funding for digital exclusion announced"),
    ("Funding for digital inclusion approved", "Funding for digital inclusion not approved"),
    ("Version 4.1 of the toolkit released", "Version 4.2 of the toolkit released"),
    ("Version 4.1 of the shared toolkit released", "Version 1.4 of the shared toolkit released"),
    ("Version 4.1 of the shared toolkit released", "Version 41 of the shared toolkit released"),
    ("Meeting the needs of deaf learners", "Meeting the needs of dyslexic learners"),
    ("ELESIG webinar: building skills for action", "ALSIG webinar: building skills for action"),
    ("Letters to members about the strike", "Letters from members about the strike"),
    ("Opting in to recording lectures", "Opting out of recording lectures"),
    ("Moving assessment from paper to screen", "Moving assessment from screen to paper"),
    ("Students assess their teachers online", "Teachers assess their students online"),
    ("A new contact for regional group members", "A new contract for regional group members"),
    ("Teaching with and without captions", "Teaching with captions"),
    ("Teaching C++ to absolute newcomers", "Teaching C# to absolute newcomers"),
    ("New guidance for seminar leaders", "News guidance for seminar leaders"),
    ("Degree programmes in physics reviewed again", "Degree programmes in physical reviewed again"),
    ("Formal learning in prison libraries", "Informal learning in prison libraries"),
    ("Undergraduate writing retreat at Penhallow", "Postgraduate writing retreat at Penhallow"),
    ("Chair of the awards panel elected", "Vice-chair of the awards panel elected"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_story(one: str, other: str) -> None:
    [found] = merged(told(one, "news", key=1), told(other, "blog", key=2))
    assert (found.key, found.into) == (2, 1)
    assert found.rule in (MergeRule.SAME_TITLE, MergeRule.SIMILAR_TITLE)
    assert found.reason.endswith(f"“{one}” in News")


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_stories(one: str, other: str) -> None:
    assert merged(told(one, "news"), told(other, "blog")) == ()


WORDY = "Doors open at nine in the old sail loft, and the talks begin at ten with a word from the harbour master."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Newsletter", "Newsletter"),
        ("Notice of the annual general meeting", "Notice of the annual general meeting"),
        ("An evening about accessibility statements", "An evening about accessibilty statements"),
    ],
)
def test_the_same_text_vouches_for_a_headline_that_says_little_or_has_a_slip(one: str, other: str) -> None:
    assert merged(told(one, "news", summary=WORDY), told(other, "blog", summary=WORDY)) != ()
    assert merged(told(one, "news", summary=WORDY), told(other, "blog", summary=f"{WORDY[:80]} …")) != (), "cut off"
    assert merged(told(one, "news", summary=WORDY), told(other, "blog", summary="Read more")) == ()
    assert merged(told(one, "news", summary="Read more"), told(other, "blog", summary="Read more")) == ()


@pytest.mark.parametrize(("one", "other"), [p for p in DIFFERENT if p[0] != p[1] and "contact" not in p[0]])
def test_not_even_the_same_text_makes_different_headlines_one(one: str, other: str) -> None:
    assert merged(told(one, "news", summary=WORDY), told(other, "blog", summary=WORDY)) == ()


def test_a_short_headline_over_texts_about_other_things() -> None:
    title = "Reading circle for librarians"
    one = told(
        title, "news", summary="Saturday's session discusses whaling, harpoons, captains and obsession in Melville."
    )
    two = told(
        title, "blog", summary="Penhallow branch welcomes parents; toddlers enjoy picture rhymes, biscuits, puppets."
    )
    assert merged(one, two) == ()
    assert merged(one, told(title, "blog", summary="We discussed whaling and captains.")) != ()


def test_one_address_is_one_story() -> None:
    address = "https://example.org/story"
    [found] = merged(told("Our own words", "news", url=address), told("Quite another heading", "blog", url=address))
    assert found.rule is MergeRule.SAME_ADDRESS
    assert found.reason == "the same address as “Our own words” in News"


def test_an_address_that_a_source_gives_to_everything_says_nothing() -> None:
    home = "https://example.org/events"
    assert (
        merged(
            told("First talk of the year", "events", url=home),
            told("Second talk of the year", "events", url=home),
            told("Our events page has moved", "news", url=home),
        )
        == ()
    )


def test_a_page_that_several_stories_share_does_not_make_them_one() -> None:
    booking = "https://book.example/organiser/halyard"
    assert (
        merged(told("Webinar 1: captions", "news", url=booking), told("Webinar 2: quizzes", "blog", url=booking))
        == ()
    )
    home = "https://www.halyard.example/"
    assert merged(told("A story of ours", "news", url=home), told("Another one", "blog", url=home)) == ()
    diary = {"url": "https://www.halyard.example/reading-group"}
    one, other = (
        told("Reading group", source, event=when, **diary)
        for source, when in (("events", "2024-03-01 12:00"), ("news", "2024-04-01 12:00"))
    )
    assert merged(one, other) == ()


def test_the_same_headline_days_later_is_another_story() -> None:
    title = "Notes from the trustees' meeting room"
    assert merged(told(title, "news"), told(title, "blog", published="2024-02-12 06:00")) == ()
    assert merged(told(title, "news"), told(title, "blog", published="2024-02-10 10:00")) != ()


def test_the_same_title_at_another_time_is_another_event() -> None:
    title = "Reading group for learning technologists"
    one, other = (
        told(title, source, event=when)
        for source, when in (("events", "2024-03-01 12:00"), ("news", "2024-04-01 12:00"))
    )
    assert merged(one, other) == ()


def test_two_events_are_not_made_one_by_a_third_that_names_no_time() -> None:
    title = "Reading circle for lecturers and librarians"
    one = told(title, "events", event="2024-03-01 12:00", key=1)
    other = told(title, "blog", event="2024-04-01 12:00", key=2)
    found = merged(one, other, told(title, "news", key=3))
    assert len(found) == 1
    assert {frozenset((d.key, d.into)) for d in found} <= {frozenset((1, 3)), frozenset((2, 3))}


def test_two_stories_of_one_source_are_not_made_one_by_another_source() -> None:
    title = "Places left on the technicians' course"
    here = [told(title, "events", key=k, summary=text) for k, text in ((1, "In Leeds."), (2, "Bristol, next month."))]
    assert len(merged(*here, told(title, "news", key=3))) == 1


def test_an_all_day_event_and_its_hour() -> None:
    title = "Portfolio day for practitioners at Penhallow"
    whole = told(title, "events", event="2024-03-01 00:00")
    assert whole.doc.event is not None
    event = whole.doc.event.model_copy(update={"all_day": True})
    whole = replace(whole, doc=whole.doc.model_copy(update={"event": event}))
    assert merged(whole, told(title, "news", event="2024-03-01 09:30")) != ()
    assert merged(whole, told(title, "news", event="2024-03-02 09:30")) == ()


def test_places_dois_and_closing_days_that_contradict() -> None:
    title = "A fellowship in maritime pedagogy research"
    plain = told(title, "news", event="2024-03-01 12:00", closing=dt.date(2024, 3, 1))
    assert merged(plain, told(title, "blog", closing=dt.date(2024, 3, 1))) != ()
    assert merged(plain, told(title, "blog", closing=dt.date(2024, 4, 1))) == ()

    def stating(**facts: Any) -> Candidate:
        source = facts.pop("source")
        made = told(title, source)
        return replace(made, doc=made.doc.model_copy(update=facts))

    def at_place(source: str, place: str, online: bool = False) -> Candidate:
        event = EventTime(start=at("2024-03-01 12:00"), place=place, online=online)
        return stating(source=source, event=event)

    assert merged(at_place("news", "Leeds"), at_place("blog", "London")) == ()
    assert merged(at_place("news", "Leeds"), at_place("blog", "Room 4, Leeds")) != ()
    assert merged(at_place("news", "Leeds"), at_place("blog", "Zoom", online=True)) != ()
    one, same, other = (
        stating(source=source, publication=Publication(doi=doi))
        for source, doi in (("news", "10.1/A"), ("blog", "10.1/a"), ("blog", "10.1/b"))
    )
    assert merged(one, same) != ()
    assert merged(one, other) == ()


def test_the_reason_names_the_entry_that_it_is_like() -> None:
    page = "https://example.org/story"
    found = merged(
        told("Sixty recordings of harbour songs", "news", key=1, url=page),
        told("Harbour songs, recorded", "events", key=2, url=page),
        told("Harbour songs, recorded: a diary of sixty evenings", "blog", key=4, url=page + "?p=4"),
        told("Sixty recordings of harbour songs", "blog", key=3),
    )
    assert {d.key: (d.rule, d.reason) for d in found} == {
        2: (MergeRule.SAME_ADDRESS, "the same address as “Sixty recordings of harbour songs” in News"),
        3: (MergeRule.SAME_TITLE, "the same headline as “Sixty recordings of harbour songs” in News"),
    }
    first, second = merged(
        told("Sixty recordings of harbour songs", "news", key=1, url=page),
        told("Sailors' shanties rescued from wax cylinders", "events", key=2, url=page),
        told("Sailors' shanties rescued from wax cylinders", "blog", key=3),
    )
    assert (first.key, second.key) == (2, 3)
    assert second.reason == (
        "the same headline as “Sailors' shanties rescued from wax cylinders” in Events, "
        "which is the same story as “Sixty recordings of harbour songs” in News"
    )


def test_one_source_does_not_repeat_itself_by_title_alone() -> None:
    title = "Places left on the technicians' course"
    assert merged(told(title, "news", summary="In Leeds."), told(title, "news", summary="Bristol, next month.")) == ()
    assert (
        merged(told(title, "news", summary="In Leeds.", key=1), told(title, "news", summary="In Leeds.", key=2)) != ()
    )


def test_the_first_source_stays_then_the_fullest() -> None:
    title = "A shared library of lesson recordings"
    [found] = merged(told(title, "blog", key=1, summary="long " * 50), told(title, "news", key=2))
    assert found.into == 2
    three = [told(title, source, key=k) for k, source in ((5, "blog"), (6, "events"), (7, "news"))]
    assert {(d.key, d.into) for d in merged(*three)} == {(5, 7), (6, 7)}


def test_what_staff_took_apart_stays_apart() -> None:
    title = "A shared library of lesson recordings"
    three = [told(title, source, key=k) for k, source in ((1, "news"), (2, "events"), (3, "blog"))]
    found = merged(*three, apart=[frozenset((1, 3))])
    together = {frozenset((d.key, d.into)) for d in found}
    assert frozenset((1, 3)) not in together
    assert len(found) == 1, "not even by way of the third"


def test_what_staff_merged_is_merged_into_what_they_said() -> None:
    one, other = told("Prize-giving at Landfall", "news", key=1), told("Who won what", "blog", key=2)
    [found] = merged(one, other, joined={1: 2})
    assert (found.key, found.into, found.rule) == (1, 2, MergeRule.BY_HAND)
    assert merged(one, other, joined={1: 99}) == ()


def test_what_staff_took_apart_is_above_what_they_merged() -> None:
    three = [told(f"Unlike {word} in every way", source, key=k) for k, word, source in FIGURES]
    found = merged(*three, joined={1: 2, 2: 3}, apart=[frozenset((1, 3))])
    assert [(d.key, d.into) for d in found] == [(1, 2)]
    assert {(d.key, d.into) for d in merged(*three, joined={1: 2, 2: 3})} == {(1, 3), (2, 3)}, "no chains"
    assert len(merged(*three, joined={1: 2, 2: 1})) == 1, "round in a circle"


FIGURES = ((1, "squares", "news"), (2, "circles", "events"), (3, "spirals", "blog"))


titles = st.sampled_from([title for pair in (*SAME, *DIFFERENT) for title in pair])
events = st.sampled_from(["", "", "2024-03-01 12:00", "2024-04-01 12:00"])
texts = st.sampled_from(["", WORDY, WORDY[:80], "Quite another text."])
addresses = st.sampled_from(["", "", "https://e.example/x", "https://e.example/y", "https://e.example/"])
drawn = st.lists(
    st.tuples(titles, st.sampled_from(list(RANK)), st.integers(0, 9), addresses, texts, events), max_size=14
)
pairs = st.frozensets(st.integers(1, 14), min_size=2, max_size=2)
Row = tuple[str, str, int, str, str, str]


def made(rows: list[Row]) -> list[Candidate]:
    return [
        told(
            title,
            source,
            key=n + 1,
            published=at("2024-02-01 10:00") + dt.timedelta(days=day),
            summary=text,
            event=event or None,
            **({"url": url} if url else {}),
        )
        for n, (title, source, day, url, text, event) in enumerate(rows)
    ]


def groups_of(found: tuple[Duplicate, ...]) -> list[set[int]]:
    groups: dict[int, set[int]] = {}
    for duplicate in found:
        groups.setdefault(duplicate.into, {duplicate.into}).add(duplicate.key)
    return list(groups.values())


@given(drawn, st.randoms(use_true_random=False), st.sets(pairs))
def test_groups_are_groups(rows: list[Row], shuffle: random.Random, apart: set[frozenset[int]]) -> None:
    candidates = made(rows)
    found = merged(*candidates, apart=apart)
    gone = [d.key for d in found]
    assert len(gone) == len(set(gone))
    assert not {d.into for d in found} & set(gone), "what stays is never merged itself"
    shuffled = list(candidates)
    shuffle.shuffle(shuffled)
    assert merged(*shuffled, apart=apart) == found
    groups = groups_of(found)
    assert not [pair for pair in apart for group in groups if pair <= group]
    starts = {c.key: c.doc.event.start for c in candidates if c.doc.event}
    assert all(len({starts[key] for key in group if key in starts}) <= 1 for group in groups)


@given(drawn, st.sets(pairs), st.dictionaries(st.integers(1, 14), st.integers(1, 14), max_size=4))
def test_staff_are_obeyed(rows: list[Row], apart: set[frozenset[int]], joined: dict[int, int]) -> None:
    candidates = made(rows)
    groups = groups_of(merged(*candidates, apart=apart, joined=joined))
    assert not [pair for pair in apart for group in groups if pair <= group]
    groups = groups_of(merged(*candidates, joined=joined))
    known = {c.key for c in candidates}
    for key, into in joined.items():
        if key != into and {key, into} <= known:
            assert any({key, into} <= group for group in groups)


@given(st.lists(titles, max_size=12, unique=True), st.data())
def test_merging_what_is_left_finds_nothing_more(some: list[str], data: st.DataObject) -> None:
    rank = {f"s{n}": n for n in range(len(some))}
    days = data.draw(st.lists(st.integers(0, 1), min_size=len(some), max_size=len(some)))
    told_once = [
        story(title, at("2024-02-01 10:00") + dt.timedelta(days=day), source=f"s{n}", url=f"https://s{n}.example/a")
        for n, (title, day) in enumerate(zip(some, days, strict=True))
    ]
    gone = {d.key for d in find_duplicates(told_once, rank=rank)}
    assert find_duplicates([c for c in told_once if c.key not in gone], rank=rank) == ()


def read(body: bytes, source: str, now: dt.datetime) -> tuple[ParsedEntry, ...]:
    kind = "events" if "events" in source else "list"
    settings = {"zone": "Europe/London", "teaser_length": 280, "max_items": 100}
    feed = parse_feed(body, Reading(source=source, section_kind=kind, now=now, **settings))  # type: ignore[arg-type]
    assert isinstance(feed, ParsedFeed)
    return feed.entries


def as_candidates(feeds: dict[str, bytes], now: dt.datetime) -> list[Candidate]:
    read_ = [(source, entry) for source, body in feeds.items() for entry in read(body, source, now)]
    return [
        Candidate(
            key=n,
            source=source,
            source_title=source,
            section="news",
            identity=entry.identity,
            url_key=entry.url_key,
            title_key=entry.title_key,
            published_at=entry.published_at,
            first_seen_at=now,
            date_quality="exact",
            doc=entry.doc,
        )
        for n, (source, entry) in enumerate(read_)
    ]


def test_the_stories_that_the_sample_association_tells_twice(config: Config, monday: dt.datetime) -> None:
    now = monday + dt.timedelta(days=21)
    twice = {
        "Buying captions: a two-page note for people who sign the order",
        "Eleven open textbooks get a second edition",
        "We read 180 accessibility statements so that you need not",
    }
    candidates = as_candidates({name: feed_bytes(name, config=config, now=now) for name in NAMES}, now)
    by_key = {c.key: c for c in candidates}
    found = find_duplicates(candidates, rank={name: n for n, name in enumerate(NAMES)})
    assert found
    for duplicate in found:
        one, other = by_key[duplicate.key], by_key[duplicate.into]
        assert one.doc.title == other.doc.title
        assert one.doc.title in twice
        assert (one.source, other.source) == ("blog", "news")


ALT = Path(__file__).resolve().parents[2] / ".." / "shared" / "feeds" / "alt"


@pytest.mark.skipif(not ALT.is_dir(), reason=f"the folder of real feeds, {ALT}, is not there")
def test_real_feeds_in_which_nothing_is_told_twice() -> None:
    now = at("2024-02-19 07:00")
    candidates = as_candidates({p.name: p.read_bytes() for p in sorted(ALT.iterdir())}, now)
    assert len(candidates) >= 20
    rank = {source: n for n, source in enumerate(dict.fromkeys(c.source for c in candidates))}
    assert find_duplicates(candidates, rank=rank, span=dt.timedelta(days=60)) == ()
    again = [
        replace(c, key=c.key + 1000, source="river", source_title="River", url_key=f"{c.key:064}", doc=doc)
        for c in candidates
        for doc in [
            c.doc.model_copy(update={"url": f"https://river.example/{c.key}", "title": f"{c.doc.title} | River"})
        ]
    ]
    found = find_duplicates([*candidates, *again], rank=rank)
    assert {(d.key, d.into) for d in found} == {(c.key + 1000, c.key) for c in candidates}, "each with its own twin"
