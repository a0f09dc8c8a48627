"""Numbers: given once, never given back, and none missing without a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.compose.models import Issue, IssueKind, IssueState, Number, NumberKind
from digest.compose.number import give_number, next_number, number_of
from digest.config import Config, Keys
from digest.errors import StateError, UsageError
from digest.pipeline.numbers import NumberLine, report, set_aside

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MONDAY = dt.date(2024, 2, 12)


def aside(number: int, kind: NumberKind = NumberKind.RESERVED, why: str = "used elsewhere") -> None:
    set_aside(number, kind=kind, why=why, actor="sam", now=NOW)


def test_the_first_number_is_counted_from_the_anchor(association: Config) -> None:
    assert next_number(association, MONDAY) == 736
    assert next_number(association, MONDAY + dt.timedelta(days=21)) == 739


def test_a_number_set_aside_is_passed_over(association: Config) -> None:
    aside(736)
    aside(737, NumberKind.SKIPPED)
    assert next_number(association, MONDAY) == 738


def test_a_far_reservation_does_not_move_the_count(association: Config) -> None:
    aside(800)
    assert next_number(association, MONDAY) == 736


def test_a_reserved_number_may_be_skipped_later_and_no_other(association: Config) -> None:
    aside(740)
    aside(740, NumberKind.SKIPPED, "the special was never made")
    assert Number.objects.get(number=740).why == "the special was never made"
    for kind in (NumberKind.RESERVED, NumberKind.SKIPPED):
        with pytest.raises(StateError, match="Number 740 is taken: skipped"):
            aside(740, kind)


@pytest.mark.parametrize(
    ("number", "why", "words"), [(0, "x", "cannot be"), (-1, "x", "cannot be"), (5, "  ", "reason")]
)
def test_what_is_no_number_or_no_reason(number: int, why: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        aside(number, why=why)


def an_issue(number: int, *, kind: NumberKind = NumberKind.ISSUED) -> Issue:
    """An issue that bears `number`."""
    day = MONDAY + dt.timedelta(weeks=number - 736)
    issue = Issue.objects.create(
        kind=IssueKind.IMPORTED if kind is NumberKind.IMPORTED else IssueKind.WEEKLY,
        slot=day,
        title_date=day,
        window_start=NOW,
        planned_cutoff=NOW,
        state=IssueState.SENT,
        merge_tag="x",
        created_at=NOW,
    )
    Number.objects.create(number=number, kind=kind, issue=issue, actor="sam", at=NOW)
    return issue


def missing() -> list[str]:
    return [line.span for line in report() if not line.explained]


def test_the_report_names_what_nobody_has_explained(association: Config) -> None:
    assert list(report()) == []
    aside(730)
    an_issue(733)
    an_issue(736)
    aside(737, NumberKind.SKIPPED, "a holiday")
    assert missing() == ["731-732", "734-735"]
    assert report()[0].words == "reserved: used elsewhere"
    set_aside(731, 732, kind=NumberKind.SKIPPED, why="the old list was down", actor="sam", now=NOW)
    assert missing() == ["734-735"]


def test_numbers_below_a_far_reservation_are_still_to_come(association: Config) -> None:
    an_issue(740)
    aside(1_000_000)
    assert next_number(association, MONDAY) == 741
    assert [(line.span, line.to_come) for line in report()] == [
        ("740", False),
        ("741-999999", True),
        ("1000000", False),
    ]
    an_issue(743)
    assert missing() == ["741-742"], "passed over now, so they will never be used"


def test_the_count_goes_on_above_imported_issues(association: Config) -> None:
    an_issue(738, kind=NumberKind.IMPORTED)
    assert next_number(association, MONDAY) == 739
    an_issue(739)
    an_issue(745, kind=NumberKind.IMPORTED)
    aside(746)
    assert next_number(association, MONDAY) == 747


def test_weeks_skipped_before_the_first_issue_use_no_number(association: Config) -> None:
    Issue.objects.create(
        slot=MONDAY,
        title_date=MONDAY,
        window_start=NOW,
        planned_cutoff=NOW,
        state=IssueState.SKIPPED,
        merge_tag="x",
        created_at=NOW,
    )
    assert next_number(association, MONDAY + dt.timedelta(days=7)) == 736


def test_several_are_set_aside_together_or_not_at_all(association: Config) -> None:
    aside(12, NumberKind.SKIPPED, "lost")
    with pytest.raises(StateError, match="Number 12 is taken: skipped: lost"):
        set_aside(10, 14, kind=NumberKind.SKIPPED, why="never made", actor="sam", now=NOW)
    assert [line.number for line in report()] == [12]
    for first, last in ((14, 10), (1, 20_000)):
        with pytest.raises(UsageError):
            set_aside(first, last, kind=NumberKind.SKIPPED, why="never made", actor="sam", now=NOW)


def test_a_number_taken_meanwhile(association: Config) -> None:
    issue = an_issue(736)
    other = Issue.objects.create(
        slot=MONDAY + dt.timedelta(days=7),
        title_date=MONDAY,
        window_start=NOW,
        planned_cutoff=NOW,
        merge_tag="x",
        created_at=NOW,
    )
    number = next_number(association, MONDAY)
    aside(number)  # between the look and the approval
    with pytest.raises(StateError, match="Number 737 was taken a moment ago"):
        give_number(other, number, actor="sam", now=NOW)
    with pytest.raises(StateError, match="has the number 736 already"):
        give_number(issue, 738, actor="sam", now=NOW)
    give_number(issue, 736, actor="sam", now=NOW)
    assert Number.objects.count() == 2


@pytest.mark.usefixtures("members")
def test_an_issue_takes_the_next_free_number(
    association: Config, keys: Keys, publish_feed: Callable[..., None]
) -> None:
    aside(736)
    publish_feed("news", ("A library opens", NOW - dt.timedelta(days=2)))
    pipeline.gather(association, now=NOW)
    coming = pipeline.coming(association, now=NOW)
    issue = pipeline.approve(association, coming.issue.pk, actor="sam", now=NOW, revision=coming.issue.revision)
    assert number_of(issue) == 737
    assert [line.words for line in report()] == [
        "reserved: used elsewhere",
        "issued: Weekly News Digest - Issue 737, 12 Feb 2024 (approved)",
    ]
    pipeline.void_approval(association, issue.pk, actor="sam", now=NOW)
    assert report()[1].words == "issued: the issue of 2024-02-12 (draft)"
    with pytest.raises(StateError, match="is taken: issued: the issue of"):
        aside(737)


_moves = st.lists(
    st.tuples(st.sampled_from(["reserve", "skip", "issue", "import"]), st.integers(730, 745)), max_size=15
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_moves)
def test_no_gap_goes_unreported(association: Config, moves: list[tuple[str, int]]) -> None:
    Number.objects.all().delete()
    Issue.objects.all().delete()
    used: set[int] = set()
    borne: set[int] = set()
    for move, number in moves:
        if move == "issue":
            number = next_number(association, MONDAY)
            assert number not in used
            assert number > max(borne, default=0)
            an_issue(number)
            borne.add(number)
        elif move == "import" and number not in used:
            an_issue(number, kind=NumberKind.IMPORTED)
            borne.add(number)
        elif move in ("reserve", "skip"):
            try:
                aside(number, NumberKind.RESERVED if move == "reserve" else NumberKind.SKIPPED)
            except StateError:
                assert number in used
        used.add(number)
    lines = report()
    told = {n: line for line in lines for n in range(line.number, line.last + 1)}
    assert len(told) == sum(line.last - line.number + 1 for line in lines), "none is told twice"
    assert set(told) == (set(range(min(used), max(used) + 1)) if used else set())
    expected = {n for n in told if n not in used and n < max(borne, default=0)}
    assert {n for n, line in told.items() if not line.explained} == expected
    assert {n for n, line in told.items() if line.to_come} == set(told) - used - expected
    assert all(isinstance(line, NumberLine) and line.words for n, line in told.items() if n in used)
