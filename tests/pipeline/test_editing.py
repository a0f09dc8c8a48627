"""What editors do to an issue, through the pipeline: held over, made by hand, taken apart, reviewed, explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.compose.document import Outcome
from digest.compose.models import Approval, Issue, IssueState, Number, Placement
from digest.config import Config, Keys
from digest.deliver.models import Batch, Delivery, Edition
from digest.errors import ConflictError, StateError, UsageError
from digest.gather.models import Entry
from digest.pipeline.why import why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)
Publish = Callable[..., None]


@pytest.fixture
def week(association: Config, publish_feed: Publish) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("A call goes out", MONDAY - 3 * DAY))
    publish_feed("blog", ("On small things", MONDAY - DAY))
    pipeline.gather(association, now=MONDAY - HOUR)
    return association


def entry(title: str) -> int:
    return Entry.objects.get(latest_doc__title=title).pk


def change(config: Config, kind: str, key: int | None = None, now: dt.datetime = MONDAY, **value: Any) -> int:
    coming = pipeline.coming(config, now=now)
    return pipeline.add_edit(
        config,
        coming.issue.pk,
        kind=kind,
        entry=key,
        value=value,
        actor="sam",
        now=now,
        base_revision=coming.issue.revision,
    )


def titles(config: Config, now: dt.datetime = MONDAY) -> list[str]:
    return [item.title for item in pipeline.coming(config, now=now).document.items]


def send(config: Config, keys: Keys, now: dt.datetime = MONDAY) -> None:
    coming = pipeline.coming(config, now=now)
    pipeline.approve(config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision)
    pipeline.run_due(config, keys, now=now + 2 * HOUR)


def test_what_is_held_stands_in_the_next_issue(week: Config, keys: Keys) -> None:
    change(week, "hold", entry("A library opens"))
    send(week, keys)
    assert titles(week, MONDAY + WEEK) == ["A library opens"]
    send(week, keys, MONDAY + WEEK)
    assert [a.outcome for a in why(week, "A library opens", number=None, now=MONDAY + WEEK)] == ["held", "included"]


def test_a_new_installation_starts_with_seven_days(association: Config, publish_feed: Publish) -> None:
    publish_feed(
        "news", ("This week", MONDAY - 6 * DAY), ("Last week", MONDAY - 8 * DAY), ("Last year", MONDAY - 300 * DAY)
    )
    pipeline.gather(association, now=MONDAY - HOUR)
    coming = pipeline.coming(association, now=MONDAY)
    assert coming.document.window.end - coming.document.window.start == WEEK
    assert titles(association) == ["This week"]
    assert {p.outcome.value for p in coming.composition.placements} == {"included", "too-old"}


def test_an_item_made_by_hand(week: Config, keys: Keys) -> None:
    coming = pipeline.coming(week, now=MONDAY)
    pipeline.add_item(
        week,
        coming.issue.pk,
        title="A word from\nthe chair",
        url="https://example.org/word",
        summary="In a few lines.",
        section="announcements",
        actor="sam",
        now=MONDAY,
        base_revision=coming.issue.revision,
    )
    assert titles(week)[-1] == "A word from the chair"
    change(week, "undo")
    assert "A word from the chair" not in titles(week)
    change(week, "redo")
    send(week, keys)
    assert Placement.objects.get(reason="added by an editor").binding


def test_nothing_half_added(week: Config) -> None:
    coming = pipeline.coming(week, now=MONDAY)
    for bad in ({"section": "nosuch"}, {"section": "news", "url": "ftp://x.example/"}):
        with pytest.raises(UsageError):
            pipeline.add_item(
                week, coming.issue.pk, title="X", actor="sam", now=MONDAY, base_revision=coming.issue.revision, **bad
            )
    assert not Entry.objects.filter(source__key="manual").exists()
    assert pipeline.coming(week, now=MONDAY).issue.revision == coming.issue.revision


def test_nothing_to_undo(week: Config) -> None:
    for kind in ("undo", "redo"):
        with pytest.raises(StateError, match=f"nothing to {kind}"):
            change(week, kind)


def test_a_story_told_twice_is_merged_and_can_be_taken_apart(week: Config, publish_feed: Publish) -> None:
    title = "A shared library of lesson recordings opens"
    publish_feed("news", (title, MONDAY - 2 * DAY))
    publish_feed("blog", (f"{title}!", MONDAY - DAY))
    pipeline.gather(week, now=MONDAY - HOUR)
    document = pipeline.coming(week, now=MONDAY).document
    assert [item.also_in for item in document.items if item.title == title] == [("The Blog",)]
    [told, _] = sorted(why(week, title, number=None, now=MONDAY), key=lambda a: a.outcome, reverse=True)
    assert told.reason == f"the same headline as “{title}” in The News"
    change(week, "apart", entry(f"{title}!"), other=entry(title))
    assert {title, f"{title}!"} <= set(titles(week))


def test_reviewing_and_what_changed_since(week: Config, publish_feed: Publish) -> None:
    assert pipeline.changes_since_review(pipeline.coming(week, now=MONDAY)) is None
    before = pipeline.coming(week, now=MONDAY)
    pipeline.mark_reviewed(before, actor="sam", now=MONDAY)
    assert pipeline.coming(week, now=MONDAY).issue.revision == before.issue.revision
    publish_feed("blog", ("On small things", MONDAY - DAY), ("Breaking news of the day", MONDAY - 2 * HOUR))
    pipeline.gather(week, now=MONDAY)
    changes = pipeline.changes_since_review(pipeline.coming(week, now=MONDAY))
    assert changes is not None
    assert changes[0] == "new in Blog: Breaking news of the day"


def test_why_by_address_and_in_one_issue(week: Config, keys: Keys) -> None:
    send(week, keys)
    [answer] = why(week, "https://news.example/A%20library%20opens?utm_source=mail", number=736, now=MONDAY + DAY)
    assert (answer.issue, answer.outcome) == ("issue 736", "included")
    assert answer.reason == "in news, published within this issue's week"
    assert why(week, "no such thing", number=None, now=MONDAY) == []


def test_an_entry_whose_identity_changed_does_not_come_again(week: Config, keys: Keys) -> None:
    send(week, keys)
    row = Entry.objects.get(latest_doc__title="A library opens")
    row.pk, row.identity = None, "f" * 64
    row.first_seen_at = MONDAY + DAY
    row.save(force_insert=True)
    coming = pipeline.coming(week, now=MONDAY + WEEK)
    [placed] = [p for p in coming.composition.placements if p.candidate.key == row.pk]
    assert placed.outcome is Outcome.EARLIER
    assert placed.reason.startswith("it stood in issue 736 under another identity")


_steps = st.lists(
    st.sampled_from(
        ["publish", "publish", "backdate", "gather", "drop", "hold", "include", "undo", "send", "early", "skip"]
    ),
    min_size=6,
    max_size=22,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_steps, st.integers(0, 3))
def test_whatever_happens_an_entry_stands_in_one_issue_at_most(
    association: Config, keys: Keys, publish_feed: Publish, steps: list[str], seed: int
) -> None:
    """Any sequence of gathers, edits, skips and sends: one item at most, and one placement for each issue."""
    for model in (Delivery, Batch, Edition, Approval, Number, Placement, Issue, Entry):
        model.objects.all().delete()
    now = MONDAY - 6 * DAY
    told: list[tuple[str, dt.datetime]] = []
    publish_feed("news")
    pipeline.gather(association, now=now - WEEK)
    for step, what in enumerate(steps):
        now += 5 * HOUR
        if what in ("publish", "backdate"):
            told.append((f"Story number {step} about topic {seed}", now - (8 * DAY if what == "backdate" else HOUR)))
            publish_feed("news", *told)
        elif what == "gather":
            pipeline.gather(association, now=now)
        elif what in ("drop", "hold", "include", "undo"):
            coming = pipeline.coming(association, now=now)
            seen = [p.candidate.key for p in coming.composition.placements]
            key = seen[seed % len(seen)] if seen and what != "undo" else None
            with suppress(StateError, UsageError):
                change(association, what, key, now=now)
        elif what == "skip":
            now += WEEK
            pipeline.run_due(association, keys, now=now)
        else:
            coming = pipeline.coming(association, now=now)
            at = now if what == "early" else max(now, coming.slot.cut_off)
            try:
                pipeline.approve(association, coming.issue.pk, actor="sam", now=at, revision=coming.issue.revision)
            except StateError:
                continue
            now = max(at, coming.slot.send_at)
            pipeline.run_due(association, keys, now=now)
    bound = list(Placement.objects.filter(binding=True).values_list("entry_id", flat=True))
    assert len(bound) == len(set(bound))
    items = [
        item["entry"]
        for issue in Issue.objects.filter(state__in=(IssueState.SENT, IssueState.RELEASED, IssueState.APPROVED))
        for section in (issue.document or {"sections": []})["sections"]
        for item in section["items"]
    ]
    assert sorted(items) == sorted(bound)
    pairs = list(Placement.objects.values_list("issue_id", "entry_id"))
    assert len(pairs) == len(set(pairs))
    draft = [p.candidate.key for p in pipeline.coming(association, now=now).composition.placements]
    assert len(draft) == len(set(draft))


def test_a_change_made_on_an_older_page_is_merged_when_it_touches_nothing_new(week: Config) -> None:
    old = pipeline.coming(week, now=MONDAY).issue
    change(week, "drop", entry("A library opens"))

    def late(kind: str, key: int, **value: Any) -> int:
        return pipeline.add_edit(
            week, old.pk, kind=kind, entry=key, value=value, actor="kim", now=MONDAY,
            base_revision=old.revision, merge=True,
        )  # fmt: skip

    assert late("rewrite", entry("On small things"), title="On smaller things") == old.revision + 2
    with pytest.raises(ConflictError):
        late("pin", entry("A library opens"))
    with pytest.raises(ConflictError):
        change_on(week, old, "pin", entry("A call goes out"))  # not merged unless asked for
    assert titles(week) == ["A call goes out", "On smaller things"]


def test_nothing_is_merged_over_an_approval_that_came_between(week: Config) -> None:
    old = pipeline.coming(week, now=MONDAY).issue
    pipeline.approve(week, old.pk, actor="sam", now=MONDAY, revision=old.revision)
    pipeline.void_approval(week, old.pk, actor="sam", now=MONDAY, why="one more thing")
    with pytest.raises(ConflictError):
        pipeline.add_edit(
            week, old.pk, kind="drop", entry=entry("A library opens"), actor="kim", now=MONDAY,
            base_revision=old.revision, merge=True,
        )  # fmt: skip


def change_on(config: Config, issue: Issue, kind: str, key: int) -> int:
    return pipeline.add_edit(
        config, issue.pk, kind=kind, entry=key, actor="kim", now=MONDAY, base_revision=issue.revision
    )
