"""What programs that watch ask: whether it lives, whether it is ready, whether a person should look; and figures.

The three signs of life say nothing that is a secret and are open to all. The figures are not: they are for this
machine, or for who knows the token.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from digest.config import Config, Keys
from digest.deliver.models import DeliveryState
from digest.pipeline.alarms import Kind
from digest.pipeline.vitals import Vitals, amiss, not_ready, vitals
from digest.web.proxies import WAS_FORWARDED
from digest.web.public.own import config, keys

log = logging.getLogger(__name__)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all: what restarts it when it does not."""
    return _answer([])


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 while the pages can be served: what sends visitors here, or not."""
    return _answer(not_ready())


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while nobody need look, else 503 with a line for each reason: what wakes a person."""
    try:
        return _answer(amiss(config(), now=dt.datetime.now(dt.UTC)))
    except DatabaseError:
        log.exception("healthz: the database does not answer")
        return _answer(["The database does not answer."])


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in the text form of Prometheus; 403 for strangers."""
    if not _may_read(request, keys()):
        return HttpResponse("The figures are for this machine, or with the token.\n", status=403)
    body = exposition(vitals(config(), now=dt.datetime.now(dt.UTC)))
    return HttpResponse(body, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def exposition(found: Vitals) -> bytes:
    """The figures in the text form of Prometheus. Pure."""
    registry = CollectorRegistry()

    def gauge(name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"digest_{name}", words, labels, registry=registry)

    def at(name: str, words: str, when: dt.datetime | None) -> None:
        if when is not None:
            gauge(f"{name}_timestamp_seconds", words).set(when.timestamp())

    at("last_ring", "When the clock last rang.", found.last_ring)
    at("last_gather", "When a source was last asked.", found.last_gather)
    at("last_release", "When the last issue was released.", found.released_at)
    at("last_webhook", "When the provider's last report came.", found.webhook_at)
    due = gauge("next_due_timestamp_seconds", "When the plan's next moments are.", "what")
    for what, when in found.next_due.items():
        due.labels(what).set(when.timestamp())
    gauge("entries", "Entries that sources ever brought.").set(found.entries)
    gauge("members", "Members who receive the digest.").set(found.members)
    gauge("draft_items", "Items of the open draft.").set(found.draft_items)
    gauge("unknown_deliveries", "Copies of which nobody can say whether they went out.").set(found.unknown)
    gauge("armed", "Whether real mail may leave.").set(found.armed)
    gauge("paused", "Whether sending is paused.").set(found.paused)
    if found.issue is not None:
        gauge("last_issue_number", "The number of the last released issue.").set(found.issue)
    if found.webhook_lag is not None:
        gauge("webhook_lag_seconds", "From what the provider last reported to its coming.").set(found.webhook_lag)
    copies = gauge("deliveries", "Copies of the last issue, by state.", "state")
    for state in DeliveryState:
        copies.labels(state.value).set(found.deliveries.get(state.value, 0))
    sources = gauge("sources", "Sources, by state.", "state")
    for name, count in found.sources.items():
        sources.labels(name).set(count)
    waiting = gauge("notices", "Single mails that wait or are under way.", "state")
    for state in (DeliveryState.PENDING, DeliveryState.CLAIMED):
        waiting.labels(state.value).set(found.notices.get(state.value, 0))
    raised = gauge("alarms", "Alarms that are raised, by kind.", "kind")
    for kind in Kind:
        raised.labels(kind.value).set(found.alarms.get(kind.value, 0))
    return generate_latest(registry)


def _may_read(request: HttpRequest, secrets: Keys) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if secrets.metrics_token and hmac.compare_digest(given.encode(), secrets.metrics_token.encode()):
        return True
    found: Config = settings.DIGEST
    if request.META.get(WAS_FORWARDED) and not found.web.trusted_proxies:
        return False  # a proxy on this machine that nobody told us of: everybody would seem to be here
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _answer(problems: list[str]) -> HttpResponse:
    return HttpResponse(
        "\n".join(problems or ["ok"]) + "\n",
        status=503 if problems else 200,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
