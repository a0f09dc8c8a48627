"""Tell staff: what is new of what they should know, in one mail to each, and in their channel.

A note is written once and told once, in the transaction that queues the mails; the queue sends each once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from digest.config import Config, Keys
from digest.deliver.models import StaffNote
from digest.deliver.notices import CHANNEL, PING, STAFF, post
from digest.deliver.webhook import as_json
from digest.errors import DigestError
from digest.pipeline.note import Note
from digest.pipeline.notes import notes
from digest.render.letters import RenderedNotice, Told, to_staff

WAITS = dt.timedelta(hours=4)  # what is not urgent waits for company this long,
DAILY = dt.timedelta(hours=20)  # and goes alone no oftener than this
MOST = 20  # in one mail; a person reads no more, and the newsroom shows the rest
FORGOTTEN = dt.timedelta(days=400)  # after which nothing asks for a note's key any more


def tell_staff(config: Config, keys: Keys, *, now: dt.datetime, last_ring: dt.datetime | None) -> list[str]:
    """Write down what is new, and queue the mails when it is time; a sentence where that failed."""
    try:
        for note in notes(config, keys, now=now, last_ring=last_ring):
            _keep(note, now)
        _tell(config, keys, now)
    except DigestError as error:
        return [f"Staff could not be told what there is to know: {error}"]
    StaffNote.objects.filter(told_at__lt=now - FORGOTTEN).delete()
    return []


def is_time(waiting: Sequence[StaffNote], last_told: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether what waits is told now: at once with something urgent in it, else once a day, together. Pure."""
    if not waiting:
        return False
    if any(note.urgent for note in waiting):
        return True
    return now - waiting[0].at >= WAITS and (last_told is None or now - last_told >= DAILY)


def _keep(note: Note, now: dt.datetime) -> None:
    StaffNote.objects.get_or_create(
        key=note.key,
        defaults={
            "kind": note.kind,
            "urgent": note.urgent,
            "for_deputies": note.for_deputies,
            "heading": note.heading,
            "words": note.words,
            "todo": note.todo,
            "path": note.path,
            "at": now,
        },
    )


def _tell(config: Config, keys: Keys, now: dt.datetime) -> None:
    waiting = list(StaffNote.objects.filter(told_at__isnull=True).order_by("-urgent", "at", "pk")[:MOST])
    last = StaffNote.objects.filter(told_at__isnull=False).order_by("-told_at").first()
    if not is_time(sorted(waiting, key=lambda note: note.at), last.told_at if last else None, now):
        return
    staff, deputies = recipients(config)
    urgent = [note for note in waiting if note.for_deputies]
    bundles = [(staff, waiting), (deputies - staff, urgent)]
    letters = [(people, _rendered(config, told)) for people, told in bundles if people and told]
    occasion = str(waiting[0].pk)
    with transaction.atomic():
        marked = StaffNote.objects.filter(pk__in=[n.pk for n in waiting], told_at__isnull=True).update(told_at=now)
        if marked != len(waiting):  # another process tells the same this very moment
            transaction.set_rollback(True)
            return
        for people, letter in letters:
            for email in sorted(people):
                post(STAFF, _key(email), to=email, rendered=letter, now=now, occasion=occasion)
        if keys.notice_webhook:
            body = as_json(config.notices.webhook, config.association.name, _told(config, waiting))
            channel = RenderedNotice(subject=waiting[0].heading, text=body, html="")
            post(CHANNEL, "channel", to="channel", rendered=channel, now=now, occasion=occasion)
        if keys.ping_sent_url and any(note.kind == "sent" for note in waiting):
            post(
                PING,
                "sent",
                to="ping",
                rendered=RenderedNotice(subject="", text="", html=""),
                now=now,
                occasion=occasion,
            )


def recipients(config: Config) -> tuple[set[str], set[str]]:
    """Addresses of staff and of deputies: those config names, else everybody who may approve."""
    staff = {address.lower() for address in config.notices.to}
    if not staff:
        people = User.objects.filter(is_staff=True, is_active=True).exclude(email="")
        staff = {person.email.lower() for person in people if person.has_perm("compose.approve_issue")}
    return staff, {address.lower() for address in config.notices.deputies}


def _told(config: Config, waiting: Sequence[StaffNote]) -> list[Told]:
    return [
        Told(
            heading=note.heading,
            words=note.words,
            todo=note.todo,
            url=f"{config.web.base_url}{note.path}",
            urgent=note.urgent,
        )
        for note in waiting
    ]


def _rendered(config: Config, waiting: Sequence[StaffNote]) -> RenderedNotice:
    from digest.render.notice import render_notice  # MJML and premailer: a ring with nothing to tell does without

    base = config.web.base_url
    letter = to_staff(config.association.name, _told(config, waiting), newsroom=f"{base}/newsroom/", site=base)
    built_in: Path = settings.BUILT_IN_TEMPLATES
    return render_notice(config, letter, built_in=built_in)


def _key(email: str) -> str:
    """What stands for an address in a queue's key, which is kept when the address is not."""
    return hashlib.sha256(email.encode()).hexdigest()[:16]
