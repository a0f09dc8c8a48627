"""What is sent by mistake or to do harm: nothing live reaches an entry, and the rest of the feed is read.

What stalls a parser is in test_isolate.py; what a server does wrong in test_fetch.py.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Config
from digest.gather.clean.html import DEEPEST, clean_html, is_nested_too_deeply
from digest.gather.models import Entry, Source
from digest.gather.parse import parse_feed
from digest.gather.parse.page import feed_link
from digest.gather.store import gather_sources
from digest.gather.values import DateQuality, IdentityKind, ParsedEntry, Refused
from tests.fakes.feed_server import FeedServer
from tests.gather.feeds import NOW, atom, ics, only, parsed, reading, refused, rss

LIVE = re.compile(
    r"<\s*(?:script|style|iframe|object|embed|form|input|svg|math|img|link|meta|base)\b|\son\w+\s*=|javascript:|vbscript:"
    r"|data:|url\(|expression\(|[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f]",
    re.IGNORECASE,
)


def whole(entry: ParsedEntry) -> str:
    return json.dumps(entry.doc.model_dump(mode="json", exclude={"text", "summary", "title"}), ensure_ascii=False)


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<img src=x onerror=alert(1)>",
        "<p onmouseover='x()'>p</p>",
        "<a href='javascript:x()'>a</a>",
        "<a href='&#106;avascript:x()'>a</a>",
        "<a href='java\tscript:x()'>a</a>",
        "<a href='data:text/html;base64,xx'>a</a>",
        "<a href='vbscript:x'>a</a>",
        "<p style=\"background:url('https://t.example/x')\">p</p>",
        "<style>p{background:url(https://t.example/x)}</style>",
        "<div style='width:expression(alert(1))'>d</div>",
        "<svg onload=x()><a xlink:href='javascript:x()'>s</a></svg>",
        "<math><mi xlink:href='javascript:x()'>m</mi></math>",
        "<iframe srcdoc='<script>x</script>'></iframe>",
        "<form action='https://t.example'><input name=a><button>b</button></form>",
        "<meta http-equiv=refresh content='0;url=https://t.example'>",
        "<base href='https://t.example/'>",
        "<link rel=stylesheet href='https://t.example/x.css'>",
        "<!--[if mso]><script>x()</script><![endif]-->",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<p>user\u202egpj.exe\u202c and &#8238;more&#x2066;</p>",
        "<p>a&#0;b&#x1F;c</p>",
        "<template><script>x()</script></template>",
        "<p style='background-image:\\75rl(https://t.example/x)'>p</p>",
        "<a href='&#x6A;&#x61;&#x76;&#x61;script&colon;x()'>a</a>",
        "<a href=' \x01javascript:x()'>a</a>",
        "<a href='JaVaScRiPt&Tab;:x()'>a</a>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<video poster='javascript:x()' autoplay onplay=x()></video>",
        "<object data='data:text/html,x'></object><embed src='javascript:x'>",
        "<a href='https://a.example/' onclick=x() ping='https://t.example' target=_blank>a</a>",
        "<details ontoggle=x() open>d</details>",
        "<isindex action=javascript:x()><input autofocus onfocus=x()>",
        "<![CDATA[<script>x()</script>]]&gt;",
    ],
)
def test_nothing_live_reaches_an_entry(markup: str) -> None:
    body = rss(
        f"<title>A</title><guid>1</guid><description><![CDATA[<p>Before.</p>{markup}<p>After.</p>]]></description>"
    )
    calendar = ics(f"UID:1\nDTSTART:20240310T100000Z\nSUMMARY:A\nDESCRIPTION:<p>Before.</p>{markup}<p>After.</p>")
    item = {"id": "1", "title": "A", "content_html": f"<p>Before.</p>{markup}<p>After.</p>"}
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [item]}).encode()
    for sent in (body, feed, calendar):
        entry = only(sent)
        assert not LIVE.search(whole(entry)), whole(entry)
        assert "Before." in entry.doc.text
    assert "After." in only(body).doc.text


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//[::1", "mailto:a@b"]
)
def test_a_link_that_nobody_should_follow_is_none(link: str) -> None:
    assert only(rss(f"<title>A</title><guid>1</guid><link>{link}</link>")).doc.url == ""
    assert only(atom(f"<id>1</id><title>A</title><link href='{link}'/>")).doc.url == ""
    assert only(ics(f"UID:1\nDTSTART:20240310T100000Z\nSUMMARY:A\nURL:{link}")).doc.url == ""
    item = {"id": "1", "title": "A", "url": link, "external_url": link, "image": link}
    feed = json.dumps({"version": "https://jsonfeed.org/version/1", "items": [item]}).encode()
    assert (only(feed).doc.url, only(feed).doc.image) == ("", None)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{% raw %}",
        "{# x #}",
        "%recipient%",
        "-dg123unsubscribe-",
        "*|EMAIL|*",
        "-sub-",
        "*|FNAME|*",
        "{{{html}}}",
        "{{#if x}}",
        "%%name%%",
        "%(name)s",
        "[unsubscribe]",
        "[[name]]",
        "${7*7}",
        "<%= 7 %>",
    ],
)
def test_template_and_merge_tag_text_stays_text(text: str) -> None:
    escaped = text.replace("<", "&amp;lt;").replace(">", "&amp;gt;")
    entry = only(
        rss(
            f"<title>See {escaped} here</title><guid>1</guid><description>&lt;p&gt;And {escaped}&lt;/p&gt;</description>"
        )
    )
    assert entry.doc.title == f"See {text} here"
    assert entry.doc.text == f"And {text}"


@pytest.mark.parametrize(
    "field",
    [
        "<title>{}</title>",
        "<title>A</title><description>{}</description>",
        "<title>A</title><dc:creator>{}</dc:creator>",
        "<title>A</title><category>{}</category>",
        "<title>A</title><prism:publicationName>{}</prism:publicationName>",
        "<title>A</title><media:content url='https://a.example/e.png' type='image/png'><media:title>{}</media:title></media:content>",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "mark",
    [
        "\u202e",
        "\u2066",
        "&#8238;",
        "&amp;#8238;",
        "&#x2067;",
        "\x00",
        "&#0;",
        "&#8;",
        "\x1b[31m",
        "&#x1B;",
        "\x85",
        "\ufeff",
    ],
)
def test_no_field_turns_the_direction_of_a_line_or_commands_a_terminal(field: str, mark: str) -> None:
    entry = only(rss(f"<guid>1</guid>{field.format(f'gpj{mark}exe')}"))
    told = json.dumps(entry.doc.model_dump(mode="json"), ensure_ascii=False)
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u007f-\u009f]", told)
    assert "\\u00" not in told


@pytest.mark.parametrize(
    "declared",
    [
        "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)),
        '<!ENTITY e0 "' + "ha" * 1_000 + '">' + '<!ENTITY e11 "' + "&e0;" * 400 + '">',
        '<!ENTITY e11 SYSTEM "file:///etc/passwd">',
        '<!ENTITY e11 SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY e11 PUBLIC "x" "http://127.0.0.1:9/">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;',
        '<!ENTITY e11 "&e11;">',
        "<!ENTITY e11 '<script>alert(1)</script>'>",
    ],
    ids=["laughs", "quadratic", "file", "web", "public", "parameter", "itself", "markup"],
)  # fmt: skip
def test_entities_of_ones_own_are_never_put_in(declared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they would grow to or fetch. What names them stays as it was written."""
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a parser asked somebody"))
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "ha">{declared}]>'
    body = rss("<title>Before &e11; after</title><guid>1</guid><description>x &e11; y</description>")
    entry = only(body.replace(b'<?xml version="1.0"?>', head.encode()))
    assert entry.doc.title == "Before &e11; after"
    assert "root:" not in entry.doc.text
    assert len(entry.doc.text) < 100
    assert not LIVE.search(whole(entry))


def test_a_header_cannot_be_slipped_into_a_title() -> None:
    assert only(rss("<title>A&#13;&#10;Bcc: x@y.example</title><guid>1</guid>")).doc.title == "A Bcc: x@y.example"
    assert only(ics("UID:1\nDTSTART:20240310T100000Z\nSUMMARY:A\\nBcc: x")).doc.title == "A Bcc: x"


def test_deep_nesting_costs_the_markup_and_not_the_text() -> None:
    deep = "<div>" * 40_000 + "Hello &amp; you" + "</div>" * 40_000
    entry = only(
        rss(f"<title>A</title><guid>1</guid><description><![CDATA[{deep}<script>x</script>]]></description>")
    )
    assert entry.doc.text == "Hello & you"
    assert entry.doc.html == "<p>Hello &amp; you</p>"
    assert not is_nested_too_deeply("<p><br>" * 5000)
    assert clean_html("<b>" * (DEEPEST - 1) + "x").text == "x"


def test_deep_nesting_of_the_feed_itself_is_survived() -> None:
    body = b"<rss version='2.0'><channel><title>x</title><item><title>T</title>" + b"<a>" * 20_000
    assert isinstance(parse_feed(body, reading()), Refused) or parsed(body).entries[0].doc.title == "T"
    assert "nested too deeply" in refused(b'{"a":' * 100_000)


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#0;", "&#xFFFF;", "&#99999999999;", "&#x110000;", "&nosuch;", "&", "&#;"]
)
def test_a_bad_reference_takes_nothing_else_with_it(reference: str) -> None:
    body = rss(f"<title>One{reference} two</title><guid>1</guid>", "<title>Three</title><guid>2</guid>")
    first, second = parsed(body).entries
    assert first.doc.title.startswith("One")
    assert first.doc.title.endswith("two")
    assert second.doc.title == "Three"


def test_entries_with_the_same_or_an_empty_guid_stay_apart() -> None:
    body = rss(
        "<title>A</title><link>https://a.example/1</link><guid>x</guid>",
        "<title>B</title><link>https://a.example/2</link><guid>x</guid>",
        "<title>C</title><link>https://a.example/3</link><guid></guid>",
        "<title>D</title><link>https://a.example/4</link><guid> </guid>",
        "<title>E</title><guid/>",
    )
    entries = parsed(body).entries
    assert [e.doc.title for e in entries] == ["A", "B", "C", "D", "E"]
    assert len({e.identity for e in entries}) == 5
    assert [e.identity_kind for e in entries][2:] == [IdentityKind.LINK, IdentityKind.LINK, IdentityKind.TITLE]
    # And they are known again, in whatever order they come.
    again = parsed(rss(*(f"<title>{t}</title>{rest}" for t, rest in [
        ("B", "<link>https://a.example/2</link><guid>x</guid>"), ("A", "<link>https://a.example/1</link><guid>x</guid>"),
    ]))).entries  # fmt: skip
    assert {e.identity for e in again} == {e.identity for e in entries[:2]}


@pytest.mark.parametrize(
    "date", ["", "0000-00-00", "soon", "1707730200999999", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31"]
)
def test_a_missing_or_absurd_date_is_none_and_the_entry_stays(date: str) -> None:
    entry = only(rss(f"<title>A</title><guid>1</guid><pubDate>{date}</pubDate>"))
    assert (entry.published_at, entry.date_quality) == (None, DateQuality.MISSING)
    assert entry.published_raw == date
    assert entry.doc.title == "A"


def test_an_absurd_start_is_no_event() -> None:
    assert (
        parsed(
            ics("UID:1\nSUMMARY:A\nDTSTART:00010101T000000Z", "UID:2\nSUMMARY:B\nDTSTART:99991231T235959Z")
        ).entries
        == ()
    )
    body = rss("<title>A</title><guid>1</guid><ev:startdate>0000-00-00</ev:startdate>")
    assert only(body, section_kind="events").event_start is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "answered with nothing"),
        (b"<html><head><title>Sign in to continue</title></head></html>", "a login page"),
        (b"<html><body><form><input type=password></form></body></html>", "a login page"),
        (b"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "a sitemap"),
        (b"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap/></sitemapindex>", "a sitemap"),
        (b"<opml version='2.0'><head/><body/></opml>", "a list of feeds (OPML)"),
        (b" \r\n\t\x00 ", "answered with nothing"),
        (b"\xef\xbb\xbf", "answered with nothing"),
        (b"<?xml version='1.0'?>", "neither a feed nor a web page"),
        (b"<html><head><title>Just a moment...</title></head></html>", "a bot check"),
        (b"<html><head><title>Attention Required! | Cloudflare</title></head></html>", "a bot check"),
        (b"<html><body><div class='g-recaptcha'></div></body></html>", "a bot check"),
        (b"%PDF-1.7 \x00\x01", "not a feed"),
        (b"\x89PNG\r\n\x1a\n", "not a feed"),
        (b"PK\x03\x04", "not a feed"),
        (b"ok", "not a feed"),
        (b'{"code":"rest_no_route","data":{"status":404}}', "JSON"),
        (b"BEGIN:VCARD\r\nEND:VCARD", "not a feed"),
    ],
)
def test_what_is_no_feed_is_said(body: bytes, words: str) -> None:
    assert words in refused(body)


# pages that name a feed ---------------------------------------------------------------------------------------------


def page(*links: str, body: str = "") -> str:
    return f"<!doctype html><html><head><title>Home</title>{''.join(links)}</head><body>{body}</body></html>"


RSS_LINK = '<link rel="alternate" type="application/rss+xml" title="News" href="/feed">'
BASE = "https://a.example/news/"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (page(RSS_LINK), "https://a.example/feed"),
        (page("<link type='application/atom+xml' href=atom.xml rel='alternate home'>"), "https://a.example/news/atom.xml"),
        (page("<base href='https://b.example/x/'>", '<LINK REL=alternate TYPE=application/feed+json HREF="f.json">'), "https://b.example/x/f.json"),
        (page('<link rel="alternate" type="text/calendar" href="webcal://a.example/c.ics">'), "https://a.example/c.ics"),
        (page('<link rel="alternate" type="application/rss+xml" href="feed:https://a.example/f">'), "https://a.example/f"),
        (page('<link rel="alternate" type="application/json+oembed" href="/o">', '<link rel="alternate" type="application/json" href="/wp-json/x">'), ""),
        (page('<link rel="alternate" hreflang="de" href="/de">'), ""),
        (page('<link rel="alternate" type="application/rss+xml" href="javascript:x">'), ""),
        (page('<link rel="alternate" type="application/rss+xml" href="https://a.example/news/">'), ""),
        (page(f"<!-- {RSS_LINK} -->", f"<script>'{RSS_LINK}'</script>"), ""),
        (page(body=RSS_LINK), ""),
        (page(RSS_LINK.replace("News", "Comments Feed")), ""),
    ],
)  # fmt: skip
def test_the_feed_that_a_page_names_is_found(text: str, found: str) -> None:
    assert feed_link(text, base=BASE) == found


def test_an_events_section_prefers_the_events() -> None:
    text = page(
        RSS_LINK,
        '<link rel="alternate" type="text/calendar" title="iCal" href="/events/?ical=1">',
        '<link rel="alternate" type="application/rss+xml" title="Events" href="/events/feed">',
    )
    assert feed_link(text, base=BASE, of_events=True) == "https://a.example/events/?ical=1"
    assert feed_link(text, base=BASE) == "https://a.example/feed"


def test_a_page_is_refused_with_the_address_of_its_feed_and_a_login_page_without() -> None:
    result = parse_feed(page(RSS_LINK).encode(), reading(url=BASE))
    assert result == Refused(words="answered with a web page, not a feed", feed_url="https://a.example/feed")
    login = page(RSS_LINK).replace("Home", "Log in")
    assert parse_feed(login.encode(), reading(url=BASE)) == Refused(
        words="answered with a login page, not a feed: it may be for members only"
    )
    redirected = parse_feed(page(RSS_LINK).encode(), reading(url="https://a.example/wp-login.php?to=feed"))
    assert isinstance(redirected, Refused)
    assert redirected.feed_url == ""


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="<>/='\" linkrelatyphfbsod!-:.", max_size=150))
def test_no_page_makes_the_search_raise(inner: str) -> None:
    found = feed_link(f"<html><head>{inner}", base=BASE)
    assert found == "" or found.startswith(("http://", "https://"))


@settings(deadline=None, max_examples=100)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["id", "title", "url", "content_html", "tags", "authors", "items", "image", "attachments"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_no_json_makes_the_reader_raise(item: object) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [item]}).encode()
    result = parse_feed(body, reading())
    assert not isinstance(result, Refused)
    assert all(e.published_at is None or e.published_at <= NOW + dt.timedelta(days=6 * 366) for e in result.entries)


# all of it at once --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_week_of_bad_company_costs_the_good_feeds_nothing(
    make_config: Callable[..., Config], server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each bad one is a failure in words of its own, or read without what is live in it; the good ones are stored."""
    monkeypatch.setattr("digest.gather.isolate.Patience.seconds", lambda _self: 0.5)
    good = rss("<title>One</title><link>https://a.example/1</link>")
    item = "<title>A</title><description><![CDATA[{}]]></description>"
    words = {
        "stall": "took more than 0.5 seconds to read",
        "gone": "gone for good (410)",
        "busy": "closed for the moment (503)",
        "loop": "without end",
        "inside": "only http and https",
        "bomb": "larger than 5 MB",
        "hang": "did not answer within 5 seconds",
        "drip": "did not answer within 5 seconds",
        "login": "a login page",
        "check": "a bot check",
        "sitemap": "a sitemap",
        "opml": "a list of feeds (OPML)",
        "empty": "answered with nothing",
        "page": "a web page, not a feed",
        "chunks": "does not keep to HTTP",
        "missing": "no such page (404)",
    }
    server.answer("/good", body=good)
    server.answer("/live", body=rss(item.format("<p onclick='x()'>Text<script>x()</script><img src=data:x>")))
    server.answer("/stall", body=rss(item.format("<p " + "a=b " * 250_000 + ">x</p>" + "<div>" * 100_000)))
    server.answer("/gone", status=410)
    server.answer("/busy", status=503, headers={"Retry-After": "Fri, 16 Feb 2024 18:00:00 GMT"})
    server.redirect("/loop", "/loop", status=301)
    server.redirect("/inside", "file://inside.example:9/")
    server.answer("/bomb", body=gzip.compress(b"<rss>" + b" " * 20_000_000), headers={"Content-Encoding": "gzip"})
    server.hang("/hang")
    server.drip("/drip", b"<rss>")
    server.answer("/login", body=b"<html><head><title>Log in</title></head></html>")
    server.answer("/check", body=b"<html><head><title>Just a moment...</title></head></html>")
    server.answer("/sitemap", body=b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>")
    server.answer("/opml", body=b"<opml version='2.0'><head/><body/></opml>")
    server.answer("/empty")
    server.answer("/page", body=b"<!doctype html><html><body>Hello</body></html>")
    server.raw("/chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    names = [*list(words)[:8], "good", "live", *list(words)[8:]]
    tables = (
        f'[[sources]]\nid = "{name}"\ntitle = "S"\nsection = "news"\nurl = "{server.url(f"/{name}")}"\n'
        for name in names
    )
    config = make_config("[gather]\nallow_private_networks = true\ntotal_timeout = 5\n" + "".join(tables))
    reports = {report.source: report for report in gather_sources(config, now=NOW)}
    failed = {name: report.words for name, report in reports.items() if report.failed}
    assert set(failed) == set(words), failed
    for name, said in words.items():
        assert said in reports[name].words, reports[name]
    stored = {entry.source.key: entry for entry in Entry.objects.select_related("source")}
    assert set(stored) == {"good", "live"}
    assert not LIVE.search(json.dumps(stored["live"].latest_doc))
    busy = Source.objects.get(key="busy")
    assert busy.not_before == NOW + dt.timedelta(hours=6)
    server.requests.clear()
    again = {report.source: report for report in gather_sources(config, now=NOW + dt.timedelta(hours=1))}
    assert not {"/busy", "/gone"} & {request.path for request in server.requests}
    assert "asked us to wait until 18:00" in again["busy"].words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "body", "title"),
    [
        ("text/xml; charset=iso-8859-1", "\ufeff<?xml version='1.0' encoding='koi8-r'?>Ж".encode(), "Ж"),
        ("text/xml; charset=koi8-r", "<?xml version='1.0' encoding='iso-8859-1'?>Ж".encode("koi8-r"), "Ж"),
        ("text/xml", "<?xml version='1.0' encoding='koi8-r'?>Ж".encode("koi8-r"), "Ж"),
        ("text/xml; charset=utf-8", "<?xml version='1.0' encoding='koi8-r'?>Ж".encode("koi8-r"), "Ж"),
        ("text/xml", "<?xml version='1.0'?>Ж".encode(), "Ж"),
        ("text/xml", "<?xml version='1.0'?>é".encode("cp1252"), "é"),
    ],
    ids=["mark before header", "header before XML", "XML", "header that lies", "UTF-8", "Windows"],
)
def test_letters_come_as_the_mark_else_the_header_else_the_xml_says(
    serve: Callable[[str], Config], server: FeedServer, header: str, body: bytes, title: str
) -> None:
    """RFC 7303: a byte order mark decides, then HTTP, then the declaration. From the wire to the row."""
    feed, letter = body.rsplit(b">", 1)
    whole = rss("<title>LETTER</title><guid>1</guid>").replace(b'<?xml version="1.0"?>', feed + b">")
    server.answer("/feed", body=whole.replace(b"LETTER", letter), headers={"Content-Type": header})
    (report,) = gather_sources(serve("/feed"), now=NOW)
    assert report.new == 1
    assert Entry.objects.get().latest_doc["title"] == title
