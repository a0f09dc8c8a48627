"""Who may do what at which address: one table over every URL of the project.

The test walks Django's URL resolver, so a new address without a row here fails it. To add one:

1. take its pattern as the failure prints it, and add it to ROWS (a model in the administration goes to MODELS);
2. give a path that answers, with names of PLACES in braces where it needs a row of the database;
3. say who may look (GET) and who may press (POST): NOBODY, EVERYBODY, SIGNED_IN, STAFF, APPROVERS or ADMINISTRATORS.
   `open_to_other_sites=True` is for a POST that works without the forgery token: links in mails, hooks, and nothing else.

For every row and every role it then holds that whoever may not is refused and changes nothing; that whoever may is
not refused; that GET, HEAD, OPTIONS, PUT, PATCH and DELETE change nothing; that a POST without the token is refused;
and that every page carries the headers that protect it.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from digest import pipeline
from digest.archive.announcements import write_announcement
from digest.archive.record import write_record
from digest.compose.models import IssueState
from digest.config import Config, Keys
from digest.deliver.links import MailingList, Verb, sign
from digest.gather.models import Entry
from digest.members.models import Consent, JoinRequest, Member, Suppression
from digest.members.suppress import suppress
from digest.pipeline import announce
from digest.web.staff.door import BEHIND
from tests.archive.values import rendered, with_events
from tests.deliver.issues import handed_over
from tests.rows import every_row
from tests.web_staff.conftest import PASSWORD, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

NOW = dt.datetime(2024, 2, 9, 15, 20, tzinfo=dt.UTC)
ANONYMOUS, OUTSIDER, EDITOR, APPROVER, ADMINISTRATOR = ROLES = (
    "anonymous",
    "outsider",  # signed in, but no account of the newsroom's
    "editor",
    "approver",
    "administrator",
)
NOBODY: frozenset[str] = frozenset()
ADMINISTRATORS = frozenset({ADMINISTRATOR})
APPROVERS = ADMINISTRATORS | {APPROVER}
STAFF = APPROVERS | {EDITOR}
SIGNED_IN = STAFF | {OUTSIDER}
EVERYBODY = SIGNED_IN | {ANONYMOUS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A path that answers, and who may look and press there."""

    path: str
    look: frozenset[str] = NOBODY
    press: frozenset[str] = NOBODY
    open_to_other_sites: bool = False
    post_is_a_look: bool = False  # pages of Django's and allauth's that answer a POST as they do a GET


def page(path: str, look: frozenset[str]) -> Row:
    return Row(path=path, look=look)


def shown(path: str, look: frozenset[str]) -> Row:
    return Row(path=path, look=look, press=look, post_is_a_look=True)


def move(path: str, press: frozenset[str]) -> Row:
    return Row(path=path, press=press)


def form(path: str, who: frozenset[str]) -> Row:
    return Row(path=path, look=who, press=who)


ANNOUNCED = "2024-02-08-few-tickets-remain"
SLUG = "(?P<slug>[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]{1,69})"
KEY = "(?P<number>[1-9][0-9]{0,8}|id-[1-9][0-9]{0,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]{1,69})"

ROWS: dict[str, Row] = {
    # The public pages.
    "": page("/", EVERYBODY),
    "issues/": page("/issues/", EVERYBODY),
    r"^issues/feed\.(?P<form>atom|json|rss)$": page("/issues/feed.atom", EVERYBODY),
    r"^issues/(?P<section>[a-z0-9-]+)/feed\.(?P<form>atom|json|rss)$": page("/issues/news/feed.atom", EVERYBODY),
    r"^issues/year/(?P<year>[1-9][0-9]{3})/$": page("/issues/year/2021/", EVERYBODY),
    "issues/card.png": page("/issues/card.png", EVERYBODY),
    "issues/latest/": page("/issues/latest/", EVERYBODY),
    "issues/search/": page("/issues/search/?q=story", EVERYBODY),
    r"^issues/(?P<number>[1-9][0-9]{0,8})\.json$": page("/issues/600.json", EVERYBODY),
    r"^issues/(?P<number>[1-9][0-9]{0,8})\.pdf$": page("/issues/600.pdf", NOBODY),  # none has been made
    r"^issues/(?P<number>[1-9][0-9]{0,8})\.(?P<form>bib|ris|csl\.json)$": page("/issues/600.bib", EVERYBODY),
    r"^issues/(?P<number>[1-9][0-9]{0,8})/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,79})\.(?P<form>bib|ris|csl\.json)$": page(
        "/issues/600/none.bib", NOBODY
    ),
    r"^issues/(?P<number>[1-9][0-9]{0,8})/$": page("/issues/600/", EVERYBODY),
    r"^issues/(?P<number>[1-9][0-9]{0,8})\.txt$": page("/issues/600.txt", EVERYBODY),
    r"^issues/(?P<number>[1-9][0-9]{0,8})/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,79})\.ics$": page(
        "/issues/600/events.ics", EVERYBODY
    ),
    "river/": page("/river/", EVERYBODY),
    r"^river/feed\.(?P<form>atom|json|rss)$": page("/river/feed.atom", EVERYBODY),
    "river/events.ics": page("/river/events.ics", EVERYBODY),
    "river/sources/": page("/river/sources/", EVERYBODY),
    "river/sources.opml": page("/river/sources.opml", EVERYBODY),
    "river/source/<slug:source>/": page("/river/source/news/", EVERYBODY),
    r"^river/source/(?P<source>[a-z0-9-]+)/feed\.(?P<form>atom|json|rss)$": page(
        "/river/source/news/feed.rss", EVERYBODY
    ),
    "announcements/": page("/announcements/", EVERYBODY),
    rf"^announcements/{SLUG}/$": page(f"/announcements/{ANNOUNCED}/", EVERYBODY),
    rf"^announcements/{SLUG}\.txt$": page(f"/announcements/{ANNOUNCED}.txt", EVERYBODY),
    "river/<slug:section>/": page("/river/news/", EVERYBODY),
    r"^river/(?P<section>[a-z0-9-]+)/feed\.(?P<form>atom|json|rss)$": page("/river/news/feed.json", EVERYBODY),
    "brand.css": page("/brand.css", EVERYBODY),
    "favicon.svg": page("/favicon.svg", EVERYBODY),
    "favicon.ico": page("/favicon.ico", EVERYBODY),
    "sitemap.xml": page("/sitemap.xml", EVERYBODY),
    "robots.txt": page("/robots.txt", EVERYBODY),
    "healthz": page("/healthz", EVERYBODY),
    "healthz/live": page("/healthz/live", EVERYBODY),
    "healthz/ready": page("/healthz/ready", EVERYBODY),
    "metrics": page("/metrics", EVERYBODY),  # of this machine: tests/web_public/test_watch.py
    r"^sample/(?P<name>[a-z0-9-]+\.(?:png|jpg))$": page("/sample/none.png", NOBODY),  # not of this association
    # Behind the links in mails.
    "unsubscribe/<str:token>": Row(
        path="/unsubscribe/{unsubscribe}", look=EVERYBODY, press=EVERYBODY, open_to_other_sites=True
    ),
    "preferences/<str:token>": Row(
        path="/preferences/{preferences}", look=EVERYBODY, press=EVERYBODY, open_to_other_sites=True
    ),
    "confirm/<str:token>": Row(path="/confirm/{confirm}", look=EVERYBODY, press=EVERYBODY, open_to_other_sites=True),
    "subscribe/": Row(path="/subscribe/", look=EVERYBODY, press=EVERYBODY, open_to_other_sites=True),
    "subscribe/embed/": Row(path="/subscribe/embed/", look=EVERYBODY, press=EVERYBODY, open_to_other_sites=True),
    "view/<str:token>": page("/view/{view}?issue=600", EVERYBODY),
    # Providers call it and sign what they say; unsigned it refuses everybody.
    "hooks/sendgrid/": Row(path="/hooks/sendgrid/", open_to_other_sites=True),
    # The newsroom.
    "newsroom/": page("/newsroom/", STAFF),
    "newsroom/preview/": page("/newsroom/preview/", STAFF),
    "newsroom/preview/mail.html": page("/newsroom/preview/mail.html", STAFF),
    "newsroom/preview/page.html": page("/newsroom/preview/page.html", STAFF),
    "newsroom/preview/as-member/": move("/newsroom/preview/as-member/", APPROVERS),
    "newsroom/^preview/(?P<view>phone|text|page|source)/$": page("/newsroom/preview/text/", STAFF),
    "newsroom/sources/": page("/newsroom/sources/", STAFF),
    "newsroom/sources/<slug:key>/": page("/newsroom/sources/news/", STAFF),
    "newsroom/sources/<slug:key>/gather/": move("/newsroom/sources/news/gather/", STAFF),
    "newsroom/sources/<slug:key>/release/": move("/newsroom/sources/news/release/", STAFF),
    "newsroom/issue/": page("/newsroom/issue/", STAFF),
    "newsroom/issue/now/": page("/newsroom/issue/now/", STAFF),
    "newsroom/issue/history/": page("/newsroom/issue/history/", STAFF),
    "newsroom/issue/week/": page("/newsroom/issue/week/", STAFF),
    "newsroom/issue/reopen/": move("/newsroom/issue/reopen/", STAFF),
    "newsroom/issue/change/": move("/newsroom/issue/change/", STAFF),
    "newsroom/issue/item/<int:entry>/": form("/newsroom/issue/item/{item}/", STAFF),
    "newsroom/issue/text/<slug:part>/": form("/newsroom/issue/text/intro/", STAFF),
    "newsroom/issue/words/": move("/newsroom/issue/words/", STAFF),
    "newsroom/issue/inbox/": move("/newsroom/issue/inbox/", STAFF),
    "newsroom/issue/add/": page("/newsroom/issue/add/", STAFF),
    "newsroom/issue/add/look/": move("/newsroom/issue/add/look/", STAFF),
    "newsroom/issue/add/create/": move("/newsroom/issue/add/create/", STAFF),
    "newsroom/test/": form("/newsroom/test/", STAFF),
    "newsroom/gather/": move("/newsroom/gather/", STAFF),
    "newsroom/check-links/": move("/newsroom/check-links/", STAFF),
    "newsroom/audit/": page("/newsroom/audit/?kind=staff&issue=600&page=2", APPROVERS),
    "newsroom/audit/export.csv": page("/newsroom/audit/export.csv", APPROVERS),
    "newsroom/approve/": form("/newsroom/approve/", APPROVERS),
    "newsroom/withdraw/": move("/newsroom/withdraw/", APPROVERS),
    "newsroom/reviewed/": move("/newsroom/reviewed/", STAFF),
    "newsroom/hold/": move("/newsroom/hold/", APPROVERS),
    "newsroom/unhold/": move("/newsroom/unhold/", APPROVERS),
    "newsroom/skip/": move("/newsroom/skip/", APPROVERS),
    "newsroom/release/": form("/newsroom/release/", APPROVERS),
    "newsroom/stop/": move("/newsroom/stop/", APPROVERS),
    "newsroom/pause/": move("/newsroom/pause/", APPROVERS),
    "newsroom/resume/": move("/newsroom/resume/", APPROVERS),
    rf"newsroom/^deliveries/{KEY}/$": page("/newsroom/deliveries/600/", STAFF),
    rf"newsroom/^deliveries/{KEY}/settle/$": move("/newsroom/deliveries/600/settle/", APPROVERS),
    r"newsroom/^deliveries/(?P<number>[1-9][0-9]{0,8})/erratum/$": move(
        "/newsroom/deliveries/600/erratum/", APPROVERS
    ),
    "newsroom/reports/": page("/newsroom/reports/", STAFF),
    "newsroom/reports/issues.csv": page("/newsroom/reports/issues.csv", STAFF),
    rf"newsroom/^reports/{KEY}/$": page("/newsroom/reports/600/", STAFF),
    rf"newsroom/^reports/{KEY}\.csv$": page("/newsroom/reports/600.csv", STAFF),
    "newsroom/announcements/": page("/newsroom/announcements/", STAFF),
    "newsroom/announcements/new/": move("/newsroom/announcements/new/", STAFF),
    "newsroom/announcements/<int:pk>/": page("/newsroom/announcements/{announcement}/", STAFF),
    "newsroom/announcements/<int:pk>/mail.html": page("/newsroom/announcements/{announcement}/mail.html", STAFF),
    "newsroom/announcements/<int:pk>/shown/": Row(
        path="/newsroom/announcements/{announcement}/shown/", press=STAFF, post_is_a_look=True
    ),
    "newsroom/announcements/<int:pk>/preview/<slug:view>/": page(
        "/newsroom/announcements/{announcement}/preview/text/", STAFF
    ),
    "newsroom/announcements/<int:pk>/save/": move("/newsroom/announcements/{announcement}/save/", STAFF),
    "newsroom/announcements/<int:pk>/test/": move("/newsroom/announcements/{announcement}/test/", STAFF),
    "newsroom/announcements/<int:pk>/approve/": form("/newsroom/announcements/{announcement}/approve/", APPROVERS),
    "newsroom/announcements/<int:pk>/withdraw/": move("/newsroom/announcements/{announcement}/withdraw/", APPROVERS),
    "newsroom/announcements/<int:pk>/send/": move("/newsroom/announcements/{announcement}/send/", APPROVERS),
    "newsroom/announcements/<int:pk>/stop/": move("/newsroom/announcements/{announcement}/stop/", APPROVERS),
    "newsroom/announcements/<int:pk>/discard/": move("/newsroom/announcements/{announcement}/discard/", STAFF),
    # Signing in, and one's own account.
    "accounts/login/": form("/accounts/login/", EVERYBODY),
    "accounts/logout/": form("/accounts/logout/", EVERYBODY),
    "accounts/signup/": form("/accounts/signup/", EVERYBODY),  # says that there is none
    "accounts/reauthenticate/": form("/accounts/reauthenticate/", SIGNED_IN),
    "accounts/password/change/": form("/accounts/password/change/", SIGNED_IN),
    "accounts/password/reset/": page("/accounts/password/reset/", EVERYBODY),
    "accounts/2fa/": page("/accounts/2fa/", SIGNED_IN),
    "accounts/2fa/authenticate/": form("/accounts/2fa/authenticate/", SIGNED_IN),  # leads who is signed in on
    "accounts/2fa/reauthenticate/": form("/accounts/2fa/reauthenticate/", SIGNED_IN),
    "accounts/2fa/totp/activate/": form("/accounts/2fa/totp/activate/", SIGNED_IN),
    "accounts/2fa/totp/deactivate/": form("/accounts/2fa/totp/deactivate/", SIGNED_IN),
    "accounts/2fa/recovery-codes/": page("/accounts/2fa/recovery-codes/", SIGNED_IN),
    "accounts/2fa/recovery-codes/generate/": form("/accounts/2fa/recovery-codes/generate/", SIGNED_IN),
    "accounts/2fa/recovery-codes/download/": shown("/accounts/2fa/recovery-codes/download/", SIGNED_IN),
    "accounts/inactive/": page("/accounts/inactive/", EVERYBODY),
    # Single sign-on, which this installation has not: there is nothing at these addresses.
    "accounts/again/": page("/accounts/again/", SIGNED_IN),
    "accounts/sign-on/<slug:provider_id>/": Row(path="/accounts/sign-on/sso/"),
    "accounts/sign-on/<slug:provider_id>/callback/": Row(path="/accounts/sign-on/sso/callback/"),
    "accounts/sign-on-cancelled/": page("/accounts/sign-on-cancelled/", EVERYBODY),
    # The administration.
    "admin/": shown("/admin/", STAFF),
    "admin/login/": shown("/admin/login/?next=/admin/", STAFF),
    "admin/logout/": Row(
        path="/admin/logout/", look=EVERYBODY - STAFF, press=EVERYBODY
    ),  # others are led to the front
    "admin/password_change/": shown("/admin/password_change/", STAFF),
    "admin/password_change/done/": page("/admin/password_change/done/", STAFF),
    "admin/autocomplete/": page("/admin/autocomplete/", NOBODY),
    "admin/jsi18n/": page("/admin/jsi18n/", STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": page("/admin/r/1/1/", NOBODY),
    "admin/^(?P<app_label>{apps})/$": shown("/admin/members/", APPROVERS),
    "admin/(?P<url>.*)$": page("/admin/nothing", NOBODY),
}

# Models in the administration: who may look, change, add, delete.
MODELS = {
    "auth/user": ("{user}", ADMINISTRATORS, ADMINISTRATORS, NOBODY, NOBODY),
    "members/member": ("{member}", APPROVERS, ADMINISTRATORS, NOBODY, NOBODY),
    "members/suppression": ("{suppression}", APPROVERS, ADMINISTRATORS, NOBODY, NOBODY),
    "members/joinrequest": ("{joinrequest}", APPROVERS, NOBODY, NOBODY, NOBODY),
    "members/consent": ("{consent}", APPROVERS, NOBODY, NOBODY, NOBODY),
}
for model, (key, look, change, add, delete) in MODELS.items():
    start = f"admin/{model}/"
    ROWS |= {
        start: Row(path=f"/{start}", look=look, press=look),
        f"{start}add/": Row(path=f"/{start}add/", look=add, press=add),
        f"{start}<path:object_id>/history/": shown(f"/{start}{key}/history/", look),
        f"{start}<path:object_id>/change/": Row(path=f"/{start}{key}/change/", look=look, press=change),
        f"{start}<path:object_id>/delete/": Row(path=f"/{start}{key}/delete/", look=delete, press=delete),
        f"{start}<path:object_id>/": shown(f"/{start}{key}/", STAFF),  # leads to .../change/
    }


def patterns(resolver: Any = None, before: str = "") -> Iterator[str]:
    """Every pattern of the project, as Django spells it; the list of the administration's apps left open."""
    for pattern in (resolver or get_resolver()).url_patterns:
        text = before + re.sub(r"(?<=app_label>)[a-z|_]+", "{apps}", str(pattern.pattern))
        yield from patterns(pattern, text) if hasattr(pattern, "url_patterns") else (text,)


@pytest.fixture
def places(association: Config, keys: Keys, db: None) -> dict[str, object]:
    """A row of everything that an address may name."""
    handed_over(keys, {"unknown": 1, "accepted": 1}, number=600, state=IssueState.RELEASED)
    document = with_events(600)
    write_record(association, document, rendered(document), number=600)
    told = document.model_copy(update={"slug": ANNOUNCED, "number": None, "sections": (), "intro": "Book now."})
    write_announcement(association, told, rendered(told))
    ada = Member.objects.order_by("pk")[0]
    suppress("a" * 64, reason="Mailbox full.", source="bounce", actor="test", now=NOW)
    asked = JoinRequest.objects.create(
        public_id="j1", email="new@example.org", address_key="b" * 64, client_key="c" * 64, wording="Yes.",
        state="mailed", at=NOW, state_at=NOW,
    )  # fmt: skip
    other = person("lou@example.org", "editor")
    consent = Consent.objects.create(member=ada, how="test", wording="Yes.", action="join", at=NOW)
    return {
        **{str(verb): sign(keys, verb, MailingList.DIGEST, ada.public_id) for verb in Verb},
        "confirm": sign(keys, Verb.CONFIRM, MailingList.DIGEST, asked.public_id),
        "item": _an_item(association),
        "announcement": announce.begin(association, actor="test", now=NOW).pk,
        "user": other.pk,
        "member": ada.pk,
        "suppression": Suppression.objects.get().pk,
        "joinrequest": asked.pk,
        "consent": consent.pk,
    }


def _an_item(config: Config) -> int:
    """An item of the coming issue, made by hand."""
    issue = pipeline.current_issue(config, now=NOW)
    pipeline.add_item(
        config, issue.pk, title="A word", section="news", actor="test", now=NOW, base_revision=issue.revision
    )
    return Entry.objects.get(source__key="manual").pk


@pytest.fixture
def visitor(request: pytest.FixtureRequest, places: dict[str, object]) -> Visitor:
    return Visitor(request.param, places)


class Visitor:
    """Somebody of one role. No request sees anything of those before it."""

    def __init__(self, role: str, places: dict[str, object]) -> None:
        self.role, self._places, self._client = role, places, Client()
        if role == ANONYMOUS:
            return
        if role == OUTSIDER:
            user = User.objects.create_user("eve@example.org", "eve@example.org", PASSWORD)
        else:
            user = person(f"{role}@example.org", role)
        for kind in ("totp", "recovery_codes"):
            Authenticator.objects.create(user=user, type=kind, data={"secret": "x", "seed": "x", "used_mask": 0})
        self._client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self._client.get("/admin/")  # once, for what Django remembers of the first visit

    def ask(self, method: str, row: Row, *, token: bool = True, keep: bool = False) -> HttpResponse:
        """The answer to an empty request; what a POST did is taken back unless `keep`."""
        client = self._client
        client.handler.enforce_csrf_checks = not token
        cookies = copy.deepcopy(client.cookies)
        with transaction.atomic():
            answer: HttpResponse = getattr(client, method)(row.path.format(**self._places))
            if answer.streaming:
                b"".join(answer)  # type: ignore[call-overload]
            transaction.set_rollback(not keep)
        client.cookies = cookies
        return answer


def refused(answer: HttpResponse) -> bool:
    """Sent to sign in, told that one may not, or that there is no such thing."""
    to_sign_in = answer.status_code == 302 and re.match(r"/(accounts|admin)/login/", answer["Location"])
    return bool(to_sign_in) or answer.status_code in (403, 404, 405)


def unprotected(answer: HttpResponse) -> Iterator[str]:
    """What is missing among the headers, or says too much (OWASP's secure headers, and our own policy)."""
    if answer.get("X-Content-Type-Options") != "nosniff":
        yield "its type may be guessed (X-Content-Type-Options)"
    if answer.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        yield f"tells other sites its address (Referrer-Policy: {answer.get('Referrer-Policy')})"
    if answer.get("Cross-Origin-Opener-Policy") != "same-origin":
        yield "shares its window with pages it opens (Cross-Origin-Opener-Policy)"
    policy = {
        part.split()[0]: part.split()[1:] for part in answer.get("Content-Security-Policy", "").split(";") if part
    }
    mail = "sandbox" in policy  # a mail's HTML: its styles stand inline, so everything else is taken from it
    if policy.get("default-src") != ["'none'"] or "base-uri" not in policy or "form-action" not in policy:
        yield f"its policy lets in what it does not name: {policy}"
    if "'unsafe-eval'" in str(policy) or "script-src-attr" in policy or (mail and "script-src" in policy):
        yield f"its policy lets scripts in: {policy}"
    if "'unsafe-inline'" in str({key: value for key, value in policy.items() if not (mail and key == "style-src")}):
        yield f"its policy lets inline styles or scripts in: {policy}"
    framed = policy.get("frame-ancestors", ["*"])
    if framed not in (["'self'"], ["'none'"]) and answer.wsgi_request.path != "/subscribe/embed/":
        yield f"other sites may frame it: {framed}"
    private = answer.wsgi_request.path.startswith(BEHIND) and "javascript" not in answer.get("Content-Type", "")
    if private and "no-store" not in answer.get("Cache-Control", ""):
        yield f"may be kept in a cache (Cache-Control: {answer.get('Cache-Control')})"


everyone = pytest.mark.parametrize("visitor", ROLES, indirect=True)


def test_every_address_has_a_row() -> None:
    known, found = set(ROWS), set(patterns())
    assert not found - known, (
        "These addresses stand in no row. Add each to ROWS in tests/web_staff/test_every_url.py, with who may look and "
        f"who may press there (the docstring says how): {sorted(found - known)}"
    )
    assert not known - found, f"These rows speak of addresses that are gone; remove them: {sorted(known - found)}"


@everyone
def test_who_may_look_and_that_looking_changes_nothing(visitor: Visitor) -> None:
    before, wrong = everything(), []
    for name, row in ROWS.items():
        answer = visitor.ask("get", row, keep=True)
        if refused(answer) is not (visitor.role not in row.look) or answer.status_code >= 500:
            wrong.append(f"{visitor.role} GET {name}: {answer.status_code} {answer.get('Location', '')}")
    assert not wrong, "\n".join(wrong)
    assert everything() == before, f"a GET changed something: {changed(before)}"


@pytest.mark.parametrize("visitor", [ANONYMOUS, ADMINISTRATOR], indirect=True)
def test_every_answer_carries_the_headers_that_protect_it(visitor: Visitor) -> None:
    wrong = []
    for name, row in ROWS.items():
        wrong += [f"GET {name}: {problem}" for problem in unprotected(visitor.ask("get", row))]
    assert not wrong, "\n".join(wrong)


@everyone
def test_who_may_press_and_that_nobody_else_changes_anything(visitor: Visitor) -> None:
    before, wrong = everything(), []
    for name, row in ROWS.items():
        may = visitor.role in row.press
        answer = visitor.ask("post", row, keep=not may or row.post_is_a_look)
        if refused(answer) is may or answer.status_code >= 500:
            wrong.append(f"{visitor.role} POST {name}: {answer.status_code} {answer.get('Location', '')}")
    assert not wrong, "\n".join(wrong)
    assert everything() == before, f"a refused POST changed something: {changed(before)}"


@pytest.mark.parametrize("visitor", [ADMINISTRATOR], indirect=True)
def test_other_methods_change_nothing(visitor: Visitor) -> None:
    before, wrong = everything(), []
    for name, row in ROWS.items():
        ours = not name.startswith(("admin/", "accounts/"))  # Django's and allauth's forms take a PUT for a look
        for method in ("head", "options", "put", "patch", "delete") if ours else ("put", "delete"):
            answer = visitor.ask(method, row, keep=True)
            if answer.status_code >= 500 or (ours and method not in ("head", "options") and not refused(answer)):
                wrong.append(f"{method.upper()} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert everything() == before, f"changed: {changed(before)}"


@pytest.mark.parametrize("visitor", [ADMINISTRATOR], indirect=True)
def test_a_forged_post_is_refused(visitor: Visitor) -> None:
    before, wrong = everything(), []
    for name, row in ROWS.items():
        if row.press and not row.open_to_other_sites:
            answer = visitor.ask("post", row, token=False, keep=True)
            if answer.status_code != 403:
                wrong.append(f"POST {name} without a token: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert everything() == before, f"changed: {changed(before)}"


def everything() -> dict[str, list[Any]]:
    """Every row of every table, but the visitor's own session."""
    return {label: rows for label, rows in every_row().items() if label != "sessions.Session"}


def changed(before: dict[str, list[Any]]) -> str:
    return ", ".join(label for label, rows in everything().items() if rows != before[label])
