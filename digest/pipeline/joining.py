"""Joining, as far as the clock does it: look at who asked, write the confirmation or the welcome, send what waits.

The page where people ask only leaves a row, so nothing of this can be seen or timed from outside.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from django.conf import settings
from django.db import transaction

from digest.archive.index import archive_of
from digest.config import Config, Keys
from digest.config.weeks import latest_slot, next_slot
from digest.deliver import links
from digest.deliver.notices import post, send_notices
from digest.errors import DigestError
from digest.installation.audit import record
from digest.members import join
from digest.members.models import JoinRequest, JoinState, Member
from digest.pipeline.held import held_on
from digest.render.letters import Latest, Letter, on_the_list, please_confirm, welcome, what_we_hold
from digest.words import spoken

_KINDS = {JoinState.MAILED: "confirm", JoinState.KNOWN: "known", JoinState.WELCOMED: "welcome"}


def join_and_notify(config: Config, keys: Keys, *, now: dt.datetime) -> list[str]:
    """What is due of joining and of single mails; a sentence each for what staff should know."""
    said: list[str] = []
    try:
        said += answer_requests(config, keys, now=now)
        join.forget(config.join, now=now)
    except DigestError as error:
        said.append(f"Those who asked to join could not be answered: {error}")
    return [*said, *send_notices(config, keys, now=now)]


def answer_requests(config: Config, keys: Keys, *, now: dt.datetime) -> list[str]:
    """Write the mails that those who asked, and those who confirmed, are owed; each once."""
    held = 0
    for request in join.waiting(JoinState.ASKED):
        answer, member = join.look_at(request, keys=keys)
        if answer is join.Answer.HOLD:
            held += join.move(request, JoinState.HELD, now=now, reason=join.why_held(request, keys=keys))
        elif answer is join.Answer.KNOWN and member is not None:
            _write(config, request, JoinState.KNOWN, member.public_id, _already(config, keys, member), now=now)
        else:
            _write(
                config, request, JoinState.MAILED, request.public_id, _confirmation(config, keys, request), now=now
            )
    for request in join.waiting(JoinState.CONFIRMED):
        _, member = join.look_at(request, keys=keys)
        if member is None or member.email is None:  # erased within the minute
            join.move(request, JoinState.WITHDRAWN, now=now)
            continue
        letter = _welcome(config, keys, member, now=now)
        _write(config, request, JoinState.WELCOMED, member.public_id, letter, now=now)
    if not held:
        return []
    who = "1 person asks" if held == 1 else f"{held} people ask"
    return [f"{who} to join to whom nothing may be sent: see the requests to join in the admin."]


def _write(
    config: Config, request: JoinRequest, to: JoinState, about: str, letter: Letter, *, now: dt.datetime
) -> None:
    """Move the request on and queue its mail, both or neither."""
    from digest.render.notice import render_notice  # MJML and premailer: a ring with nothing to do does without

    rendered = render_notice(config, letter, built_in=_built_in())
    with transaction.atomic():
        if join.move(request, to, now=now):
            post(_KINDS[to], about, to=request.email, rendered=rendered, now=now, occasion=request.public_id)


def _confirmation(config: Config, keys: Keys, request: JoinRequest) -> Letter:
    base, about = config.web.base_url, request.public_id
    return please_confirm(
        config.association.name,
        language=_language(config, request.language),
        url=f"{base}/{links.Verb.CONFIRM}/{links.sign(keys, links.Verb.CONFIRM, links.MailingList.DIGEST, about)}",
        not_me=links.member_links(config, keys, about, "latest").unsubscribe,
        days=config.join.confirm_days,
    )


def _already(config: Config, keys: Keys, member: Member) -> Letter:
    own = links.member_links(config, keys, member.public_id, "latest")
    return on_the_list(
        config.association.name,
        language=_language(config, member.language),
        preferences=own.preferences,
        unsubscribe=own.unsubscribe,
    )


def _welcome(config: Config, keys: Keys, member: Member, *, now: dt.datetime) -> Letter:
    own = links.member_links(config, keys, member.public_id, "latest")
    found = archive_of(config.issues_dir).latest()
    latest = None
    if found is not None:
        headlines = tuple(title for _, title in found.headlines)
        latest = Latest(name=found.title, url=links.issue_url(config, found.number), headlines=headlines)
    return welcome(
        config.association.name,
        language=_language(config, member.language),
        preferences=own.preferences,
        unsubscribe=own.unsubscribe,
        latest=latest,
        next_issue=first_issue(config, now=now),
    )


def first_issue(config: Config, *, now: dt.datetime) -> dt.date:
    """The date of the first issue that somebody who joins at `now` is in time for."""
    tz = config.association.tz
    current = latest_slot(config.plan, tz, now)
    return (current if current.hand_over > now else next_slot(config.plan, tz, now)).date


def mail_what_is_held(config: Config, keys: Keys, public_id: str, *, now: dt.datetime) -> bool:
    """Queue a mail to the member with all that is kept on them; False when one was asked for today already.

    It goes to the member's own address and is never shown: their links may have been passed on.
    """
    from digest.render.notice import render_notice

    member = Member.objects.filter(public_id=public_id, email__isnull=False).first()
    if member is None or member.email is None:
        return False
    held = json.dumps(held_on(keys, member), indent=2, ensure_ascii=False, default=str)
    own = links.member_links(config, keys, public_id, "latest")
    letter = what_we_hold(
        config.association.name,
        language=_language(config, member.language),
        held=held,
        preferences=own.preferences,
        unsubscribe=own.unsubscribe,
    )
    rendered = render_notice(config, letter, built_in=_built_in())
    occasion = now.astimezone(config.association.tz).date().isoformat()
    with transaction.atomic():
        fresh = post("export", public_id, to=member.email, rendered=rendered, now=now, occasion=occasion)
        if fresh:
            record(actor="member", verb="member.export", subject=f"member:{public_id}", now=now, how="page")
    return fresh


def _language(config: Config, wanted: str) -> str:
    return spoken(wanted or config.association.language, config.association.language)


def _built_in() -> Path:
    found: Path = settings.BUILT_IN_TEMPLATES
    return found
