"""A Friday in the newsroom, in a real browser: look, edit, preview, try out, approve, change, approve again, sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState
from digest.config import Config, Keys
from digest.deliver.models import Delivery
from tests.browser.conftest import FRIDAY, KIM, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]
LIGHT_PAPER = "rgb(255, 255, 255)"


def test_the_archive_is_open_to_all(visit: Visit) -> None:
    window = visit()
    page = window.go("/")
    page.goto(window.base + "/issues/")
    page.get_by_role("link", name="736").first.click()
    page.wait_for_url("**/issues/736/")
    assert "Issue 736" in page.title()


def test_the_whole_friday(visit: Visit, sample: Config, keys: Keys) -> None:
    window = visit()
    page = window.sign_in()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Issue 737, 19 Feb 2024")
    expect(page.get_by_text("Is Monday all right?")).to_be_visible()
    expect(page.get_by_role("heading", name="Not yet: waits for approval")).to_be_visible()
    expect(page.get_by_role("link", name="All 5 sources are fine.")).to_be_visible()
    first, second = titles(sample)[:2]

    page.get_by_role("button", name="Mark as reviewed").click()
    expect(page.locator(".flash")).to_contain_text("Marked as reviewed.")
    drop(page, second)
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(page.get_by_text("1 change since the last review.")).to_be_visible()
    expect(page.locator("#changes")).to_contain_text(f"Gone from News: {second}")

    looked_at(window, page, first)

    page.get_by_role("link", name="Send a test").click()
    page.get_by_role("checkbox", name=KIM).check()
    page.get_by_role("button", name="Send the test").click()
    expect(page.locator(".flash")).to_contain_text("2 test copies are on the way.")
    assert len(list(sample.outbox_dir.joinpath("test").rglob("*.eml"))) == 2

    approve(page, sample, ask=window)
    page.get_by_text("Withdraw the approval").first.click()
    page.get_by_label("Why (kept with the approval)").fill("One more thing")
    page.get_by_role("button", name="Withdraw the approval").click()
    expect(page.get_by_role("heading", name="Not yet: waits for approval")).to_be_visible()
    drop(page, first)
    page.get_by_role("link", name="Desk", exact=True).click()
    void = page.locator(".void")
    expect(void).to_contain_text("The approval of sam@example.org stands no more.")
    expect(void).to_contain_text("(One more thing)")
    expect(void).to_contain_text(f"Gone from News: {first}")
    assert Approval.objects.get(issue__slot="2024-02-19").voided_at == FRIDAY

    approve(page, sample)
    issue = Issue.objects.get(slot="2024-02-19")
    assert issue.send_at is not None
    pipeline.run_due(sample, keys, now=issue.send_at)
    assert Issue.objects.get(pk=issue.pk).state == IssueState.SENT
    sent = [path.read_text("utf-8") for path in sample.outbox_dir.joinpath("737").rglob("*.eml")]
    assert len(sent) == Delivery.objects.filter(issue=issue, state="accepted").count() == 25


def looked_at(window: Visitor, page: Page, title: str) -> None:
    """Every view of the preview: both widths, both schemes, without pictures, text, page and source."""
    page.get_by_role("navigation").get_by_role("link", name="Preview").click()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("link", name=title).first).to_be_visible()
    paper = mail.locator(".p").first
    schemes = page.get_by_role("navigation", name="Colour scheme")
    with page.expect_navigation():
        schemes.get_by_role("link", name="Dark").click()
    expect(paper).not_to_have_css("background-color", LIGHT_PAPER)
    dark = paper.evaluate("e => getComputedStyle(e).backgroundColor")
    with page.expect_navigation():
        schemes.get_by_role("link", name="Light").click()
    expect(paper).not_to_have_css("background-color", dark)
    with page.expect_navigation():
        page.get_by_role("link", name="Phone").click()
    assert page.locator("iframe").evaluate("frame => frame.clientWidth") == 390
    expect(mail.get_by_role("link", name=title).first).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Without").click()
    assert "images=off" in str(page.locator("iframe").get_attribute("src"))
    expect(mail.get_by_role("link", name=title).first).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Plain text").click()
    expect(page.get_by_role("region", name="The mail as plain text")).to_contain_text("[1]")
    with page.expect_navigation():
        page.get_by_role("link", name="Web page").click()
    expect(mail.get_by_role("link", name=title).first).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Source", exact=True).click()
    expect(page.get_by_role("region", name="The source of the HTML part")).to_contain_text("<html")
    # That pictures are kept away is reported by the browser: here it was asked to.
    window.complaints = [line for line in window.complaints if "img-src 'none'" not in line]


def drop(page: Page, title: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Issue", exact=True).click()
    page.get_by_role("button", name=f"Drop: {title}").click()
    expect(page.locator(".toast").last).to_be_visible()


def approve(page: Page, config: Config, *, ask: Visitor | None = None) -> None:
    """Approve from the desk; the first time the newsroom asks who it is."""
    page.get_by_role("link", name="Desk", exact=True).click()
    page.get_by_role("link", name="Approve…").click()
    expect(page.locator("main")).to_contain_text(pipeline.coming(config, now=FRIDAY).document.content_sha256)
    page.get_by_role("button", name="Approve issue 737").click()
    if ask is not None:
        ask.say_who_it_is()
    expect(page.get_by_role("heading", name="Yes: ready to go")).to_be_visible()
    assert Issue.objects.get(slot="2024-02-19").state == IssueState.APPROVED


def test_the_same_without_scripts(visit: Visit, sample: Config) -> None:
    window = visit(java_script_enabled=False)
    page = window.sign_in()
    page.get_by_role("button", name="Mark as reviewed").click()
    expect(page.locator(".flash")).to_contain_text("Marked as reviewed.")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator(".flash")).to_contain_text("sam@example.org")
    page.get_by_role("link", name="Approve…").click()
    page.get_by_role("button", name="Approve issue 737").click()
    window.say_who_it_is()
    expect(page.get_by_role("heading", name="Yes: ready to go")).to_be_visible()
    page.locator("summary", has_text="Hold the issue").click()
    page.get_by_label("Why (for whoever wonders)").first.fill("The board meets first")
    page.get_by_role("button", name="Hold the issue").click()
    expect(page.get_by_role("heading", name="Not yet: held")).to_be_visible()
    expect(page.locator(".outlook")).to_contain_text("Reason: The board meets first.")


def test_the_countdown_runs_while_the_page_is_open(visit: Visit, sample: Config) -> None:
    page = visit().sign_in()
    page.clock.install()
    page.reload()
    cut_off = page.locator(".steps-distance").first
    expect(cut_off).to_have_text("in 2 days and 15 hours")
    page.clock.fast_forward("01:00:00")
    expect(cut_off).to_have_text("in 2 days and 14 hours")
    page.clock.fast_forward(63 * 60 * 60 * 1000)
    expect(cut_off).to_have_text("20 minutes ago")


def test_signed_out_meanwhile(visit: Visit, sample: Config) -> None:
    window = visit()
    page = window.sign_in()
    window.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Mark as reviewed").click()
    page.wait_for_url("**/accounts/login/?next=/newsroom/")


def titles(config: Config) -> list[str]:
    return [item.title for item in pipeline.coming(config, now=FRIDAY).document.items]
