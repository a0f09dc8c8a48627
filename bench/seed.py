"""An installation that has been at work for fourteen years: `python -m bench.seed DIR` makes one for the web benches.

By default 736 issues went out, of 50,000 entries, to 20,000 members by now; the next one is a draft, half a week old.
The record stands in issues/; the ledger holds the last 52 issues, with what the provider reported of the last 12.
Nobody is asked for anything: the sources lie at a closed port of this machine, and were all read just now.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.compose import WORDS
from digest.compose.document import Candidate, Composition, IssueDocument, Window
from digest.config import Config, load_config
from digest.gather.document import EntryDoc, EventTime, Publication
from digest.render import Renderer
from digest.render.models import Links, RenderedIssue

if TYPE_CHECKING:
    from digest.compose.models import Issue
    from digest.config.weeks import Slot
    from digest.gather.models import Entry

EDITOR, APPROVER, ADMIN = "editor@bench.example", "approver@bench.example", "admin@bench.example"
PASSWORD = "a long one for the bench"
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
SECTIONS = (
    ("news", "News", "list"),
    ("events", "Events", "events"),
    ("blog", "From the blog", "blog"),
    ("publications", "Publications", "publications"),
    ("announcements", "Announcements", "announcements"),
)
SOURCES = 15
EDITS = 4  # by editors, in each issue
WEEK = dt.timedelta(days=7)
CHUNK = 2_000
CONFIG = """
[association]
name = "Bench Association for Learning Technology"
strapline = "For people who measure"
postal_address = "1 Bench Street, Benchley BE1 1BE"
contact_email = "office@bench.example"
website = "https://www.bench.example"
zone = "Europe/London"
[digest]
anchor = {{ number = {number}, date = {date} }}
intro = "What our community has been doing, making and thinking about this week."
[plan]
gather = []
[delivery]
provider = "outbox"
from_name = "Bench Digest"
from_email = "digest@bench.example"
tracking = true
[web]
base_url = "http://127.0.0.1:{port}"
port = {port}
[web.sign_in]
second_factor = []
"""
CONFIG += "".join(
    f'[[sections]]\nid = "{id_}"\ntitle = "{title}"\nkind = "{kind}"\nmax_items = 6\n'
    for id_, title, kind in SECTIONS
)
CONFIG += "".join(
    f'[[sources]]\nid = "s{n}"\ntitle = "Source {n}"\nsection = "{SECTIONS[n % 5][0]}"\n'
    f'url = "http://127.0.0.1:9/feed/{n}"\n'
    for n in range(SOURCES)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    issues: int = 736
    entries: int = 50_000
    members: int = 20_000
    ledger: int = 52  # of the issues, the last so many have their deliveries
    reported: int = 12  # of those, the last so many have the provider's reports, with opens and clicks


def seed(folder: Path, size: Size, *, now: dt.datetime, port: int = 8736) -> Config:
    """Make the installation in `folder`, which is new, and boot it. Prints what takes how long."""
    from digest.config.weeks import latest_slot, slot_before

    folder.mkdir(parents=True)
    path = folder / "config.toml"
    path.write_text(CONFIG.format(number=size.issues, date="2024-02-12", port=port), encoding="utf-8")
    config = load_config(path)
    slot = latest_slot(config.plan, config.association.tz, now)
    if slot.send_at > now:
        slot = slot_before(config.plan, config.association.tz, slot)
    path.write_text(CONFIG.format(number=size.issues, date=slot.date, port=port), encoding="utf-8")
    slots = [slot]
    while len(slots) < size.issues:
        slots.append(slot_before(config.plan, config.association.tz, slots[-1]))
    slots.reverse()

    os.environ.pop("DIGEST_CONFIG", None)
    from digest.site.boot import boot

    config, _ = boot(path)
    work = _Seeding(config, size, slots, now)
    steps = (work.staff, work.members, work.entries, work.issues, work.ledger, work.tallies, work.draft)
    for step in (*steps, work.members_audit):
        began = time.perf_counter()
        step()
        print(f"seed     {step.__name__:<14}{time.perf_counter() - began:6.1f} s", flush=True)
    return config


class _Seeding:
    def __init__(self, config: Config, size: Size, slots: Sequence[Slot], now: dt.datetime) -> None:
        self.config, self.size, self.slots, self.now = config, size, slots, now
        self.pick = random.Random(size.issues)
        self.by_week: list[list[Entry]] = []
        self.sent: list[Issue] = []

    def staff(self) -> None:
        from digest.web.staff.roles import add_staff

        for email, role in ((EDITOR, "editor"), (APPROVER, "approver"), (ADMIN, "administrator")):
            add_staff(email, name=role, role=role, password=PASSWORD, now=self.now)

    def members(self) -> None:
        from django.conf import settings

        from digest.members.address import hashers
        from digest.members.models import Consent, Member, MemberStatus

        key_of, pick = hashers(settings.DIGEST_KEYS)[0], self.pick
        first = self.slots[0].cut_off
        rows = []
        for n in range(self.size.members):
            address = f"member.number{n}@college{n % 97}.example"
            joined = first + (self.now - first) * pick.random()
            rows.append(
                Member(
                    public_id=f"{pick.getrandbits(96):024x}",
                    email=address,
                    address_key=key_of(address),
                    name=f"Member {n}",
                    status=MemberStatus.LEFT if n % 50 == 49 else MemberStatus.ACTIVE,
                    joined_at=joined,
                    left_at=self.now - dt.timedelta(days=n % 300) if n % 50 == 49 else None,
                )
            )
        Member.objects.bulk_create(rows, batch_size=CHUNK)
        Consent.objects.bulk_create(
            (Consent(member=row, action="join", how="form", wording="Yes.", at=row.joined_at) for row in rows),
            batch_size=CHUNK,
        )
        Consent.objects.bulk_create(
            Consent(member=row, action="leave", how="page", at=row.left_at) for row in rows if row.left_at
        )

    def entries(self) -> None:
        """As many in each week, the same for the week that is under way."""
        from digest.gather.models import Entry, Fetch, FetchOutcome, Source

        first = self.slots[0].cut_off - WEEK
        sources = Source.objects.bulk_create(
            Source(
                key=f"s{n}",
                url=f"http://127.0.0.1:9/feed/{n}",
                configured_url=f"http://127.0.0.1:9/feed/{n}",
                first_ok_at=first,
                last_ok_at=self.now,
                last_new_at=self.now - dt.timedelta(hours=n),
                words="brought nothing new",
            )
            for n in range(SOURCES)
        )
        year = [self.now - dt.timedelta(hours=8 * n) for n in range(365 * 3)]
        Fetch.objects.bulk_create(
            (
                Fetch(
                    source=source,
                    at=at,
                    outcome=FetchOutcome.UNCHANGED if n % 5 else FetchOutcome.NEW,
                    words="brought nothing new" if n % 5 else "brought 1 new entry",
                    seen=20,
                    new=0 if n % 5 else 1,
                    duration_ms=300,
                )
                for n, at in reversed(list(enumerate(year)))
                for source in sources
            ),
            batch_size=CHUNK,
        )
        weeks = [*(slot.cut_off for slot in self.slots), self.slots[-1].cut_off + WEEK]
        share, more = divmod(self.size.entries, len(weeks))
        for week, end in enumerate(weeks):
            closes = min(end, self.now)
            count = share + (week < more)
            rows = [self._entry(sources[n % SOURCES], end - WEEK, closes, week * 1000 + n) for n in range(count)]
            self.by_week.append(rows)
        Entry.objects.bulk_create((row for rows in self.by_week for row in rows), batch_size=CHUNK)

    def _entry(self, source: Any, start: dt.datetime, end: dt.datetime, mark: int) -> Entry:
        from digest.gather.models import Entry
        from digest.gather.values import DateQuality, IdentityKind

        pick = self.pick
        section = SECTIONS[int(source.key[1:]) % 5][0]
        title = f"{' '.join(pick.sample(WORDS, 6)).capitalize()} at {pick.choice(WORDS)}ton {mark}"
        url = f"https://{source.key}.bench.example/story/{mark}"
        at = start + (end - start) * (0.001 + 0.998 * pick.random())
        opens = (at + dt.timedelta(days=10)).replace(minute=0, second=0, microsecond=0)
        is_event = section == "events"
        doc = EntryDoc(
            title=title,
            url=url,
            summary=" ".join(pick.choices(WORDS, k=38)).capitalize() + ".",
            text=" ".join(pick.choices(WORDS, k=260)),
            authors=(f"Author {mark % 89}",),
            categories=(pick.choice(WORDS).capitalize(),),
            event=EventTime(start=opens, end=opens + dt.timedelta(hours=2), place="Online", online=True)
            if is_event
            else None,
            publication=Publication(journal="Bench Journal", doi=f"10.1234/{mark}")
            if section == "publications"
            else None,
        )
        stored = doc.model_dump(mode="json")
        key = hashlib.sha256(url.encode()).hexdigest()
        return Entry(
            source=source,
            identity=key,
            identity_kind=IdentityKind.GUID,
            url_key=key,
            title_key=hashlib.sha256(title.encode()).hexdigest(),
            published_raw=at.isoformat(),
            published_at=at,
            first_seen_at=at + dt.timedelta(minutes=20),
            last_seen_at=self.now,
            date_quality=DateQuality.EXACT,
            event_start=opens if is_event else None,
            event_end=opens + dt.timedelta(hours=2) if is_event else None,
            first_doc=stored,
            latest_doc=stored,
        )

    def issues(self) -> None:
        """Each composed of its own week's entries, rendered, stored as approved and sent, and published."""
        from digest.archive.record import write_record
        from digest.compose.models import Issue, IssueState, Number, NumberKind
        from digest.deliver.editions import new_merge_tag, public_links

        made = [self._composed(n) for n in range(len(self.slots))]
        self.sent = Issue.objects.bulk_create(
            [
                Issue(
                    slot=slot.date,
                    title_date=slot.date,
                    window_start=slot.cut_off - WEEK,
                    planned_cutoff=slot.cut_off,
                    window_end=slot.cut_off,
                    state=IssueState.SENT,
                    revision=EDITS + 2,
                    merge_tag=new_merge_tag(),
                    document=one.document.as_json(),
                    document_sha=one.document.sha256,
                    send_at=slot.send_at,
                    released_at=slot.send_at,
                    published_at=slot.send_at,
                    created_at=slot.cut_off - WEEK,
                )
                for slot, one in zip(self.slots, made, strict=True)
            ],
            batch_size=100,
        )
        Number.objects.bulk_create(
            (
                Number(
                    number=one.document.number,
                    kind=NumberKind.ISSUED,
                    issue=issue,
                    actor=APPROVER,
                    at=issue.window_end,
                )
                for issue, one in zip(self.sent, made, strict=True)
            ),
            batch_size=CHUNK,
        )
        self._placements(made)
        jobs = [(one.document.public(), public_links(self.config, one.document)) for one in made]
        with ProcessPoolExecutor(2, get_context("spawn"), _take_config, (self.config.root / "config.toml",)) as pool:
            for issue, (document, _), rendered in zip(
                self.sent, jobs, pool.map(_rendered, jobs, chunksize=16), strict=True
            ):
                self._approval(issue, rendered)
                write_record(self.config, document, rendered, number=document.number or 0)

    def _composed(self, week: int) -> Composition:
        from digest.compose.assemble import compose

        slot = self.slots[week]
        found = [_candidate(entry) for entry in self.by_week[week]]
        return compose(
            self.config,
            found,
            window=Window(start=slot.cut_off - WEEK, end=slot.cut_off),
            date=slot.date,
            send_at=slot.send_at,
            number=self.size.issues - len(self.slots) + 1 + week,
        )

    def _placements(self, made: Sequence[Composition]) -> None:
        from digest.compose.models import Placement
        from digest.pipeline.approve import placements_of

        rows = (row for issue, one in zip(self.sent, made, strict=True) for row in placements_of(issue, one))
        Placement.objects.bulk_create(rows, batch_size=CHUNK)

    def _approval(self, issue: Issue, rendered: RenderedIssue) -> None:
        from digest.compose.models import Approval, Edit
        from digest.deliver.models import Edition
        from digest.installation.models import Audit
        from digest.pipeline.render import FULL, PUBLIC

        at, dress = issue.window_end, "f" * 64
        Approval.objects.create(
            issue=issue,
            revision=issue.revision - 1,
            actor=APPROVER,
            document_sha=issue.document_sha,
            fingerprint=dress,
            at=at,
        )
        mail = replace(rendered, web="")
        Edition.objects.bulk_create(
            Edition(
                issue=issue,
                document_sha=issue.document_sha,
                fingerprint=dress,
                key=key,
                subject=form.subject,
                html=form.html,
                text=form.text,
                web=form.web,
                sha256=form.sha256,
                bytes=form.bytes,
                created_at=at,
            )
            for key, form in ((FULL, mail), (PUBLIC, rendered))
        )
        Edit.objects.bulk_create(
            Edit(
                issue=issue,
                seq=n + 1,
                kind="intro",
                value={"markdown": f"Words {n}"},
                actor=EDITOR,
                at=at - dt.timedelta(hours=9 - n),
                base_revision=n + 1,
            )
            for n in range(EDITS)
        )
        subject = f"issue:{issue.pk}"
        moves = [("issue.edit", EDITOR, at - dt.timedelta(hours=9 - n)) for n in range(EDITS)]
        moves += [("issue.approve", APPROVER, at)]
        moves += [
            (f"issue.{verb}", "clock", issue.send_at) for verb in ("handing_over", "released", "publish", "sent")
        ]
        Audit.objects.bulk_create(Audit(at=at, actor=actor, verb=verb, subject=subject) for verb, actor, at in moves)

    def ledger(self) -> None:
        """The last issues' lists, closed by the very statement that closes any, and answered."""
        from digest.compose.models import IssueState
        from digest.deliver import ledger
        from digest.deliver.models import Batch, BatchState, Delivery, DeliveryState
        from digest.pipeline.render import FULL, edition_of

        for n, issue in enumerate(self.sent[-self.size.ledger :]):
            ledger.freeze(self.config, issue, edition_of(issue, FULL), now=issue.send_at)
            Batch.objects.filter(issue=issue).update(state=BatchState.ACCEPTED, claimed_at=issue.send_at)
            copies = Delivery.objects.filter(issue=issue, state=DeliveryState.PENDING)
            pks = list(copies.order_by("pk").values_list("pk", flat=True))
            bad, spam = pks[n % 7 :: 211], pks[n % 5 :: 9973]
            copies.update(state=DeliveryState.DELIVERED, state_at=issue.send_at + dt.timedelta(minutes=4))
            Delivery.objects.filter(pk__in=bad[:900]).update(
                state=DeliveryState.BOUNCED, reason="there is no such mailbox (5.1.1)"
            )
            Delivery.objects.filter(pk__in=spam[:900]).update(state=DeliveryState.COMPLAINED)
            if n >= self.size.ledger - self.size.reported:
                self._reports(issue, pks)
            assert issue.state == IssueState.SENT

    def _reports(self, issue: Issue, copies: Sequence[int]) -> None:
        from digest.deliver.models import ProviderEvent

        ProviderEvent.objects.bulk_create(self._events(issue, copies), batch_size=CHUNK)

    def _events(self, issue: Issue, copies: Sequence[int]) -> Iterator[Any]:
        from digest.deliver.models import ProviderEvent

        urls = [item.url for item in IssueDocument.model_validate(issue.document).items]
        pick = self.pick
        for copy in copies:
            said: list[tuple[str, dict[str, Any]]] = [("delivered", {})]
            luck = pick.random()
            if luck < 0.35:
                said.append(("open", {}))
            elif luck < 0.55:
                said.append(("open", {"machine": True}))
            if luck < 0.08:
                said += [("click", {"url": pick.choice(urls)}) for _ in range(pick.randrange(1, 4))]
            for n, (kind, detail) in enumerate(said):
                at = issue.send_at + dt.timedelta(minutes=4, seconds=pick.randrange(200_000) if n else 0)
                yield ProviderEvent(
                    dedupe_key=f"{pick.getrandbits(256):064x}",
                    delivery_id=copy,
                    type=kind,
                    detail=detail,
                    provider_at=at,
                    received_at=at,
                    applied_at=at,
                )

    def tallies(self) -> None:
        """What the clock counts in its first minutes."""
        from digest.deliver.models import Tally
        from digest.pipeline.tally import count_due

        for _ in range(len(self.sent)):
            before = Tally.objects.count()
            count_due(self.config, now=self.now)
            if Tally.objects.count() == before:
                break

    def draft(self) -> None:
        """The coming issue, with some work done on it."""
        from digest import pipeline

        issue = pipeline.ensure_draft(self.config, now=self.now)
        keys = [item.entry for item in pipeline.coming(self.config, now=self.now).document.items]
        for n, key in enumerate(key for key in keys[:6] if key is not None):
            kind, value = ("drop", {}) if n % 2 else ("rewrite", {"title": f"A better headline, number {n}"})
            issue.refresh_from_db()
            pipeline.add_edit(
                self.config,
                issue.pk,
                kind=kind,
                entry=key,
                value=value,
                actor=EDITOR,
                now=self.now,
                base_revision=issue.revision,
            )

    def members_audit(self) -> None:
        from digest.installation.models import Audit
        from digest.members.models import Member

        Audit.objects.bulk_create(
            (
                Audit(
                    at=at, actor="member", verb="member.join", subject=f"member:{public_id}", detail={"how": "form"}
                )
                for public_id, at in Member.objects.order_by("joined_at").values_list("public_id", "joined_at")
            ),
            batch_size=CHUNK,
        )


def _candidate(entry: Entry) -> Candidate:
    source = entry.source.key
    return Candidate(
        key=entry.pk,
        source=source,
        source_title=f"Source {source[1:]}",
        section=SECTIONS[int(source[1:]) % 5][0],
        identity=entry.identity,
        url_key=entry.url_key,
        title_key=entry.title_key,
        published_at=entry.published_at,
        first_seen_at=entry.first_seen_at,
        date_quality=entry.date_quality,
        doc=EntryDoc.model_validate(entry.latest_doc),
    )


_renderer: list[Renderer] = []


def _take_config(path: Path) -> None:
    """In each process that renders."""
    _renderer.append(Renderer(load_config(path), built_in=TEMPLATES))


def _rendered(job: tuple[IssueDocument, Links]) -> RenderedIssue:
    document, links = job
    rendered = _renderer[0].render(document, links, web=True)
    return replace(rendered, bytes_per_section={})


if __name__ == "__main__":
    sizes = [int(number) for number in sys.argv[2:]]
    names = ("issues", "entries", "members", "ledger", "reported")
    seed(Path(sys.argv[1]), Size(**dict(zip(names, sizes, strict=False))), now=dt.datetime.now(dt.UTC))
