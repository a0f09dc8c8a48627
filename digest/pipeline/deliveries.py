"""What became of every copy of an issue, for a person: the figures, the reasons, and what is still open."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from digest.compose.models import Issue, IssueKind, IssueState
from digest.compose.naming import issue_called, key_of, name_of
from digest.compose.number import number_of
from digest.config import Config
from digest.deliver import ledger
from digest.deliver.models import Batch, Delivery, DeliveryState
from digest.deliver.providers.sendgrid_events import SEPARATOR
from digest.deliver.settle import Settled, Verdict, settle_unknown
from digest.errors import StateError
from digest.pipeline.alarms import NOT_MEANT, TAKEN
from digest.pipeline.tally import kept

# In the order in which a report shows them, each in words.
WORDS = {
    DeliveryState.PENDING: "waiting",
    DeliveryState.CLAIMED: "being handed over",
    DeliveryState.UNKNOWN: "unknown",
    DeliveryState.ACCEPTED: "accepted",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.BOUNCED: "bounced",
    DeliveryState.DROPPED: "dropped by the provider",
    DeliveryState.COMPLAINED: "reported as spam",
    DeliveryState.REJECTED: "rejected",
    DeliveryState.WITHDRAWN: "left before sending",
    DeliveryState.CANCELLED: "cancelled",
    DeliveryState.EXCLUDED: "not on the list",
}
EXPLAINED = (
    DeliveryState.UNKNOWN,
    DeliveryState.BOUNCED,
    DeliveryState.DROPPED,
    DeliveryState.REJECTED,
    DeliveryState.WITHDRAWN,
    DeliveryState.CANCELLED,
    DeliveryState.EXCLUDED,
)
GOING_OUT = (IssueState.HANDING_OVER, IssueState.RELEASED, IssueState.SENT, IssueState.STOPPED)
TOP = 8  # reasons shown of each state


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The copies in one state, and why: the most frequent reasons, and how many copies have others."""

    state: DeliveryState
    words: str
    count: int
    reasons: tuple[tuple[str, int], ...] = ()
    other: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBatch:
    """A request of which nobody can say whether it was taken. Of its other copies `reported` have been."""

    ordinal: int
    copies: int
    claimed_at: dt.datetime | None
    answer: str
    reported: int

    @property
    def todo(self) -> str:
        if self.reported:
            return (
                f"The provider has reported on {self.reported:,} other copies of this request, so it took the "
                "request: the rest was most likely sent as well."
            )
        return "Look the request up in the provider's activity log, by the time or a recipient's address."


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One request."""

    ordinal: int
    attempt: int
    lane: int
    state: str
    copies: Mapping[str, int]
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """People, not occasions. Who was only opened by a machine stands in `machines`."""

    opened: int
    machines: int
    clicked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesReport:
    """An issue's copies. `recipients` are those meant to be sent; `taken` of them the provider has said yes to."""

    key: str  # its number or slug
    number: int | None
    title: str
    state: str
    released_at: dt.datetime | None
    recipients: int
    taken: int
    lines: tuple[Line, ...]
    unknown: tuple[UnknownBatch, ...]
    opens: Opens | None

    def count(self, state: DeliveryState) -> int:
        return next((line.count for line in self.lines if line.state == state), 0)

    @property
    def unknown_copies(self) -> int:
        return self.count(DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One member's copy. `address` is masked unless it was asked for in full; "" once it was erased."""

    member: str
    address: str
    state: str
    reason: str
    at: dt.datetime
    batch: int | None


def issue_of(key: str | None) -> Issue:
    """The issue of that number or slug, or the last one that went out. Raises StateError where there is none."""
    if key is None:
        gone_out = Issue.objects.filter(state__in=GOING_OUT).exclude(kind=IssueKind.IMPORTED)
        issue = gone_out.order_by("-title_date", "-pk").first()
        if issue is None:
            raise StateError("No issue has gone out yet.", hint="`digest show next` shows the coming one.")
        return issue
    return issue_called(key)


def report(config: Config, issue: Issue) -> DeliveriesReport:
    """The figures of an issue. One whose list was not closed yet has no lines."""
    counts = ledger.counts(issue)
    return DeliveriesReport(
        key=key_of(issue),
        number=number_of(issue),
        title=_title(issue),
        state=issue.state,
        released_at=issue.released_at,
        recipients=sum(n for state, n in counts.items() if state not in NOT_MEANT),
        taken=sum(counts.get(state, 0) for state in TAKEN),
        lines=tuple(_line(issue, state, counts[state]) for state in WORDS if state in counts),
        unknown=tuple(_unknown(issue)),
        opens=_opens(issue) if config.delivery.tracking else None,
    )


def batch_lines(issue: Issue) -> Iterator[BatchLine]:
    """Every request of the issue, in the order in which they were made."""
    rows = Delivery.objects.filter(issue=issue, batch__isnull=False).order_by()
    copies: dict[int, Counter[str]] = {}
    for batch, state, n in rows.values_list("batch_id", "state").annotate(n=Count("pk")):
        copies.setdefault(batch, Counter())[state] = n
    for row in Batch.objects.filter(issue=issue).order_by("ordinal", "attempt"):
        found = copies.get(row.pk, Counter())
        yield BatchLine(
            ordinal=row.ordinal,
            attempt=row.attempt,
            lane=row.lane,
            state=row.state,
            copies={state.value: found[state.value] for state in WORDS if found[state.value]},
            answer=row.answer,
        )


def copies(issue: Issue, *states: DeliveryState, addresses: bool, most: int | None = None) -> Iterator[Copy]:
    """The issue's copies one by one, only those in `states` where any are named, at most `most` of them.

    The address is masked unless `addresses`: whoever asks for it in full must have the right to see members.
    """
    rows = Delivery.objects.filter(issue=issue)
    if states:
        rows = rows.filter(state__in=states)
    columns = ("member__public_id", "member__email", "state", "reason", "state_at", "batch__ordinal")
    found = rows.order_by("pk").values_list(*columns)
    for public_id, email, state, reason, at, batch in found[:most] if most else found.iterator(chunk_size=2000):
        address = (email or "") if addresses else mask(email or "")
        yield Copy(member=public_id, address=address, state=state, reason=reason, at=at, batch=batch)


def mask(address: str) -> str:
    """`m***@example.org`: enough to tell a mail provider by, too little to write to."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}" if at else ""


def settle(
    key: str,
    verdict: Verdict,
    *,
    ordinal: int | None,
    why: str,
    actor: str,
    now: dt.datetime,
    expected: int | None = None,
) -> Settled:
    """A person's word on the unknown copies of the issue of that number or slug; see digest/deliver/settle.py."""
    issue = issue_called(key)
    return settle_unknown(issue, verdict, ordinal=ordinal, why=why, actor=actor, now=now, expected=expected)


def _title(issue: Issue) -> str:
    if issue.document:
        return str(issue.document.get("title") or "")
    return name_of(issue)


def _line(issue: Issue, state: DeliveryState, count: int) -> Line:
    if state not in EXPLAINED:
        return Line(state=state, words=WORDS[state], count=count)
    heads: Counter[str] = Counter()
    for reason, n in ledger.reasons(issue, state):
        # Mail servers put names and times into their words; what they mean is said before those.
        heads[reason.split(SEPARATOR, 1)[0] or "no reason was given"] += n
    top = tuple(heads.most_common(TOP))
    return Line(state=state, words=WORDS[state], count=count, reasons=top, other=count - sum(n for _, n in top))


def _unknown(issue: Issue) -> Iterator[UnknownBatch]:
    open_copies = Delivery.objects.filter(issue=issue, state=DeliveryState.UNKNOWN)
    batches = set(open_copies.order_by().values_list("batch_id", flat=True).distinct())
    unknown = Count("deliveries", filter=Q(deliveries__state=DeliveryState.UNKNOWN))
    reported = Count("deliveries", filter=Q(deliveries__state__in=TAKEN))
    rows = Batch.objects.filter(pk__in=batches).annotate(copies=unknown, reported=reported)
    for row in rows.order_by("ordinal", "attempt"):
        yield UnknownBatch(
            ordinal=row.ordinal,
            copies=row.copies,
            claimed_at=row.claimed_at,
            answer=row.answer,
            reported=row.reported,
        )


def _opens(issue: Issue) -> Opens | None:
    """As the clock counted them last; None where it has not."""
    seen = kept([issue.pk]).get(issue.pk)
    if seen is None or not seen.any:
        return None
    return Opens(opened=seen.opened, machines=seen.machine_opened, clicked=seen.clicked.people)
