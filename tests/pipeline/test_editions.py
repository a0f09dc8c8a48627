"""Editions through the pipeline: the few that members chose are made once, checked, and each member gets theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import ledger
from digest.deliver.models import Delivery, DeliveryState, Edition
from digest.errors import UsageError
from digest.installation.models import Audit
from digest.members.models import Member
from digest.members.preferences import Cadence, Depth, Format, Preferences, Saving, save
from digest.members.roll import import_bytes
from digest.pipeline import prepare as making
from digest.pipeline.editions import listed, preferences_for
from digest.pipeline.show import shown
from digest.render import Renderer
from tests.pipeline.test_monday import MONDAY, SEND, approve

pytestmark = [pytest.mark.django_db]

DAY = dt.timedelta(days=1)
BLOG = Preferences(sections=frozenset({"blog"}))
BRIEF = Preferences(depth=Depth.HEADLINES)
PLAIN = Preferences(format=Format.TEXT)


@pytest.fixture
def week(association: Config, publish_feed: Callable[..., None], keys: Keys, db: None) -> Config:
    publish_feed("news", ("A library opens", MONDAY - 2 * DAY), ("A call goes out", MONDAY - 3 * DAY))
    publish_feed("blog", ("On small things", MONDAY - DAY))
    pipeline.gather(association, now=MONDAY)
    rows = "email\n" + "".join(f"m{n}@example.org\n" for n in range(12))
    import_bytes(rows.encode(), name="members.csv", keys=keys, now=MONDAY - DAY, actor="test")
    return association


def choose(preferences: Preferences, *names: int) -> None:
    for n in names:
        member = Member.objects.get(email=f"m{n}@example.org")
        assert save(member.public_id, preferences, how="page", now=MONDAY - DAY) is Saving.SAVED


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects of the documents that were rendered as an edition."""
    seen: list[str] = []
    plain = making.render_for_members

    def counting(config: Config, renderer: Renderer, document: Any, issue: Issue) -> Any:
        seen.append(document.sha256)
        return plain(config, renderer, document, issue)

    monkeypatch.setattr(making, "render_for_members", counting)
    return seen


def mail(config: Config, n: int) -> Any:
    member = Member.objects.get(email=f"m{n}@example.org")
    path = config.outbox_dir / "736" / f"{member.public_id}.eml"
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def body(message: Any, kind: str) -> str:
    return str(message.get_body((kind,)).get_content())


def test_each_member_gets_what_they_chose(week: Config, keys: Keys, renderings: list[str]) -> None:
    choose(BLOG, 0, 1, 2, 3)
    choose(BRIEF, 4, 5)
    choose(PLAIN, 6)
    choose(Preferences(sections=frozenset({"events"})), 7)
    choose(Preferences(sections=frozenset({"news", "blog"}), cadence=Cadence.MONTHLY_FIRST), 8)
    issue = approve(week)
    assert len(renderings) == 2  # of the blog, and headlines; the others' content is that of the whole
    assert pipeline.run_due(week, keys, now=SEND) == ["Issue 736 is sent: 11 accepted, 1 excluded."]
    assert len(renderings) == 2
    assert dict(ledger.reasons(issue, DeliveryState.EXCLUDED)) == {"nothing in the sections chosen": 1}

    assert "A library opens" not in body(mail(week, 0), "html")
    assert "On small things" in body(mail(week, 0), "html")
    assert "On small things" in body(mail(week, 0), "plain")
    assert "is about, in a sentence" in body(mail(week, 9), "html")
    assert "is about, in a sentence" not in body(mail(week, 4), "html")
    assert "A library opens" in body(mail(week, 4), "plain")
    assert mail(week, 6).get_content_type() == "text/plain"
    assert body(mail(week, 8), "html").replace("\r\n", "\n").count("A library opens") >= 1
    for edition in Edition.objects.all():
        assert len(edition.sha256) == 64
        assert edition.document_sha == Issue.objects.get(pk=issue.pk).document_sha
        assert not Delivery.objects.filter(edition=edition, batch__isnull=False).exclude(batch__edition=edition)
    assert Delivery.objects.get(member__email="m8@example.org").edition == Edition.objects.get(key="full")
    # The record is that of the whole issue.
    assert "A library opens" in (week.issues_dir / "736" / "index.html").read_text(encoding="utf-8")


def test_cost_follows_the_editions_not_the_members(week: Config, keys: Keys, renderings: list[str]) -> None:
    choose(BLOG, 0)
    choose(BRIEF, 1)
    approve(week)
    assert len(renderings) == 2
    choose(BLOG, *range(2, 10))  # after the approval: their edition is there already
    choose(Preferences(sections=frozenset({"news"}), format=Format.TEXT), 10)
    pipeline.run_due(week, keys, now=SEND)
    assert len(renderings) == 3
    assert Delivery.objects.exclude(edition__key="full").count() == 11


def test_templates_changed_since_the_approval(week: Config, keys: Keys, renderings: list[str]) -> None:
    choose(BLOG, 0)
    approve(week)
    folder = week.templates_dir / "email"
    folder.mkdir(parents=True)
    (folder / "inline.css.j2").write_text(
        '{% include "built-in/inline.css.j2" %} .x { color: red }', encoding="utf-8"
    )
    choose(BRIEF, 1, 2)  # new, and no longer to be had
    choose(PLAIN, 3)  # what was approved, without its HTML: to be had
    said = pipeline.run_due(week, keys, now=SEND)
    assert said[0] == "Issue 736 is sent: 12 accepted."
    assert said[1] == (
        "2 members get the whole issue instead of the edition chosen: "
        "templates, brand or program have changed since the approval."
    )
    assert "A library opens" not in body(mail(week, 0), "html")
    assert "is about, in a sentence" in body(mail(week, 1), "html")
    assert mail(week, 3).get_content_type() == "text/plain"
    line = Audit.objects.get(verb=making.FALLBACK)
    assert line.detail["members"] == 2
    assert line.detail["editions"][0]["key"] == BRIEF.edition_key
    (alarm,) = pipeline.alarms(week, SEND + DAY)
    assert alarm.words == (
        "2 people got all of issue 736, although they chose less: their edition could not be made."
    )


def test_an_edition_that_the_checks_find_fault_with(
    week: Config, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(BLOG, 0, 1)
    plain = making.render_for_members

    def without(config: Config, renderer: Renderer, document: Any, issue: Issue) -> Any:
        import dataclasses

        rendered = plain(config, renderer, document, issue)
        return dataclasses.replace(rendered, html=rendered.html.replace(f"{issue.merge_tag}u", "https://x.example/"))

    monkeypatch.setattr(making, "render_for_members", without)
    approve(week)
    said = pipeline.run_due(week, keys, now=SEND)
    assert said[0] == "Issue 736 is sent: 12 accepted."
    assert "2 members get the whole issue" in said[1]
    assert "unsubscribe" in said[1]
    assert set(Delivery.objects.values_list("edition__key", flat=True)) == {"full"}


def test_what_the_approval_let_pass_is_no_fault_of_an_edition(week: Config, keys: Keys) -> None:
    choose(BLOG, 0)
    coming = pipeline.coming(week, now=MONDAY)
    pipeline.add_edit(
        week,
        coming.issue.pk,
        kind="intro",
        actor="sam",
        now=MONDAY,
        value={"markdown": "Lorem ipsum dolor sit amet."},
        base_revision=coming.issue.revision,
    )
    coming = pipeline.coming(week, now=MONDAY)
    pipeline.approve(
        week, coming.issue.pk, actor="sam", now=MONDAY, revision=coming.issue.revision, override="A quotation."
    )
    assert pipeline.run_due(week, keys, now=SEND) == ["Issue 736 is sent: 12 accepted."]
    assert Delivery.objects.get(member__email="m0@example.org").edition.key == BLOG.edition_key


def test_the_rarest_fall_back_beyond_the_most(week: Config, keys: Keys) -> None:
    choose(BLOG, 0, 1, 2)
    choose(BRIEF, 3, 4)
    choose(Preferences(sections=frozenset({"news"})), 5)
    issue = approve(week)
    prepared = making.prepare(week, issue, now=SEND, at_most=2)
    assert set(prepared.editions) == {BLOG.edition_key, BRIEF.edition_key}
    (fallback,) = prepared.fallbacks
    assert (fallback.members, fallback.why) == (1, making.TOO_MANY)


def test_a_key_that_does_not_fit_the_choice(week: Config, keys: Keys) -> None:
    Member.objects.filter(email="m0@example.org").update(edition_key="headlines.123456789abc")
    approve(week)
    said = pipeline.run_due(week, keys, now=SEND)
    assert said[0] == "Issue 736 is sent: 12 accepted."
    assert "1 member gets the whole issue" in said[1]


def test_staff_look_at_any_edition(week: Config) -> None:
    choose(BLOG, 0, 1)
    choose(PLAIN, 2)
    assert list(listed(week)) == [
        ("full", 9, "the whole issue"),
        (BLOG.edition_key, 2, "Blog"),
        (PLAIN.edition_key, 1, "all sections, plain text"),
    ]
    text = shown(week, None, now=MONDAY, form="text", edition=BLOG.edition_key)
    assert "On small things" in text
    assert "A library opens" not in text
    assert str(shown(week, None, now=MONDAY, form="html", edition=PLAIN.edition_key)).startswith("<!--")
    with pytest.raises(UsageError, match="No member has chosen"):
        preferences_for("blog.0")
    approve(week)
    frozen = shown(week, None, now=MONDAY, form="html", edition=BLOG.edition_key)
    assert "On small things" in frozen
    assert Issue.objects.get().merge_tag not in frozen
    assert "On small things" in shown(week, 736, now=MONDAY, form="text", edition=BLOG.edition_key)


def test_nobody_has_to_be_there_and_nothing_is_made_for_who_gets_nothing(
    week: Config, keys: Keys, renderings: list[str], tmp_path: Path
) -> None:
    choose(Preferences(sections=frozenset({"gone"})), 0)
    choose(Preferences(paused_until=dt.date(2024, 6, 1), depth=Depth.HEADLINES), 1)
    approve(week)
    pipeline.run_due(week, keys, now=SEND)
    assert renderings == []
    assert dict(ledger.reasons(Issue.objects.get(), DeliveryState.EXCLUDED)) == {
        "nothing in the sections chosen": 1,
        "paused until 2024-06-01": 1,
    }
