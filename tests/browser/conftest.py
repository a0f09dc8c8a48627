"""Chromium, a live server, and the sample association with one issue sent and the next one under way.

Playwright's sync API leaves an event loop running in the thread of the tests, which Django's ORM takes for an
asynchronous context; DJANGO_ALLOW_ASYNC_UNSAFE says that it is none. It is set as long as the browser is open.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from digest import pipeline
from digest.commands.sample_config import config_text
from digest.config import Config, Keys
from digest.members.roll import import_bytes
from digest.sample.members import members_csv
from digest.web import staff
from digest.web.staff.roles import add_staff

MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)  # the cut-off of issue 736
FRIDAY = dt.datetime(2024, 2, 16, 15, 20, tzinfo=dt.UTC)  # issue 737 is under way
SAM, KIM, PASSWORD = "sam@example.org", "kim@example.org", "monday-nine-o-clock"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def static_files_as_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's test server answers for static files itself and knows no hashed names; here our middleware does."""
    monkeypatch.setattr(StaticFilesHandler, "_should_handle", lambda _self, _path: False)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("DIGEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not os.path.exists(path):  # noqa: PTH110
        why = f"Chromium is not installed ({path} is missing): apt-get install chromium, or set DIGEST_CHROMIUM"
        if os.environ.get("DIGEST_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def sample(
    make_config: Callable[..., Config],
    settings: Any,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    chromium: Browser,
    live_server: Any,
) -> Config:
    """The shipped association: issue 736 went out on Monday; on Friday afternoon issue 737 fills."""
    text = config_text(second_factor=False).replace(
        'base_url = "http://127.0.0.1:8000"', f'base_url = "{live_server.url}"'
    )
    config = make_config(base=text)
    settings.DIGEST = config
    import_bytes(members_csv(), name="members.csv", keys=keys, now=MONDAY, actor="test")
    add_staff(SAM, name="Sam", role="approver", password=PASSWORD, now=MONDAY)
    add_staff(KIM, name="Kim", role="editor", password=PASSWORD, now=MONDAY)
    pipeline.gather(config, now=MONDAY)
    coming = pipeline.coming(config, now=MONDAY)
    pipeline.approve(config, coming.issue.pk, actor=SAM, now=MONDAY, revision=coming.issue.revision)
    pipeline.run_due(config, keys, now=coming.slot.send_at)
    pipeline.gather(config, now=FRIDAY)
    monkeypatch.setattr(staff, "now", lambda: FRIDAY)
    return config


class Visitor:
    """A browser window of one person, which must come through without a complaint in its console."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports every answer of 4xx as an error; a conflict is an answer a page of ours expects.
        if message.type == "error" and "status of 409" not in message.text:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, email: str = SAM) -> Page:
        """Through the door, ending on the desk."""
        self.go("/newsroom/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/newsroom/")
        return self.page

    def say_who_it_is(self) -> None:
        """Answer "is it you?", which an approval asks; what was pressed goes on."""
        self.page.wait_for_url("**/accounts/reauthenticate/**")
        self.page.get_by_label("Password").fill(PASSWORD)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Confirm").click()


@pytest.fixture
def visit(sample: Config, chromium: Browser, live_server: Any) -> Iterator[Callable[..., Visitor]]:
    """`visit(color_scheme="dark", ...)` opens a window of its own, for one person."""
    windows: list[Visitor] = []

    def open_window(**options: Any) -> Visitor:
        window = Visitor(chromium.new_context(**options), live_server.url)
        windows.append(window)
        return window

    yield open_window
    complaints = [line for window in windows for line in window.complaints]
    for window in windows:
        window.context.close()
    assert complaints == []
