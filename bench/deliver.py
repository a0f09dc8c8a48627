"""Handing an issue of 60 items over to a provider on loopback, beside a bare loop that posts the same bytes.

`python -m bench deliver` does 100,000 members; `python -m bench.deliver 1000000` any number. The work is done in
processes of their own, so that peak memory is that of the work.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CONFIG = """
[association]
name = "Bench"
postal_address = "1 Bench Street"
[digest]
anchor = {{ number = 736, date = 2024-02-12 }}
[web]
base_url = "https://digest.bench.example"
[[sections]]
id = "news"
title = "News"
[delivery]
provider = "sendgrid"
from_email = "digest@digest.bench.ac.uk"
batch_size = 250
[delivery.sendgrid]
base_url = "http://127.0.0.1:{port}"
connections = 4
"""

# What every process begins with: the installation, and its one approved issue.
OPEN = """
import datetime as dt, resource, sys, time
from pathlib import Path
from digest.site.boot import boot
config, keys = boot(Path(sys.argv[1]))
from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.deliver.models import Edition
NOW = dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
"""
SET_UP = (
    OPEN
    + """
import hashlib, secrets
from digest.deliver import arming
from digest.deliver.checklist import Answers
from digest.members.models import Member
from digest.render import Renderer
from tests.render import documents
renderer = Renderer(config, built_in=Path("templates"))
rendered = renderer.render(documents.many(60), documents.MEMBERS, web=False)
arming.checklist = lambda *_: []  # there is nobody to ask about an account
arming.arm(config, keys, answers=Answers(), actor="bench", now=NOW)
issue = Issue.objects.create(slot=dt.date(2024, 2, 12), title_date=dt.date(2024, 2, 12), window_start=NOW,
    planned_cutoff=NOW, state=IssueState.RELEASED, merge_tag=documents.TAGS.unsubscribe[:-1], created_at=NOW)
Number.objects.create(number=736, kind=NumberKind.ISSUED, issue=issue, actor="bench", at=NOW)
Edition.objects.create(issue=issue, document_sha="d" * 64, fingerprint="f" * 64, key="full", subject=rendered.subject,
    html=rendered.html, text=rendered.text, sha256=rendered.sha256, bytes=rendered.bytes, created_at=NOW)
count = int(sys.argv[2])
for start in range(0, count, 20000):
    Member.objects.bulk_create([
        Member(public_id=secrets.token_urlsafe(12), email=f"member.number{n}@college{n % 97}.example",
            address_key=hashlib.sha256(b"%d" % n).hexdigest(), joined_at=NOW)
        for n in range(start, min(count, start + 20000))])
"""
)
FREEZE = (
    OPEN
    + """
from digest.deliver import ledger
began = time.perf_counter()
ledger.freeze(config, Issue.objects.get(), Edition.objects.get(), now=NOW)
print(time.perf_counter() - began, peak())
"""
)
# In an installation of its own, where half of the members chose among thirty editions.
EDITIONS = (
    OPEN
    + """
from digest.deliver import ledger
from digest.deliver.models import Delivery
from digest.members.models import Member
issue, full, others = Issue.objects.get(), Edition.objects.get(), {}
for n in range(30):
    key = f"sections.{n:012}"
    Member.objects.filter(pk__in=Member.objects.extra(where=[f"id % 60 = {n}"]).values("pk")).update(edition_key=key)
    others[key] = Edition.objects.create(issue=issue, document_sha="d" * 64, fingerprint="f" * 64, key=key,
        subject="s", html="h", text="t", sha256="0" * 64, bytes=1, created_at=NOW)
began = time.perf_counter()
frozen = ledger.freeze(config, issue, full, now=NOW, others=others)
print(time.perf_counter() - began, peak())
assert frozen.recipients == int(sys.argv[2]), frozen
assert abs(Delivery.objects.filter(edition=full).count() * 2 - int(sys.argv[2])) <= 60
"""
)
DELIVER = (
    OPEN
    + """
from digest.deliver.providers import build
from digest.deliver.send import deliver
issue, edition = Issue.objects.get(), Edition.objects.get()
build(config, keys)  # imports the provider, as the bare loop has it too
began = time.perf_counter()
report = deliver(config, keys, issue, edition, now=NOW, owner="bench")
print(time.perf_counter() - began, peak())
assert report.counts == {"accepted": int(sys.argv[2])}, report
"""
)
# The same client, the same bytes, nothing else: a request made beforehand, posted on four threads.
BARE = (
    OPEN
    + """
import concurrent.futures
from digest.deliver.links import LinkMaker
from digest.deliver.message import Recipient, mailing_of
from digest.deliver.providers import build
from digest.deliver.providers.sendgrid_payload import Requests
from digest.render.models import MergeTags
issue, edition = Issue.objects.get(), Edition.objects.get()
mailing = mailing_of(config, name="736", subject=edition.subject, html=edition.html, text=edition.text,
    tags=MergeTags.of(issue.merge_tag), number=736)
links = LinkMaker(config, keys, "736")
people = [Recipient(delivery=n, ref="r" * 16, email=f"member.number{n}@college{n % 97}.example",
    links=links(f"{n:016}")) for n in range(250)]
body = Requests(mailing).body(people, 1)
channel = build(config, keys).open(mailing)
def post(_n):
    assert channel._wire.exchange("POST", "/v3/mail/send", body).status == 202
post(0)
requests = int(sys.argv[2]) // 250
began = time.perf_counter()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    list(pool.map(post, range(requests)))
print(time.perf_counter() - began, peak())
"""
)


@contextlib.contextmanager
def mail_server(latency: float) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.mail_server", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def run(code: str, config: Path, members: int) -> tuple[float, int]:
    """Seconds of the work and the peak memory of its process in MB."""
    environment = {**os.environ, "SENDGRID_API_KEY": "SG.bench"}
    command = [sys.executable, "-c", code, str(config), str(members)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    seconds, memory = (done.stdout.split() or ["0", "0"])[:2]
    return float(seconds), int(memory)


def measure(members: int, latency: float) -> dict[str, tuple[float, int]]:
    """Each stage's seconds and memory, for so many members behind such a latency."""
    with mail_server(latency) as port, tempfile.TemporaryDirectory() as name:
        config = Path(name) / "config.toml"
        config.write_text(CONFIG.format(port=port), encoding="utf-8")
        run(SET_UP, config, members)
        stages = {"freeze": FREEZE, "deliver": DELIVER} | ({} if latency else {"bare": BARE})
        return {stage: run(code, config, members) for stage, code in stages.items()}


def measure_editions(members: int) -> tuple[float, int]:
    """Seconds and memory of closing the list for thirty-one editions."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "config.toml"
        config.write_text(CONFIG.format(port=1), encoding="utf-8")
        run(SET_UP, config, members)
        return run(EDITIONS, config, members)


def main(members: int = 100_000) -> None:
    """Print the figures, each beside its target."""
    quick = measure(members, 0.0)
    many = measure_editions(members)
    frozen, sent, bare = quick["freeze"], quick["deliver"], quick["bare"]
    print(f"deliver  freeze {members:,} members {frozen[0]:6.2f} s (a million: at most 5)   {frozen[1]} MB")
    print(f"deliver  freeze {members:,} members {many[0]:6.2f} s with 30 editions   {many[1]} MB")
    print(f"deliver  {members:,} without latency {sent[0]:6.2f} s, bare loop {bare[0]:.2f} s: ", end="")
    print(f"{bare[0] / sent[0]:.2f} of its rate (at least 0.33)   {sent[1]} MB (at most 250)")
    slow = measure(members, 0.3)["deliver"]
    floor = members / 250 * 0.3 / 4
    print(f"deliver  {members:,} at 300 ms {slow[0]:6.1f} s (floor {floor:.0f}, ", end="")
    print(f"at most {1.5 * floor:.0f})   {slow[1]} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
