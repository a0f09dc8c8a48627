"""Whatever an issue holds, its forms stay parseable, ASCII, in short lines and of one mind about links."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.document import IssueDocument
from digest.gather.document import EventTime, Image, Publication
from digest.render import Renderer
from digest.render.wrap import columns, wrap
from tests.render import documents
from tests.render.reading import BROADEST, hrefs, references, tree

SCRIPTS = st.sampled_from(
    ["Latin words", "кириллица", "العربية", "עברית", "学習技術", "한국어", "हिन्दी", "ไทย", "🎓📚", *documents.HOSTILE]
)
WORDS = st.one_of(st.lists(SCRIPTS, max_size=6).map(" ".join), st.text(max_size=60))
URLS = st.one_of(
    WORDS.map(lambda text: f"https://example.org/{text}"), WORDS, st.just("https://example.org/" + "a" * 2000)
)
INSTANTS = st.datetimes(
    min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)
)
IMAGES = st.builds(Image, url=URLS, alt=WORDS, width=st.none() | st.integers(1, 4000))
EVENTS = st.builds(
    EventTime,
    start=INSTANTS,
    end=st.none() | INSTANTS,
    all_day=st.booleans(),
    zone=st.sampled_from(["", "Europe/London", "America/Halifax", "nowhere"]),
    place=WORDS,
    online=st.booleans(),
)
PUBLICATIONS = st.builds(Publication, journal=WORDS, doi=WORDS | st.just("10.1234/x<y>"), volume=WORDS, pages=WORDS)


@st.composite
def issues(draw: st.DrawFn) -> IssueDocument:
    sections = []
    for id_, _title, _kind in draw(st.lists(st.sampled_from(documents.SECTIONS), unique=True, max_size=4)):
        items = [
            documents.item(
                draw(WORDS),
                id=f"i-{id_}-{number}",
                url=draw(URLS),
                summary=draw(WORDS),
                source_title=draw(WORDS),
                published=draw(st.none() | INSTANTS),
                authors=tuple(draw(st.lists(WORDS, max_size=8))),
                image=draw(st.none() | IMAGES),
                event=draw(st.none() | EVENTS),
                publication=draw(st.none() | PUBLICATIONS),
                closing=draw(st.none() | st.dates()),
                flags=tuple(draw(st.sets(st.sampled_from(["changed", "last-chance", "late"])))),
            )
            for number in range(draw(st.integers(0, 4)))
        ]
        sections.append(documents.section(id_, *items, more=draw(st.integers(0, 3))))
    return documents.document(
        *sections,
        intro=draw(WORDS),
        outro=draw(WORDS),
        preheader=draw(WORDS),
        subject=draw(WORDS),
        language=draw(st.sampled_from(["en-GB", "ar", "de", "zz"])),
    )


@given(issue=issues())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_issue_renders(renderer: Renderer, issue: IssueDocument) -> None:
    rendered = renderer.render(issue, documents.MEMBERS)
    assert rendered.html.isascii()
    assert max(len(line) for line in rendered.html.split("\n")) <= BROADEST
    assert hrefs(rendered.html) == references(rendered.text)
    count = len(issue.items)
    assert len(list(tree(rendered.html).iter("h3"))) == count
    assert len(list(tree(rendered.web).iter("h3"))) == count
    assert len(list(tree(rendered.html).iter("h1"))) == 1
    assert sum(rendered.bytes_per_section.values()) == rendered.bytes
    assert rendered.html.count("<!--[if") == rendered.html.count("<![endif]-->")
    assert "\n" not in rendered.subject
    for line in rendered.text.split("\n"):
        assert columns(line) <= 72 or "://" in line or "@" in line, line
    rendered.text.encode()
    rendered.web.encode()


@given(text=st.text(max_size=300), width=st.integers(20, 100))
@settings(max_examples=100, deadline=None)
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    wrapped = wrap(text, first="  ", rest="    ", width=width)
    assert "".join(wrapped.split()) == "".join(text.split())
