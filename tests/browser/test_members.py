"""A member's way in Chromium: ask, confirm, choose, leave, undo - also without scripts - and axe on every page."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from digest import pipeline
from digest.config import Config, Keys
from digest.deliver.links import MailingList, Verb, member_links, sign
from digest.members import join
from digest.members.models import JoinRequest, JoinState, Member
from digest.members.preferences import Cadence, Depth, Preferences, preferences_of
from tests.browser.conftest import FRIDAY, Visitor
from tests.browser.test_accessible import SIZES, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]
NEW = "new@example.org"


def mailed_link(config: Config, kind: str) -> str:
    """The address behind the button of the one mail of this kind in the outbox, as its reader has it."""
    (path,) = (config.outbox_dir / "notices").glob(f"{kind}-*.eml")
    part = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
    assert part is not None
    found = re.search(r"http://\S+/(?:confirm|preferences)/\S+", part.get_content())
    assert found is not None
    return found[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_form_to_the_list(visit: Visit, sample: Config, keys: Keys, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts).go("/")
    page.get_by_role("link", name="Subscribe").click()
    page.get_by_label("Your e-mail address").fill("new@")
    page.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_label("Your e-mail address")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Your e-mail address").fill(NEW)
    page.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now look into your inbox")
    pipeline.join_and_notify(sample, keys, now=dt.datetime.now(dt.UTC))
    assert not Member.objects.filter(email=NEW).exists()

    page.goto(mailed_link(sample, "confirm"))
    page.get_by_role("button", name="Yes, send it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    assert Member.objects.get(email=NEW).status == "active"
    page.get_by_role("link", name="Choose what you receive").click()
    expect(page.locator(".badge")).to_have_text("Receiving")
    pipeline.join_and_notify(sample, keys, now=dt.datetime.now(dt.UTC))
    page.goto(mailed_link(sample, "welcome"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your digest")
    assert page.context.cookies() == []


@pytest.mark.parametrize("scripts", [True, False])
def test_choose_leave_and_undo(visit: Visit, sample: Config, keys: Keys, scripts: bool) -> None:
    member = Member.objects.order_by("pk")[0]
    own = member_links(sample, keys, member.public_id, "736")
    page = visit(java_script_enabled=scripts).page
    page.goto(own.preferences)
    page.get_by_label("Publications").uncheck()
    page.get_by_label("Headlines only").check()
    page.get_by_label("The first issue of each month").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label("Publications")).not_to_be_checked()
    member.refresh_from_db()
    chosen = preferences_of(member)
    assert chosen == Preferences(
        sections=frozenset({"news", "events", "blog", "announcements"}),
        depth=Depth.HEADLINES,
        cadence=Cadence.MONTHLY_FIRST,
    )

    page.goto(own.unsubscribe)
    page.get_by_role("button", name="Stop sending it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the digest")
    page.get_by_label("It comes too often").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Thank you for saying why.")
    member.refresh_from_db()
    assert member.status == "left"
    page.get_by_role("button", name="Undo: keep sending it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are on the list")
    member.refresh_from_db()
    assert (member.status, preferences_of(member)) == ("active", chosen)
    assert page.context.cookies() == []


@pytest.fixture
def society() -> Iterator[Callable[[str], str]]:
    """`society(body)`: the address of a page of another site that holds `body`."""
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<title>Society</title>{''.join(bodies)}".encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def page_with(body: str) -> str:
        bodies.append(body)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield page_with
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_form_in_a_frame_of_another_site(visit: Visit, society: Callable[[str], str]) -> None:
    window = visit()
    page = window.page
    page.goto(society(f'<iframe src="{window.base}/subscribe/embed/" title="Subscribe"></iframe>'))
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your e-mail address").fill(NEW)
    frame.get_by_role("button", name="Send it to me").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Now look into your inbox")
    assert JoinRequest.objects.get().email == NEW


def test_a_copy_of_the_form_on_another_site(visit: Visit, society: Callable[[str], str]) -> None:
    window = visit()
    page = window.page
    page.goto(
        society(
            f'<form method="post" action="{window.base}/subscribe/">'
            '<label>E-mail <input type="email" name="email"></label><button>Subscribe</button></form>'
        )
    )
    page.get_by_label("E-mail").fill(NEW)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now look into your inbox")
    assert JoinRequest.objects.get().email == NEW


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible(visit: Visit, sample: Config, keys: Keys, scheme: str, size: str) -> None:
    page = visit(color_scheme=scheme, viewport=SIZES[size], reduced_motion="reduce").page
    found: list[str] = []

    def look(path: str = "", press: Callable[[Page], None] | None = None) -> None:
        if path:
            page.goto(path)
        if press is not None:
            with page.expect_navigation():  # or axe would meet the old page, or none
                press(page)
        found.extend(looked_at(page))

    def button(name: str) -> Callable[[Page], None]:
        return lambda page: page.get_by_role("button", name=name, exact=True).click()

    base = sample.web.base_url
    join.ask(sample, keys, NEW, client="192.0.2.1", wording="Yes.", now=FRIDAY)
    JoinRequest.objects.update(state=JoinState.MAILED)
    asked = JoinRequest.objects.get().public_id
    first, second, third = Member.objects.order_by("pk")[:3]
    own = member_links(sample, keys, first.public_id, "736")
    look(f"{base}/")
    look(f"{base}/subscribe/")
    look(press=button("Send it to me"))
    page.get_by_label("Your e-mail address").fill("other@example.org")
    look(press=button("Send it to me"))
    look(f"{base}/subscribe/embed/")
    look(f"{base}/unsubscribe/{sign(keys, Verb.UNSUBSCRIBE, MailingList.DIGEST, asked)}")
    look(f"{base}/confirm/{sign(keys, Verb.CONFIRM, MailingList.DIGEST, asked)}")
    look(press=button("Yes, send it to me"))
    look(own.preferences)
    page.get_by_label("Pause until").fill("2020-01-01")
    look(press=button("Save"))
    page.get_by_label("Pause until").fill("")
    page.get_by_label("Language").select_option("ar")
    look(press=button("Save"))
    look(member_links(sample, keys, second.public_id, "736").preferences, press=button("Leave the list"))
    look(member_links(sample, keys, third.public_id, "736").unsubscribe)
    look(press=button("Stop sending it"))
    look(press=button("Undo: keep sending it to me"))
    look(f"{base}/preferences/preview")
    assert found == []
