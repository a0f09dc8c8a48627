"""Reading what another tool made: which issue it is, what it says, and what of it is its recipient's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.archive.earlier import EarlierIssue, Unread, read_earlier
from digest.archive.earlier.dates import find_day
from digest.archive.earlier.recipient import public_link
from digest.archive.earlier.words import escaped, from_html, from_text
from digest.config import Config
from digest.errors import UsageError
from digest.render.markdown import to_html, to_text

NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
TITLE = "Weekly News Digest - Issue 735, 05 Feb 2024"

Read = Callable[..., EarlierIssue | Unread]


@pytest.fixture
def read(config: Config, tmp_path: Path) -> Read:
    """`read(name, content)`: what a folder with one file comes to."""

    def one(name: str, content: str | bytes) -> EarlierIssue | Unread:
        folder = tmp_path / "old"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (found,) = read_earlier(config, folder, now=NOW)
        return found

    return one


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", f"<title>{TITLE}</title><p>x</p>"),
        ("a.HTM", f"<title>[LIST] {TITLE} - The Test Association's list of all announcements</title><p>x</p>"),
        ("a.html", f"<?xml version='1.0' encoding='utf-8'?><html><head><title>{TITLE}</title></head><p>x</p></html>"),
        ("a.html", f"<table><tr><td><p>{TITLE}</p></td></tr></table>"),
        ("a.html", "<h1>Weekly News Digest \u2013 Issue 735, 5 February 2024</h1><p>x</p>"),
        ("a.html", f"<title>{TITLE}</title><p>x</p>".encode("utf-16")),
        ("a.html", f"<title>{TITLE}</title><p>x</p>".encode("utf-16-le")),
        ("a.txt", f"\ufeff{TITLE}\n\nx"),
        ("a.txt", f"From: a@b.example\nTo: c@d.example\nSubject: Fwd: {TITLE}\n\nx"),
        ("735.html", "<p>Monday, 5 February 2024</p><p>x</p>"),
        ("735.txt", "From: a@b.example\nDate: Mon, 05 Feb 2024 09:00:00 +0000\n\nx"),
        ("0735-2024-02-05.txt", "x"),
        ("digest_735_20240205.txt", "x"),
        ("735 - 5 Feb 2024.txt", "x"),
        ("2024-02-05 No. 735.txt", "x"),
        (f"{TITLE.replace(' ', '_')}.txt", "x"),
        ("a.html", "<title>News of the association, issue 735 (February 5th, 2024)</title><p>x</p>"),
        ("a.html", "<title>Bulletin Nr. 735 vom 5. Februar 2024</title><p>x</p>"),
    ],
)
def test_which_issue_it_is(read: Read, name: str, content: str | bytes) -> None:
    found = read(name, content)
    assert isinstance(found, EarlierIssue), found
    assert (found.number, found.date) == (735, dt.date(2024, 2, 5))


def test_the_title_is_ours_where_it_is_one_of_ours(read: Read) -> None:
    found = read("a.html", f"<title>[LIST] {TITLE} - Gmail</title><p>x</p>")
    assert isinstance(found, EarlierIssue)
    assert found.title == TITLE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", "nothing", "which issue it is"),
        ("735.html", "<p>Our summer school is on the evening of 5 February 2024, so book now</p>", "of which day"),
        ("736.html", f"<title>{TITLE}</title><p>x</p>", "its name says 736, its text says issue 735"),
        ("735.html", "", "no words"),
        ("735.html", "<script>x</script><!-- y -->", "no words"),
        ("735.html", b"\x00\x00\x00", "no words"),
        (
            "735-2024-02-05.html",
            "<p>first</p>" + "<div>" * 3000 + "</div>" * 3000 + "<p>last</p>",
            "nested too deeply",
        ),
        ("735-2204-02-05.txt", "x", "which issue"),
        ("735-2024-02-19.txt", "x", "has not come yet"),
        ("735-2024-13-45.txt", "x", "which"),
        ("0-2024-02-05.txt", "x", "which issue"),
        ("735-2024-02-05.txt", b"x" * 5_000_001, "larger than 5 MB"),
    ],
)
def test_what_does_not_say_which_issue_it_is(read: Read, name: str, content: str | bytes, words: str) -> None:
    found = read(name, content)
    assert isinstance(found, Unread), found
    assert words in found.reason


def test_a_folder_called_like_a_file(config: Config, tmp_path: Path) -> None:
    (tmp_path / "old" / "735.html").mkdir(parents=True)
    (found,) = read_earlier(config, tmp_path / "old", now=NOW)
    assert isinstance(found, Unread)
    assert "cannot be read" in found.reason


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05 Feb 2024", "2024-02-05"),
        ("2024-02-05", "2024-02-05"),
        ("5 February 2024", "2024-02-05"),
        ("Mon, 5th of Feb., 2024", "2024-02-05"),
        ("February 5, 2024", "2024-02-05"),
        ("05/02/2024", "2024-02-05"),
        ("5.2.24", "2024-02-05"),
        ("5 février 2024", "2024-02-05"),
        ("1 Jan 2024 to 5 Feb 2024", "2024-01-01"),
        ("31/02/2024", None),
        ("02/25/2024", None),
        ("735", None),
        ("", None),
        ("a 12 b 34 c 5678", None),
    ],
)
def test_days(text: str, day: str | None) -> None:
    found = find_day(text, now=NOW)
    assert (str(found.date) if found else None) == day


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://museum.example/news/2024/a-library-opens-in-the-old-town-hall-of-testford", None),
        ("https://doi.org/10.1016/j.culher.2024.01.005", None),
        ("https://link.springer.com/article/10.1007/s10734-024-01203-4", None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", None),
        ("https://conf.example/programme?session=12&day=2", None),
        ("https://medium.com/@writer/a-story", None),
        ("https://x.example/a?utm_source=mail&id=7", "https://x.example/a?id=7"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2Fa&data=05%7Cada%40x.org", "https://x.example/a"),
        ("https://www.google.com/url?q=https://x.example/a&sa=D", "https://x.example/a"),
        ("https://x.us1.list-manage.com/track/click?u=0a1b2c&id=3d&e=4f5e6d", ""),
        ("https://u123.ct.sendgrid.net/ls/click?upn=u001.AbC-2BdE", ""),
        ("https://x.example/unsubscribe/12", ""),
        ("https://x.example/p?email=ada%40example.org", ""),
        ("https://x.example/p/ada@example.org", ""),
        ("https://x.example/p?uid=8812", ""),
        ("https://x.example/p/9f8a7b6c5d4e3f2a1b0c", ""),
        ("https://x.example/p/123e4567-e89b-12d3-a456-426614174000", ""),
        ("https://ada:secret@x.example/", ""),
        ("mailto:ada@example.org", ""),
        ("javascript:alert(1)", ""),
        ("/relative", ""),
        ("https://[broken", ""),
        ("https://x.example/" + "a" * 900, ""),
        ("", ""),
    ],
)  # fmt: skip
def test_links_that_everybody_may_follow(href: str, url: str | None) -> None:
    assert public_link(href) == (href if url is None else url)


def test_an_old_mails_words() -> None:
    words = from_html(
        "<body><div style='display:none'>hidden</div><h2>News</h2>"
        "<ul><li><a href='https://x.example/1'><b>A library</b> opens</a><br>in *Berlin*!</li><li>Second</li></ul>"
        "<!-- c --><p>1. not a list &lt;b&gt;<br><br>Another</p><td>A cell</td>"
        "<pre>typed  line\n\nhttps://x.example/a_b.</pre></body>"
    )
    assert words.markdown == (
        "**News**\n\n- [A library opens](<https://x.example/1>)\\\n  in \\*Berlin\\*\\!\n- Second\n\n"
        "1\\. not a list \\<b\\>\n\nAnother\n\nA cell\n\ntyped line\n\n<https://x.example/a_b>."
    )


def test_a_recipients_own_is_left_out() -> None:
    words = from_html(
        "<table><tr><td>To:</td><td>Ada &lt;ada@example.org&gt;</td></tr></table>"
        "<p>Abstracts should be sent to <a href='mailto:talks@example.org'>talks@example.org</a></p>"
        "<p>You are receiving this because<br>ada@example.org is a member. "
        "<a href='https://x.example/bye'>Stop it</a></p>"
    )
    assert "ada@" not in words.markdown
    assert "x.example" not in words.markdown
    assert "talks@example.org" in words.markdown
    assert words.left_out == 3
    saved = from_text(
        "From: l@x.example\nTo: ada@example.org\nSubject: S\nDate: Mon, 5 Feb 2024\n\nHello\nhttps://x.example/a\n"
        "Unsubscribe:\nhttps://x.example/b\n"
    )
    assert saved.markdown == "Hello\\\n<https://x.example/a>\\\nUnsubscribe:\\\n\\[link left out\\]"


def test_mails_within_mails_are_read_to_the_end() -> None:
    words = from_html("<p>first</p>" + "<div>" * 1500 + "deep" + "</div>" * 1500 + "<p>last</p>")
    assert (words.markdown, words.whole) == ("first\n\ndeep\n\nlast", True)


def test_markup_made_to_hurt() -> None:
    deep = "<div>" * 20_000 + "words" + "</div>" * 20_000
    lists = "<ul><li>" * 2_000 + "words"
    for markup in (deep, lists, "<a href=x>" * 5_000 + "words", "<!--" * 50_000, "<p " + "a=1 " * 100_000):
        words = from_html(markup)
        shown = to_html(words.markdown)
        assert "<div" not in shown, "read as text, or refused as too deep; never passed on"
        assert not words.whole or "words" not in markup or "words" in shown, "what says it is whole has lost nothing"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40), max_size=4))
def test_markdown_shows_every_text_word_for_word(lines: list[str]) -> None:
    text = "\n\n".join(" ".join(line.split()) for line in lines)
    marked = "\n\n".join(escaped(block, at_start=True) for block in text.split("\n\n"))
    shown = to_text(marked, refer=lambda url: f" [{url}]")
    assert "".join(shown.split()) == "".join(text.split())
    markup = str(to_html(marked))
    for tag in ("<a", "<em", "<strong", "<ul", "<ol", "<img", "<code", "<blockquote"):
        assert tag not in markup


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/abp =\"'&;:-!*_[]()\\`#1.\n\thref", max_size=200))
def test_no_markup_breaks_the_reading(raw: str) -> None:
    for words in (from_html(raw), from_text(raw)):
        markup = str(to_html(words.markdown))
        assert "<script" not in markup
        assert "<img" not in markup


def table(config: Config, tmp_path: Path, content: str | bytes) -> list[EarlierIssue | Unread]:
    path = tmp_path / "old.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_earlier(config, path, now=NOW)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_in_several_hands(config: Config, tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        ("Subject", "Date", "Link", "No"),
        ("Cafés", "5 Feb 2024", "https://x.example/735", "735"),
        ("", "", "", ""),
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    (found,) = table(config, tmp_path, text.encode(encoding))
    assert isinstance(found, EarlierIssue)
    assert (found.number, found.title, str(found.date), found.origin) == (735, "Cafés", "2024-02-05", "row 2")


def test_rows_that_cannot_be_used(config: Config, tmp_path: Path) -> None:
    found = table(
        config,
        tmp_path,
        "title,date,url,number\n"
        "No number here,2024-01-15,https://x.example/x,\n"
        "A,2024-01-15,https://x.example/x,seven\n"
        "A,soon,https://x.example/x,733\n"
        "A,2024-01-22,javascript:alert(1),734\n"
        "A,2024-01-22,http://[x,734\n"
        f'"{TITLE}",2024-02-05,https://x.example/x,734\n'
        "A,2024-01-22\n"
        '"A,2024-01-22,https://x.example/x,1\nB,2024-01-22,https://x.example/x,2\n',
    )
    reasons = [(u.origin, u.reason) for u in found if isinstance(u, Unread)]
    assert len(reasons) == len(found) == 8
    for (origin, reason), words in zip(
        reasons,
        ("no number", "'seven' is none", "'soon' is not a day", "javascript", "not a web", "title says issue 735",
         "no number", "quotation mark"),
        strict=True,
    ):  # fmt: skip
        assert words in reason, origin


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x,y\n1,2\n", "has no column title"),
        ("title,date\n1,2\n", "has no column url"),
        ("", "is empty"),
        (b"PK\x03\x04rest", "no CSV file"),
        ("title,date,url\n" + "x" * 200_000 + ",1,2\n", "row 2"),
        (b"x" * 5_000_001, "larger than 5 MB"),
    ],
)
def test_what_is_no_table(config: Config, tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        table(config, tmp_path, content)


def test_what_holds_no_issues(config: Config, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no \.html"):
        read_earlier(config, tmp_path / "empty", now=NOW)
    with pytest.raises(UsageError, match="There is nothing"):
        read_earlier(config, tmp_path / "gone", now=NOW)
