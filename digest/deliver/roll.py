"""Who receives an issue on a given day, as conditions the database evaluates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from digest.compose.models import Issue, IssueKind, IssueState
from digest.members.models import Member, MemberStatus, Suppression, SuppressionScope
from digest.members.preferences import Cadence

MONTHLY = "gets the first issue of each month"
LEFT_ANNOUNCEMENTS = "left the announcements, and keeps the digest"
# States of an issue that counts as the month's first: it went out, or is about to.
_OUT = (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED, IssueState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """The list for an issue of `kind` on `day`, a local date of the association's zone.

    `monthly`: whether those get it, too, who want the first issue of each month.
    """

    kind: str
    day: dt.date
    monthly: bool = True

    def receiving(self) -> QuerySet[Member]:
        """Active members with an address that is neither suppressed nor paused, and who want this week's issue."""
        members = Member.objects.filter(
            Q(paused_until__isnull=True) | Q(paused_until__lte=self.day),
            ~Exists(self._suppressions()),
            status=MemberStatus.ACTIVE,
            email__isnull=False,
        )
        if self.monthly:
            return members
        # Not a plain NOT: of members who never chose, SQL says neither yes nor no.
        weekly = Case(When(_wants_monthly(), then=Value(False)), default=Value(True), output_field=BooleanField())
        return members.filter(weekly)

    def why_not(self, otherwise: str | Case) -> Case:
        """For a query of members: why this one gets no copy, in words. `otherwise` is said of one who now would."""
        monthly = [] if self.monthly else [When(_wants_monthly(), then=Value(MONTHLY))]
        own = Exists(self._suppressions().filter(scope=SuppressionScope.ANNOUNCEMENTS, source="unsubscribed"))
        latest = self._suppressions().order_by("-at", "-pk").values("reason")[:1]
        return Case(
            When(Q(status=MemberStatus.ERASED) | Q(email__isnull=True), then=Value("was erased")),
            When(status=MemberStatus.LEFT, then=Value("left the list")),
            When(status=MemberStatus.UNCONFIRMED, then=Value("has not confirmed the address")),
            *([When(own, then=Value(LEFT_ANNOUNCEMENTS))] if self.kind == IssueKind.ANNOUNCEMENT else []),
            When(Exists(self._suppressions()), then=Concat(Value("suppressed: "), Subquery(latest))),
            When(
                paused_until__gt=self.day,
                then=Concat(Value("paused until "), Cast("paused_until", CharField(max_length=10))),
            ),
            *monthly,
            default=Value(otherwise) if isinstance(otherwise, str) else otherwise,
            output_field=TextField(),
        )

    def _suppressions(self) -> QuerySet[Suppression]:
        own = SuppressionScope.ANNOUNCEMENTS if self.kind == IssueKind.ANNOUNCEMENT else SuppressionScope.DIGEST
        return Suppression.objects.filter(
            address_key=OuterRef("address_key"), lifted_at__isnull=True, scope__in=(SuppressionScope.ALL, own)
        )


def has_monthly(issue: Issue) -> bool:
    """Whether `issue` goes to those, too, who want the first of each month: it is the first weekly issue of the month
    its slot lies in, of those that are not left out. What is no weekly issue goes to everybody."""
    if issue.kind != IssueKind.WEEKLY or issue.slot is None:
        return True
    earlier = Issue.objects.filter(
        kind=IssueKind.WEEKLY, slot__gte=issue.slot.replace(day=1), slot__lt=issue.slot, state__in=_OUT
    )
    return not earlier.exists()


def _wants_monthly() -> Q:
    return Q(preferences__cadence=Cadence.MONTHLY_FIRST.value)
