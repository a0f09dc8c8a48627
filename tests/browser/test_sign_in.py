"""From the first sign-in to an approval, in a real browser: second step set up, used, and "is it you?"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from digest.compose.models import Issue, IssueState
from digest.config import Config
from digest.pipeline.trail import Wanted, lines, rows_of
from tests.browser.conftest import PASSWORD, SAM, Visitor
from tests.browser.test_accessible import looked_at
from tests.web_staff.test_sign_in import code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]
HALF_A_MINUTE = dt.timedelta(seconds=30)  # each code lets in once, so the second time takes the next one


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_second_step_and_proof_on_a_phone(visit: Visit, sample: Config, settings: Any) -> None:
    rules = sample.web.sign_in.model_copy(update={"second_factor": ("approver",)})
    settings.DIGEST = sample.with_values(web=sample.web.model_copy(update={"sign_in": rules}))
    window = visit(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = window.go("/newsroom/")
    page.get_by_label("Email").fill(SAM)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url("**/accounts/2fa/totp/activate/")
    expect(page.get_by_role("status")).to_contain_text("Set it up once; then the desk opens.")
    expect(page.get_by_alt_text("QR code for the authenticator app")).to_be_visible()
    page.get_by_text("It cannot scan?").click()
    secret = page.locator("#authenticator_secret").inner_text()
    found = looked_at(page)
    page.get_by_label("Authenticator code").fill(code(secret, now()))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.get_by_label("Unused codes").get_by_role("listitem")).to_have_count(10)
    found += looked_at(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Issue 737, 19 Feb 2024")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(window.base + "/")
    page = window.go("/newsroom/")
    page.get_by_label("Email").fill(SAM)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    found += looked_at(page)
    page.get_by_label("Code").fill(code(secret, now() + HALF_A_MINUTE))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/newsroom/")

    page = window.go("/newsroom/approve/")
    page.get_by_role("button", name="Approve issue 737").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    expect(page.get_by_role("link", name="Use a code")).to_be_visible()
    found += looked_at(page)
    assert not Issue.objects.filter(state=IssueState.APPROVED).exists()
    window.say_who_it_is()
    expect(page.get_by_role("heading", name="Ready to go")).to_be_visible()
    assert Issue.objects.get(slot="2024-02-19").state == IssueState.APPROVED

    told = [line.what for line in lines(rows_of(Wanted(who=SAM, kind="staff")))]
    assert told == [
        "signed in with password and code, from 127.0.0.1",
        "signed out",
        "set up recovery codes",
        "set up an authenticator app",
        "signed in with the password, from 127.0.0.1",
    ]
    assert found == []
