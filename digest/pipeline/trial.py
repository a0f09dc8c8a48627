"""Test copies: the coming issue, in any editions, to people of the staff. No delivery, no number, one audit line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User

from digest.compose.choice import edition_document
from digest.config import Config, Keys
from digest.deliver.one import TEST_MARK, send_one
from digest.errors import DigestError, UsageError
from digest.installation.audit import record
from digest.members.preferences import FULL, Format, Preferences
from digest.pipeline.coming import Coming
from digest.pipeline.editions import choice_of, content_in_words, frozen_edition
from digest.pipeline.render import render_for_members, render_for_test, renderer_of
from digest.render.models import RenderedIssue

MOST = 60  # copies at one press: somebody waits for the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one test copy, in a sentence."""

    to: str
    words: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tester:
    """Somebody a test may be sent to."""

    email: str
    name: str


def testers(config: Config) -> tuple[Tester, ...]:
    """The staff with an address, and whoever `[delivery] test_to` names besides; by address."""
    staff = User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("email")
    found = {user.email.lower(): Tester(email=user.email, name=user.get_full_name()) for user in staff}
    for address in config.delivery.test_to:
        found.setdefault(address.lower(), Tester(email=address, name=""))
    return tuple(found.values())


def send_tests(
    config: Config,
    keys: Keys,
    coming: Coming,
    *,
    to: Sequence[str],
    editions: Sequence[Preferences] = (Preferences(),),
    actor: str,
    now: dt.datetime,
) -> tuple[Tried, ...]:
    """Send each edition to each address, its subject marked as a test; what became of each copy.

    One that fails keeps no other back. UsageError when nobody or nothing is chosen, or too much at once; an edition
    that cannot be rendered raises before anything is sent.
    """
    if not to or not editions:
        raise UsageError("No test was sent: choose at least one person and one edition.")
    if len(to) * len(editions) > MOST:
        raise UsageError(f"{len(to) * len(editions)} test copies are too many.", hint=f"Send at most {MOST} at once.")
    rendered = [(_mark(config, chosen), _rendered(config, coming, chosen)) for chosen in editions]
    tried = []
    for mark, form in rendered:
        for address in to:
            try:
                words = send_one(config, keys, form, merge_tag=coming.issue.merge_tag, to=address, now=now, mark=mark)
                tried.append(Tried(to=address, words=words))
            except DigestError as error:
                tried.append(Tried(to=address, words=f"{address}: {error.message} {error.hint}".strip(), failed=True))
    _record(coming, to, editions=[_words(config, chosen) for chosen in editions], tried=tried, actor=actor, now=now)
    return tuple(tried)


def _rendered(config: Config, coming: Coming, chosen: Preferences) -> RenderedIssue:
    """The edition with its tags: the frozen one where the issue is approved and it was made."""
    if chosen.edition_key == FULL:
        return render_for_test(config, coming)
    if (frozen := frozen_edition(coming, chosen.edition_key)) is not None:
        return RenderedIssue(subject=frozen.subject, html=frozen.html, text=frozen.text, web="")
    document = edition_document(config, coming.document, choice_of(chosen))
    if document is None:
        raise UsageError(
            f"Nothing in this issue is of this edition: {content_in_words(config, chosen)}.",
            hint="Members who chose this get no copy.",
        )
    mail = render_for_members(config, renderer_of(config), document, coming.issue)
    return replace(mail, html="") if chosen.format is Format.TEXT else mail


def _mark(config: Config, chosen: Preferences) -> str:
    return TEST_MARK if chosen.edition_key == FULL else f"[TEST: {content_in_words(config, chosen)}] "


def _words(config: Config, chosen: Preferences) -> str:
    return "the whole issue" if chosen.edition_key == FULL else content_in_words(config, chosen)


def _record(
    coming: Coming, to: Sequence[str], *, editions: list[str], tried: Sequence[Tried], actor: str, now: dt.datetime
) -> None:
    """Staff are named; what the command line sends elsewhere is only counted, as it may be a member's address."""
    staff = {user.lower() for user in User.objects.filter(is_staff=True).values_list("email", flat=True)}
    record(
        actor=actor,
        verb="issue.test",
        subject=f"issue:{coming.issue.pk}" if coming.issue.pk else f"issue-of:{coming.issue.title_date}",
        now=now,
        to=sorted(address for address in to if address.lower() in staff),
        others=sum(address.lower() not in staff for address in to),
        editions=editions,
        failed=sum(one.failed for one in tried),
    )
