"""A Friday in the newsroom, in a real browser: look, drop, restore, write, try out, approve, withdraw."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from digest import pipeline
from digest.compose.models import Issue, IssueState
from digest.config import Config
from tests.browser.conftest import FRIDAY, KIM, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]


def test_the_archive_is_open_to_all(visit: Visit) -> None:
    window = visit()
    page = window.go("/")
    page.goto(window.base + "/issues/")
    page.get_by_role("link", name="736").first.click()
    page.wait_for_url("**/issues/736/")
    assert "Issue 736" in page.title()


def test_the_whole_friday(visit: Visit, sample: Config) -> None:
    window = visit()
    page = window.sign_in()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Issue 737, 19 Feb 2024")
    expect(page.get_by_role("heading", name="Waits for approval")).to_be_visible()
    expect(page.get_by_text("All 5 sources are fine.")).to_be_visible()
    first, second = [title for title in titles(sample) if titles(sample).count(title) == 1][:2]

    page.get_by_role("navigation").get_by_role("link", name="Preview").click()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("link", name=first).first).to_be_visible()
    page.get_by_role("link", name="Phone").click()
    assert page.locator("iframe").evaluate("frame => frame.clientWidth") == 390
    expect(mail.get_by_role("link", name=first).first).to_be_visible()
    page.get_by_role("link", name="Plain text").click()
    expect(page.get_by_role("region", name="The mail as plain text")).to_contain_text("[1]")
    page.get_by_role("link", name="Source", exact=True).click()
    expect(page.get_by_role("region", name="The source of the HTML part")).to_contain_text("<html")

    page.get_by_role("link", name="Desk", exact=True).click()
    page.get_by_role("button", name=f"Drop: {first}").click()
    expect(page.get_by_role("button", name=f"Restore: {first}")).to_be_focused()
    assert first not in titles(sample)
    page.get_by_role("button", name=f"Restore: {first}").click()
    expect(page.get_by_role("button", name=f"Drop: {first}")).to_be_focused()
    assert first in titles(sample)
    page.get_by_role("button", name=f"Drop: {second}").click()
    expect(page.get_by_role("button", name=f"Restore: {second}")).to_be_visible()

    page.get_by_label("Intro of the issue").fill("Good *morning*.")
    page.get_by_role("button", name="Save the intro").click()
    expect(page.locator(".flash")).to_contain_text("The intro is saved.")
    assert pipeline.coming(sample, now=FRIDAY).document.intro == "Good *morning*."

    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator(".flash")).to_contain_text("sam@example.org")

    page.get_by_role("link", name="Approve").click()
    expect(page.locator("main")).to_contain_text(pipeline.coming(sample, now=FRIDAY).document.content_sha256)
    page.get_by_role("button", name="Approve issue 737").click()
    window.say_who_it_is()
    expect(page.get_by_role("heading", name="Ready to go")).to_be_visible()
    assert Issue.objects.get(slot="2024-02-19").state == IssueState.APPROVED
    expect(page.get_by_role("button", name="Drop")).to_have_count(0)

    page.get_by_text("Withdraw the approval").first.click()
    page.get_by_label("Why (kept with the approval)").fill("One more thing")
    page.get_by_role("button", name="Withdraw the approval").click()
    expect(page.get_by_role("heading", name="Waits for approval")).to_be_visible()


def test_the_same_without_scripts(visit: Visit, sample: Config) -> None:
    window = visit(java_script_enabled=False)
    page = window.sign_in()
    first = titles(sample)[0]
    page.get_by_role("button", name=f"Drop: {first}").click()
    page.get_by_role("button", name=f"Restore: {first}").click()
    page.get_by_role("button", name=f"Drop: {first}").click()
    page.get_by_label("Intro of the issue").fill("Plainly.")
    page.get_by_role("button", name="Save the intro").click()
    expect(page.locator(".flash")).to_contain_text("The intro is saved.")
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve issue 737").click()
    window.say_who_it_is()
    expect(page.get_by_role("heading", name="Ready to go")).to_be_visible()
    document = pipeline.coming(sample, now=FRIDAY).document
    assert document.intro == "Plainly."
    assert first not in [item.title for item in document.items]


def test_words_being_written_survive_a_drop(visit: Visit, sample: Config) -> None:
    page = visit().sign_in()
    page.get_by_label("Intro of the issue").fill("Half a sen")
    page.get_by_role("button", name="Drop").first.click()
    expect(page.get_by_role("button", name="Restore")).to_have_count(1)
    expect(page.get_by_label("Intro of the issue")).to_have_value("Half a sen")
    assert pipeline.coming(sample, now=FRIDAY).document.intro != "Half a sen"


def test_two_people_do_not_overwrite_each_other(visit: Visit, sample: Config) -> None:
    sam, kim = visit().sign_in(), visit().sign_in(KIM)
    kim.get_by_label("Intro of the issue").fill("Kim's words.")
    kim.get_by_role("button", name="Save the intro").click()
    expect(kim.locator(".flash")).to_contain_text("The intro is saved.")

    sam.get_by_label("Intro of the issue").fill("Sam's words.")
    sam.get_by_role("button", name="Save the intro").click()
    expect(sam.locator(".flash")).to_contain_text("Somebody changed the issue")
    expect(sam.get_by_label("Intro of the issue")).to_have_value("Sam's words.")
    expect(sam.locator(".intro-other")).to_contain_text("Kim's words.")
    assert pipeline.coming(sample, now=FRIDAY).document.intro == "Kim's words."


def test_signed_out_meanwhile(visit: Visit, sample: Config) -> None:
    window = visit()
    page = window.sign_in()
    before = titles(sample)
    window.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Drop").first.click()
    page.wait_for_url("**/accounts/login/?next=/newsroom/")
    assert titles(sample) == before


def titles(config: Config) -> list[str]:
    return [item.title for item in pipeline.coming(config, now=FRIDAY).document.items]
