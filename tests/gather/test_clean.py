"""From whatever a feed holds to safe, plain values."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.clean.html import clean_html, first_image, from_plain, looks_like_html
from digest.gather.clean.links import absolute, canonical, url_key, without_tracking
from digest.gather.clean.teaser import is_truncated, shorten, teaser
from digest.gather.clean.text import normalised_title, one_line, plain_title, scrub

# characters ----------------------------------------------------------------------------------------------------


def test_controls_overrides_and_non_characters_are_dropped() -> None:
    assert scrub("a\x00b\x07c\x1bd\x7f") == "abcd"
    assert scrub("user\u202egpj.exe\u2066x\u2069") == "usergpj.exex"
    assert scrub("a\ufeffb\ufdd0c\uffff") == "abc"
    assert scrub("a\ud800b") == "ab"


def test_windows_characters_in_the_c1_range_are_read_as_meant() -> None:
    assert scrub("it\x92s \x93quoted\x94 \x96 5\x80\x81") == "it’s “quoted” – 5€"


def test_what_other_scripts_need_is_kept() -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "שלום \u200f(abc)", "👩\u200d💻", "naïve"):
        assert scrub(text) == text


def test_a_line_is_one_line() -> None:
    assert one_line(" a\r\n\tb\u2028c\u00a0 d ") == "a b c d"


@pytest.mark.parametrize(
    ("given_title", "plain"),
    [
        ("R&amp;D &#8211; what&#8217;s next", "R&D – what’s next"),
        ("Use of &lt;b&gt; in &amp;amp; HTML", "Use of <b> in &amp; HTML"),
        ("<em>Big</em> <strong>news</strong>", "Big news"),
        ("One<br/>line", "Oneline"),
    ],
)
def test_markup_in_a_title_is_decoded_exactly_once(given_title: str, plain: str) -> None:
    assert plain_title(given_title, is_html=True) == plain


def test_a_plain_title_stays_as_it_is() -> None:
    assert plain_title("a < b &amp; c", is_html=False) == "a < b &amp; c"


def test_a_title_of_a_whole_article_is_cut() -> None:
    assert len(plain_title("word " * 500, is_html=False)) <= 500


def test_titles_are_compared_by_their_letters() -> None:
    assert normalised_title("ALT’s  Survey: 2024!") == normalised_title("alt's survey 2024")


# links ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"),
        *("file:///etc/passwd", "ftp://a/b"),
        *("http://", "https:///x", "", "  ", "mailto:a@b.example"),
        *("java\nscript:alert(1)", "http://a\x00b/", "//[::1"),
        *("http://a.example/\u202egpj", 'http://a.example/"><script>', "x" * 3000),
    ],
)  # fmt: skip
def test_an_address_that_nobody_should_follow_is_none(url: str) -> None:
    assert absolute(url, "") == ""


def test_a_relative_address_is_resolved() -> None:
    base = "https://news.example/blog/feed.xml"
    assert absolute("../post?a=1", base) == "https://news.example/post?a=1"
    assert absolute("//cdn.example/x.png", base) == "https://cdn.example/x.png"
    assert absolute(" https://a.example/a b\n ", base) == "https://a.example/a%20b"
    assert absolute("javascript:alert(1)", base) == ""
    assert absolute("/relative", "") == ""


def test_tracking_is_removed_and_nothing_else_touched() -> None:
    url = "https://a.example/x?b=2&utm_source=rss&UTM_Medium=feed&a=1&fbclid=9&ref=rss"
    assert without_tracking(url) == "https://a.example/x?b=2&a=1"
    assert without_tracking("https://a.example/x#xtor=RSS-1") == "https://a.example/x"
    for kept in (
        "https://a.example/?A2=LIST;7ac7.2402&S=",
        "https://a.example/talk?session=12&reference=4&cid=7&uid=3",
        "https://a.example/?ref=main&source=journal",
        "https://a.example/x#section-2",
    ):
        assert without_tracking(kept) == kept


def test_the_addresses_of_one_page_have_one_key() -> None:
    same = [
        "https://www.a.example/x/?b=2&a=1",
        "http://a.example:80/x?a=1&b=2&utm_campaign=z",
        "HTTPS://A.example/x?b=2&a=1",
    ]
    assert len({url_key(url) for url in same}) == 1
    different = [
        "https://a.example/x?id=1",
        "https://a.example/x?id=2",
        "https://a.example/x?id=1#two",
        "https://a.example:8443/x?id=1",
        "https://b.example/x?id=1",
    ]
    assert len({url_key(url) for url in different}) == len(different)
    assert url_key("") == ""


@given(st.text(max_size=80))
def test_an_address_is_absolute_or_none_and_its_key_is_stable(url: str) -> None:
    found = absolute(url, "https://base.example/a/")
    assert found == "" or re.match(r"https?://[^\s<>\"]+$", found)
    assert canonical(canonical(found) and f"https://{canonical(found)}") == canonical(found)


# markup --------------------------------------------------------------------------------------------------------


def test_nothing_live_survives() -> None:
    cleaned = clean_html(
        "<p onclick='x()' style='background:url(http://t.example/)'>Hello <a href='javascript:x()'>there</a>"
        "<script>alert(1)</script><iframe src='http://t.example'></iframe><style>p{}</style>"
        "<img src=x onerror=alert(1)><a href='data:text/html,x'>data</a><svg><script>1</script></svg>"
        "<form action='/x'><input name=a></form><!-- [if mso]> --></p>",
        base="https://a.example/",
    )
    assert cleaned.text == "Hello theredata"
    for live in ("script", "on", "url(", "javascript", "data:", "style", "img", "iframe", "form", "<!--"):
        assert live not in cleaned.html.replace("noopener noreferrer", "")


def test_links_are_absolute_and_mail_addresses_may_stay() -> None:
    cleaned = clean_html(
        "<a href='/x'>x</a> <a href='mailto:a@b.example'>write</a> <a href='http://[::1'>bad</a>",
        base="https://a.example/y/",
    )
    assert 'href="https://a.example/x"' in cleaned.html
    assert 'href="mailto:a@b.example"' in cleaned.html
    assert "[::1" not in cleaned.html


def test_a_reference_to_a_character_is_dropped_like_the_character() -> None:
    cleaned = clean_html("<p>a&#8238;b&#xFEFF;c&#7;</p>")
    assert cleaned.html == "<p>abc</p>"
    assert cleaned.text == "abc"


def test_a_bracket_in_an_address_does_not_end_the_tag() -> None:
    assert clean_html("<a href='https://a.example/?a>b'>x</a> y").text == "x y"


def test_links_without_a_base_that_is_one_are_unlinked() -> None:
    for base in ("", "https://a.exa mple/", "https://a.example:99999/", "file:///x"):
        assert "href" not in clean_html("<a href='/x'>x</a>", base=base).html


def test_paragraphs_lists_and_lines_are_kept_as_text() -> None:
    markup = "<h1>Head</h1><p>One<br>two</p><ul><li>a</li><li>b</li></ul><div>x</div><div>y</div>z"
    assert clean_html(markup).text == "Head\n\nOne\ntwo\n\n- a\n- b\n\nx\n\ny\n\nz"


def test_typewritten_text_keeps_its_lines() -> None:
    cleaned = clean_html("<pre>One [1]\n\nTwo\nthree</pre>")
    assert cleaned.preformatted
    assert cleaned.text == "One [1]\n\nTwo\nthree"


def test_plain_text_becomes_markup_that_shows_it() -> None:
    cleaned = from_plain("a < b\n\nc & d")
    assert cleaned.html == "<p>a &lt; b</p><p>c &amp; d</p>"
    assert cleaned.text == "a < b\n\nc & d"
    assert not looks_like_html("a < b & c > d")
    assert looks_like_html("a &amp; b")
    assert looks_like_html("a<br>b")


@given(st.text(alphabet=st.sampled_from("<>/\"'=& abpqnscript:()!-\n\x00\u202e"), max_size=120))
def test_no_markup_makes_anything_live(markup: str) -> None:
    cleaned = clean_html(markup, base="https://a.example/")
    assert not re.search(r"<(?!/?(?:p|br|hr|a|b|i|s|u|q|pre|li)\b)[a-z!]", cleaned.html, re.IGNORECASE)
    assert not re.search(r"<[^>]*\son\w+=", cleaned.html)
    assert "\x00" not in cleaned.text
    assert "\u202e" not in cleaned.text
    assert clean_html(cleaned.html, base="https://a.example/").text == cleaned.text


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<img src='/a.png' alt='A &amp; b' width=600 height='400px'>", "https://a.example/a.png"),
        ("<img data-src='https://c.example/l.jpg' src='data:image/gif;base64,xx'>", "https://c.example/l.jpg"),
        ("<img src='http://feeds.feedburner.com/~r/x/~4/y' width=1><img src=b.jpg>", "https://a.example/b.jpg"),
        ("<img src='/icon.png' width=16><img src='javascript:1'>", None),
    ],
)
def test_the_picture_is_the_first_that_is_one(markup: str, found: str | None) -> None:
    image = first_image(markup, base="https://a.example/x")
    assert (image.url if image else None) == found


def test_a_picture_keeps_its_words_and_size() -> None:
    image = first_image("<img src='/a.png' alt='A &amp; b' width=600 height='400px'>", base="https://a.example/x")
    assert image is not None
    assert (image.alt, image.width, image.height) == ("A & b", 600, 400)


# teasers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("A fine text. The post A fine title first appeared on Our Blog.", "A fine text."),
        ("A fine text. The post Title appeared first on Our Blog.", "A fine text."),
        ("A fine text that stops […]", "A fine text that stops…"),
        ("A fine text that stops [...]", "A fine text that stops…"),
        ("A fine text. Continue reading “A fine title” →", "A fine text."),
        ("A fine text that stops ... Continue reading →", "A fine text that stops…"),
        ("A fine text. Read more", "A fine text."),
        ("Das ist ein Text. Weiterlesen →", "Das ist ein Text."),
        ("Un texte. Lire la suite »", "Un texte."),
        ("We continue reading together. Come along.", "We continue reading together. Come along."),
    ],
)
def test_what_software_adds_is_removed(text: str, clean: str) -> None:
    assert teaser(text, 280) == clean


def test_a_long_text_is_cut_after_a_sentence() -> None:
    text = "The first sentence is here. " * 20
    cut = teaser(text, 100)
    assert cut == "The first sentence is here. The first sentence is here. The first sentence is here."


def test_a_sentence_does_not_end_at_a_title_or_an_initial() -> None:
    text = "A talk that many of us have long been waiting for is given this week by Dr. J. Smith of York university"
    assert teaser(text, 84).endswith("…")
    assert teaser(text, 84).startswith("A talk that many")


def test_a_long_sentence_is_cut_after_a_word() -> None:
    cut = teaser("word " * 100, 63)
    assert cut.endswith("word…")
    assert len(cut) <= 64


def test_text_without_spaces_is_cut_between_characters() -> None:
    assert teaser("学习技术" * 50, 60) == "学习技术" * 14 + "学习技…"
    assert teaser("第一句话说明了这件事情的全部经过。" * 10, 60) == "第一句话说明了这件事情的全部经过。" * 3


def test_a_list_mails_opening_is_left_out() -> None:
    text = "Unsubscribe [1]\n\nView in your browser [2]\n\n[Our name:\nour line] [3]\n\nWe write to say [4] this."
    assert teaser(text, 280, preformatted=True) == "We write to say this."


def test_a_cut_excerpt_is_recognised() -> None:
    assert is_truncated("It stops here […]")
    assert is_truncated("It stops here…")
    assert not is_truncated("It ends here.")


@given(st.text(max_size=400), st.integers(60, 300))
def test_a_teaser_is_never_longer_than_asked(text: str, length: int) -> None:
    cut = teaser(text, length)
    assert len(cut) <= length
    assert "\n" not in cut
    assert not cut or unicodedata.category(cut[0]) != "Cc"


@given(st.text(alphabet="абв где.!? ", max_size=300), st.integers(60, 200))
def test_a_shortened_line_begins_like_the_line(text: str, length: int) -> None:
    line = one_line(text)
    assert line.startswith(shorten(line, length).removesuffix("…").rstrip())


def test_a_space_in_an_empty_element_still_parts_words() -> None:
    assert clean_html("<p>It was not<i> </i>expected.<b></b></p>").text == "It was not expected."


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/sd/twitter_icon_large.png",
        "https://a.example/icons/edit.png",
        "https://a.example/Feed/feed?g=1961",
        "https://a.example/~r/feed/~4/abc",
    ],
)
def test_icons_and_counters_are_no_pictures(url: str) -> None:
    assert first_image(f"<img src='{url}'>") is None


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.example/x?partner=rss&emc=rss", "https://a.example/x"),
        ("https://a.example/x?emc=2", "https://a.example/x?emc=2"),
        ("https://a.example/x?_location=rss&id=4", "https://a.example/x?id=4"),
        ("https://a.example/x?id=4&mkt_tok=a&_hsenc=b&_hsmi=c&mc_cid=d&mc_eid=e", "https://a.example/x?id=4"),
        ("https://a.example/x?gclid=1&fbclid=2&msclkid=3&igshid=4&p=5", "https://a.example/x?p=5"),
        ("https://a.example/x?page=2&session=7&reference=R1", "https://a.example/x?page=2&session=7&reference=R1"),
    ],
)
def test_common_trackers_go_and_what_names_a_page_stays(url: str, clean: str) -> None:
    assert without_tracking(url) == clean
