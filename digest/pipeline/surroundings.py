"""What the doctor sees around an installation: the machine's clock and zones, the account, what waits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from django.db.models import Max, Min

from digest.config import Config, Keys
from digest.deliver.dns_records import Record
from digest.deliver.models import DeliveryState, Notice
from digest.deliver.providers import Finding as Said
from digest.deliver.providers import InspectedProvider, build, provider_class
from digest.errors import DigestError
from digest.installation.models import Audit, Installation
from digest.pipeline.tell import recipients

SILENT = dt.timedelta(minutes=10)
OLD_LETTER = dt.timedelta(hours=1)
OLD_ZONES = 2  # years


def clock_and_zones(config: Config, now: dt.datetime) -> Iterator[Record]:
    """Whether the hour can be right, and whether the rules of the zone are recent."""
    latest = Audit.objects.aggregate(at=Max("at"))["at"]
    if latest is not None and latest - now > SILENT:
        yield Record(
            "FAIL",
            "Clock",
            f"it says {now:%Y-%m-%d %H:%M} UTC, and the database has seen {latest:%Y-%m-%d %H:%M}: it was put back",
            "Set the machine's clock (timedatectl set-ntp true). Nothing is sent twice meanwhile.",
        )
    else:
        local = now.astimezone(config.association.tz)
        yield Record("ok", "Clock", f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z} in {config.association.zone}")
    try:
        released = version("tzdata").split(".")
        stale = now.year - int(released[0]) > OLD_ZONES
    except (PackageNotFoundError, ValueError):
        released, stale = [], False
    if config.association.zone not in zoneinfo.available_timezones():
        yield Record("FAIL", "Time zones", f"{config.association.zone} is not known here", "Install tzdata.")
    elif stale:
        yield Record(
            "warn",
            "Time zones",
            f"the rules are of {released[0]}; a change of summer time since is not known",
            "pip install --upgrade tzdata, and the system's own package.",
        )


def rings(now: dt.datetime) -> Iterator[Record]:
    """Whether the clock runs."""
    row = Installation.objects.filter(pk=1).first()
    if row is None or row.rung_at is None:
        return
    silent = now - row.rung_at
    if silent > SILENT:
        yield Record(
            "FAIL",
            "Clock's rings",
            f"none for {_span(silent)}",
            "Start `digest serve` or `digest clock`; `digest run-due` does once what is due.",
        )
    else:
        yield Record("ok", "Clock's rings", "within the last ten minutes")


def account(config: Config, keys: Keys) -> Iterator[Record]:
    """What the provider says of the key and the sender. Asks it."""
    if not provider_class(config).needs_arming:
        return
    try:
        provider = build(config, keys)
        looks = provider.look(config.delivery.from_email) if isinstance(provider, InspectedProvider) else []
    except DigestError as error:
        yield Record("FAIL", "Account", error.message, error.hint)
        return
    marks = {Said.GOOD: "ok", Said.BAD: "FAIL"}
    for look in looks:
        yield Record(marks.get(look.finding, "warn"), look.subject, look.words)


def webhook(config: Config, keys: Keys) -> Iterator[Record]:
    if config.delivery.provider != "sendgrid":
        return
    if keys.sendgrid_webhook_keys:
        count = len(keys.sendgrid_webhook_keys)
        yield Record("ok", "Webhook", f"{count} verification {'key' if count == 1 else 'keys'}")
    else:
        yield Record(
            "warn",
            "Webhook",
            "no verification key, so bounces and complaints are not heard of",
            "Set up the event webhook: docs/operations.md.",
        )


def letters(config: Config, now: dt.datetime) -> Iterator[Record]:
    """Single mails that wait longer than they should, and those whom staff mail would go to."""
    waiting = Notice.objects.filter(state=DeliveryState.PENDING, created_at__lte=now - OLD_LETTER)
    if count := waiting.count():
        since = waiting.aggregate(at=Min("created_at"))["at"]
        last = waiting.exclude(answer="").order_by("-state_at").values_list("answer", flat=True).first()
        yield Record(
            "warn",
            "Letters",
            f"{count} wait{'s' if count == 1 else ''}, the oldest for {_span(now - since)}"
            + (f". {last}" if last else ""),
            "Mend what keeps mail back; they go by themselves then.",
        )
    staff, deputies = recipients(config)
    if not staff:
        yield Record("warn", "Notes to staff", "nobody gets them", "Name somebody under [notices] to.")
    else:
        more = f", {len(deputies)} when the deadline nears" if deputies else ""
        yield Record("ok", "Notes to staff", f"{len(staff)} get them{more}")


def _span(span: dt.timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
