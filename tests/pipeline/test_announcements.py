"""Announcements: written, checked, approved, sent and published as issues are, with no number and a list of their own."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.test import Client

from digest import pipeline
from digest.archive.announcements import announced
from digest.compose.announcement import Words, read_file, slug_of
from digest.compose.models import Issue, IssueKind, IssueState, Number
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.models import Delivery, DeliveryState
from digest.errors import StateError, UsageError
from digest.members.models import Member, MemberStatus, Suppression
from digest.pipeline import announce
from digest.pipeline.deliveries import issue_of
from digest.pipeline.story import story_of

NOW = dt.datetime(2024, 2, 14, 10, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SUBJECT = "Fewer than 10% of tickets remain - book today"
SLUG = "2024-02-14-fewer-than-10-of-tickets-remain-book-today"
WORDS = Words(
    subject=SUBJECT,
    preheader="The hall holds 220 people, and 201 of the places are taken by now.",
    body="The hall is **nearly full**. [Book a place](https://conference.example/book).",
)
Write = Callable[..., Issue]
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def write(association: Config, members: None) -> Write:
    """`write(words)`: an announcement with these words, saved and no more."""

    def make(words: Words = WORDS, *, now: dt.datetime = NOW) -> Issue:
        issue = announce.begin(association, actor="ed", now=now)
        announce.write(association, issue.pk, words, actor="ed", now=now, base_revision=issue.revision)
        issue.refresh_from_db()
        return issue

    return make


def approve(config: Config, issue: Issue, *, now: dt.datetime = NOW) -> Issue:
    return pipeline.approve(config, issue.pk, actor="sam", now=now, revision=issue.revision)


def mails(config: Config, name: str = SLUG) -> list[EmailMessage]:
    found = []
    for path in sorted((config.outbox_dir / name).glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return found


def link_to_leave(mail: EmailMessage) -> str:
    return str(mail["List-Unsubscribe"]).strip("<>").removeprefix(BASE)


def member(name: str) -> Member:
    return Member.objects.get(email=f"{name}@example.org")


def test_an_announcement_goes_out_without_a_number_and_is_published(
    association: Config, keys: Keys, write: Write
) -> None:
    issue = approve(association, write())
    assert (issue.slug, issue.title_date, issue.window_end) == (SLUG, NOW.date(), None)

    said = pipeline.run_due(association, keys, now=NOW)

    issue.refresh_from_db()
    assert f"The announcement “{SUBJECT}” is sent: 3 accepted." in said
    assert issue.state == IssueState.SENT
    assert not Number.objects.exists()
    assert not any(SUBJECT in words for words in pipeline.run_due(association, keys, now=NOW + HOUR))
    assert len(mails(association)) == 3
    [published] = announced(association.issues_dir)
    assert (published.slug, published.title, published.date) == (SLUG, SUBJECT, NOW.date())
    assert {path.name for path in published.folder.iterdir()} >= {
        "issue.json",
        "email.html",
        "email.txt",
        "index.html",
    }
    record = json.loads((published.folder / "issue.json").read_text("utf-8"))
    assert (record["slug"], record["number"], record["sections"]) == (SLUG, None, [])


def test_its_mail_says_which_list_it_is_of(association: Config, keys: Keys, write: Write) -> None:
    approve(association, write())
    pipeline.run_due(association, keys, now=NOW)

    mail = mails(association)[0]
    assert mail["Subject"] == SUBJECT
    assert mail["List-Id"] == "<announcements.localhost>"
    assert association.list_id == "digest.localhost"
    assert mail["Archived-At"] == f"<{BASE}/announcements/{SLUG}/>"
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert SUBJECT in re.sub(r"\s+", " ", html.get_content().partition("<h1")[2])
    assert "Unsubscribe from announcements:\n" + str(mail["List-Unsubscribe"]).strip(
        "<>"
    ) in text.get_content().replace("\r", "")
    assert "Issue" not in text.get_content().partition("Links")[0]


def test_it_waits_for_its_time(association: Config, keys: Keys, write: Write) -> None:
    when = NOW + 2 * HOUR
    issue = approve(association, write(Words(subject=SUBJECT, body=WORDS.body, when=when)))
    assert issue.send_at == when
    pipeline.run_due(association, keys, now=when - HOUR / 60)
    assert not Delivery.objects.exists()
    pipeline.run_due(association, keys, now=when)
    assert ledger.counts(issue) == {DeliveryState.ACCEPTED: 3}


def test_an_approval_covers_what_was_looked_at_and_can_be_taken_back(association: Config, write: Write) -> None:
    issue = write()
    looked_at = issue.revision
    announce.write(
        association,
        issue.pk,
        Words(subject=SUBJECT, body="Other words."),
        actor="kim",
        now=NOW,
        base_revision=issue.revision,
    )
    with pytest.raises(StateError, match="changed"):
        pipeline.approve(association, issue.pk, actor="sam", now=NOW, revision=looked_at)
    issue.refresh_from_db()
    approved = approve(association, issue)
    with pytest.raises(StateError):
        announce.write(association, issue.pk, WORDS, actor="kim", now=NOW, base_revision=approved.revision)

    pipeline.void_approval(association, issue.pk, actor="sam", now=NOW)
    issue.refresh_from_db()
    assert announce.written(issue).body == "Other words."
    assert approve(association, issue).state == IssueState.APPROVED


def test_a_save_over_somebody_elses_is_refused_and_the_same_words_are_no_change(
    association: Config, write: Write
) -> None:
    issue = write()
    same = announce.write(association, issue.pk, WORDS, actor="ed", now=NOW, base_revision=issue.revision)
    assert same == issue.revision
    with pytest.raises(StateError, match="Somebody changed"):
        announce.write(association, issue.pk, WORDS, actor="kim", now=NOW, base_revision=issue.revision - 1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (Words(subject=SUBJECT), "empty"),
        (Words(body="Words."), "no subject"),
        (Words(subject=SUBJECT, body="Lorem ipsum dolor sit amet."), "blocks the approval"),
    ],
)
def test_what_cannot_go_is_not_approved(association: Config, write: Write, words: Words, why: str) -> None:
    issue = write(words)
    with pytest.raises(StateError, match=why):
        approve(association, issue)
    issue.refresh_from_db()
    assert issue.state == IssueState.DRAFT


def test_two_of_one_day_need_two_subjects(association: Config, write: Write) -> None:
    approve(association, write())
    with pytest.raises(StateError, match="same day"):
        approve(association, write())
    assert approve(association, write(now=NOW + 24 * HOUR), now=NOW + 24 * HOUR).slug.startswith("2024-02-15-")


def test_the_weekly_issue_does_not_notice(association: Config, keys: Keys, write: Write, monday: dt.datetime) -> None:
    before = pipeline.ensure_draft(association, now=NOW)
    approve(association, write())
    pipeline.run_due(association, keys, now=NOW)
    after = pipeline.coming(association, now=NOW)
    assert after.issue.pk == before.pk
    assert after.issue.window_start == before.window_start
    assert after.document.number == 737


def test_a_stopped_one_stays_where_it_is(association: Config, keys: Keys, write: Write) -> None:
    issue = approve(association, write())
    pipeline.stop(association, keys, issue, why="The hall burnt down.", actor="sam", now=NOW)
    pipeline.run_due(association, keys, now=NOW)
    assert not mails(association)
    assert not announced(association.issues_dir)


def test_a_draft_is_put_away_once(association: Config, write: Write) -> None:
    issue = write()
    announce.discard(issue.pk, why="", actor="ed", now=NOW, revision=issue.revision)
    with pytest.raises(StateError):
        announce.discard(issue.pk, why="", actor="ed", now=NOW, revision=issue.revision)
    assert [one.issue.state for one in announce.announcements()] == [IssueState.SKIPPED]


def test_one_click_leaves_the_announcements_and_keeps_the_digest(
    association: Config, keys: Keys, write: Write, client: Client
) -> None:
    approve(association, write())
    pipeline.run_due(association, keys, now=NOW)
    to_ada = next(mail for mail in mails(association) if mail["To"] == "ada@example.org")

    assert client.get(link_to_leave(to_ada)).status_code == 200
    assert not Suppression.objects.exists()  # a scanner looked
    for _ in range(2):
        answer = client.post(link_to_leave(to_ada), {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.content) == (200, b"Unsubscribed from announcements.\n")
    assert member("ada").status == MemberStatus.ACTIVE
    assert Suppression.objects.get().scope == "announcements"

    second = approve(association, write(Words(subject="Another matter altogether", body="Words."), now=NOW + HOUR))
    pipeline.run_due(association, keys, now=NOW + HOUR)
    left = Delivery.objects.get(issue=second, member=member("ada"))
    assert (left.state, left.reason) == (DeliveryState.EXCLUDED, "left the announcements, and keeps the digest")
    assert announce.hearers(association, now=NOW) == 2

    story = story_of(association, keys, "ada@example.org", now=NOW + HOUR)
    assert "Has left the announcements" in " ".join(story.standing)
    assert story.standing[0].startswith("Receives the digest")
    assert [chapter.got for chapter in story.chapters] == [False, True]
    assert f"announcement “{SUBJECT}”, 14 Feb 2024" in {chapter.issue for chapter in story.chapters}
    one = story_of(association, keys, "ada@example.org", issue=SLUG, now=NOW + HOUR)
    assert [chapter.got for chapter in one.chapters] == [True]


def test_the_page_behind_the_link_undoes_it(association: Config, keys: Keys, write: Write, client: Client) -> None:
    approve(association, write())
    pipeline.run_due(association, keys, now=NOW)
    link = link_to_leave(mails(association)[0])
    assert b"No more announcements" in client.post(link, {"do": "leave"}).content
    assert Suppression.objects.filter(lifted_at__isnull=True).count() == 1
    assert b"You receive announcements" in client.post(link, {"do": "return"}).content
    assert not Suppression.objects.filter(lifted_at__isnull=True).exists()


def test_a_member_sees_their_own_copy(association: Config, keys: Keys, write: Write, client: Client) -> None:
    approve(association, write())
    pipeline.run_due(association, keys, now=NOW)
    text = mails(association)[0].get_body(("plain",))
    assert text is not None
    [view] = re.findall(rf"\[1\] {BASE}(\S+)", text.get_content())
    answer = client.get(view)
    assert SUBJECT in answer.content.decode()
    assert link_to_leave(mails(association)[0]) in answer.content.decode()


def test_deliveries_know_it_by_its_slug_and_its_row(association: Config, write: Write) -> None:
    issue = approve(association, write())
    assert issue_of(SLUG) == issue_of(f"id-{issue.pk}") == issue
    with pytest.raises(StateError, match="no issue or announcement"):
        issue_of("2024-02-14-something-else")


def test_the_words_tell_what_went_out_before(association: Config, write: Write) -> None:
    assert announce.sent_before(association, WORDS, now=NOW) is None
    issue = approve(association, write())
    assert announce.sent_before(association, WORDS, now=NOW + HOUR) == issue
    assert announce.sent_before(association, WORDS, now=NOW + 61 * 24 * HOUR) is None
    assert Issue.objects.filter(kind=IssueKind.ANNOUNCEMENT).count() == 1


def test_a_file_has_a_head_and_a_text() -> None:
    head = "---\nsubject: Few: very few\nwhen: 2024-02-14 10:00\n# a remark\n---\n\nWords.\n\n---\n\nMore.\n"
    assert read_file(head) == {
        "subject": "Few: very few",
        "when": "2024-02-14 10:00",
        "body": "Words.\n\n---\n\nMore.",
    }
    toml = '+++\nsubject = "Few"\nwhen = 2024-02-14T10:00:00\n+++\nWords.'
    assert read_file(toml) == {"subject": "Few", "when": dt.datetime(2024, 2, 14, 10), "body": "Words."}


@pytest.mark.parametrize(
    "text",
    [
        "Words.",
        "---\nsubject:\n---\nWords.",
        "---\nsubject: A\ncolour: red\n---\n",
        "---\nsubject\n---\n",
        "+++\n=\n+++\n",
    ],
)
def test_a_file_that_names_no_subject_or_something_unknown_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_file(text)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        (SUBJECT, SLUG),
        ("Café über Ørsted's “quay”", "2024-02-14-cafe-uber-rsteds-quay"),
        ("إعلان", "2024-02-14-announcement"),
        ("x" * 100, "2024-02-14-announcement"),
        ("../../etc/passwd", "2024-02-14-etc-passwd"),
    ],
)
def test_a_slug_is_words_that_stand_in_an_address(title: str, slug: str) -> None:
    assert slug_of(NOW.date(), title) == slug
