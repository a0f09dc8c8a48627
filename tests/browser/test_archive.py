"""A reader's way in Chromium: from the list by a search to the place in an issue; and axe on the archive's pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from digest.archive.index import archive_of
from digest.config import Config
from digest.pipeline.public_record import add_erratum
from tests.browser.conftest import FRIDAY, SAM, Visitor
from tests.browser.test_accessible import SIZES, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_list_by_a_search_to_its_place(visit: Callable[..., Visitor], sample: Config) -> None:
    add_erratum(sample, 736, text="The clinic is on Thursday.", item="", actor=SAM, now=FRIDAY)
    issue = archive_of(sample.issues_dir).latest()
    assert issue is not None
    headline, (_, section) = issue.headlines[0][1], issue.sections[0]
    found: list[str] = []
    for scheme, size in (("light", "desktop"), ("dark", "phone")):
        window = visit(color_scheme=scheme, viewport=SIZES[size])
        page = window.go("/issues/")
        found += looked_at(page)
        page.get_by_role("searchbox").fill(headline)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("heading", name="result")).to_be_visible()
        found += looked_at(page)
        page.get_by_label("Section").select_option(label=section)
        page.get_by_role("button", name="Search").click()
        expect(page).to_have_url(re.compile(r"section=\w"))
        expect(page.locator("mark").first).to_be_visible()
        page.locator(".result h3 a").first.click()
        expect(page.locator("article:target")).to_be_in_viewport()
        expect(page.get_by_label("Erratum")).to_contain_text("The clinic is on Thursday.")
        found += looked_at(page)
        found += looked_at(window.go("/issues/search/?q=nothingness"))
        found += looked_at(window.go("/issues/year/2024/"))
    assert found == []
