"""The editor: each of its buttons and forms, with HTMX and without, and two people at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from digest import pipeline
from digest.compose.models import Edit, Issue, IssueState
from digest.config import Config
from tests.web_staff.conftest import FRIDAY
from tests.web_staff.editing import CHANGE, EDITOR, HTMX, REOPEN, buttons, entry, filled, items, opened, part, press
from tests.web_staff.forms import forms, page, words

pytestmark = pytest.mark.django_db
LIBRARY, CALL, SMALL = "A library opens", "A call & more", "On small things"


@pytest.fixture
def both(week: Config) -> list[str]:
    """The two items of the news, in their order."""
    return items(week)["news"]


class TestMoves:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_drop_and_restore(self, approver: Client, week: Config, htmx: bool) -> None:
        key = entry(LIBRARY)
        answer = press(approver, f"drop:{key}", htmx=htmx)
        if htmx:
            assert answer.status_code == 200
            assert f"“{LIBRARY}” is dropped." in words(answer.content.decode())
        else:
            assert (answer.status_code, answer["Location"]) == (303, f"{EDITOR}#item-{key}")
        assert LIBRARY not in items(week)["news"]
        text = page(approver, EDITOR)
        assert f"restore:{key}" in buttons(text)
        assert "dropped by sam@example.org" in words(text).lower()
        press(approver, f"restore:{key}", htmx=htmx)
        assert LIBRARY in items(week)["news"]

    def test_hold_shows_below_its_section_and_can_be_put_back(self, approver: Client, week: Config) -> None:
        press(approver, f"hold:{entry(LIBRARY)}")
        assert f"Held for the next issue: {LIBRARY}" in words(page(approver, EDITOR))
        press(approver, f"restore:{entry(LIBRARY)}")
        assert LIBRARY in items(week)["news"]

    def test_pin_takes_it_to_the_top_and_out_of_the_order(
        self, approver: Client, week: Config, both: list[str]
    ) -> None:
        key = entry(both[1])
        said = words(press(approver, f"pin:{key}", htmx=True).content.decode())
        assert f"“{both[1]}” is pinned to the top of News." in said
        assert items(week)["news"] == both[::-1]
        assert opened(approver)["order-news"] == str(entry(both[0]))
        press(approver, f"unpin:{key}")
        assert items(week)["news"] == both

    def test_moved_to_another_section(self, approver: Client, week: Config) -> None:
        said = words(press(approver, f"move:{entry(LIBRARY)}:blog", htmx=True).content.decode())
        assert f"“{LIBRARY}” is now" in said
        assert LIBRARY in items(week)["blog"]

    def test_up_and_down_by_buttons(self, approver: Client, week: Config, both: list[str]) -> None:
        answer = press(approver, f"down:{entry(both[0])}:news", htmx=True)
        assert f"“{both[0]}” is now 2 of 2 in News." in words(answer.content.decode())
        assert items(week)["news"] == both[::-1]
        press(approver, f"up:{entry(both[0])}:news")
        assert items(week)["news"] == both

    def test_dragged_within_and_between_sections(self, approver: Client, week: Config, both: list[str]) -> None:
        first, second, small = entry(both[0]), entry(both[1]), entry(SMALL)
        press(approver, f"place:{second}:news:news", **{"order-news": f"{second},{first}"})
        assert items(week)["news"] == both[::-1]
        press(approver, f"place:{second}:blog:news", **{"order-blog": f"{second},{small}"})
        assert items(week)["blog"] == [both[1], SMALL]
        press(approver, "undo")
        assert (items(week)["news"], items(week)["blog"]) == (both[::-1], [SMALL])

    def test_merged_and_taken_apart(self, approver: Client, week: Config) -> None:
        small, library = entry(SMALL), entry(LIBRARY)
        text = press(approver, f"join:{small}", htmx=True, into=str(library)).content.decode()
        assert f"“{SMALL}” is merged into the other item." in words(text)
        assert "also from The Blog" in words(text)
        assert f"apart:{small}:{library}" in buttons(text)
        press(approver, f"apart:{small}:{library}")
        assert items(week)["blog"] == [SMALL]

    def test_undo_and_redo_say_what_they_would_do(self, approver: Client, week: Config) -> None:
        assert "Nothing to undo" in page(approver, EDITOR)
        press(approver, f"drop:{entry(LIBRARY)}")
        assert f'aria-label="Undo: dropped “{LIBRARY}”"' in page(approver, EDITOR)
        said = words(press(approver, "undo", htmx=True).content.decode())
        assert f"Undid: dropped “{LIBRARY}”." in said
        assert LIBRARY in items(week)["news"]
        assert f'aria-label="Redo: dropped “{LIBRARY}”"' in page(approver, EDITOR)
        press(approver, "redo")
        assert LIBRARY not in items(week)["news"]

    @pytest.mark.parametrize(
        "do", ["", "drop", "drop:x", "drop:1:2:", "explode:1", "move:1", "up:99:news", "place:99:news:news", "join:1"]
    )
    def test_nonsense_is_refused_in_words(self, approver: Client, week: Config, do: str) -> None:
        before = Issue.objects.get().revision
        answer = press(approver, do)
        assert answer.status_code == 409
        assert Issue.objects.get().revision == before

    def test_an_approved_issue_has_no_buttons_and_takes_no_change(self, approver: Client, week: Config) -> None:
        values = opened(approver)
        coming = pipeline.coming(week, now=FRIDAY)
        pipeline.approve(week, coming.issue.pk, actor="sam", now=FRIDAY, revision=coming.issue.revision)
        text = page(approver, EDITOR)
        assert buttons(text) == set()
        assert "To change it voids the approval" in words(text)
        answer = press(approver, f"drop:{entry(LIBRARY)}", on=values, htmx=True)
        assert answer.status_code == 409
        assert "The issue is approved, so it cannot be changed." in words(answer.content.decode())

    def test_an_editor_opens_it_again_and_the_desk_tells_what_is_different(
        self, editor: Client, week: Config
    ) -> None:
        coming = pipeline.coming(week, now=FRIDAY)
        pipeline.approve(week, coming.issue.pk, actor="sam", now=FRIDAY, revision=coming.issue.revision)
        (values,) = forms(page(editor, EDITOR), REOPEN)
        assert editor.post(REOPEN, values).status_code == 303
        assert Issue.objects.get().state == IssueState.DRAFT
        assert press(editor, f"drop:{entry(LIBRARY)}").status_code == 303
        desk = words(page(editor, "/newsroom/"))
        assert "The approval of sam stands no more." in desk
        assert LIBRARY in desk[desk.index("stands no more") :]
        editor.post(REOPEN, values)  # once more, from the old page
        assert "no longer be withdrawn" in words(page(editor, EDITOR))


class TestInPlace:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_an_item_is_rewritten_field_by_field(self, approver: Client, week: Config, htmx: bool) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        values = part(approver, path)
        assert (values["title"], values["summary"].strip()) == (LIBRARY, f"About {LIBRARY}.")
        answer = approver.post(path, {**values, "title": "Doors open"}, **(HTMX if htmx else {}))
        if htmx:
            assert (answer["HX-Retarget"], answer["HX-Reselect"]) == ("#main", "#main")
            assert "slot-item-" in answer["HX-Trigger-After-Swap"]
        else:
            assert answer.status_code == 303
        assert Edit.objects.get().value["title"] == "Doors open"
        assert set(Edit.objects.get().value) == {"title", "over"}
        text = words(page(approver, EDITOR))
        assert "Doors open" in text
        assert "Edited" in text

    def test_back_to_the_sources_words(self, approver: Client, week: Config) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        approver.post(path, {**part(approver, path), "title": "Doors open"})
        assert f"The source says: {LIBRARY}" in words(page(approver, path))
        approver.post(path, {**part(approver, path), "back": "title"})
        assert LIBRARY in items(week)["news"]

    def test_an_event_date_with_and_without_a_time(self, approver: Client, week: Config) -> None:
        key = entry(LIBRARY)
        path = f"/newsroom/issue/item/{key}/"
        day = {"start-day": "2024-02-20", "start-time": "14:30", "end-day": "", "place": "Town hall"}
        approver.post(path, {**part(approver, path), **day})
        press(approver, f"move:{key}:events")
        text = words(page(approver, EDITOR))
        assert "20 Feb" in text
        assert "Tue 20 Feb 2024, 14:30" in text
        assert "Town hall" in text
        values = part(approver, path)
        assert (values["start-day"], values["start-time"], values["was-start"]) == (
            "2024-02-20",
            "14:30",
            "2024-02-20T14:30",
        )
        approver.post(path, {**values, "start-day": "2024-02-01", "start-time": ""})
        assert "the event was over on" in words(page(approver, "/newsroom/issue/week/"))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"title": ""}, "A title cannot be empty."),
            ({"url": "javascript:alert(1)"}, "An address must begin with https:// or http://"),
            ({"start-time": "10:00"}, "“Starts” has a time but no day."),
            ({"end-day": "2024-02-20"}, "give its first day, too"),
            ({"start-day": "2024-02-21", "end-day": "2024-02-20"}, "The event ends before it begins."),
        ],
    )
    def test_what_cannot_be_saved_stays_in_the_form(
        self, approver: Client, week: Config, typed: dict[str, str], said: str
    ) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        answer = approver.post(path, {**part(approver, path), "summary": "Half a thought", **typed})
        assert answer.status_code == 409
        text = answer.content.decode()
        assert said in words(text)
        values = filled(text, path)
        assert values["summary"].strip() == "Half a thought"
        assert not Edit.objects.exists()

    @pytest.mark.parametrize("htmx", [False, True])
    def test_intro_subject_and_closing_words(self, approver: Client, week: Config, htmx: bool) -> None:
        extra = HTMX if htmx else {}
        for path, typed in (
            ("/newsroom/issue/text/intro/", {"intro": "Good *morning*."}),
            ("/newsroom/issue/text/outro/", {"outro": "Until [Monday](https://example.org)."}),
            ("/newsroom/issue/text/inbox/", {"subject": "Doors open", "preheader": "And much more"}),
        ):
            assert approver.post(path, {**part(approver, path), **typed}, **extra).status_code in (200, 303)
        document = pipeline.coming(week, now=FRIDAY).document
        assert (document.subject, document.preheader) == ("Doors open", "And much more")
        text = page(approver, EDITOR)
        assert "<em>morning</em>" in text
        assert '<a href="https://example.org">Monday</a>' in text
        assert page(approver, EDITOR).count("Nothing was changed") == 0

    def test_live_previews_come_from_the_mails_own_code_and_store_nothing(
        self, approver: Client, week: Config
    ) -> None:
        shown = approver.post("/newsroom/issue/words/", {"intro": "**Bold** <script>x</script>"}).content.decode()
        assert "<strong>Bold</strong>" in shown
        assert "<script>" not in shown
        lines = approver.post(
            "/newsroom/issue/inbox/", {"subject": "", "made-subject": "Made up", "preheader": "x" * 120}
        ).content.decode()
        assert "Made up" in lines
        assert "120 characters: 40 to 100 are best" in words(lines)
        assert not Edit.objects.exists()

    def test_the_form_alone_for_htmx_and_a_page_of_its_own_without(self, approver: Client, week: Config) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        alone, whole = page(approver, path, **HTMX), page(approver, path)
        assert "<html" not in alone
        assert f'hx-post="{path}"' in alone
        assert "<html" in whole
        assert "hx-post" not in whole.split('class="part-form"')[1]
        assert approver.get("/newsroom/issue/item/999999/").status_code == 404
        assert approver.get("/newsroom/issue/text/nonsense/").status_code == 404


class TestTwoAtOnce:
    def test_what_touches_nothing_of_the_others_is_merged_and_told(
        self, approver: Client, editor: Client, week: Config
    ) -> None:
        old = opened(approver)
        press(editor, f"drop:{entry(SMALL)}")
        text = words(press(approver, f"pin:{entry(CALL)}", on=old, htmx=True).content.decode())
        assert f"kim@example.org dropped “{SMALL}”." in text
        assert "is pinned to the top" in text
        assert [row.actor for row in Edit.objects.order_by("seq")] == ["kim@example.org", "sam@example.org"]

    @pytest.mark.parametrize("htmx", [False, True])
    def test_what_touches_the_same_is_refused_and_says_what_the_other_did(
        self, approver: Client, editor: Client, week: Config, htmx: bool
    ) -> None:
        old = opened(approver)
        press(editor, f"drop:{entry(LIBRARY)}")
        answer = press(approver, f"pin:{entry(LIBRARY)}", on=old, htmx=htmx)
        assert answer.status_code == 409
        said = f"Not done, because of what came between: kim@example.org dropped “{LIBRARY}”."
        assert said in words(answer.content.decode())
        assert Edit.objects.count() == 1

    def test_an_undo_takes_back_only_what_was_seen_as_the_last_change(
        self, approver: Client, editor: Client, week: Config
    ) -> None:
        press(approver, f"drop:{entry(LIBRARY)}")
        old = opened(approver)
        press(editor, f"drop:{entry(SMALL)}")
        assert press(approver, "undo", on=old).status_code == 409
        assert "blog" not in items(week)

    def test_two_fields_of_one_item_by_two_people(self, approver: Client, editor: Client, week: Config) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        sams, kims = part(approver, path), part(editor, path)
        editor.post(path, {**kims, "title": "Doors open"})
        assert approver.post(path, {**sams, "summary": "At nine."}).status_code == 303
        (item,) = [i for i in pipeline.coming(week, now=FRIDAY).document.items if i.title == "Doors open"]
        assert item.summary == "At nine."

    @pytest.mark.parametrize("htmx", [False, True])
    def test_one_field_by_two_people_is_never_overwritten_in_silence(
        self, approver: Client, editor: Client, week: Config, htmx: bool
    ) -> None:
        path = f"/newsroom/issue/item/{entry(LIBRARY)}/"
        sams, kims = part(approver, path), part(editor, path)
        editor.post(path, {**kims, "title": "Kim's words"})
        answer = approver.post(path, {**sams, "title": "Sam's words"}, **(HTMX if htmx else {}))
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "Somebody else made this of it: Kim's words" in words(text)
        again = filled(text, path)
        assert (again["title"], again["was-title"]) == ("Sam's words", "Kim's words")
        approver.post(path, again)
        assert "Sam's words" in items(week)["news"]

    def test_the_intro_of_two_people(self, approver: Client, editor: Client, week: Config) -> None:
        path = "/newsroom/issue/text/intro/"
        sams, kims = part(approver, path), part(editor, path)
        editor.post(path, {**kims, "intro": "Kim's words."})
        answer = approver.post(path, {**sams, "intro": "Sam's words."}, **HTMX)
        assert answer.status_code == 409
        assert "Kim's words." in words(answer.content.decode())
        again = filled(answer.content.decode(), path)
        assert again["intro"].strip() == "Sam's words."
        assert pipeline.coming(week, now=FRIDAY).document.intro == "Kim's words."

    def test_the_poll_is_silent_until_something_changes(self, approver: Client, editor: Client, week: Config) -> None:
        mark = opened(approver)["mark"]
        quiet = approver.get("/newsroom/issue/now/", {"mark": mark}, **HTMX)
        assert (quiet.status_code, quiet.content) == (204, b"")
        press(editor, f"drop:{entry(SMALL)}")
        told = approver.get("/newsroom/issue/now/", {"mark": mark}, **HTMX)
        assert f"kim@example.org dropped “{SMALL}”." in words(told.content.decode())
        # One's own change in another window is shown as well, without being told about it.
        mine = editor.get("/newsroom/issue/now/", {"mark": mark}, **HTMX)
        assert mine.status_code == 200
        assert "kim@example.org dropped “On small things”." not in words(mine.content.decode())
        assert approver.get("/newsroom/issue/now/", {"mark": "nonsense"}).status_code == 200

    def test_a_page_of_another_issue_changes_nothing(self, approver: Client, week: Config) -> None:
        answer = press(approver, f"drop:{entry(LIBRARY)}", issue="2001-01-01")
        assert answer.status_code == 409
        assert "showed another issue" in words(answer.content.decode())


def test_the_history_names_who_and_what_and_what_was_undone(approver: Client, editor: Client, week: Config) -> None:
    press(approver, f"drop:{entry(LIBRARY)}")
    press(editor, f"move:{entry(SMALL)}:news")
    press(editor, "undo")
    lines = words(page(approver, "/newsroom/issue/history/"))
    undid = lines.index("kim@example.org undid: moved “On small things” to News")
    moved = lines.index("kim@example.org moved “On small things” to News Undone")
    dropped = lines.index("sam@example.org dropped “A library opens”")
    assert undid < moved < dropped


def test_an_empty_week_is_a_page_as_well(approver: Client, association: Config) -> None:
    text = words(page(approver, EDITOR))
    assert "Nothing this week: left out of the mail." in text
    assert "Nobody has changed anything yet" in text
    assert "Nothing yet" in words(page(approver, "/newsroom/issue/week/"))
    answer = approver.post(
        "/newsroom/issue/text/intro/", {**part(approver, "/newsroom/issue/text/intro/"), "intro": "Hi"}
    )
    assert answer.status_code == 303
    assert pipeline.coming(association, now=FRIDAY).document.intro == "Hi"


def test_nothing_inline(approver: Client, week: Config) -> None:
    for path in (EDITOR, "/newsroom/issue/week/", "/newsroom/issue/add/", f"/newsroom/issue/item/{entry(SMALL)}/"):
        text = page(approver, path)
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text


@pytest.mark.parametrize("edits", [0, 12])
def test_as_many_queries_whatever_the_issue_holds(approver: Client, week: Config, edits: int) -> None:
    for n in range(edits):
        press(approver, f"{('drop', 'restore')[n % 2]}:{entry(LIBRARY)}")
    page(approver, EDITOR)
    for path, most in ((EDITOR, 26), ("/newsroom/issue/week/", 24), ("/newsroom/issue/history/", 24)):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page(approver, path)
        assert len(seen) <= most, [query["sql"][:80] for query in seen]
    with CaptureQueriesContext(connection) as seen:
        approver.get("/newsroom/issue/now/", {"mark": opened(approver)["mark"]})
    values = opened(approver)
    with CaptureQueriesContext(connection) as seen:
        assert approver.get("/newsroom/issue/now/", {"mark": values["mark"]}).status_code == 204
    assert len(seen) <= 5, [query["sql"][:80] for query in seen]
    with CaptureQueriesContext(connection) as seen:
        approver.post(CHANGE, {**values, "do": f"drop:{entry(SMALL)}"}, **HTMX)
    assert len(seen) <= 50, len(seen)
    assert sum("gather_entry" in q["sql"] and "latest_doc" in q["sql"] for q in seen) <= 4  # composed once
