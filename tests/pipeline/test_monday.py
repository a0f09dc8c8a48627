"""A whole Monday through the pipeline: gathered, approved, sent, published; and what goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest import pipeline
from digest.compose.models import Issue, IssueState, Number, Placement
from digest.compose.number import number_of
from digest.config import Config, Keys
from digest.deliver.models import Delivery, DeliveryState, Edition
from digest.errors import StateError, UsageError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]

Publish = Callable[..., None]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)  # the cut-off of issue 736
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SEND = MONDAY + 2 * HOUR


def approve(config: Config, now: dt.datetime = MONDAY) -> Issue:
    coming = pipeline.coming(config, now=now)
    return pipeline.approve(config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision)


@pytest.fixture
def week(association: Config, publish_feed: Publish) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("A call goes out", MONDAY - 3 * DAY))
    publish_feed("blog", ("On small things", MONDAY - DAY))
    pipeline.gather(association, now=MONDAY)
    return association


def mails(config: Config) -> list[Path]:
    return sorted(config.outbox_dir.rglob("*.eml"))


def test_from_feeds_to_inbox(week: Config, keys: Keys) -> None:
    issue = approve(week)
    assert number_of(issue) == 736
    assert issue.state == IssueState.APPROVED
    assert pipeline.run_due(week, keys, now=SEND - dt.timedelta(seconds=1)) == []
    assert mails(week) == []

    said = pipeline.run_due(week, keys, now=SEND, clock=lambda: SEND)
    assert said == ["Issue 736 is sent: 3 accepted."]
    issue.refresh_from_db()
    assert (issue.state, issue.released_at, issue.published_at) == (IssueState.SENT, SEND, SEND)
    assert len(mails(week)) == 3
    assert len({message["To"] for message in map(read, mails(week))}) == 3
    record = json.loads((week.issues_dir / "736" / "issue.json").read_text(encoding="utf-8"))
    assert record["title"] == "Weekly News Digest - Issue 736, 12 Feb 2024"
    for name in ("issue.json", "email.html", "email.txt", "index.html"):
        text = (week.issues_dir / "736" / name).read_text(encoding="utf-8")
        assert "A library opens" in text
        assert "unsubscribe/" not in text
        assert issue.merge_tag not in text
        assert "example.org" not in text.replace("digest@example.org", ""), "no member in the record"


def read(path: Path):  # type: ignore[no-untyped-def]
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_nothing_is_sent_twice(week: Config, keys: Keys) -> None:
    approve(week)
    pipeline.run_due(week, keys, now=SEND)
    before = {path: path.read_bytes() for path in mails(week)}
    for minutes in (0, 1, 60):
        pipeline.run_due(week, keys, now=SEND + dt.timedelta(minutes=minutes))
    assert {path: path.read_bytes() for path in mails(week)} == before
    assert Delivery.objects.count() == 3
    with pytest.raises(StateError, match="is sent, so it cannot be sent"):
        pipeline.send(week, keys, Issue.objects.get(number_row__number=736), now=SEND)


def test_the_next_week_begins_where_this_one_closed(week: Config, keys: Keys, publish_feed: Publish) -> None:
    friday = MONDAY - 2 * DAY + 6 * HOUR
    early = approve(week, now=friday)
    assert early.window_end == friday
    publish_feed("news", ("After the approval", friday + HOUR), ("A library opens", MONDAY - 2 * DAY))
    pipeline.run_due(week, keys, now=SEND)
    pipeline.gather(week, now=SEND)
    coming = pipeline.coming(week, now=SEND + HOUR)
    assert [item.title for item in coming.document.items] == ["After the approval", "On small things"]
    assert coming.document.number == 737
    assert coming.document.date == dt.date(2024, 2, 19)


def test_an_empty_issue_is_not_approved(association: Config) -> None:
    pipeline.gather(association, now=MONDAY)
    with pytest.raises(StateError, match="empty"):
        approve(association)
    assert not Number.objects.exists()


def test_looking_stores_nothing(association: Config) -> None:
    coming = pipeline.coming(association, now=MONDAY)
    assert coming.issue.pk is None
    assert not Issue.objects.exists()


def test_an_approval_can_be_withdrawn_and_keeps_its_number(week: Config) -> None:
    issue = pipeline.void_approval(week, approve(week).pk, actor="sam", now=MONDAY, why="a typing error")
    assert issue.state == IssueState.DRAFT
    assert issue.document is None
    assert not Placement.objects.exists()
    assert number_of(issue) == 736
    again = approve(week, now=MONDAY + HOUR / 2)
    assert number_of(again) == 736
    assert Number.objects.count() == 1


def test_a_sent_issue_cannot_be_withdrawn(week: Config, keys: Keys) -> None:
    issue = approve(week)
    pipeline.run_due(week, keys, now=SEND)
    with pytest.raises(StateError, match="can no longer be withdrawn"):
        pipeline.void_approval(week, issue.pk, actor="sam", now=SEND)


def test_edits_survive_a_gather_and_show_in_the_mail(week: Config, keys: Keys) -> None:
    coming = pipeline.coming(week, now=MONDAY)
    [blog] = [item for item in coming.document.items if item.source == "blog"]
    revision = pipeline.add_edit(
        week,
        coming.issue.pk,
        kind="drop",
        entry=blog.entry,
        actor="sam",
        now=MONDAY,
        base_revision=coming.issue.revision,
    )
    pipeline.add_edit(
        week,
        coming.issue.pk,
        kind="intro",
        value={"markdown": "Good **morning**."},
        actor="sam",
        now=MONDAY,
        base_revision=revision,
    )
    pipeline.gather(week, now=MONDAY)
    approve(week)
    pipeline.run_due(week, keys, now=SEND)
    text = read(mails(week)[0]).get_body(("plain",)).get_content()
    assert "Good" in text
    assert "On small things" not in text
    assert Placement.objects.get(outcome="dropped").reason == "dropped by sam"


def test_two_editors_at_once(week: Config) -> None:
    coming = pipeline.coming(week, now=MONDAY)

    def write(words: str) -> int:
        return pipeline.add_edit(
            week,
            coming.issue.pk,
            kind="intro",
            value={"markdown": words},
            actor="sam",
            now=MONDAY,
            base_revision=coming.issue.revision,
        )

    write("first")
    with pytest.raises(StateError, match="Somebody changed the issue"):
        write("second")
    assert pipeline.coming(week, now=MONDAY).document.intro == "first"


def test_a_change_nobody_knows(week: Config) -> None:
    with pytest.raises(UsageError, match="no change called"):
        pipeline.add_edit(week, None, kind="explode", actor="sam", now=MONDAY, base_revision=1)


def test_what_came_between_looking_and_approving_is_told(week: Config, publish_feed: Publish) -> None:
    seen = pipeline.coming(week, now=MONDAY - HOUR)
    publish_feed("news", ("Breaking", MONDAY - 2 * HOUR))
    pipeline.gather(week, now=MONDAY - HOUR)
    with pytest.raises(StateError, match="changed since you looked"):
        pipeline.approve(
            week,
            seen.issue.pk,
            actor="sam",
            now=MONDAY - HOUR,
            revision=seen.issue.revision,
            content_sha=seen.document.content_sha256,
        )


def test_an_approved_issue_is_frozen(week: Config, keys: Keys, publish_feed: Publish) -> None:
    issue = approve(week)
    publish_feed("news", ("A library opens - corrected", MONDAY - 2 * DAY), ("More", MONDAY - DAY))
    pipeline.gather(week, now=MONDAY + HOUR)
    pipeline.run_due(week, keys, now=SEND)
    html = (week.issues_dir / "736" / "email.html").read_text(encoding="utf-8")
    assert "corrected" not in html
    assert Edition.objects.filter(issue=issue).count() == 2


def test_a_broken_template_leaves_the_draft_as_it_was(week: Config) -> None:
    from digest.errors import TemplateError

    own = week.templates_dir / "email"
    own.mkdir(parents=True)
    (own / "issue.mjml.j2").write_text("<mjml>{% if %}</mjml>", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"issue\.mjml\.j2"):
        approve(week)
    assert Issue.objects.get().state == IssueState.DRAFT
    assert not Number.objects.exists()
    assert not Edition.objects.exists()


def test_an_archive_that_cannot_be_written_keeps_no_mail_back(week: Config, keys: Keys) -> None:
    approve(week)
    week.issues_dir.write_text("a file where a folder should be", encoding="utf-8")
    said = pipeline.run_due(week, keys, now=SEND)
    assert said[0] == "Issue 736 is sent: 3 accepted."
    assert "the archive was not written" in said[1]
    week.issues_dir.unlink()
    assert pipeline.run_due(week, keys, now=SEND + HOUR) == ["Issue 736 was published in the archive."]
    assert (week.issues_dir / "736" / "index.html").exists()


def test_a_draft_nobody_approves_is_skipped_and_its_window_passes_on(week: Config, keys: Keys) -> None:
    assert pipeline.run_due(week, keys, now=SEND) == []
    said = pipeline.run_due(week, keys, now=MONDAY + 7 * DAY)
    assert "The issue of 2024-02-12 was skipped" in said[-1]
    coming = pipeline.coming(week, now=MONDAY + 7 * DAY)
    assert coming.document.date == dt.date(2024, 2, 19)
    assert len(coming.document.items) == 3
    assert coming.document.number == 736, "a skipped draft never had a number"


def test_long_after_its_time_an_issue_waits_for_a_person(week: Config, keys: Keys) -> None:
    approve(week)
    said = pipeline.run_due(week, keys, now=SEND + 3 * HOUR)
    assert any("should have gone out at Mon 12 Feb 2024 09:00" in line for line in said)
    assert mails(week) == []
    report = pipeline.send(week, keys, Issue.objects.get(), now=SEND + 3 * HOUR, actor="sam")
    assert report.counts[DeliveryState.ACCEPTED] == 3


def test_automatic_approval(week: Config, keys: Keys) -> None:
    config = week.with_values(plan=week.plan.model_copy(update={"approval": "automatic"}))
    assert pipeline.run_due(config, keys, now=MONDAY) == ["Issue 736 was approved automatically."]
    assert pipeline.run_due(config, keys, now=SEND) == ["Issue 736 is sent: 3 accepted."]


def test_one_feed_that_is_gone_stops_nobody(week: Config, tmp_path: Path) -> None:
    (tmp_path / "blog.xml").unlink()
    reports = pipeline.gather(week, now=MONDAY)
    assert [report.failed for report in reports] == [False, True]
    assert "blog.xml" in reports[1].words


def test_a_test_mail_is_no_delivery(week: Config, keys: Keys) -> None:
    coming = pipeline.coming(week, now=MONDAY)
    [tried] = pipeline.send_tests(week, keys, coming, to=["sam@example.org"], actor="sam", now=MONDAY)
    assert "sam@example.org" in tried.words
    [mail] = mails(week)
    assert read(mail)["Subject"].startswith("[TEST] ")
    assert not Delivery.objects.exists()
    assert not Number.objects.exists()


def test_a_test_to_no_address(week: Config, keys: Keys) -> None:
    coming = pipeline.coming(week, now=MONDAY)
    [tried] = pipeline.send_tests(week, keys, coming, to=["nobody"], actor="sam", now=MONDAY)
    assert tried.failed
    assert "no address" in tried.words
    with pytest.raises(UsageError):
        pipeline.send_tests(week, keys, coming, to=[], actor="sam", now=MONDAY)


def test_a_gather_of_one_source_by_hand_settles_no_other(week: Config, keys: Keys, publish_feed: Publish) -> None:
    thursday = MONDAY + 3 * DAY + 5 * HOUR + HOUR / 2  # 12:30, a planned gather
    publish_feed("blog", ("On small things", MONDAY - DAY), ("On large things", thursday - HOUR))
    pipeline.gather(week, now=thursday + HOUR / 60, only=["news"])
    said = pipeline.run_due(week, keys, now=thursday + HOUR / 30)
    assert said[0] == "Gathered 2 of 2 sources: 1 new entry."
    assert not [line for line in pipeline.run_due(week, keys, now=thursday + HOUR / 20) if "Gathered" in line]


def test_an_association_without_sources_has_nothing_to_gather(make_config, keys: Keys) -> None:  # type: ignore[no-untyped-def]
    assert pipeline.run_due(make_config(), keys, now=MONDAY) == []
