"""No serious finding of axe-core on any page of the newsroom, in both schemes and at both widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from digest import pipeline
from digest.config import Config
from digest.deliver.models import Delivery
from tests.browser.conftest import FRIDAY, SAM, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]
OUTSIDE = ("/river/", "/river/news/", "/river/sources/", "/accounts/login/", "/accounts/password/reset/")
INSIDE = (
    "/newsroom/",
    "/newsroom/issue/",
    "/newsroom/issue/week/",
    "/newsroom/issue/add/",
    "/newsroom/issue/history/",
    "/newsroom/issue/text/inbox/",
    "/newsroom/approve/",
    "/newsroom/preview/",
    "/newsroom/preview/phone/",
    "/newsroom/preview/text/",
    "/newsroom/preview/source/",
    "/newsroom/preview/page/?scheme=dark",
    "/newsroom/preview/?issue=736&choose=1&depth=headlines",
    "/newsroom/test/",
    "/newsroom/release/",
    "/newsroom/sources/",
    "/newsroom/sources/news/",
    "/newsroom/deliveries/736/",
    "/accounts/password/change/",
    "/newsroom/audit/",
    "/newsroom/audit/?kind=staff&issue=x",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
)
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page(visit: Visit, sample: Config, scheme: str, size: str) -> None:
    window = visit(color_scheme=scheme, viewport=SIZES[size])
    Delivery.objects.filter(pk__in=Delivery.objects.values("pk")[:3]).update(state="unknown", reason="It timed out.")
    found: list[str] = []
    for path in OUTSIDE:
        found += looked_at(window.go(path))
    draft = pipeline.coming(sample, now=FRIDAY).issue
    pipeline.add_edit(  # what the checks find, some of which blocks
        sample,
        draft.pk,
        kind="intro",
        value={"markdown": "Lorem ipsum. Monday 13 February. [a](/a) [b](/b) [c](/c) [d](/d)"},
        actor=SAM,
        now=FRIDAY,
        base_revision=draft.revision,
    )
    page = window.sign_in()
    page.get_by_role("heading", name="No: 1 finding blocks the approval").wait_for()
    found += looked_at(page)
    for path in INSIDE:
        found += looked_at(window.go(path))
    coming = pipeline.coming(sample, now=FRIDAY)
    pipeline.approve(
        sample, coming.issue.pk, actor=SAM, now=FRIDAY, revision=coming.issue.revision, override="to look at it"
    )
    found += looked_at(window.go("/newsroom/"))
    found += looked_at(window.go("/newsroom/release/"))
    pipeline.void_approval(sample, coming.issue.pk, actor=SAM, now=FRIDAY, why="one more thing")
    found += looked_at(window.go("/newsroom/approve/"))
    assert found == []


def looked_at(page: Page) -> list[str]:
    """What is wrong with the page: axe's serious and critical findings, and a page wider than its window."""
    # A mail in a frame is another document, with tests of its own; it is sandboxed, so axe cannot enter it.
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
    violations = Axe().run(page, options=options).response["violations"]
    found = [
        f"{page.url}: {v['id']} on {', '.join(str(n['target']) for n in v['nodes'])}"
        for v in violations
        if v["impact"] in ("serious", "critical")
    ]
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*found, *([f"{page.url}: {over} px too wide"] if over > 0 else [])]
