"""Which entry stands in which issue, in which order, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.assemble import Past, compose
from digest.compose.document import Candidate, Composition, Outcome, Window
from digest.compose.edit import EditKind, EditValue, Overlay, check_edit, fold
from digest.compose.headline import issue_title, preheader
from digest.compose.window import LateRule, week_window
from digest.config import Config
from digest.config.weeks import latest_slot
from digest.errors import UsageError
from tests.compose.values import at, story

START, END = at("2024-02-05 07:00"), at("2024-02-12 07:00")
SECOND = dt.timedelta(seconds=1)
SINCE_JANUARY = LateRule(
    limit=dt.timedelta(days=28), gathered_since=dict.fromkeys(("news", "events", "blog"), at("2024-01-01 00:00"))
)


def issue(config: Config, candidates: Iterable[Candidate], **more: object) -> Composition:
    return compose(
        config,
        candidates,
        window=Window(start=START, end=END),
        date=dt.date(2024, 2, 12),
        send_at=at("2024-02-12 09:00"),
        number=736,
        **more,  # type: ignore[arg-type]
    )


def titles(composition: Composition) -> list[str]:
    return [item.title for item in composition.document.items]


def outcome(composition: Composition, title: str) -> tuple[str, str]:
    [placed] = [p for p in composition.placements if p.candidate.doc.title == title]
    return placed.outcome.value, placed.reason


@pytest.mark.parametrize(
    ("published", "inside"),
    [(START - SECOND, False), (START, True), (START + SECOND, True), (END - SECOND, True), (END, False)],
)
def test_the_window_is_half_open(config: Config, published: dt.datetime, inside: bool) -> None:
    assert bool(titles(issue(config, [story("A", published)]))) is inside


def test_the_title_is_the_one_members_know(config: Config) -> None:
    assert issue_title(config, 736, dt.date(2024, 2, 12)) == "Weekly News Digest - Issue 736, 12 Feb 2024"
    assert issue_title(config, 735, dt.date(2024, 2, 5)) == "Weekly News Digest - Issue 735, 05 Feb 2024"


def test_sections_stand_in_the_order_of_config_and_news_newest_first(config: Config) -> None:
    composition = issue(
        config,
        [
            story("Post", "2024-02-06 10:00", section="blog"),
            story("Older", "2024-02-06 10:00"),
            story("Newer", "2024-02-07 10:00"),
        ],
    )
    assert titles(composition) == ["Newer", "Older", "Post"]
    assert [s.id for s in composition.document.sections if s.items] == ["news", "blog"]


def test_events_stand_by_their_start_and_those_over_are_left_out(config: Config) -> None:
    composition = issue(
        config,
        [
            story("Later", "2024-02-06 10:00", section="events", event="2024-03-20 10:00"),
            story("Undated", "2024-02-06 10:00", section="events"),
            story("Soon", "2024-02-07 10:00", section="events", event="2024-02-13 10:00"),
            story("Over", "2024-02-07 10:00", section="events", event="2024-02-09 10:00"),
        ],
    )
    assert titles(composition) == ["Soon", "Later", "Undated"]
    assert composition.document.items[0].flags == ("last-chance",)
    assert outcome(composition, "Over") == ("event-over", "the event was over on 9 Feb 2024, before the sending")


def test_jobs_whose_closing_day_has_passed_are_left_out(make_config) -> None:  # type: ignore[no-untyped-def]
    config = make_config('[[sections]]\nid = "jobs"\ntitle = "Jobs"\nkind = "jobs"\n')
    composition = issue(
        config,
        [
            story("Open", "2024-02-06 10:00", section="jobs", closing=dt.date(2024, 2, 12)),
            story("Closed", "2024-02-06 10:00", section="jobs", closing=dt.date(2024, 2, 11)),
        ],
    )
    assert titles(composition) == ["Open"]
    assert outcome(composition, "Closed") == ("expired", "it closed on 11 Feb 2024")


@pytest.mark.parametrize(
    "title",
    [
        "Weekly News Digest - Issue 735, 05 Feb 2024",
        "weekly news digest -  Issue 735, 5 February 2024",
        "[ALT-ANNOUNCE] Weekly News Digest - Issue 735, 05 Feb 2024",
        "Fwd: Weekly News Digest - Issue 1, 05 Feb 2024",
    ],
)
def test_a_digest_never_lists_itself(config: Config, title: str) -> None:
    composition = issue(config, [story(title, "2024-02-05 09:30", section="announcements")])
    assert titles(composition) == []
    assert outcome(composition, title)[0] == "own-digest"


@pytest.mark.parametrize(
    "title",
    ["About the Weekly News Digest", "Weekly News Digest - Issue", "What Weekly News Digest - Issue 7, x got"],
)
def test_a_story_about_the_digest_is_a_story(config: Config, title: str) -> None:
    assert titles(issue(config, [story(title, "2024-02-06 09:30")])) == [title]


def test_over_the_limit(make_config) -> None:  # type: ignore[no-untyped-def]
    from tests.conftest import CONFIG

    config = make_config(base=CONFIG.replace('id = "news"', 'id = "news"\nmax_items = 2'))
    composition = issue(config, [story(f"S{n}", f"2024-02-0{5 + n} 10:00") for n in range(1, 5)])
    assert titles(composition) == ["S4", "S3"]
    assert composition.document.sections[0].more == 2
    assert outcome(composition, "S1") == ("over-limit", "over the section's limit of 2")


def test_a_late_entry_is_taken_and_marked(config: Config) -> None:
    late = story("Late", "2024-02-02 10:00", seen="2024-02-07 10:00")
    composition = issue(config, [late], late=SINCE_JANUARY)
    assert composition.document.items[0].flags == ("late",)
    assert outcome(composition, "Late") == ("included", "published earlier, but first seen this week")
    assert titles(issue(config, [late])) == [], "a look at a past week goes by published dates alone"


def test_a_late_entry_may_be_too_old(config: Config) -> None:
    composition = issue(config, [story("Old", "2023-12-24 10:00", seen="2024-02-07 10:00")], late=SINCE_JANUARY)
    assert outcome(composition, "Old") == ("too-old", "it came late and is more than 28 days older than this week")


def test_a_new_source_does_not_pour_its_history_in(config: Config) -> None:
    rule = LateRule(limit=dt.timedelta(days=28), gathered_since={"news": at("2024-02-07 10:00")})
    composition = issue(config, [story("Old", "2024-02-01 10:00", seen="2024-02-07 10:00")], late=rule)
    assert outcome(composition, "Old")[0] == "too-old"


def test_undated_entries_go_by_when_they_were_first_seen(config: Config) -> None:
    composition = issue(config, [story("Undated", None, seen="2024-02-07 10:00")], late=SINCE_JANUARY)
    assert titles(composition) == ["Undated"]


def test_an_entry_dated_in_the_future_waits(config: Config) -> None:
    composition = issue(config, [story("Soon", "2024-02-14 10:00", seen="2024-02-07 10:00")], late=SINCE_JANUARY)
    assert outcome(composition, "Soon")[0] == "waiting"


def test_what_stood_in_an_earlier_issue_does_not_come_again(config: Config) -> None:
    again = story("Again", "2024-02-06 10:00", key=77)
    composition = issue(config, [again], past=Past(stood_before=lambda c: "it stood in issue 735"))
    assert outcome(composition, "Again") == ("earlier", "it stood in issue 735")


def test_dropping_and_restoring(config: Config) -> None:
    one = story("One", "2024-02-06 10:00", key=5)
    drop = EditValue(kind=EditKind.DROP, entry=5, actor="sam@example.org")
    composition = issue(config, [one], overlay=fold([drop]))
    assert outcome(composition, "One") == ("dropped", "dropped by sam@example.org")
    assert titles(issue(config, [one], overlay=fold([drop, EditValue(kind=EditKind.RESTORE, entry=5)]))) == ["One"]


def test_the_editors_words_override(config: Config) -> None:
    edits = [
        EditValue(kind=EditKind.INTRO, value={"markdown": "Hello"}),
        EditValue(kind=EditKind.INTRO, value={"markdown": "Hello *again*"}),
        EditValue(kind=EditKind.SUBJECT, value={"text": "A subject"}),
    ]
    document = issue(config, [story("One", "2024-02-06 10:00")], overlay=fold(edits)).document
    assert (document.intro, document.subject) == ("Hello *again*", "A subject")
    assert document.title == "Weekly News Digest - Issue 736, 12 Feb 2024"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (EditValue(kind=EditKind.DROP), "must name an item"),
        (EditValue(kind=EditKind.INTRO, value={"text": "x"}), "must hold a text"),
        (EditValue(kind=EditKind.INTRO, value={"markdown": "x" * 20_001}), "20,001 characters long"),
        (EditValue(kind=EditKind.SUBJECT, value={"text": "x" * 301}), "at most 300 fit"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(edit: EditValue, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_edit(edit)


def test_a_subject_stays_on_one_line() -> None:
    edit = check_edit(EditValue(kind=EditKind.SUBJECT, value={"text": "One\r\nBcc: all@example.org"}))
    assert edit.value["text"] == "One Bcc: all@example.org"


def test_the_preheader_is_made_of_the_first_headlines(config: Config) -> None:
    composition = issue(config, [story("A " + "long " * 30, "2024-02-06 10:00")])
    assert 40 <= len(composition.document.preheader) <= 100
    assert composition.document.preheader.endswith("…")
    assert preheader([]) == ""


def test_the_same_input_gives_the_same_document(config: Config) -> None:
    stories = [story(f"S{n}", "2024-02-06 10:00") for n in range(6)]
    assert issue(config, stories).document.sha256 == issue(config, reversed(stories)).document.sha256


def test_the_published_form_names_no_row(config: Config) -> None:
    document = issue(config, [story("One", "2024-02-06 10:00", key=12345)]).document
    assert "12345" not in str(document.public().as_json())


@pytest.mark.parametrize(("monday", "hours"), [("2026-03-30", 167), ("2026-10-26", 169)])
def test_the_weeks_of_both_clock_changes(config: Config, monday: str, hours: int) -> None:
    """An hour shorter, an hour longer: one second inside either end is in, one second outside is not."""
    slot = latest_slot(config.plan, config.association.tz, at(f"{monday} 12:00"))
    window = week_window(config.plan, config.association.tz, slot)
    assert window.end - window.start == dt.timedelta(hours=hours)
    edges = {window.start - SECOND: 0, window.start: 1, window.end - SECOND: 1, window.end: 0}
    for instant, items in edges.items():
        composition = compose(
            config, [story("A", instant)], window=window, date=slot.date, send_at=slot.send_at, number=1
        )
        assert len(composition.document.items) == items


moments = st.datetimes(dt.datetime(2024, 1, 20), dt.datetime(2024, 2, 28), timezones=st.just(dt.UTC))


@given(
    st.lists(
        st.tuples(st.none() | moments, moments, st.sampled_from(["news", "events", "blog", "elsewhere"])), max_size=30
    ),
    st.sets(st.integers(0, 29)),
)
def test_every_candidate_the_window_saw_has_one_placement(rows, dropped) -> None:  # type: ignore[no-untyped-def]
    config = _config()
    stories = [
        story(f"S{n}", published, seen=seen, section=section, key=n + 1)
        for n, (published, seen, section) in enumerate(rows)
    ]
    overlay = Overlay(dropped=dict.fromkeys(dropped, "sam"))
    composition = issue(config, stories, overlay=overlay, late=SINCE_JANUARY)
    keys = [p.candidate.key for p in composition.placements]
    assert len(keys) == len(set(keys))
    included = {p.candidate.key for p in composition.placements if p.outcome is Outcome.INCLUDED}
    assert included == {item.entry for item in composition.document.items}
    assert all(p.reason for p in composition.placements)
    in_window = {s.key for s in stories if START <= (s.published_at or s.first_seen_at) < END}
    assert in_window <= set(keys)


@given(st.lists(st.tuples(st.none() | moments, moments), max_size=20), st.lists(moments, min_size=1, max_size=4))
def test_windows_tile_time(rows, cuts) -> None:  # type: ignore[no-untyped-def]
    """Whatever the closes of four issues, an entry seen while its source was read stands in exactly one of them."""
    config = _config()
    edges = [at("2024-01-08 07:00"), *sorted(set(cuts)), at("2024-03-25 07:00")]
    rule = LateRule(limit=dt.timedelta(days=365), gathered_since={"news": at("2023-12-01 00:00")})
    stories = [
        story(f"S{n}", published, seen=max(seen, published) if published else seen, key=n)
        for n, (published, seen) in enumerate(rows)
    ]
    seen_in: dict[int, int] = {}
    for start, end in pairwise(edges):
        known = [s for s in stories if s.first_seen_at < end]
        composition = compose(
            config,
            known,
            window=Window(start=start, end=end),
            date=end.date(),
            send_at=end,
            number=1,
            late=rule,
            past=Past(stood_before=lambda candidate: "before" if candidate.key in seen_in else None),
        )
        for item in composition.document.items:
            assert item.entry is not None
            assert item.entry not in seen_in
            seen_in[item.entry] = 1
    assert set(seen_in) == {s.key for s in stories}


def _config() -> Config:
    from digest.config import load_config
    from tests.conftest import HOME

    return load_config(HOME / "config.toml")
