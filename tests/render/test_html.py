"""The HTML part: what mail servers, mail programs and screen readers need of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from digest.compose.document import IssueDocument
from digest.gather.document import Image
from digest.render import Renderer
from digest.render.models import RenderedIssue
from tests.render import documents
from tests.render.conftest import MakeRenderer
from tests.render.reading import BROADEST, hrefs, references, style_blocks, tree, words


@pytest.fixture(scope="module")
def full(renderer: Renderer) -> RenderedIssue:
    return renderer.render(documents.full(), documents.MEMBERS)


@pytest.fixture(scope="module")
def root(full: RenderedIssue) -> Any:
    return tree(full.html)


DOCUMENTS = {
    "full": documents.full,
    "empty": documents.document,
    "hostile": documents.hostile,
    "sixty": lambda: documents.many(60),
}


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_it_is_ascii_in_short_lines_after_a_doctype(renderer: Renderer, make: Callable[[], IssueDocument]) -> None:
    html = renderer.render(make(), documents.MEMBERS, web=False).html
    assert html.isascii()
    assert html.startswith("<!DOCTYPE html>")
    assert max(len(line) for line in html.split("\n")) <= BROADEST - 200  # the members' addresses are longer
    assert not re.search(r"&#(?:12[89]|1[345]\d);", html), "a C1 control"
    assert "\r" not in html


def test_bytes_per_section_add_up(full: RenderedIssue) -> None:
    sizes = full.bytes_per_section
    assert set(sizes) == {"", "outro", *(section.id for section in documents.full().sections)}
    assert sum(sizes.values()) == full.bytes
    assert sizes["events"] > sizes["announcements"] > 0


def test_one_h1_then_sections_then_items(full: RenderedIssue) -> None:
    headings = [(h.tag, words(h)) for h in tree(full.html).iter("h1", "h2", "h3", "h4", "h5", "h6")]
    expected = [("h1", "Weekly News Digest")]
    for section in documents.full().sections:
        expected.append(("h2", section.title))
        expected += [("h3", item.title) for item in section.items]
    assert headings == expected


def test_layout_tables_say_that_they_are(full: RenderedIssue) -> None:
    tables = list(tree(full.html).iter("table"))
    assert tables
    assert all(table.get("role") == "presentation" for table in tables)
    inside_comments = re.findall(r"<table\b[^>]*>", " ".join(re.findall(r"<!--\[if.*?-->", full.html, re.S)))
    assert all('role="presentation"' in table for table in inside_comments)


def test_pictures_have_an_alternative_and_a_width(full: RenderedIssue) -> None:
    pictures = list(tree(full.html).iter("img"))
    assert len(pictures) == 2
    assert all(picture.get("alt") and picture.get("width") for picture in pictures)


def test_language_and_direction_are_on_the_page_and_on_the_wrapper(full: RenderedIssue) -> None:
    root = tree(full.html)
    wrapper = root.find("body/div[@role='article']")
    for element in (root, wrapper):
        assert (element.get("lang"), element.get("dir")) == ("en-GB", "ltr")
    assert root.findtext("head/title") == documents.full().subject


def test_a_right_to_left_issue_runs_right_to_left(renderer: Renderer) -> None:
    arabic = documents.document(
        documents.section("news", documents.item("مشروع تجريبي"), documents.item("An English title")), language="ar"
    )
    html = renderer.render(arabic, documents.MEMBERS, web=False).html
    assert tree(html).get("dir") == "rtl"
    assert "direction:ltr" not in html
    directions = [h.getparent().get("dir") for h in tree(html).iter("h3")]
    assert directions == [None, "ltr"]


def test_the_preheader_is_hidden_and_first(full: RenderedIssue) -> None:
    first = tree(full.html).find("body")[0]
    assert "display:none" in first.get("style")
    assert words(first).startswith(documents.full().preheader)


def test_an_issue_without_a_preheader_still_has_one(renderer: Renderer) -> None:
    quiet = documents.document(documents.section("news", documents.item("One")), preheader="")
    body = tree(renderer.render(quiet, documents.MEMBERS, web=False).html).find("body")
    assert words(body[0]).startswith("In this issue: News (1)")


def test_media_queries_and_outlook_comments_survive(full: RenderedIssue) -> None:
    assert "@media (prefers-color-scheme:dark){" in full.html
    assert "@media only screen and (max-width:480px){" in full.html
    opened, closed = full.html.count("<!--[if"), full.html.count("<![endif]-->")
    assert opened == closed > 20
    ghosts = "".join(re.findall(r"<!--\[if mso\s\|\sIE\]>(.*?)<!\[endif\]-->", full.html, re.S))
    assert ghosts.count("<table") == ghosts.count("</table>") > 5
    assert ghosts.count("<td") == ghosts.count("</td>")
    metas = {meta.get("name"): meta.get("content") for meta in tree(full.html).iter("meta")}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"


def test_important_stands_in_media_queries_only(full: RenderedIssue) -> None:
    assert all("!important" not in (e.get("style") or "") for e in tree(full.html).iter() if isinstance(e.tag, str))
    # Outlook's attributes are as good as a media query: nothing else carries them.
    outside = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style_blocks(full.html))
    outside = re.sub(r"(?:\[data-ogs[bc]\] [^{}]+)\{[^{}]*\}", "", outside)
    # MJML's own, for mail programs that ignore style blocks in the usual place.
    assert "!important" not in outside.replace(".moz-text-html .mj-column-per-100{width:100% !important", "")


def test_styles_are_inlined_and_the_sheet_itself_is_not_sent(full: RenderedIssue) -> None:
    link = next(tree(full.html).iter("h3")).find("a")
    assert "color:#1d4e63" in link.get("style")
    assert "color:#1d4e63}.v{" not in full.html
    assert "h3{margin:0 0 4px" not in full.html
    assert "data-premailer" not in full.html
    assert 'class="nb"' not in full.html, "a class that no style speaks of only costs bytes"
    assert 'class="i"' not in full.html


def test_nothing_is_loaded_but_the_items_pictures(full: RenderedIssue) -> None:
    root = tree(full.html)
    assert not list(root.iter("script", "link", "iframe", "form", "object", "embed", "video", "audio"))
    assert {img.get("src").split("/static/")[0] for img in root.iter("img")} == {documents.BASE}
    assert "url(" not in full.html
    assert "@import" not in full.html
    assert "fonts.g" not in full.html


def test_the_footer_says_why_from_whom_and_how_to_leave(full: RenderedIssue) -> None:
    footer = next(e for e in tree(full.html).iter("td") if e.get("id") == "footer")
    said = words(footer)
    assert "You receive this because you are a member of Harbourlight" in said
    assert "4 Chandlers' Row, Saltmarsh SM2 6QD" in said
    links = {words(a): a.get("href") for a in footer.iter("a")}
    assert links["Unsubscribe"] == documents.TAGS.unsubscribe
    assert links["Change your preferences"] == documents.TAGS.preferences
    assert links["All issues"] == documents.PUBLIC.archive


def test_the_first_link_opens_the_issue_in_a_browser(full: RenderedIssue) -> None:
    first = next(tree(full.html).iter("a"))
    assert (words(first), first.get("href")) == ("View in your browser", documents.TAGS.view_in_browser)


def test_a_public_rendering_has_no_lines_for_a_recipient(renderer: Renderer) -> None:
    issue = renderer.render(documents.full(), documents.PUBLIC)
    for form in (issue.html, issue.text, issue.web):
        assert "nsubscribe" not in form
        assert "preferences" not in form
        assert "View in your browser" not in form
        assert "You receive this" not in form
        assert 'href=""' not in form


def test_html_and_text_lead_to_the_same_places(full: RenderedIssue) -> None:
    assert hrefs(full.html) == references(full.text)


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_links_are_the_same_whatever_the_issue(renderer: Renderer, make: Callable[[], IssueDocument]) -> None:
    issue = renderer.render(make(), documents.MEMBERS, web=False)
    assert hrefs(issue.html) == references(issue.text)


def test_jumps_lead_to_the_sections(full: RenderedIssue) -> None:
    root = tree(full.html)
    jumps = [a.get("href")[1:] for a in root.iter("a") if a.get("href").startswith("#")]
    assert jumps == [h.get("id") for h in root.iter("h2")]


def test_an_address_too_long_for_a_line_leads_to_the_issues_page(renderer: Renderer) -> None:
    item = documents.item("Long", url="https://example.org/?q=" + "a" * 3000)
    issue = renderer.render(documents.document(documents.section("news", item)), documents.MEMBERS, web=False)
    assert f"{documents.PUBLIC.permalink}#{item.id}" in hrefs(issue.html)
    assert hrefs(issue.html) == references(issue.text)


def test_what_had_no_room_is_told(renderer: Renderer) -> None:
    left = documents.document(documents.section("news", documents.item("One"), more=3))
    assert "3 more had no room this week." in renderer.render(left, documents.MEMBERS, web=False).html
    url = "https://www.harbourlight.example/all"
    linked = documents.document(documents.section("news", documents.item("One"), more=3, more_url=url))
    issue = renderer.render(linked, documents.MEMBERS)
    assert url in hrefs(issue.html) & references(issue.text) & hrefs(issue.web)


def test_an_issue_without_items_says_so(renderer: Renderer) -> None:
    issue = renderer.render(documents.document(), documents.MEMBERS)
    for form in (issue.html, issue.text, issue.web):
        assert "There is nothing new this week." in form


def test_two_hundred_items_render(renderer: Renderer) -> None:
    issue = renderer.render(documents.many(200), documents.MEMBERS)
    assert len(list(tree(issue.html).iter("h3"))) == 200
    assert hrefs(issue.html) == references(issue.text)


def test_each_event_can_be_put_into_a_calendar_and_all_of_them_at_once(root: Any) -> None:
    events = [item for section in documents.full().sections if section.id == "events" for item in section.items]
    links = {a.get("href"): a.get("aria-label") or words(a) for a in root.iter("a") if a.get("href").endswith(".ics")}
    expected = {f"{documents.PUBLIC.permalink}{e.id}.ics": f"Add to calendar: {e.title}" for e in events}
    everything = {f"{documents.PUBLIC.permalink}events.ics": "Add all events to your calendar"}
    assert links == expected | everything


def test_one_event_needs_no_link_for_all_of_them(renderer: Renderer) -> None:
    event = documents.full().sections[1].items[0]
    issue = renderer.render(documents.document(documents.section("events", event)), documents.MEMBERS)
    for form in (issue.html, issue.text, issue.web):
        assert f"{event.id}.ics" in form
        assert "events.ics" not in form


def test_words_of_a_link_make_sense_alone(root: Any) -> None:
    """Two links that say the same lead to the same place."""
    said: dict[str, str] = {}
    for a in root.iter("a"):
        name, href = a.get("aria-label") or words(a), a.get("href")
        assert name
        assert said.setdefault(name, href) == href


def test_an_event_has_its_day_its_time_with_the_zone_and_its_place(root: Any) -> None:
    event = next(
        tr for tr in root.iter("tr") if "Northern group meeting" in words(tr) and tr.find("td/h3") is not None
    )
    day, rest = event.findall("td")
    assert [*day.itertext()] == ["22", "Feb"]
    assert (day.get("aria-hidden"), day.find("table").get("bgcolor")) == ("true", "#eff3f4")
    when, place = rest.find("div").itertext()
    assert (when.replace("\u00a0", " "), place) == ("Thu 22 Feb 2024, 10:00–15:30 GMT", "The Corn Store, Hexham")


def facts_of(root: Any, title: str) -> str:
    """What stands right under an item's headline."""
    return words(next(h3 for h3 in root.iter("h3") if words(h3).startswith(title)).getnext())


def test_a_paper_is_cited_its_doi_a_link(root: Any) -> None:
    assert facts_of(root, "Who speaks next?") == (
        "Marguerite Oduya, Pavel Strnad and Catrin Llewelyn (2024). Journal of Learning Practice, 32(1), 14–29. "
        "doi.org/10.55555/jlp.v32.3127"
    )
    assert facts_of(root, "Reading on paper") == "Hallam Brightwater (2024). Journal of Learning Practice, 32."


def test_the_closing_date_and_the_author_stand_right_under_the_headline(root: Any) -> None:
    assert facts_of(root, "Learning designer") == "Closes Fri 1 Mar 2024"
    assert facts_of(root, "Special issue") == "Closes Tue 30 Apr 2024"
    assert facts_of(root, "Notes from a library") == "By Berit Ashgrove and Tomos Rhydderch"


@pytest.mark.parametrize(
    ("size", "leads"),
    [((640, None), True), ((1200, 630), True), ((640, 900), False), ((300, 200), False), ((None, None), False)],
)
def test_a_picture_leads_its_section_when_it_is_wide_enough(
    renderer: Renderer, size: tuple[int | None, int | None], leads: bool
) -> None:
    image = Image(url=f"{documents.BASE}/static/x.jpg", alt="A boat", width=size[0], height=size[1])
    issue = documents.document(
        documents.section("news", documents.item("One", image=image), documents.item("Two", image=image))
    )
    html = tree(renderer.render(issue, documents.MEMBERS, web=False).html)
    first, second = html.iter("img")
    assert first.get("width") == ("548" if leads else "144")
    assert (second.get("width"), second.get("align")) == ("144", "right")


def test_what_had_no_room_says_of_which_section(renderer: Renderer) -> None:
    url = f"{documents.PUBLIC.permalink}#news"
    left = documents.document(documents.section("news", documents.item("One"), more=3, more_url=url))
    issue = renderer.render(left, documents.MEMBERS)
    for form in (issue.html, issue.web):
        link = next(a for a in tree(form).iter("a") if a.get("href") == url)
        assert (words(link), link.get("aria-label")) == ("3 more on the web", "News: 3 more on the web")


def test_the_logo_stands_in_for_the_name(make_renderer: MakeRenderer) -> None:
    renderer = make_renderer(extra='[brand]\nlogo = "/static/logo.png"\nlogo_alt = "Harbourlight"\nlogo_width = 200')
    issue = renderer.render(documents.full(), documents.MEMBERS)
    logo = next(tree(issue.html).iter("img"))
    assert (logo.get("src"), logo.get("alt")) == (f"{documents.BASE}/static/logo.png", "Harbourlight")
    assert "[Harbourlight]" in issue.text
    assert f'src="{documents.BASE}/static/logo.png"' in issue.web


def test_footer_words_and_social_links_are_in_all_forms(make_renderer: MakeRenderer) -> None:
    renderer = make_renderer(
        extra='[brand]\nfooter = "Registered charity [1234](https://charity.example/1234)."\n'
        'font = "Source Sans 3"\nsocial = [{title = "Mastodon", url = "https://social.example/@h"}]'
    )
    issue = renderer.render(documents.full(), documents.MEMBERS)
    for url in ("https://charity.example/1234", "https://social.example/@h"):
        assert url in hrefs(issue.html) & references(issue.text) & hrefs(issue.web)
    assert "font:16px/1.5 'Source Sans 3',Arial,sans-serif" in issue.html.replace("\n", " ").replace('"', "'")
