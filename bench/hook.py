"""Events through the hook, as `digest serve` runs it: 1,000 a second in signed posts, every one stored and applied.

`python -m bench hook` posts for 5 seconds; `python -m bench.hook 60` for any number of them, and
`python -m bench.hook 60 20` in posts of 20 events rather than 200. The poster shares the cores with the server.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RATE = 1000  # events a second
PER_POST = 200
CONFIG = """
[association]
name = "Bench"
postal_address = "1 Bench Street"
[digest]
anchor = {{ number = 736, date = 2024-02-12 }}
[web]
base_url = "http://127.0.0.1:{port}"
port = {port}
[[sections]]
id = "news"
title = "News"
"""
SET_UP = """
import datetime as dt, sys
from pathlib import Path
from digest.site.boot import boot
config, keys = boot(Path(sys.argv[1]))
from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState, Edition
from digest.members.address import address_key
from digest.members.models import Member
NOW = dt.datetime.now(dt.UTC)
issue = Issue.objects.create(slot=NOW.date(), title_date=NOW.date(), window_start=NOW, planned_cutoff=NOW,
    state=IssueState.SENT, released_at=NOW, merge_tag="dg", created_at=NOW)
Number.objects.create(number=736, kind=NumberKind.ISSUED, issue=issue, actor="bench", at=NOW)
edition = Edition.objects.create(issue=issue, document_sha="d", fingerprint="f", key="full", subject="s", html="h",
    text="t", sha256="e", bytes=1, created_at=NOW)
batch = Batch.objects.create(issue=issue, edition=edition, ordinal=1, state=BatchState.ACCEPTED)
count = int(sys.argv[2])
for start in range(0, count, 5000):
    numbers = range(start, min(count, start + 5000))
    members = Member.objects.bulk_create([Member(id=n + 1, public_id=f"p{n}", email=f"m{n}@bench.example",
        address_key=address_key(keys, f"m{n}@bench.example"), joined_at=NOW) for n in numbers])
    Delivery.objects.bulk_create([Delivery(id=m.pk, issue=issue, member=m, address_key=m.address_key, edition=edition,
        batch=batch, state=DeliveryState.ACCEPTED, state_at=NOW) for m in members])
"""


class Poster:
    """Signs posts with a key of its own and takes down how each fared."""

    def __init__(self, url: str, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._client = httpx.Client(base_url=url, timeout=60)
        self._lock = threading.Lock()
        self.latencies: list[float] = []
        self.refused = 0

    def post(self, events: list[dict[str, object]], due: float = 0) -> None:
        body = json.dumps(events).encode() + b"\r\n"
        time.sleep(max(0.0, due - time.perf_counter()))
        stamp = str(int(time.time()))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }
        began = time.perf_counter()
        answer = self._client.post("/hooks/sendgrid/", content=body, headers=headers)
        with self._lock:
            self.latencies.append(time.perf_counter() - began)
            self.refused += answer.status_code != 204


def events(first: int, count: int) -> list[dict[str, object]]:
    """Two a delivery, `processed` and what came of it: one in fifty bounces. Each as large as SendGrid's."""
    made: list[dict[str, object]] = []
    now = int(time.time())
    for n in range(first, first + count):
        delivery = n // 2
        event: dict[str, object] = {
            "email": f"m{delivery}@bench.example",
            "timestamp": now,
            "smtp-id": f"<bench{delivery:012}@geopod-ismtpd-1>",
            "event": "processed",
            "sg_event_id": f"{n:048}",
            "sg_message_id": f"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-756b745b58-kmzbl-18-5F5FC76C-9.{delivery}",
            "batch": "1",
            "delivery": str(delivery + 1),
        }
        if n % 2 and delivery % 50 == 0:
            event |= {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 User unknown"}
        elif n % 2:
            event |= {"event": "delivered", "response": "250 2.0.0 OK 1707728400 a1si123456plb.12 - gsmtp"}
        made.append(event)
    return made


@contextlib.contextmanager
def serving(folder: Path, public_key: str, members: int) -> Iterator[str]:
    """`digest serve` of an installation with so many accepted copies; its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    config = folder / "config.toml"
    config.write_text(CONFIG.format(port=port), encoding="utf-8")
    environment = {**os.environ, "SENDGRID_WEBHOOK_KEYS": public_key}
    subprocess.run([sys.executable, "-c", SET_UP, str(config), str(members)], check=True, env=environment)
    command = [sys.executable, "-m", "digest", "serve", "--config", str(config)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        server.stdout.readline()  # it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)
        if server.stdout is not None:
            server.stdout.close()


def measure(seconds: int, per_post: int, *, paced: bool) -> str:
    total = seconds * RATE
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), base64.b64encode(der).decode(), total // 2) as url,
    ):
        poster = Poster(url, key)
        poster.post([])  # the server is warm, the connection open
        poster.latencies.clear()
        began = time.perf_counter()
        with ThreadPoolExecutor(8 if paced else 4) as pool:
            for first in range(0, total, per_post):
                due = began + first / RATE if paced else 0
                time.sleep(max(0.0, due - time.perf_counter() - 1))  # posts are made ready a second ahead
                pool.submit(poster.post, events(first, per_post), due)
        took = time.perf_counter() - began
        with contextlib.closing(sqlite3.connect(Path(name) / "digest.sqlite3")) as database:
            stored = database.execute("SELECT COUNT(*) FROM deliver_providerevent WHERE applied_at IS NOT NULL")
            states = database.execute("SELECT state, COUNT(*) FROM deliver_delivery GROUP BY state")
            lost = total - stored.fetchone()[0]
            final = ", ".join(f"{n:,} {state}" for state, n in states)
    latencies = sorted(poster.latencies)
    middle, late = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return (
        f"{total:,} in {took:.1f} s ({total / took:,.0f} a second), {per_post} a post, answered in "
        f"{middle * 1000:.0f} ms (99 %: {late * 1000:.0f}), {poster.refused} refused, {lost} lost; {final}"
    )


def main(seconds: int = 5, per_post: int = PER_POST) -> None:
    """Print the figures, each beside its target."""
    print(f"hook     {measure(seconds, per_post, paced=True)} (1,000 a second, none lost)")
    print(f"hook     as fast as it goes: {measure(min(seconds, 20), per_post, paced=False)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
