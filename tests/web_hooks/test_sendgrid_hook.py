"""SendGrid's event webhook: what is let in, and that nothing is done before."""

from __future__ import annotations

import base64
import dataclasses
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from digest.config import Config, Keys
from digest.deliver.models import Delivery, ProviderEvent
from digest.web.hooks import views
from tests.deliver.issues import NOW, event, handed_over, states

PATH = "/hooks/sendgrid/"
OURS, FORMER, FOREIGN = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
SIGNATURE, TIMESTAMP = views.SIGNATURE, views.TIMESTAMP
pytestmark = pytest.mark.django_db


def public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(body: bytes, *, key: ec.EllipticCurvePrivateKey = OURS, age: int = 0) -> dict[str, str]:
    stamp = str(int(NOW.timestamp()) - age)
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: stamp}


@pytest.fixture(autouse=True)
def hook(config: Config, keys: Keys, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys are listed, since one is being replaced; the clock stands still."""
    settings.DIGEST = config
    settings.DIGEST_KEYS = dataclasses.replace(keys, sendgrid_webhook_keys=(public(OURS), public(FORMER)))
    monkeypatch.setattr(views, "clock", lambda: NOW)


def call(body: bytes, headers: dict[str, str], content_type: str = "application/json") -> HttpResponse:
    """As SendGrid calls: no cookie, no referer, and Django's CSRF check is on."""
    client = Client(enforce_csrf_checks=True)
    answer: HttpResponse = client.post(PATH, data=body, content_type=content_type, headers=headers)  # type: ignore[assignment]
    assert not answer.cookies
    return answer


@pytest.fixture
def body(keys: Keys) -> bytes:
    issue = handed_over(keys, {"accepted": 2})
    raw = [event(copy, "delivered") for copy in Delivery.objects.filter(issue=issue).order_by("pk")]
    return json.dumps(raw).encode()


class TestLetIn:
    def test_a_signed_post_is_stored_and_applied(self, body: bytes) -> None:
        answer = call(body, signed(body))
        assert (answer.status_code, answer.content) == (204, b"")
        assert ProviderEvent.objects.count() == 2
        assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}

    def test_the_former_key_still_signs(self, body: bytes) -> None:
        assert call(body, signed(body, key=FORMER)).status_code == 204

    @pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"  \r\n\r\n"])
    def test_every_byte_counts_also_at_the_end(self, body: bytes, ending: bytes) -> None:
        whole = body + ending
        assert call(body, signed(whole)).status_code == 403
        assert call(whole, signed(body)).status_code == 403
        assert call(whole, signed(whole)).status_code == 204

    def test_bytes_that_are_no_text_are_verified_as_they_are(self, body: bytes) -> None:
        odd = body.replace(b"request-1", b"request\xff")
        assert call(odd, signed(odd)).status_code == 400  # signed, and no JSON
        assert call(odd, signed(body)).status_code == 403

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    )
    def test_the_signature_counts_not_the_content_type(self, body: bytes, content_type: str) -> None:
        assert call(body, {**signed(body), SIGNATURE: "AAAA"}, content_type).status_code == 403
        assert call(body, signed(body), content_type).status_code == 204

    def test_repeated_it_is_a_yes_and_changes_nothing(self, body: bytes) -> None:
        call(body, signed(body, age=3600))
        before = list(Delivery.objects.values_list()), ProviderEvent.objects.count()
        assert call(body, signed(body)).status_code == 204
        assert (list(Delivery.objects.values_list()), ProviderEvent.objects.count()) == before

    @pytest.mark.parametrize(
        ("age", "status"), [(0, 204), (48 * 3600, 204), (48 * 3600 + 1, 403), (-60, 204), (-61, 403)]
    )
    def test_at_most_two_days_old_and_not_of_the_future(self, body: bytes, age: int, status: int) -> None:
        assert call(body, signed(body, age=age)).status_code == status

    def test_events_that_cannot_be_read_do_not_keep_the_others_out(self, body: bytes) -> None:
        mixed = json.dumps([None, "x", {"event": "delivered"}, *json.loads(body)]).encode()
        assert call(mixed, signed(mixed)).status_code == 204
        assert ProviderEvent.objects.count() == 2

    def test_an_empty_list_is_sendgrids_own_test(self) -> None:
        assert call(b"[]", signed(b"[]")).status_code == 204

    def test_opens_count_where_the_association_wants_them(self, body: bytes, config: Config, settings: Any) -> None:
        opened = body.replace(b'"delivered"', b'"open"')
        call(opened, signed(opened))
        assert ProviderEvent.objects.count() == 0
        settings.DIGEST = config.with_values(delivery=config.delivery.model_copy(update={"tracking": True}))
        call(opened, signed(opened))
        assert ProviderEvent.objects.count() == 2


FORGERIES: dict[str, dict[str, str | None]] = {
    "no signature": {SIGNATURE: None},
    "no timestamp": {TIMESTAMP: None},
    "an empty signature": {SIGNATURE: ""},
    "no base64": {SIGNATURE: "not base64!"},
    "base64 of nothing": {SIGNATURE: "AAAA"},
    "a long signature": {SIGNATURE: "A" * 100_000},
    "letters beyond ASCII": {SIGNATURE: "é" * 90},
    "a timestamp that is none": {TIMESTAMP: "yesterday"},
    "a timestamp in other digits": {TIMESTAMP: "١٧٠٧٧٢٨٤٠٠"},
    "an endless timestamp": {TIMESTAMP: "9" * 500},
    "a negative timestamp": {TIMESTAMP: "-1707728400"},
    "another timestamp": {TIMESTAMP: str(int(NOW.timestamp()) - 1)},
    "a timestamp with a gap": {TIMESTAMP: f" {int(NOW.timestamp())}"},
}


class TestKeptOut:
    @pytest.mark.parametrize("name", FORGERIES)
    def test_a_forged_post_is_refused_and_the_database_not_asked(self, body: bytes, name: str) -> None:
        headers = {key: value for key, value in {**signed(body), **FORGERIES[name]}.items() if value is not None}
        with CaptureQueriesContext(connection) as queries:
            answer = call(body, headers)
        assert (answer.status_code, len(queries)) == (403, 0)
        assert not ProviderEvent.objects.exists()

    def test_somebody_elses_key(self, body: bytes) -> None:
        assert call(body, signed(body, key=FOREIGN)).status_code == 403

    def test_a_changed_body(self, body: bytes) -> None:
        assert call(body.replace(b"delivered", b"spamreport"), signed(body)).status_code == 403

    def test_without_a_key_nothing_is_let_in(self, body: bytes, keys: Keys, settings: Any) -> None:
        settings.DIGEST_KEYS = keys
        assert call(body, signed(body)).status_code == 403

    def test_a_listed_key_that_is_damaged_lets_nobody_in_and_keeps_nobody_out(
        self, body: bytes, keys: Keys, settings: Any
    ) -> None:
        damaged = public(OURS)[:60] + "AAAA" + public(OURS)[64:]
        settings.DIGEST_KEYS = dataclasses.replace(keys, sendgrid_webhook_keys=(damaged,))
        assert call(body, signed(body)).status_code == 403
        settings.DIGEST_KEYS = dataclasses.replace(keys, sendgrid_webhook_keys=(damaged, public(OURS)))
        assert call(body, signed(body)).status_code == 204

    def test_a_body_over_the_limit_is_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        huge = b"[" + b" " * (views.LARGEST - 1) + b"]"
        monkeypatch.setattr(views, "is_signed", lambda *_: pytest.fail("it was read"))
        assert call(huge, signed(huge)).status_code == 413

    def test_a_body_of_just_the_limit_is(self) -> None:
        large = b"[" + b" " * (views.LARGEST - 2) + b"]"
        assert call(large, signed(large)).status_code == 204

    @pytest.mark.parametrize("garbage", [b"", b"{}", b"null", b"[1,", b"\x00\xff", b"[" * 300_000])
    def test_signed_garbage(self, garbage: bytes) -> None:
        assert call(garbage, signed(garbage)).status_code == 400

    @pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete"])
    def test_only_a_post_acts(self, body: bytes, method: str) -> None:
        answer = getattr(Client(), method)(PATH, headers=signed(b""))
        assert answer.status_code == 405
        assert not ProviderEvent.objects.exists()

    def test_a_busy_database_asks_to_be_called_again(self, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        def busy(*_: object, **__: object) -> None:
            raise OperationalError("database is locked")

        monkeypatch.setattr(views, "receive", busy)
        answer = call(body, signed(body))
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        monkeypatch.undo()


@pytest.mark.django_db(transaction=True)
def test_over_a_real_connection(keys: Keys, live_server: Any) -> None:
    """What a client library or a proxy might trim must come through: the line break at the body's end."""
    issue = handed_over(keys, {"accepted": 1, "unknown": 1})
    raw = [event(copy, "delivered") for copy in Delivery.objects.filter(issue=issue).order_by("pk")]
    whole = json.dumps(raw).encode() + b"\r\n"
    where = urlsplit(live_server.url)
    for content, status in ((whole, 204), (whole.strip(), 403)):
        connection_ = http.client.HTTPConnection(where.hostname or "", where.port)
        connection_.request("POST", PATH, content, {**signed(whole), "Content-Type": "application/json"})
        assert connection_.getresponse().status == status
        connection_.close()
    assert states(issue) == ["delivered", "delivered"]
