"""From bytes to entries: what real feeds do, one hand-made feed for each trap."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Config, Source
from digest.errors import ConfigError
from digest.gather.models import DateQuality as StoredDateQuality
from digest.gather.models import IdentityKind as StoredIdentityKind
from digest.gather.parse import PARSERS, check_sources, parse_feed
from digest.gather.values import DateQuality, IdentityKind, ParsedFeed, Refused
from tests.gather.feeds import NAMESPACES, atom, only, parsed, reading, refused, rss

# what is not a feed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "answered with nothing"),
        (b" \r\n\t\x00", "answered with nothing"),
        (b"\xef\xbb\xbf", "answered with nothing"),
        (b"<!DOCTYPE html><html><body>News</body></html>", "a web page, not a feed"),
        (b"<html><head><title>Log in</title></head></html>", "a login page"),
        (b"<!doctype HTML>\n<html><form><input type='password'></form></html>", "a login page"),
        (b"<html><title>Just a moment...</title></html>", "a bot check"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "a web page, not a feed"),
        (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "a list of feeds (OPML)"),
        (b"<?xml version='1.0'?><!-- x --><urlset/>", "a sitemap"),
        (b"<sitemapindex/>", "a sitemap"),
        (b"<?xml version='1.0'?><catalogue/>", "begins with <catalogue>"),
        (b"Not found", "plain text, not a feed"),
        (b"\x89PNG\r\n\x1a\n", "plain text, not a feed"),
        (b"<<<>>>", "neither a feed nor a web page"),
        (b"<rss version='2.0'><channel><item", "broken"),
        (b"<!-- never ends", "neither a feed nor a web page"),
        (b"<!DOCTYPE rss [ never ends", "neither a feed nor a web page"),
    ],
)
def test_what_is_not_a_feed_is_refused_in_words(body: bytes, words: str) -> None:
    assert words in refused(body)


def test_a_feed_without_entries_is_a_quiet_week() -> None:
    for body in (rss(), atom(), b"<rss version='0.91'><channel><title>Q</title></channel></rss>"):
        feed = parsed(body)
        assert feed.entries == ()
        assert feed.words == ""


# what is one ----------------------------------------------------------------------------------------------------


def test_a_wordpress_entry() -> None:
    entry = only(
        rss(
            "<title>What we learnt &#8211; and what&#8217;s next</title>"
            "<link>https://blog.example/2024/02/learnt/?utm_source=rss&#038;utm_medium=rss</link>"
            "<dc:creator><![CDATA[Ada Byron]]></dc:creator><pubDate>Wed, 14 Feb 2024 12:30:45 +0000</pubDate>"
            "<category><![CDATA[Blog]]></category><category><![CDATA[R&amp;D]]></category>"
            "<category>Uncategorised</category>"
            "<guid isPermaLink='false'>https://blog.example/?p=21432</guid>"
            "<description><![CDATA[By Ada Byron We had a plan. It did not last, as plans [&#8230;]]]></description>"
            "<content:encoded><![CDATA[<p>By Ada Byron</p><p>We had a plan. It did not last, as plans do not.</p>"
            "<figure><img src='/wp/pic.jpg' alt='A plan' width='800'><figcaption>Photo: C.</figcaption></figure>"
            "<p>The post <a href='https://blog.example/x'>What we learnt</a> first appeared on "
            "<a href='https://blog.example'>Our Blog</a>.</p>]]></content:encoded>"
        )
    )
    doc = entry.doc
    assert doc.title == "What we learnt – and what’s next"
    assert doc.url == "https://blog.example/2024/02/learnt/"
    assert doc.summary == "We had a plan. It did not last, as plans do not."
    assert doc.authors == ("Ada Byron",)
    assert doc.categories == ("Blog", "R&D")
    assert doc.image is not None
    assert (doc.image.url, doc.image.alt) == ("https://news.example/wp/pic.jpg", "A plan")
    assert "Photo" not in doc.text
    assert entry.identity_kind is IdentityKind.GUID
    assert entry.published_at == dt.datetime(2024, 2, 14, 12, 30, 45, tzinfo=dt.UTC)
    assert entry.date_quality is DateQuality.EXACT


def test_a_drupal_entry_whose_dc_is_dublin_core_terms() -> None:
    body = (
        b'<?xml version="1.0"?><rss version="2.0" xml:base="https://www.site.example" '
        b'xmlns:dc="http://purl.org/dc/terms/"><channel><title>News</title><link>https://www.site.example/news</link>'
        b"<item><title>A &amp;lt;em&amp;gt; in a title</title><link>/node/7</link>"
        b"<description>&lt;div class=&quot;field&quot;&gt;&lt;p&gt;First.&lt;/p&gt;\n&lt;p&gt;Second.&lt;/p&gt;"
        b"&lt;/div&gt;</description><pubDate>Mon, 12 Feb 2024 08:45:00 +0000</pubDate>"
        b"<dc:creator>Site</dc:creator><guid isPermaLink='false'>7 at https://www.site.example</guid></item>"
        b"</channel></rss>"
    )
    doc = only(body).doc
    assert doc.title == "A <em> in a title"
    assert doc.url == "https://www.site.example/node/7"
    assert doc.text == "First.\n\nSecond."
    assert doc.summary == "First. Second."
    assert doc.authors == ("Site",)


def test_a_list_archives_entry() -> None:
    entry = only(
        rss(
            "<title>Tickets remain</title><link>https://lists.example/wa?A2=L;7ac.2402&amp;S=</link>"
            "<description>&lt;pre&gt;View in your browser [1]\n\nFewer than 10 tickets [2] remain.\n\n"
            "Come along [...]&lt;/pre&gt;</description><author>[log in to unmask] (The Office)</author>"
            "<guid>https://lists.example/wa?A2=L;7ac.2402&amp;S=</guid>"
        )
    )
    assert entry.doc.url == "https://lists.example/wa?A2=L;7ac.2402&S="
    assert entry.doc.summary == "Fewer than 10 tickets remain. Come along…"
    assert entry.doc.authors == ("The Office",)


@pytest.mark.parametrize(
    "author",
    [
        "<author>office@site.example (Ada Byron)</author>",
        "<author>Ada Byron &lt;ada@site.institute&gt;</author>",
        "<dc:creator>By Ada Byron</dc:creator>",
        "<author>[log in to unmask] (Ada Byron)</author>",
    ],
)
def test_an_author_is_a_name_and_never_an_address(author: str) -> None:
    assert only(rss(f"<title>T</title>{author}")).doc.authors == ("Ada Byron",)


def test_an_author_without_a_name_is_none() -> None:
    assert only(rss("<title>T</title><author>ada@site.example</author>")).doc.authors == ()


def test_a_journals_entry_counts_as_published_once() -> None:
    """OJS touches `updated` for years; the published date decides."""
    entry = only(
        atom(
            "<id>https://journal.example/article/view/3086</id><title>On technostress</title>"
            "<updated>2024-02-10T10:12:31+00:00</updated><published>2024-01-29T00:00:00+00:00</published>"
            "<author><name>F. Toscano</name><email>f@example.org</email></author>"
            "<author><name>T. Galanti</name></author>"
            "<link rel='alternate' href='https://journal.example/article/view/3086'/>"
            "<summary type='html'>&lt;p&gt;The study.&lt;/p&gt;</summary>"
            "<rights>Creative Commons https://creativecommons.org/licenses/by/4.0/</rights>"
            "<prism:publicationName>Research Letters</prism:publicationName><prism:volume>32</prism:volume>"
            "<prism:number>1</prism:number><prism:startingPage>4</prism:startingPage>"
            "<prism:endingPage>19</prism:endingPage><dc:identifier>doi:10.25304/rlt.v32.3086</dc:identifier>"
        ),
        section_kind="publications",
    )
    assert entry.published_at == dt.datetime(2024, 1, 29, tzinfo=dt.UTC)
    assert entry.updated_at == dt.datetime(2024, 2, 10, 10, 12, 31, tzinfo=dt.UTC)
    assert entry.doc.authors == ("F. Toscano", "T. Galanti")
    publication = entry.doc.publication
    assert publication is not None
    assert publication.model_dump() == {
        "journal": "Research Letters",
        "doi": "10.25304/rlt.v32.3086",
        "volume": "32",
        "issue": "1",
        "pages": "4–19",
        "open_access": True,
    }


def test_a_publication_without_fields_has_the_feeds_title_and_the_doi_of_its_link() -> None:
    entry = only(
        atom("<id>1</id><title>A</title><link href='https://doi.org/10.1234/abc.5'/>"), section_kind="publications"
    )
    assert entry.doc.publication is not None
    assert (entry.doc.publication.journal, entry.doc.publication.doi) == ("Feed", "10.1234/abc.5")
    assert only(rss("<title>A</title>")).doc.publication is None


def test_an_events_fields() -> None:
    entry = only(
        rss(
            "<title>Workshop</title><guid>w</guid><ev:startdate>2024-03-05T14:00:00+00:00</ev:startdate>"
            "<ev:enddate>2024-03-05T15:30:00+00:00</ev:enddate><ev:location>Online (Zoom)</ev:location>"
        ),
        section_kind="events",
    )
    event = entry.doc.event
    assert event is not None
    assert event.start == entry.event_start == dt.datetime(2024, 3, 5, 14, tzinfo=dt.UTC)
    assert event.end == entry.event_end == dt.datetime(2024, 3, 5, 15, 30, tzinfo=dt.UTC)
    assert (event.place, event.online, event.all_day, event.guessed) == ("Online (Zoom)", True, False, False)


def test_a_whole_day_event_ends_with_its_last_day() -> None:
    entry = only(
        rss("<title>C</title><ev:startdate>2024-06-27</ev:startdate><ev:enddate>2024-06-28</ev:enddate>"),
        section_kind="events",
    )
    assert entry.doc.event is not None
    assert entry.doc.event.all_day
    assert entry.event_start == dt.datetime(2024, 6, 26, 23, tzinfo=dt.UTC)
    assert entry.event_end == dt.datetime(2024, 6, 28, 23, tzinfo=dt.UTC)


def test_an_events_microdata() -> None:
    markup = (
        "&lt;div itemscope&gt;&lt;meta content='2024-03-05T14:00' itemprop='startDate'&gt;"
        "&lt;time itemprop='endDate' datetime='2024-03-05T15:00'&gt;3pm&lt;/time&gt;&lt;/div&gt;"
    )
    body = rss(f"<title>W</title><description>{markup}</description>")
    assert only(body, section_kind="events").event_end == dt.datetime(2024, 3, 5, 15, tzinfo=dt.UTC)
    assert only(body, section_kind="list").event_start is None


def test_the_events_calendar_gives_the_start_where_the_publication_belongs() -> None:
    entry = only(
        rss(
            "<title>Concert</title><pubDate>Thu, 16 May 2024 17:00:00 +0000</pubDate>"
            "<guid isPermaLink='false'>https://c.example/?post_type=tribe_events&amp;p=7</guid>"
        ),
        section_kind="events",
    )
    assert entry.date_quality is DateQuality.EVENT
    assert entry.published_at is None
    assert entry.published_raw == "Thu, 16 May 2024 17:00:00 +0000"
    assert entry.event_start == dt.datetime(2024, 5, 16, 17, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The call closes 22 February 2024.", dt.date(2024, 2, 22)),
        ("Closing date: Friday 1st March 2024", dt.date(2024, 3, 1)),
        ("The deadline is 17:00 on 5 April 2024", dt.date(2024, 4, 5)),
        ("Closing date: 30 February 2024", None),
        ("The call closes 22 February.", None),
        ("It closes 1 March 2024. The second call closes 1 May 2024.", None),
        ("We met on 22 February 2024.", None),
    ],
)
def test_a_closing_date_is_read_when_it_is_certain(text: str, day: dt.date | None) -> None:
    body = rss(f"<title>Call for proposals</title><description>{text}</description>")
    assert only(body, section_kind="calls").doc.closing == day
    assert only(body, section_kind="list").doc.closing is None


def test_pictures_come_from_their_fields_first() -> None:
    entry = only(
        rss(
            "<title>A</title><media:content url='https://a.example/m.jpg' medium='image' width='900'/>"
            "<description>&lt;img src='https://a.example/m.jpg' alt='Words'&gt;</description>"
        )
    )
    assert entry.doc.image is not None
    assert (entry.doc.image.url, entry.doc.image.alt, entry.doc.image.width) == (
        "https://a.example/m.jpg",
        "Words",
        900,
    )
    enclosed = only(rss("<title>A</title><enclosure url='https://a.example/e.png' type='image/png' length='1'/>"))
    assert enclosed.doc.image is not None
    assert enclosed.doc.image.url == "https://a.example/e.png"
    sound = only(rss("<title>A</title><enclosure url='https://a.example/e.mp3' type='audio/mpeg' length='1'/>"))
    assert sound.doc.image is None
    assert sound.doc.url == "https://a.example/e.mp3"


def test_an_older_doctype_is_no_reason_to_refuse() -> None:
    body = (
        b'<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" '
        b'"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Old</title>'
        b"<item><title>Caf&eacute;&nbsp;\xe9t\xe9</title><link>http://old.example/1</link></item></channel></rss>"
    )
    assert only(body).doc.title == "Café été"


def test_entities_that_multiply_are_left_alone() -> None:
    body = (
        b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        b"<rss version='2.0'><channel><title>x</title><item><title>T &b; &f;</title></item></channel></rss>"
    )
    assert only(body).doc.title == "T &b; &f;"


@pytest.mark.parametrize(
    "title",
    ["a&#xD800;b", "a&#0;b", "a\x00b", "a\x1bb", "a&#x1F;b", "a&#99999999999;b", "a&#xFFFF;b", "a\ufffeb"],
)
def test_impossible_characters_are_dropped(title: str) -> None:
    assert only(rss(f"<title>{title}</title><guid>1</guid>")).doc.title == "ab"


def test_entities_without_names_in_xml_are_read() -> None:
    entry = only(rss("<title>A&nbsp;&ndash;&hellip;&bogus; B</title>"))
    assert entry.doc.title == "A –…&bogus; B"


def test_a_broken_feed_is_read_as_far_as_possible_and_said_to_be_broken() -> None:
    feed = parsed(b"<rss version='2.0'><channel><title>x</title><item><title>One & two</title></item><item><title>")
    assert feed.entries[0].doc.title == "One & two"
    assert "not well-formed" in feed.words


def test_a_warning_before_the_feed_does_not_matter() -> None:
    body = b"<br />\n<b>Warning</b>: include() in <b>/x.php</b><br />\n" + rss("<title>A</title>")
    assert only(body).doc.title == "A"
    assert only(b"\n\n  " + rss("<title>A</title>")).doc.title == "A"


def test_a_feed_inside_a_page_is_taken_out() -> None:
    inner = rss("<title>A</title>").split(b"?>", 1)[1]
    assert only(b"<!DOCTYPE html><html><body>" + inner + b"</body></html>").doc.title == "A"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<?xml version='1.0' encoding='iso-8859-1'?>{}".encode("latin-1"), ""),
        (b"{}", "text/xml; charset=iso-8859-1"),
        (b"<?xml version='1.0' encoding='utf-8'?>{}", "text/xml; charset=windows-1252"),
        (b"{}", ""),
    ],
)
def test_latin_letters_are_read_whatever_says_so(body: bytes, content_type: str) -> None:
    feed = (
        "<rss version='2.0'><channel><title>x</title><item><title>caf\xe9 d\xe9j\xe0</title></item></channel></rss>"
    )
    assert only(body.replace(b"{}", feed.encode("latin-1")), content_type=content_type).doc.title == "café déjà"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_form_is_read(encoding: str) -> None:
    feed = "<?xml version='1.0'?><rss version='2.0'><channel><item><title>日本 é</title></item></channel></rss>"
    assert only(feed.encode(encoding), content_type="application/xml").doc.title == "日本 é"


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "iso-2022-jp", "koi8-r", "gb2312", "windows-1251"])
def test_declared_encodings_are_read(encoding: str) -> None:
    title = {"koi8-r": "новости", "windows-1251": "новости", "gb2312": "学习"}.get(encoding, "日本語")
    declaration = f"<?xml version='1.0' encoding='{encoding}'?>"
    feed = f"{declaration}<rss version='2.0'><channel><item><title>{title}</title></item></channel></rss>"
    assert only(feed.encode(encoding)).doc.title == title


# identity -------------------------------------------------------------------------------------------------------


def test_an_entry_is_known_by_its_guid_else_its_link_else_its_title() -> None:
    link = "<link>https://a.example/x</link>"
    by_guid, by_link, by_title = (
        only(rss(f"<title>T</title>{link}<guid>g-1</guid>")),
        only(rss(f"<title>T</title>{link}<guid> </guid>")),
        only(rss("<title>T</title>")),
    )
    assert [e.identity_kind for e in (by_guid, by_link, by_title)] == ["guid", "link", "title"]
    moved = only(rss("<title>Other title</title><link>http://www.a.example/x/?utm_source=rss</link>"))
    assert moved.identity == by_link.identity
    assert only(rss("<title>Other</title><guid>g-1</guid>")).identity == by_guid.identity


def test_a_guid_that_is_no_address_is_never_a_link() -> None:
    assert only(rss("<title>T</title><guid>1234</guid>")).doc.url == ""
    assert only(rss("<title>T</title><guid>https://a.example/1</guid>")).doc.url == "https://a.example/1"
    assert only(rss("<title>T</title><link>javascript:alert(1)</link><guid>1</guid>")).doc.url == ""


def test_a_guid_that_several_entries_claim_identifies_none() -> None:
    body = rss(
        *(f"<title>T{n}</title><link>https://a.example/{n}</link><guid>same</guid>" for n in range(3)),
        "<title>T1</title><link>https://a.example/1</link><guid>same</guid>",
    )
    entries = parsed(body).entries
    assert [e.doc.title for e in entries] == ["T0", "T1", "T2"]
    assert len({e.identity for e in entries}) == 3


def test_different_entries_at_one_address_stay_apart() -> None:
    body = rss(*(f"<title>Release {n}</title><link>https://a.example/changes</link>" for n in range(3)))
    assert len(parsed(body).entries) == 3


def test_an_entry_that_says_nothing_is_none() -> None:
    feed = parsed(
        rss("<guid>1</guid>", "<title> </title>", "<description>Only a text, without a title.</description>")
    )
    assert [e.doc.title for e in feed.entries] == ["Only a text, without a title."]
    assert feed.entries[0].doc.summary == ""


def test_only_so_many_entries_are_read() -> None:
    feed = parsed(rss(*(f"<title>T{n}</title>" for n in range(30))), max_items=20)
    assert len(feed.entries) == 20
    assert "first 20 of its 30" in feed.words


# what must never get through --------------------------------------------------------------------------------------


def test_nothing_live_reaches_an_entry() -> None:
    entry = only(
        rss(
            "<title>&lt;script&gt;alert(1)&lt;/script&gt;Hi \u202eevil {{ 7*7 }}</title>"
            "<link>javascript:alert(1)</link><dc:creator>&lt;img src=x onerror=alert(1)&gt;Eve</dc:creator>"
            "<category>&lt;b&gt;c&lt;/b&gt;</category>"
            "<description>&lt;p onclick='x'&gt;Hello {% raw %} -unsubscribe-&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;"
            "&lt;a href='data:text/html,x'&gt;y&lt;/a&gt;&lt;img src='javascript:x'&gt;</description>"
        )
    )
    whole = json.dumps(entry.doc.model_dump(mode="json"), ensure_ascii=False)
    for live in ("<script", "onclick", "onerror", "javascript:", "data:", "\u202e"):
        assert live not in whole
    assert entry.doc.authors == ("Eve",)
    assert entry.doc.categories == ("c",)
    assert "{{ 7*7 }}" in entry.doc.title


@given(st.binary(max_size=300))
def test_no_bytes_make_a_parser_raise(body: bytes) -> None:
    assert isinstance(parse_feed(body, reading()), ParsedFeed | Refused)


@given(st.text(alphabet=st.sampled_from("<>/&;#x0159dD8[]!-CDATitlemgupbs \"'="), max_size=200))
def test_no_entry_makes_a_parser_raise(inner: str) -> None:
    body = f'<rss version="2.0" {NAMESPACES}><channel><title>x</title><item>{inner}</item></channel></rss>'
    assert isinstance(parse_feed(body.encode(), reading()), ParsedFeed | Refused)


# the seams ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_every_format_is_written_down(name: str) -> None:
    docs = Path(__file__).resolve().parents[2] / "docs" / "adding.md"
    assert f"(`{name}`)" in docs.read_text(encoding="utf-8")


def test_a_sample_that_does_not_exist_is_refused_by_name(config: Config) -> None:
    source = Source(id="s", title="S", section="news", url="sample:nwes")
    with pytest.raises(ConfigError, match="nwes"):
        check_sources(config.with_values(sources=(source,)))
    known = Source(id="s", title="S", section="news", url="https://a.example/feed")
    check_sources(config.with_values(sources=(known,)))


def test_the_words_of_the_rows_are_those_of_the_values() -> None:
    assert {q.name: q.value for q in StoredDateQuality} == {q.name: q.value for q in DateQuality}
    assert {k.name: k.value for k in StoredIdentityKind} == {k.name: k.value for k in IdentityKind}
