"""What makes each check speak, and what it keeps silent about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.gather.document import EventTime, Image
from digest.gather.values import LinkState
from digest.render.preflight import CHECKS, LinkFact, Previous, Proof, Severity, preflight
from digest.render.preflight.capitals import shouts
from digest.render.preflight.dates import wrong_weekdays
from digest.render.preflight.merge_tags import _FOREIGN
from digest.render.preflight.placeholders import debris
from digest.render.preflight.reading import asked
from tests.render import documents
from tests.render.preflight.proofs import Press, first_item, found, weight, with_event, with_item

NEWS = "https://www.harbourlight.example/"
LAST_WEEK = Previous(
    subject="Weekly News Digest - Issue 735, 05 Feb 2024",
    preheader="Trustees' election opens · Three posts on marking · A workshop in Leeds",
    counts={"news": 4, "events": 2},
)
Make = Callable[[Press], Proof]


def fact(state: LinkState, words: str = "", final_url: str = "") -> LinkFact:
    return LinkFact(state=state, words=words, final_url=final_url)


def own_html(what: str, by: str) -> Make:
    return lambda press: press(html=(what, by))


# For each check: what makes it speak, how loudly, and a word of what it says.
FIRES: dict[str, list[tuple[Make, str, str]]] = {
    "size": [
        (lambda p: p(documents.many(200)), "block", "bytes of HTML"),
        (lambda p: p(documents.many(70)), "warn", "are too many"),
    ],
    "unsubscribe": [
        (lambda p: p(html=("/unsubscribe/", "/nothing/")), "block", "HTML part has no link to unsubscribe"),
        (lambda p: p(text=("/unsubscribe/", "/nothing/")), "block", "text part has no link to unsubscribe"),
        (lambda p: p(html=("Unsubscribe</a>", "</a>")), "block", "has no words"),
    ],
    "postal-address": [
        (
            lambda p: p(base=documents.CONFIG.replace("postal_address = ", "strapline_was = ").replace(
                'strapline_was = "4 Chandlers\' Row, Saltmarsh SM2 6QD, United Kingdom"\n', "")),
            "block",
            "has no postal address",
        ),
        (lambda p: p(html=("Saltmarsh SM2", "Elsewhere SM2")), "block", "missing from the HTML part"),
        (lambda p: p(text=("Saltmarsh SM2", "Elsewhere SM2")), "block", "missing from the text part"),
    ],
    "subject": [
        (lambda p: p(subject="What eleven colleges learned from a term of captions, and much, much more besides"), "warn", "characters long"),
        (lambda p: p(subject="News"), "warn", "only 4 characters"),
        (lambda p: p(previous=Previous(subject=documents.full().subject, preheader="", counts={})), "warn", "same as last issue's"),
    ],
    "preheader": [
        (lambda p: p(preheader="Three things"), "warn", "12 characters long"),
        (lambda p: p(preheader="One thing after the other, and then some more things " * 3), "warn", "cut it off"),
        (lambda p: p(preheader="Trouble reading this? View this mail in your browser now"), "warn", "View this mail in your browser"),
        (lambda p: p(preheader=""), "warn", "no preheader"),
        (lambda p: p(previous=Previous(subject="x", preheader=documents.full().preheader, counts={})), "warn", "as good as last issue's"),
    ],
    "merge-tags": [
        (lambda p: p(intro="Dear *|FNAME|*, good morning."), "block", "*|FNAME|*"),
        (lambda p: p(with_item(summary="Hello %%first%%, come to our party.")), "warn", "%%first%%"),
        (lambda p: p(with_item(title="Hello {{first_name}}")), "warn", "{{first_name}}"),
        (lambda p: p(with_item(title="Hello -first_name-")), "warn", "-first_name-"),
        (lambda p: p(with_item(title="A mark: dg00112233445566778899xu")), "block", "members' own links"),
    ],
    "placeholders": [
        (lambda p: p(intro="Lorem ipsum dolor sit amet."), "block", "Lorem ipsum"),
        (lambda p: p(with_item(title="Untitled")), "warn", "Untitled"),
        (lambda p: p(with_item(title="[TITLE] of the talk")), "warn", "[TITLE]"),
        (lambda p: p(with_item(summary="TODO: write this")), "warn", "TODO"),
        (lambda p: p(with_item(summary="It isnâ€™t done.")), "warn", "broken character"),
    ],
    "dates": [
        (lambda p: p(intro="We meet on Monday 13 February."), "warn", "13 February 2024 is a Tuesday"),
        (lambda p: p(with_item(title="Open day, Friday, March 2"), ), "warn", "is a Saturday"),
        (lambda p: p(intro="Wir treffen uns am Montag, 13. Februar.", language="de"), "warn", "is a Tuesday"),
        (lambda p: p(with_event(title="Winter School 2023")), "warn", "speaks of 2023"),
        (lambda p: p(subject="Weekly News Digest - Issue 736, 12 Feb 2023"), "warn", "last year"),
    ],
    "dead-links": [
        (
            lambda p: p(facts={first_item(p()).url: fact(LinkState.DEAD, "answers that there is no such page (404)")}),
            "warn",
            "The link answers that there is no such page (404).",
        ),
        (lambda p: p(facts={first_item(p()).url: fact(LinkState.UNSURE, "did not answer within 10 seconds")}), "info", "did not answer"),
        (lambda p: p(intro="See [this](https://example.com/x)."), "warn", "link in the intro leads to example.com"),
        (lambda p: p(with_item(url="http://localhost:8000/draft")), "warn", "leads to localhost"),
    ],
    "relative-links": [
        (lambda p: p(intro="See [the page](/about)."), "warn", "“/about”"),
        (lambda p: p(with_item(url="news/captions")), "warn", "left out of the mail"),
        (own_html('href="#s-events"', 'href="#s-nothing"'), "warn", "#s-nothing"),
        (own_html(f'href="{documents.PUBLIC.archive}"', 'href="issues/"'), "warn", "“issues/”"),
    ],
    "short-links": [
        (lambda p: p(with_item(url="https://bit.ly/3xYz")), "warn", "shortened one (https://bit.ly/3xYz)"),
        (lambda p: p(intro="[Here](https://tinyurl.com/abc)."), "warn", "in the intro is a shortened one"),
    ],
    "duplicate-headlines": [
        (lambda p: p(with_item(title="The Week I turned every deadline off!")), "warn", "stands in News as well"),
    ],
    "capitals": [
        (lambda p: p(with_item(title="REGISTRATION CLOSES TOMORROW AT NOON")), "warn", "in capitals"),
        (lambda p: p(subject="WEEKLY NEWS DIGEST - ISSUE 736"), "warn", "The subject is written in capitals"),
    ],
    "alt-text": [
        (lambda p: p(intro="![](https://www.harbourlight.example/a.png)"), "warn", "no words for those"),
        (own_html('alt="A lecture on a laptop, captions below"', 'title=""'), "warn", "no alt text at all"),
        (lambda p: p(with_item(image=Image(url=f"{NEWS}IMG_2041.jpg", alt="IMG_2041.JPG", width=640))), "info", "says nothing"),
    ],
    "contrast": [
        (own_html("color:#555b62", "color:#dddddd"), "warn", "In the light scheme"),
        (lambda p: p(html=("#ebe9e5", "#3a3f45")), "warn", "In the dark scheme"),
    ],
    "link-parity": [
        (lambda p: p(text=("https://blog.harbourlight.example/2024/02/microphones/", "nowhere")), "warn", "The text part lacks 1 link"),
        (own_html('href="https://blog.harbourlight.example/2024/02/microphones/"', 'name="x"'), "warn", "The HTML part lacks 1 link"),
    ],
    "control-characters": [
        (own_html("<h1", "&#133;<h1"), "block", "U+0085"),
        (lambda p: p(text=("News", "Ne\u202ews")), "block", "U+202E"),
        (lambda p: p(with_item(title="A \u202eturned headline")), "info", "was taken out"),
    ],
    "empty-sections": [
        (lambda p: p(documents.document()), "block", "nothing in the issue"),
        (
            lambda p: p(documents.document(*[s if s.id != "events" else s.model_copy(update={"items": ()}) for s in documents.full().sections]), previous=LAST_WEEK),
            "info",
            "Events is empty this time and is left out; last time it had 2 items.",
        ),
    ],
}  # fmt: skip
CASES = [(name, *case) for name, cases in FIRES.items() for case in cases]


def test_every_check_has_a_file_words_and_cases() -> None:
    folder = Path(__file__).resolve().parents[3] / "digest" / "render" / "preflight"
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "base", "reading"}
    assert set(CHECKS) == files == set(FIRES)
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.title
        module = __import__(check.look.__module__, fromlist=["x"])
        assert module.__doc__, name
        assert module.__doc__.count("\n") == 0, f"{name}: one line says what it holds"


@pytest.mark.parametrize(("name", "make", "severity", "said"), CASES, ids=[f"{c[0]}-{c[3][:24]}" for c in CASES])
def test_it_speaks(press: Press, name: str, make: Make, severity: str, said: str) -> None:
    findings = found(make(press), name)
    assert weight(findings) == severity
    assert any(said in one.words for one in findings), [one.words for one in findings]
    for one in findings:
        assert one.words.endswith((".", "…")), one.words
        assert one.hint.endswith("."), one.hint


def test_a_good_issue_is_clean(press: Press) -> None:
    assert preflight(press(previous=LAST_WEEK)) == ()


def test_sixty_items_are_clean_but_for_their_size(press: Press) -> None:
    assert {one.check for one in preflight(press(documents.many(60)))} <= {"size"}


def test_hostile_text_is_checked_like_any_other(press: Press) -> None:
    findings = preflight(press(documents.hostile()))
    assert not [one for one in findings if one.check == "control-characters" and one.severity is Severity.BLOCK]
    assert {"merge-tags", "placeholders"} <= {one.check for one in findings}


def test_the_heaviest_come_first(press: Press) -> None:
    proof = press(
        with_item(title="Untitled"),
        intro="Lorem ipsum.",
        previous=Previous(subject="", preheader="", counts={"x": 1}),
    )
    ranks = [one.severity.rank for one in preflight(proof)]
    assert ranks == sorted(ranks)
    assert ranks[0] == Severity.BLOCK.rank


def test_a_finding_names_its_item(press: Press) -> None:
    document = with_item(title="Untitled", entry=12)
    (one,) = found(press(document), "placeholders")
    assert (one.item, one.entry, one.headline) == (document.items[0].id, 12, "Untitled")
    assert one.as_json()["entry"] == 12


def test_a_shortened_link_says_where_it_leads(press: Press) -> None:
    url = "https://bit.ly/3xYz"
    facts = {url: fact(LinkState.FINE, final_url="https://www.harbourlight.example/long")}
    (one,) = found(press(with_item(url=url), facts=facts), "short-links")
    assert "https://www.harbourlight.example/long" in one.hint


def test_what_headlines_say_is_not_told_of_the_preheader_again(press: Press) -> None:
    title = "Lorem ipsum: a talk on filler text"
    proof = press(with_item(title=title), preheader=f"{title} · and two posts from the blog")
    assert [one.headline for one in found(proof, "placeholders")] == [title]


@pytest.mark.parametrize(
    "values",
    [
        {"event": EventTime(start=dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC))},
        {"event": EventTime(start=dt.datetime(2024, 2, 13, 12, tzinfo=dt.UTC), place="Hexham")},
    ],
)
def test_one_event_on_two_days_or_in_two_places_is_no_duplicate(press: Press, values: dict[str, Any]) -> None:
    other = documents.full().sections[1].items[1]
    assert found(press(with_event(title=other.title, **values)), "duplicate-headlines") == []


@pytest.mark.parametrize(
    "title",
    ["Report on 2023/24", "Conference 2023-2024", "Winter School 2023 and 2024", "Room 2023b", "Spring School"],
)
def test_years_that_are_not_last_year_s(press: Press, title: str) -> None:
    assert found(press(with_event(title=title)), "dates") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tuesday 13 February", "en"),
        ("Mon 12 Feb 2024 and Tues 13th of February", "en"),
        ("Monday 13 February 2023 was a Monday", "en"),
        ("Tuesday, February 13, 2024", "en"),
        ("Monday 12 – Wednesday 14 February", "en"),
        ("on Monday 31 February", "en"),
        ("Monday, 13 people; February, 20 people", "en"),
        ("Dienstag, 13. Februar, und Mi. 14. Feb.", "de"),
        ("le mardi 13 février", "fr"),
        ("martes, 13 de febrero de 2024", "es"),
        ("mercredi 1er mai 2024", "fr"),
    ],
)
def test_dates_that_are_right(text: str, language: str) -> None:
    assert list(wrong_weekdays(text, language, near=dt.date(2024, 2, 12))) == []


@pytest.mark.parametrize(
    ("text", "language", "weekday"),
    [
        ("Monday 13 February", "en", "Tuesday"),
        ("Mon. 13th Feb.", "en", "Tuesday"),
        ("Friday, March 2nd", "en", "Saturday"),
        ("Montag, den 13. Februar 2024", "de", "Tuesday"),
        ("lundi 13 février", "fr", "Tuesday"),
        ("lunes 13 de febrero", "es", "Tuesday"),
        ("Friday 1 January", "en", "Monday"),  # the nearest one: 2024
    ],
)
def test_dates_that_are_wrong(text: str, language: str, weekday: str) -> None:
    ((said, _day, right),) = wrong_weekdays(text, language, near=dt.date(2024, 2, 12))
    assert (said, right) == (text.rstrip("."), weekday) or said == text


@pytest.mark.parametrize(
    "text",
    [
        "What is undefined behaviour?",
        "The XXX International Congress",
        "Volume XXX, and XX and XL",
        "Untitled (Black on Grey): a reading",
        "[CALL] Papers on marking [PDF]",
        "Nan Goldin in conversation",
        "Nothing is null and void",
        "A test of time",
        "AT&T; and R&D",
        "5 < 6 > 4",
        "São Paulo, Ângela and Ã",
        "Todo list; TODOS",
    ],
)  # fmt: skip
def test_words_that_only_look_like_debris(text: str) -> None:
    assert debris(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("undefined", "NaN", "Untitled", "Untitled 3", "untitled document", "null", "Hello world!", "(no title)"),
        *("By undefined", "[object Object]", "Talk on Invalid Date", "{{ title", "{% if x %}", "${name}", "<% x %>"),
        *("[INSERT NAME HERE]", "[YOUR NAME]", "xxx", "XXXX", "FIXME", "TODO: title", "Q&amp;A", "<p>Hello</p>"),
        *("Café \ufffd", "CafÃ©"),
    ],
)
def test_debris(text: str) -> None:
    assert debris(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("*|LIST:UNSUB|*", "%%emailaddr%%", "{{ user.first_name }}", "{{first|default:x}}", "{first_name}"),
        *("[[name]]", "[email]", "%FIRSTNAME%", "-email-", "<%asm_group_unsubscribe_raw_url%>", "[%first|friend%]"),
    ],
)
def test_merge_tags(text: str) -> None:
    assert _FOREIGN.search(f"Dear {text}, hello")


@pytest.mark.parametrize(
    "text",
    [
        *("100% of 50%", "10%–20%", "a well-named-thing", "sub-email-address", "[update]", "{a, b}", "5 * | 3 | * 2"),
        *("- name - email -", "{{}}", "50%% off"),
    ],
)
def test_what_is_no_merge_tag(text: str) -> None:
    assert not _FOREIGN.search(f"About {text}, hello")


@pytest.mark.parametrize(
    "title", ["UKRI, JISC and HEFCE at BETT", "NASA", "A GREAT day", "ΔΣ", "2024", "会议", "AI AND EU LAW"]
)
def test_what_does_not_shout(title: str) -> None:
    assert not shouts(title)


def test_shouting_in_other_scripts() -> None:
    assert shouts("РЕГИСТРАЦИЯ ЗАКРЫТА СЕГОДНЯ")


def test_nobody_is_asked_about_our_own_pages_or_invented_servers(press: Press) -> None:
    document = with_item(url="https://news.alt.ac.uk/a", image=Image(url="https://cdn.alt.ac.uk/a.png"))
    urls = asked(
        document.model_copy(update={"intro": "[x](https://alt.ac.uk/#y) [z](mailto:a@alt.ac.uk)"}), press.config
    )
    assert urls == ("https://alt.ac.uk/#y", "https://news.alt.ac.uk/a", "https://cdn.alt.ac.uk/a.png")
