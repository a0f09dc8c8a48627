"""Calls from providers. Nothing is done, and nothing is stored, before the signature holds.

No session and no cookie takes part, so Django's CSRF check would protect nothing: it is switched off for this
address, and for no other of the staff's or the provider's.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from digest.config import Config, Keys
from digest.deliver.providers.sendgrid_events import read_post
from digest.deliver.receive import receive
from digest.web.hooks.signature import is_fresh, is_signed

log = logging.getLogger("digest.hooks")

LARGEST = 768 * 1024  # bytes of a post (SendGrid)
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


def clock() -> dt.datetime:
    """The only place here that reads one."""
    return timezone.now()


@csrf_exempt
@never_cache
@require_POST
def sendgrid(request: HttpRequest) -> HttpResponse:
    """SendGrid's event webhook.

    204 when every event of the post is stored and applied, also when it was before; 403 for whatever does not prove
    that it is SendGrid's; 413 for a body over 768 KB; 400 for one that is no list of events; 503 when the database
    is busy, so that SendGrid comes again.
    """
    keys: Keys = settings.DIGEST_KEYS
    config: Config = settings.DIGEST
    now = clock()
    signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
    if not keys.sendgrid_webhook_keys or not signature or not is_fresh(timestamp, now):
        return _answer(403, "Not signed, or too long ago.")
    if _announced(request) > LARGEST:
        return _answer(413, "Too large.")
    try:
        body = request.read(LARGEST + 1)
    except OSError:  # the connection broke; whoever called will call again
        return _answer(400, "Incomplete.")
    if len(body) > LARGEST:
        return _answer(413, "Too large.")
    if not is_signed(body, signature, timestamp, keys.sendgrid_webhook_keys):
        return _answer(403, "The signature does not fit.")
    post = read_post(body, keys)
    if post is None:
        return _answer(400, "No list of events.")
    if post.unreadable:
        log.warning("%d of the events SendGrid posted could not be read", post.unreadable)
    try:
        receive(post.events, tracking=config.delivery.tracking, now=now)
    except OperationalError as error:
        log.error("events were not stored, SendGrid will post them again: %s", error)
        return _answer(503, "Busy.", retry_after=60)
    return HttpResponse(status=204)


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _answer(status: int, words: str, *, retry_after: int = 0) -> HttpResponse:
    answer = HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_after:
        answer["Retry-After"] = str(retry_after)
    return answer
