"""The pages of the sources, and what they let staff do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.models import Edit
from digest.config import Config, Keys
from digest.gather.models import Entry, Fetch, Source, SourceState
from digest.installation.models import Audit
from digest.members.roll import import_bytes
from tests.web_staff.conftest import DAY, FRIDAY, Clock, feed
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db
NEWS = "/newsroom/sources/news/"


@pytest.fixture
def flooded(week: Config, tmp_path: Path, clock: Clock) -> Config:
    """The news brought 30 entries at once on Saturday, all of that day."""
    clock.now = FRIDAY + DAY
    spam = [(f"Offer <b>{n}</b>", FRIDAY + DAY - dt.timedelta(minutes=n)) for n in range(30)]
    (tmp_path / "news.xml").write_text(feed(*spam), encoding="utf-8")
    pipeline.gather(week, now=clock.now)
    assert Source.objects.get(key="news").state == SourceState.FLOODING
    return week


def test_a_new_installation_has_sources_that_were_not_read(approver: Client, association: Config) -> None:
    text = words(page(approver, "/newsroom/sources/"))
    assert "2 sources not read yet." in text
    assert "The News Not read It is read at the next gathering. Section News Last read never" in text
    assert "It was never asked so far." in words(page(approver, NEWS))


def test_no_sources_at_all(approver: Client, association: Config, settings: object) -> None:
    settings.DIGEST = association.with_values(sources=())  # type: ignore[attr-defined]
    text = words(page(approver, "/newsroom/sources/"))
    assert "No sources yet The digest has nothing to read." in text


def test_it_tells_how_each_source_is(approver: Client, week: Config, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "blog.xml").write_text("<html>Under construction</html>", encoding="utf-8")
    clock.now = FRIDAY + DAY
    pipeline.gather(week, now=clock.now)
    text = words(page(approver, "/newsroom/sources/"))
    assert "1 of 2 sources needs a look." in text
    assert text.index("The Blog Failing") < text.index("The News OK"), "what needs a look comes first"
    assert "last read on 9 Feb 2024. Look at the file blog.xml" in text
    assert "Last read Fri 9 Feb, 15:20 (1 day ago)" in text
    detail = words(page(approver, "/newsroom/sources/blog/"))
    assert "Sat 10 Feb, 15:20 Failed" in detail
    assert "Fri 9 Feb, 15:20 New Brought 1 new entry." in detail


def test_the_desk_leads_there(approver: Client, week: Config) -> None:
    desk = page(approver, "/newsroom/")
    assert 'href="/newsroom/sources/"' in desk
    assert 'href="/newsroom/sources/blog/"' in desk


def test_a_source_that_config_does_not_name_is_not_there(approver: Client, week: Config) -> None:
    for path in ("/newsroom/sources/nobody/", "/newsroom/sources/manual/"):
        assert approver.get(path).status_code == 404
    assert approver.post("/newsroom/sources/nobody/release/", {"held": "1"}).status_code == 404
    assert approver.post("/newsroom/sources/nobody/gather/").status_code == 404


def test_what_is_held_back_is_shown_and_let_in(editor: Client, flooded: Config) -> None:
    text = page(editor, NEWS)
    assert "Held back 30" in words(text)
    assert "Offer 29 Sat 10 Feb, 14:51" in words(text)
    assert "<b>2" not in text
    (values,) = forms(text, f"{NEWS}release/")
    answer = editor.post(f"{NEWS}release/", values)
    assert (answer.status_code, answer["Location"]) == (303, NEWS)
    after = words(page(editor, NEWS))
    assert "Let in: 30 entries." in after
    assert "Held back" not in after
    assert not Entry.objects.exclude(quarantined_at=None).exists()
    (line,) = Audit.objects.filter(verb="source.release")
    assert (line.actor, line.subject, line.detail) == ("kim@example.org", "source:news", {"entries": 30})


def test_only_what_was_looked_at_is_let_in(editor: Client, flooded: Config, tmp_path: Path, clock: Clock) -> None:
    (values,) = forms(page(editor, NEWS), f"{NEWS}release/")
    clock.now += DAY
    more = [(f"Another {n}", clock.now - dt.timedelta(minutes=n)) for n in range(40)]
    (tmp_path / "news.xml").write_text(feed(*more), encoding="utf-8")
    pipeline.gather(flooded, now=clock.now)
    held = Entry.objects.exclude(quarantined_at=None).count()
    assert held > 30
    editor.post(f"{NEWS}release/", values)
    assert f"{held} entries are held back by now, not the 30 you looked at" in words(page(editor, NEWS))
    assert Entry.objects.exclude(quarantined_at=None).count() == held
    editor.post(f"{NEWS}release/", {"held": "many"})
    assert "The form came incomplete" in words(page(editor, NEWS))


def test_one_source_is_read_now(editor: Client, week: Config, tmp_path: Path, clock: Clock) -> None:
    clock.now = FRIDAY + DAY
    (tmp_path / "blog.xml").write_text(feed(("Another thing", clock.now)), encoding="utf-8")
    before = Fetch.objects.count()
    answer = editor.post("/newsroom/sources/blog/gather/")
    assert (answer.status_code, answer["Location"]) == (303, "/newsroom/sources/blog/")
    assert "The Blog brought 1 new entry." in words(page(editor, "/newsroom/sources/blog/"))
    assert Fetch.objects.count() == before + 1, "and no other"
    answer = editor.post("/newsroom/gather/", {"back": "sources"})
    assert answer["Location"] == "/newsroom/sources/"


@pytest.fixture
def members(association: Config, keys: Keys, db: None) -> None:
    import_bytes(b"email,name\nann@example.org,Ann\n", name="members.csv", keys=keys, now=FRIDAY, actor="test")


# what a source changed -------------------------------------------------------------------------------------------


@pytest.fixture
def changed(week: Config, tmp_path: Path, clock: Clock) -> Config:
    """An editor gave the library another title; then its source did so, too, and changed what it says of it."""
    draft = pipeline.coming(week, now=FRIDAY)
    (library,) = [i for i in draft.document.items if i.title == "A library opens"]
    pipeline.add_edit(
        week, draft.issue.pk, kind="rewrite", entry=library.entry, value={"title": "The library!"},
        actor="kim@example.org", now=FRIDAY, base_revision=draft.issue.revision,
    )  # fmt: skip
    assert Edit.objects.get().value == {"title": "The library!", "over": {"title": "A library opens"}}
    publish(tmp_path, "A library closes")
    clock.now = FRIDAY + DAY
    pipeline.gather(week, now=clock.now)
    return week


def publish(folder: Path, title: str) -> None:
    text = (folder / "news.xml").read_text(encoding="utf-8")
    text = text.replace("<title>A library opens", f"<title>{title}").replace("About A library", "All about A library")
    (folder / "news.xml").write_text(text, encoding="utf-8")


def test_the_desk_and_the_previews_page_say_that_a_source_changed(editor: Client, changed: Config) -> None:
    said = (
        "The source changed this on Sat 10 Feb 2024, 15:20: the source's title is now “A library closes”; the issue "
        "keeps the editor's; the summary was “About A library opens.”, and is now “All about A library opens.”"
    )
    desk = words(page(editor, "/newsroom/"))
    assert "The library!" in desk
    assert "Source changed" in desk
    assert said in desk
    preview = words(page(editor, "/newsroom/preview/"))
    assert "1 item was changed or withdrawn by the sources. Only staff see this." in preview
    assert said in preview


def test_members_get_none_of_it(approver: Client, changed: Config, clock: Clock) -> None:
    coming = pipeline.coming(changed, now=clock.now)
    rendered = pipeline.render_coming(changed, coming)
    for form in (rendered.html, rendered.text, rendered.web, str(coming.document.public().as_json())):
        assert "The library!" in form
        assert "A library closes" not in form
        assert "the source changed" not in form.lower()
        assert "Updated" not in form


def test_an_approved_issue_stays_and_the_desk_says_what_changed_since(
    approver: Client, changed: Config, keys: Keys, members: None, tmp_path: Path, clock: Clock
) -> None:
    coming = pipeline.coming(changed, now=clock.now)
    issue = pipeline.approve(
        changed, coming.issue.pk, actor="sam@example.org", now=clock.now, revision=coming.issue.revision
    )
    frozen = pipeline.coming(changed, now=clock.now).document
    assert pipeline.changed_since_approval(changed, issue) == [], "what was known at the approval is no news"
    assert "Source changed" not in words(page(approver, "/newsroom/"))
    text = (tmp_path / "news.xml").read_text(encoding="utf-8").replace("All about", "Nothing about")
    (tmp_path / "news.xml").write_text(text, encoding="utf-8")
    clock.now += DAY
    pipeline.gather(changed, now=clock.now)
    after = pipeline.coming(changed, now=clock.now)
    assert after.document == frozen
    desk = words(page(approver, "/newsroom/"))
    change = "the summary was “All about A library opens.”, and is now “Nothing about A library opens.”"
    assert change in desk

    issue.refresh_from_db()
    pipeline.send(changed, keys, issue, now=frozen.window.end + DAY, actor="test")
    desk = words(page(approver, "/newsroom/"))
    assert "1 item was changed or withdrawn by the sources since the approval" in desk
    assert change in desk
