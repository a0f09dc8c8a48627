"""What families of publishing software do, one hand-made feed for each."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.gather.values import DateQuality
from tests.gather.feeds import NAMESPACES, atom, only, parsed, refused, rss

ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'


def test_a_video_channel() -> None:
    body = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
        xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/">
        <title>Channel</title><entry><id>yt:video:abc</id><title>A video</title>
        <link rel="alternate" href="https://video.example/watch?v=abc"/><author><name>Ada</name></author>
        <published>2024-02-12T10:00:00+00:00</published><media:group><media:title>A video</media:title>
        <media:content url="https://video.example/v/abc" type="application/x-shockwave-flash" width="640"/>
        <media:thumbnail url="https://video.example/abc.jpg" width="480" height="360"/>
        <media:description>What it shows.</media:description></media:group></entry></feed>"""
    doc = only(body).doc
    assert (doc.url, doc.summary, doc.authors) == (
        "https://video.example/watch?v=abc",
        "What it shows.",
        ("Ada",),
    )
    assert doc.image is not None
    assert doc.image.url == "https://video.example/abc.jpg"


def test_a_podcast() -> None:
    doc = only(
        rss(
            f"<title>Episode 1</title><itunes:summary {ITUNES}>Sum.</itunes:summary><itunes:image {ITUNES} "
            "href='https://p.example/1.jpg'/><enclosure url='https://p.example/1.mp3' type='audio/mpeg' length='1'/>"
        )
    ).doc
    assert (doc.url, doc.summary) == ("https://p.example/1.mp3", "Sum.")
    assert doc.image is not None
    assert doc.image.url == "https://p.example/1.jpg"


def test_short_messages_without_titles() -> None:
    doc = only(
        rss(
            "<guid isPermaLink='true'>https://m.example/@a/1</guid><link>https://m.example/@a/1</link><description>"
            "&lt;p&gt;A thought about &lt;a href='https://a.example'&gt;things&lt;/a&gt;.&lt;/p&gt;</description>"
            "<media:content url='https://m.example/p.jpg' type='image/jpeg' medium='image'/>"
        )
    ).doc
    assert doc.title == "A thought about things."
    assert doc.summary == ""


def test_an_alert_leads_to_the_page_and_not_to_the_counter() -> None:
    url = "https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://a.example/x%3Fy%3D1&amp;ct=ga&amp;usg=Z"
    doc = only(atom(f"<id>t</id><title type='html'>&lt;b&gt;Slack&lt;/b&gt; news</title><link href='{url}'/>")).doc
    assert (doc.title, doc.url) == ("Slack news", "https://a.example/x?y=1")


def test_a_pictures_largest_size_is_taken() -> None:
    sizes = "".join(
        f"<media:content url='https://a.example/{w}.jpg' width='{w}' medium='image'/>" for w in (150, 900)
    )
    doc = only(rss(f"<title>A</title><media:group>{sizes}</media:group>")).doc
    assert doc.image is not None
    assert doc.image.width == 900


@pytest.mark.parametrize(
    "counter",
    [
        "width='1' height='1'",
        "style='width:1px;height:1px'",
        "style='border:0; display:none'",
        "alt='' width=1",
    ],
)
def test_a_picture_that_counts_readers_is_none(counter: str) -> None:
    markup = f"<img src='https://t.example/x.gif' {counter}><p>T</p>"
    assert only(rss(f"<title>A</title><description><![CDATA[{markup}]]></description>")).doc.image is None


# titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (rss("<title><![CDATA[<b>Bold</b> &amp; more]]></title>"), "Bold & more"),
        (rss("<title>&lt;b&gt;Bold&lt;/b&gt; &amp;amp; more</title>"), "Bold & more"),
        (rss("<title>Use of &amp;lt;b&amp;gt;</title>"), "Use of <b>"),
        (atom("<id>1</id><title>Q&amp;amp;A: what&amp;#8217;s next</title>"), "Q&A: what’s next"),
        (atom("<id>1</id><title>Use &amp;lt;b&amp;gt; tags</title>"), "Use &lt;b&gt; tags"),
        (atom("<id>1</id><title type='html'>Use &amp;lt;b&amp;gt; tags</title>"), "Use <b> tags"),
        (
            atom(
                "<id>1</id><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>An <em>x</em></div></title>"
            ),
            "An x",
        ),
        (b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"R&amp;D"}]}', "R&D"),
    ],
)
def test_a_title_is_decoded_once(body: bytes, title: str) -> None:
    assert only(body).doc.title == title


# letters ----------------------------------------------------------------------------------------------------------


def test_windows_letters_called_utf_8_are_read() -> None:
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><item><title>'
    whole = f"{head}café “q” – ok</title></item></channel></rss>".encode("cp1252")
    assert only(whole).doc.title == "café “q” – ok"
    mixed = f"{head}café 日本 ".encode() + b"it\x92s</title></item></channel></rss>"
    assert only(mixed).doc.title == "café 日本 it’s"


def test_what_stands_before_the_declaration_does_not_matter() -> None:
    inner = rss("<title>A</title>").split(b"?>", 1)[1]
    for head in (
        b'\xef\xbb\xbf \n<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="x.xsl"?>\n',
        b"\n\n\t<?xml version='1.0' encoding='UTF-8' ?>",
        b"<!-- generated by something -->",
    ):
        assert only(head + inner).doc.title == "A"


def test_a_feed_served_as_something_else_is_read() -> None:
    for content_type in ("text/html; charset=utf-8", "text/plain", "application/octet-stream", "nonsense"):
        assert only(rss("<title>Jürgen</title>"), content_type=content_type).doc.title == "Jürgen"


@pytest.mark.parametrize(
    "items",
    [
        "<item><title>A<link>https://a.example/1</link></item><item><title>B</title></item>",
        "<item><title>A</title><link>https://a.example/1<description>One</description></item><item><title>B</title></item>",
        "<item><title>A</title><link>https://a.example/1</link><item><title>B</title>",
        "<item><title>A</title><link>https://a.example/1</link><description>One<item><title>B</title></item>",
        "<item><title>A</title><link>https://a.example/1</link><description><p>x <br> y</description></item>"
        "<item><title>B</title></item>",
    ],
)
def test_tags_that_are_not_closed(items: str) -> None:
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    feed = parsed(body)
    assert [(e.doc.title, e.doc.url) for e in feed.entries] == [("A", "https://a.example/1"), ("B", "")]
    assert "not well-formed" in feed.words


def test_markup_escaped_once_too_often_is_read_as_markup() -> None:
    twice = rss(
        "<title>A</title><description>&amp;lt;p&amp;gt;Hello &amp;lt;b&amp;gt;you&amp;lt;/b&amp;gt;</description>"
    )
    assert only(twice).doc.text == "Hello you"
    picture = rss("<title>A</title><description><![CDATA[<img src='/x.jpg'>&lt;p&gt;Hello&lt;/p&gt;]]></description>")
    assert only(picture).doc.text == "Hello"
    text = atom("<id>1</id><title>A</title><summary>Volume 4, Page 1-18&lt;br/&gt;. </summary>")
    assert "<br" not in only(text).doc.summary


def test_signs_for_new_lines_become_new_lines() -> None:
    body = rss("<title>Match</title><description>Ole Miss vs Arizona\\nTV: ESPN+\\nTickets: none</description>")
    assert only(body).doc.summary == "Ole Miss vs Arizona TV: ESPN+ Tickets: none"


# addresses ----------------------------------------------------------------------------------------------------------


def test_relative_addresses_are_resolved_as_the_feed_says() -> None:
    body = (
        b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://b.example/dir/">'
        b'<title>F</title><link href="./"/><entry xml:base="sub/"><id>1</id><title>A</title><link href="p1"/>'
        b'<content type="html">&lt;a href="q"&gt;q&lt;/a&gt;</content></entry>'
        b'<entry><id>2</id><title>B</title><link href="p2"/></entry></feed>'
    )
    first, second = parsed(body).entries
    assert (first.doc.url, second.doc.url) == ("https://b.example/dir/sub/p1", "https://b.example/dir/p2")
    assert 'href="https://b.example/dir/sub/q"' in first.doc.html


# journals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "citation"),
    [
        (
            "<link>https://www.a.example/science/article/pii/S036?dgcid=rss_sd_all</link><description><![CDATA["
            "<p>Publication date: March 2024</p><p><b>Source:</b> Computers &amp; Education, Volume 210</p>"
            "<p>Author(s): A. Smith</p>]]></description>",
            {"journal": "Computers & Education", "volume": "210"},
        ),
        (
            "<link>https://b.example/doi/abs/10.1111/bjet.13420?af=R</link><description>British Journal of "
            "Technology, Volume 55, Issue 1, Page 1-20, January 2024. </description>",
            {
                "journal": "British Journal of Technology",
                "doi": "10.1111/bjet.13420",
                "volume": "55",
                "issue": "1",
                "pages": "1–20",
            },
        ),
        (
            "<link>https://p.example/38/</link><dc:identifier>pmid:38</dc:identifier><description><![CDATA[<p>J. "
            "doi: 10.1000/ab.c. Online.</p><p>DOI:<a href='https://doi.org/10.1000/ab.c?x'>10.1000/ab.c</a></p>]]>"
            "</description>",
            {"journal": "Feed", "doi": "10.1000/ab.c"},
        ),
        ("<link>https://c.example/doi/10.1016/S014(24)01-2/full</link>", {"doi": "10.1016/S014(24)01-2"}),
        ("<link>https://c.example/?doi=10.1000%2Fxyz</link>", {"doi": "10.1000/xyz"}),
        ("<description>See doi:10.1/x, doi:10.1000/a1 and doi:10.1000/a2.</description>", {"doi": ""}),
        ("<prism:doi>10.1000/182</prism:doi><prism:startingPage>7</prism:startingPage>"
         "<prism:endingPage>7</prism:endingPage>", {"doi": "10.1000/182", "pages": "7"}),
    ],
)  # fmt: skip
def test_a_citation_is_found_where_publishers_write_it(item: str, citation: dict[str, str]) -> None:
    publication = only(rss(f"<title>T</title>{item}"), section_kind="publications").doc.publication
    assert publication is not None
    assert {key: getattr(publication, key) for key in citation} == citation


def test_a_row_of_authors_is_parted_and_a_name_with_a_comma_is_not() -> None:
    def authors(creator: str) -> tuple[str, ...]:
        return only(rss(f"<title>T</title><dc:creator>{creator}</dc:creator>")).doc.authors

    assert authors("Ann Bee, \nCee Dee, \nEff Gee") == ("Ann Bee", "Cee Dee", "Eff Gee")
    assert authors("&lt;a href='x'&gt;Ann Bee&lt;/a&gt;, &lt;a&gt;Cee Dee&lt;/a&gt;, E F") == (
        "Ann Bee",
        "Cee Dee",
        "E F",
    )
    assert authors("Byron, Ada") == ("Byron, Ada",)
    assert authors("Ada Byron, PhD, SFHEA") == ("Ada Byron, PhD, SFHEA",)


def test_rss_1_with_prism() -> None:
    body = (
        f'<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES} '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel rdf:about="https://j.example/"><title>J</title>'
        "<link>https://j.example/</link><prism:publicationName>Journal of J</prism:publicationName></channel>"
        '<item rdf:about="https://j.example/1"><title>T</title><link>https://j.example/1</link>'
        "<dc:identifier>info:doi/10.1000/1</dc:identifier><dc:date>2024-02-12</dc:date>"
        "<prism:volume>3</prism:volume></item></rdf:RDF>"
    ).encode()
    entry = only(body)
    assert entry.doc.publication is not None
    assert (entry.doc.publication.journal, entry.doc.publication.doi) == ("Journal of J", "10.1000/1")
    assert entry.published_at == dt.datetime(2024, 2, 12, tzinfo=dt.UTC)
    assert entry.date_quality is DateQuality.GUESSED


@pytest.mark.parametrize(
    "header",
    [
        "<span property='schema:name' class='field field--name-title field--type-string'>Fair</span>\n"
        "<span class='field field--name-uid'><span about='/user/1' typeof='schema:Person'>admin</span></span>\n"
        "<span class='field field--name-created'>Lun, 12/02/2024 - 16:30</span>\n",
        "<span>Fair</span>\n\n<span><span>admin</span></span>\n\n"
        "<span><time datetime='2024-02-12T16:30:00+00:00'>Mon, 02/12/2024 - 16:30</time></span>\n",
    ],
)
def test_a_publishing_systems_header_is_no_part_of_the_text(header: str) -> None:
    doc = only(rss(f"<title>Fair</title><description><![CDATA[{header}<div><p>Come.</p></div>]]></description>")).doc
    assert doc.text == doc.summary == "Come."


def test_a_publishing_systems_footer_is_no_part_of_the_text() -> None:
    footer = "<span class='field field--name-uid'><span>Ada</span></span><span class='field field--name-created'>"
    doc = only(
        rss(f"<title>F</title><description><![CDATA[<div><p>Come.</p></div>{footer}May 2</span>]]></description>")
    ).doc
    assert doc.text == "Come."


def test_text_that_was_encoded_twice_is_read_once() -> None:
    twice = "Café “Zoë” – it’s für alle".encode().decode("cp1252", "ignore")
    body = rss(f"<title>{twice}</title><link>https://a.example/1</link>", "<title>Ça va</title>")
    titles = [entry.doc.title for entry in parsed(body).entries]
    assert titles[0].startswith("Café “Zoë")
    assert titles[0].endswith("it’s für alle")
    assert titles[1] == "Ça va"


def test_an_article_about_such_text_stays_as_it_is() -> None:
    assert only(rss("<title>Why é becomes Ã©</title>")).doc.title == "Why é becomes Ã©"


def test_a_link_of_words_is_no_address() -> None:
    assert only(rss("<title>T</title><link>See below</link>")).doc.url == ""


def test_a_title_of_nothing_that_can_be_seen_is_none() -> None:
    doc = only(
        rss("<title>\u200b\u2060</title><link>https://a.example/1</link><description>A walk.</description>")
    ).doc
    assert doc.title == "A walk."


def test_marks_for_parting_words_are_left_out() -> None:
    assert (
        only(rss("<title>T</title><description>On a re\u00adcent day.</description>")).doc.summary
        == "On a recent day."
    )


def test_a_picture_named_in_a_plain_field() -> None:
    doc = only(rss("<title>T</title><thumbnail>https://a.example/p.jpg</thumbnail>")).doc
    assert doc.image is not None
    assert doc.image.url == "https://a.example/p.jpg"


def test_a_quiet_week_of_a_feed_that_breaks_a_rule() -> None:
    whole = b"<rss><channel><title>Q</title><dc:rights>A</dc:rights></channel></rss>"
    feed = parsed(whole)
    assert feed.entries == ()
    assert "not well-formed" in feed.words
    assert "broken" in refused(whole.removesuffix(b"</channel></rss>"))


def test_signs_for_a_new_line_are_new_lines_whatever_else_a_text_holds() -> None:
    doc = only(rss("<title>T</title><description>Hedges\\nL 1-10\\nSee a?b=1&amp;amp;c=2</description>")).doc
    assert doc.text == "Hedges\nL 1-10\nSee a?b=1&c=2"
    assert only(rss("<title>T</title><description>Take $\\nabla f$.</description>")).doc.text == "Take $\\nabla f$."


def test_half_a_mark_of_a_section_of_characters_is_none_of_the_text() -> None:
    doc = only(
        rss("<title>T</title><description>![CDATA[&lt;a href='/x'&gt;Comments&lt;/a&gt;]]&gt;</description>")
    ).doc
    assert doc.text == "Comments"
    assert doc.summary == ""
