"""The small parts: dates, Markdown, colours, addresses, lines."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.gather.document import EventTime
from digest.render import dates, markdown
from digest.render.colour import contrast, glow, readable
from digest.render.inline import inline_css, squeeze
from digest.render.plain import direction, one_line, safe_url
from digest.render.wire import to_lines
from tests.render.documents import at

BRITISH = dates.locale_of("en-GB")


def when(event: EventTime, language: str = "en-GB") -> str:
    return dates.event_when(event, "Europe/London", dates.locale_of(language)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (EventTime(start=at(13, 12), end=at(13, 13)), "Tue 13 Feb 2024, 12:00–13:00 GMT"),
        (EventTime(start=at(13, 12)), "Tue 13 Feb 2024, 12:00 GMT"),
        (EventTime(start=at(13, 12), end=at(12, 12)), "Tue 13 Feb 2024, 12:00 GMT"),
        (EventTime(start=at(3, 11, month=7)), "Wed 3 Jul 2024, 12:00 BST"),
        (
            EventTime(start=at(13, 9), end=at(15, 17)),
            "Tue 13 Feb, 09:00 – Thu 15 Feb 2024, 17:00 GMT",
        ),
        (EventTime(start=at(13, 0), all_day=True), "Tue 13 Feb 2024"),
        (EventTime(start=at(13, 0), end=at(14, 0), all_day=True), "Tue 13 Feb 2024"),
        (EventTime(start=at(13, 0), end=at(16, 0), all_day=True), "Tue 13 Feb – Thu 15 Feb 2024"),
        (
            EventTime(start=at(30, 0, month=12), end=at(2, 0, month=1, year=2025), all_day=True),
            "Mon 30 Dec 2024 – Wed 1 Jan 2025",
        ),
        (EventTime(start=at(13, 17), zone="America/New_York"), "Tue 13 Feb 2024, 12:00 EST"),
        (EventTime(start=at(13, 12), zone="Asia/Kathmandu"), "Tue 13 Feb 2024, 17:45 UTC+5:45"),
        (EventTime(start=at(13, 12), zone="Atlantis/Deep"), "Tue 13 Feb 2024, 12:00 GMT"),
        # The clocks go forward while it lasts.
        (EventTime(start=at(31, 0, 30, month=3), end=at(31, 2, month=3)), "Sun 31 Mar 2024, 00:30 GMT–03:00 BST"),
    ],
)
def test_when_an_event_is(event: EventTime, expected: str) -> None:
    assert when(event) == expected


def test_dates_are_in_the_issues_language() -> None:
    assert dates.full_date(dt.date(2024, 2, 12), BRITISH) == "Monday 12 February 2024"
    assert dates.full_date(dt.date(2024, 2, 12), dates.locale_of("fr")) == "lundi 12 février 2024"
    assert when(EventTime(start=at(13, 12)), "de").startswith("Di., 13. Feb. 2024, 13:00"[:17])
    assert dates.locale_of("xx-YY") == BRITISH


def test_a_short_date_has_its_year_only_when_it_is_another() -> None:
    day = dt.date(2024, 2, 12)
    assert dates.short_date(dt.date(2024, 2, 9), BRITISH, beside=day) == "9\u00a0Feb"
    assert dates.short_date(dt.date(2023, 12, 31), BRITISH, beside=day) == "31\u00a0Dec\u00a02023"


MARKDOWN = """# Hello

Some **bold** *words* and a [link](https://example.org/a?b=1&c=2).

- one
- two
  three

1. first
2. second

> quoted

![A boat](https://example.org/boat.png)
<b onclick="x">raw</b> [bad](javascript:alert(1))
"""


def test_markdown_as_html() -> None:
    html = markdown.to_html(MARKDOWN)
    assert html.startswith("<p><strong>Hello</strong></p><p>Some <strong>bold</strong> <em>words</em> and a ")
    assert '<a href="https://example.org/a?b=1&amp;c=2">link</a>' in html
    assert "<ul><li>one</li><li>two\nthree</li></ul><ol><li>first</li>" in html
    assert '<img src="https://example.org/boat.png" alt="A boat">' in html
    assert "<b " not in html
    assert "javascript" not in html.split("[bad]")[0]
    assert "<h1" not in html


def test_markdown_as_text() -> None:
    urls: list[str] = []

    def refer(url: str) -> str:
        urls.append(url)
        return f" [{len(urls)}]"

    text = markdown.to_text(MARKDOWN, refer=refer)
    assert text.startswith(
        "Hello\n\nSome bold words and a link [1].\n\n- one\n- two three\n\n1. first\n2. second\n\n> quoted"
    )
    assert "[A boat]" in text
    assert urls == ["https://example.org/a?b=1&c=2"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_no_markdown_is_nothing(text: str) -> None:
    assert markdown.to_html(text) == ""
    assert markdown.to_text(text, refer=str) == ""


def test_nested_lists_read_as_lists() -> None:
    text = markdown.to_text("- a\n  - b\n  - c\n- d\n\nend", refer=str)
    assert text == "- a\n  - b\n  - c\n- d\n\nend"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        (" https://example.org/é ", "https://example.org/%C3%A9"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://user@bücher.example:8080/x", "https://user@xn--bcher-kva.example:8080/x"),
        ('https://example.org/"><b>', "https://example.org/%22%3E%3Cb%3E"),
        ("https://example.org/a%20b?x[]=1", "https://example.org/a%20b?x%5B%5D=1"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("mailto:a@example.org?subject=x", "mailto:a@example.org?subject=x"),
        ("https://example.org/a\r\nb", "https://example.org/ab"),
        ("HTTPS://Example.org/", "HTTPS://Example.org/"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("https://", ""),
        ("https://[bad", ""),
        ("https://good.example\\@evil.example/", ""),
        ("mailto:nobody", ""),
        ("ftp://example.org/", ""),
        ("", ""),
    ],
)
def test_safe_url(url: str, expected: str) -> None:
    assert safe_url(url) == expected


def test_one_line() -> None:
    assert one_line(" a\r\n b\u2028c\x00\u202e d\u200dz ") == "a b c d\u200dz"


@pytest.mark.parametrize(("text", "expected"), [("abc", "ltr"), ("12 ‏שלום", "rtl"), ("مرحبا x", "rtl"), ("12", "")])
def test_direction(text: str, expected: str) -> None:
    assert direction(text) == expected


def test_contrast_is_as_wcag_counts_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast(readable("#88bbcc", "#ffffff"), "#ffffff") >= 4.5
    assert contrast(readable("#334455", "#1c2024"), "#1c2024") >= 4.5
    assert readable("#1d4e63", "#ffffff") == "#1d4e63", "what passes stays"
    assert contrast(glow("#1d4e63", "#1c2024", ratio=7), "#1c2024") >= 7


@pytest.mark.parametrize("text", ["word " * 2000, "x" * 5000, "&#23398;" * 3000, "a" * 700 + " " + "b" * 700])
def test_lines_are_short_and_read_the_same(text: str) -> None:
    html = f"<!DOCTYPE html>\n<html><body><p>{text}</p><a href='https://example.org/{'y' * 700}'>z</a></body></html>"
    lines = to_lines(html)
    assert max(map(len, lines.split("\n"))) <= 800
    flat = "".join(lines.replace("<!--\n-->", "").split())
    assert flat == "".join(html.split())


def test_an_address_is_never_broken() -> None:
    url = f"https://example.org/?q={'z' * 770}"
    lines = to_lines(f'<p>{"word " * 90}<a href="{url}" style="color:#000" class="x">{"y" * 240}</a></p>' * 3)
    assert lines.count(f'href="{url}"') == 3
    assert max(map(len, lines.split("\n"))) <= 998


def test_outlooks_conditions_are_never_broken() -> None:
    ghost = "<!--[if mso | IE]><table width='1'><tr><td style='width:600px;'><![endif]-->"
    lines = to_lines(f"<body>{(ghost + '<i>word</i> ') * 60}</body>")
    assert lines.count("<!--[if mso | IE]>") == 60
    assert max(map(len, lines.split("\n"))) <= 800


def test_lines_drop_c1_controls_however_written() -> None:
    assert to_lines("<p>a\x85b&#133;c&#160;d</p>") == "<p>abc&#160;d</p>\n"


def test_inlining_leaves_media_queries_and_comments_alone() -> None:
    html = (
        "<html><head><style>@media (min-width:1px){.a{color:red !important}}</style></head>"
        "<body><!--[if mso]><table><tr><td><![endif]--><p class='a b'>x</p>"
        "<!--[if mso]></td></tr></table><![endif]-->"
        "</body></html>"
    )
    out = inline_css(html, ".b { color: blue; font: bold 14px/1.5 Georgia, serif }")
    assert "@media (min-width:1px){.a{color:red !important}}" in out
    assert '<p class="a" style="color:blue;font:bold 14px/1.5 Georgia,serif">x</p>' in out
    assert "<!--[if mso]><table><tr><td><![endif]-->" in out
    assert ".b" not in out


def test_squeeze() -> None:
    assert squeeze("/* x */ a , b { color : red ;\n margin: 0 auto }") == "a,b{color :red;margin:0 auto}"
