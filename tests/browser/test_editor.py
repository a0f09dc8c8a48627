"""The editor in a real browser: by mouse, by keys, by two people at once, and without scripts."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from digest import pipeline
from digest.config import Config
from tests.browser.conftest import FRIDAY, KIM, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]
PAGE = b"""<!doctype html><html lang="en"><head><title>A night at the museum - The Gazette</title>
<meta property="og:site_name" content="The Gazette"><meta property="og:title" content="A night at the museum">
<meta property="og:description" content="Torches, tea and a talk on whales."></head><body><h1>Museum</h1></body></html>"""


@pytest.fixture
def gazette(sample: Config, settings: Any) -> Iterator[str]:
    """A page of another site's, on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/museum" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE if self.path == "/museum" else b"")

        def log_message(self, *_: Any) -> None:
            pass

    gather = sample.gather.model_copy(update={"allow_private_networks": True, "crawl_delay": 0.0})
    settings.DIGEST = sample.model_copy(update={"gather": gather})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def titles(config: Config, section: str = "news") -> list[str]:
    document = pipeline.coming(config, now=FRIDAY).document
    return [item.title for s in document.sections if s.id == section for item in s.items]


def editor(window: Visitor, email: str = "sam@example.org") -> Page:
    page = window.sign_in(email)
    page.get_by_role("navigation", name="Newsroom").get_by_role("link", name="Issue").click()
    expect(page.get_by_role("heading", name="News", exact=False).first).to_be_visible()
    return page


def toast(page: Page) -> Any:
    return page.locator(".toast").last


def test_reordered_by_keys_by_buttons_and_by_dragging(visit: Visit, sample: Config) -> None:
    page = editor(visit(viewport={"width": 1280, "height": 3000}))
    first, second, third, *rest = titles(sample)

    handle = page.get_by_role("button", name=f"Move: {first}")
    handle.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#announce")).to_have_text(f"“{first}” is now 2 of {3 + len(rest)} in News.")
    expect(handle).to_be_focused()
    assert titles(sample) == [second, first, third, *rest]
    page.keyboard.press("End")
    expect(page.locator("#announce")).to_contain_text(f"“{first}” is now {3 + len(rest)} of")
    expect(handle).to_be_focused()
    assert titles(sample) == [second, third, *rest, first]

    page.get_by_role("button", name=f"Move up: {third}").click()
    expect(toast(page)).to_contain_text(f"“{third}” is now 1 of")
    assert titles(sample)[:2] == [third, second]

    page.get_by_role("button", name="Undo: put News into another order").click()
    expect(toast(page)).to_contain_text("Undid: put News into another order.")
    assert titles(sample)[:2] == [second, third]

    drag(page, page.get_by_role("button", name=f"Move: {second}"), page.get_by_role("button", name=f"Move: {first}"))
    expect(toast(page)).to_contain_text(f"“{second}” is now")
    assert titles(sample)[0] == third

    blog = titles(sample, "blog")
    drag(page, page.get_by_role("button", name=f"Move: {third}"), page.get_by_role("button", name=f"Move: {blog[0]}"))
    expect(toast(page)).to_contain_text("in From the blog.")
    assert third in titles(sample, "blog")
    assert third not in titles(sample)


def drag(page: Page, what: Any, to: Any) -> None:
    to.scroll_into_view_if_needed()
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), to.bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, start["y"] + 30, steps=4)
    page.mouse.move(end["x"] + 8, end["y"] + 20, steps=12)
    page.mouse.move(end["x"] + 8, end["y"] + 40, steps=6)
    page.mouse.up()


def test_edited_in_place_and_added_by_its_address(visit: Visit, sample: Config, gazette: str) -> None:
    page = editor(visit(viewport={"width": 1280, "height": 900}))
    first = titles(sample)[0]
    page.get_by_role("link", name=f"Edit: {first}").click()
    form = page.get_by_role("form", name=f"Edit: {first}")
    form.get_by_label("Headline", exact=True).fill("In fewer words")
    form.get_by_role("button", name="Save").click()
    expect(toast(page)).to_contain_text("The item is saved.")
    expect(page.get_by_role("heading", name="In fewer words")).to_be_visible()
    expect(form).to_have_count(0)
    assert titles(sample)[0] == "In fewer words"

    page.get_by_role("link", name="Edit: Intro").click()
    page.get_by_role("textbox", name="Intro").fill("Good **morning**, [all](https://example.org).")
    expect(page.locator("#live-intro strong")).to_have_text("morning")
    page.get_by_role("form", name="Intro").get_by_role("button", name="Save").click()
    expect(page.locator("#part-intro strong")).to_have_text("morning")

    page.get_by_role("link", name="Edit: Subject and preheader").click()
    page.get_by_label("Subject", exact=True).fill("x" * 80)
    expect(page.locator("#live-inbox")).to_contain_text("80 characters: desktops show the first 70")
    page.get_by_role("form", name="Subject and preheader").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("form", name="Subject and preheader")).to_have_count(0)

    page.get_by_role("link", name="Add an item", exact=True).click()
    page.get_by_label("The address of a page").fill(f"{gazette}/nothing")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_role("alert")).to_contain_text("The page does not exist: the server answered 404.")
    page.get_by_label("The address of a page").fill(f"{gazette}/museum")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_label("Headline", exact=True)).to_have_value("A night at the museum")
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Torches, tea and a talk on whales.")
    page.get_by_label("Headline", exact=True).fill("A night among whales")
    page.get_by_role("button", name="Add to the issue").click()
    expect(page.get_by_role("heading", name="A night among whales")).to_be_visible()
    assert "A night among whales" in titles(sample)


def test_two_editors_see_each_other_and_overwrite_nothing(visit: Visit, sample: Config) -> None:
    sam, kim = editor(visit()), editor(visit(), KIM)
    first, second = titles(sample)[:2]
    kim.get_by_role("link", name=f"Edit: {first}").click()
    kim.get_by_label("Headline", exact=True).fill("Kim's headline")

    sam.get_by_role("button", name=f"Drop: {second}").click()
    expect(sam.get_by_role("button", name=f"Restore: {second}")).to_be_focused()
    # Kim sees it within seconds, without a press, and keeps what is being typed.
    expect(toast(kim)).to_contain_text(f"sam@example.org dropped “{second}”.")
    expect(kim.get_by_role("button", name=f"Restore: {second}")).to_be_visible()
    expect(kim.get_by_label("Headline", exact=True)).to_have_value("Kim's headline")

    sam.get_by_role("link", name=f"Edit: {first}").click()
    sam.get_by_label("Headline", exact=True).fill("Sam's headline")
    sam.get_by_role("form").get_by_role("button", name="Save").click()
    expect(sam.get_by_role("heading", name="Sam's headline")).to_be_visible()

    kim.get_by_role("form", name=f"Edit: {first}").get_by_role("button", name="Save").click()
    problem = kim.get_by_role("alert").filter(has_text="Not saved yet")
    expect(problem).to_contain_text("sam@example.org changed the title of “Sam's headline”")
    expect(kim.get_by_label("Headline", exact=True)).to_have_value("Kim's headline")
    expect(kim.locator(".theirs")).to_contain_text("Sam's headline")
    assert titles(sample)[0] == "Sam's headline"
    kim.get_by_role("form", name="Edit: Sam's headline").get_by_role("button", name="Save").click()
    expect(kim.get_by_role("heading", name="Kim's headline")).to_be_visible()
    assert titles(sample)[0] == "Kim's headline"


def test_without_scripts_on_a_phone(visit: Visit, sample: Config, gazette: str) -> None:
    page = editor(visit(java_script_enabled=False, viewport={"width": 390, "height": 844}))
    first, second, *_ = titles(sample)
    page.get_by_role("button", name=f"Move down: {first}").click()
    assert titles(sample)[:2] == [second, first]
    page.get_by_role("button", name="Undo").click()
    assert titles(sample)[0] == first
    page.get_by_label(f"More: {second}").click()
    page.locator("details[open]").get_by_role("button", name="Pin to the top").click()
    assert titles(sample)[0] == second
    page.get_by_role("link", name=f"Edit: {first}").click()
    page.get_by_label("Headline", exact=True).fill("Plainly")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Plainly")).to_be_visible()
    page.get_by_role("link", name="Add an item", exact=True).click()
    page.get_by_label("The address of a page").fill(f"{gazette}/museum")
    page.get_by_role("button", name="Fetch").click()
    page.get_by_role("button", name="Add to the issue").click()
    expect(page.get_by_role("heading", name="A night at the museum")).to_be_visible()
    page.get_by_role("link", name="Everything the week brought").click()
    page.get_by_label("What became of it").select_option("out")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Include").first.click()
    expect(page.locator(".toast")).to_contain_text("is in the issue.")
