"""The plain-text edition."""

from __future__ import annotations

import re

import pytest

from digest.render import Renderer
from digest.render.wrap import columns, wrap
from tests.render import documents


@pytest.fixture(scope="module")
def text(renderer: Renderer) -> str:
    return renderer.render(documents.full(), documents.MEMBERS, web=False).text


def test_it_opens_as_its_readers_know_it(text: str) -> None:
    lines = text.splitlines()
    assert lines[0] == "View in your browser [1]"
    assert "Issue 736 [2] · Monday 12 February 2024" in lines
    assert f" [1] {documents.TAGS.view_in_browser}" in lines


def test_no_line_is_wider_than_72_columns_but_an_address(text: str) -> None:
    for line in text.splitlines():
        assert columns(line) <= 72 or "://" in line, line
        assert line == line.rstrip() or line == "-- "


def test_every_reference_is_listed_once_and_in_order(text: str) -> None:
    body, _, tail = text.partition(f"\nLinks\n{'=' * 72}\n")
    used = [int(n) for n in re.findall(r"\[(\d+)\]", body)]
    listed = [int(n) for n in re.findall(r"^ *\[(\d+)\] \S+$", tail, re.M)]
    assert listed == list(range(1, len(listed) + 1))
    assert sorted(set(used)) == listed
    assert list(dict.fromkeys(used)) == listed, "numbered as they come"


def test_an_event_has_its_date_time_zone_and_place(text: str) -> None:
    assert "  Tue 13 Feb 2024, 12:00–13:00 GMT\n  Online\n" in text
    assert "  Tue 25 Jun – Thu 27 Jun 2024\n  Saltmarsh Guildhall, online\n" in text
    assert "  Wed 28 Feb 2024, 13:00–14:15 AST\n" in text


def test_a_publication_is_cited(text: str) -> None:
    assert (
        "  Marguerite Oduya, Pavel Strnad and Catrin Llewelyn (2024). Journal of\n  Learning Practice, 32(1), 14–29.\n"
        "  doi.org/10.55555/jlp.v32.3127 [" in text
    )


def test_pictures_are_their_alternative_in_brackets(text: str) -> None:
    assert "  [A lecture on a laptop, captions below]\n" in text


def test_the_footer_follows_the_signature_mark(text: str) -> None:
    assert text.count("\n-- \n") == 1
    footer = text.partition("\n-- \n")[2].splitlines()
    assert documents.TAGS.unsubscribe in footer, "on a line of its own"
    assert "4 Chandlers' Row, Saltmarsh SM2 6QD, United Kingdom" in footer


def test_there_is_never_more_than_one_empty_line(text: str) -> None:
    assert "\n\n\n" not in text
    assert text.endswith("\n")


def test_the_same_address_has_the_same_number(renderer: Renderer) -> None:
    url = "https://www.harbourlight.example/same"
    twice = documents.document(
        documents.section("news", documents.item("One", url=url), documents.item("Two", url=url))
    )
    text = renderer.render(twice, documents.MEMBERS, web=False).text
    assert "* One [3]" in text
    assert "* Two [3]" in text
    assert text.count(url) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "  "),
        ("one two", "  one two"),
        ("https://example.org/a/very/long/address/that/is/wider/than/the/line", None),
    ],
)
def test_wrap(words: str, expected: str | None) -> None:
    wrapped = wrap(words, first="  ", width=20)
    assert wrapped == (expected.rstrip() if expected is not None else f"  {words}")


def test_a_heading_is_as_it_is_written_and_underlined_across_the_page(text: str) -> None:
    assert f"\n\nFrom the blog\n{'-' * 72}\n\n" in text


def test_an_event_goes_into_a_calendar(text: str) -> None:
    assert re.search(r"^  Last chance · Add to calendar \[\d+\] · Events calendar$", text, re.M)
    assert re.search(r"^Add all events to your calendar \[\d+\]$", text, re.M)
    assert f"] {documents.PUBLIC.permalink}i-lunchtime-clinic--rubric.ics\n" in text
    assert f"] {documents.PUBLIC.permalink}events.ics\n" in text


def test_one_event_alone_has_no_second_file(renderer: Renderer) -> None:
    one = documents.full().sections[1].model_copy(update={"items": documents.full().sections[1].items[:1]})
    assert "events.ics" not in renderer.render(documents.document(one), documents.MEMBERS).text


@pytest.mark.parametrize("length", range(50, 76))
def test_a_reference_is_never_parted_from_its_word(length: int, renderer: Renderer) -> None:
    title = ("word " * 20)[:length].strip() + "x"
    issue = documents.document(documents.section("news", documents.item(title)))
    text = renderer.render(issue, documents.MEMBERS, web=False).text
    assert re.search(r"[wordx] \[3\]$", text, re.M)


def test_japanese_lines_neither_begin_with_a_full_stop_nor_end_with_an_opening_bracket() -> None:
    text = "昨年の秋から、十一の学校で（すべての）録画授業に「自動字幕」が付いた。" * 6
    for width in range(20, 40):
        lines = wrap(text, width=width).split("\n")
        assert "".join(lines) == text
        for line in lines:
            assert line[0] not in "、。）」"
            assert line[-1] not in "（「"
            assert width - 5 <= columns(line) <= width or line is lines[-1]


def test_korean_parts_at_its_spaces() -> None:
    assert wrap("작년 가을부터 열한 학교에서 자막이 나왔다", width=20).split("\n") == [
        "작년 가을부터 열한",
        "학교에서 자막이",
        "나왔다",
    ]


def test_marks_above_letters_take_no_room() -> None:
    assert columns("مُحَدَّث") == 4
    assert columns("हिन्दी") == 5
    assert columns("e\u0301\u200d") == 1


def test_wide_characters_count_twice_and_may_be_parted() -> None:
    lines = wrap("学習" * 30, first="  ", width=20).split("\n")
    assert all(columns(line) <= 20 for line in lines)
    assert "".join(line.strip() for line in lines) == "学習" * 30
