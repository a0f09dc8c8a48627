"""Who receives an issue on a given day, as conditions the database evaluates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat

from digest.compose.models import IssueKind
from digest.members.models import Member, MemberStatus, Suppression, SuppressionScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """The list for an issue of `kind` on `day`, a local date of the association's zone."""

    kind: str
    day: dt.date

    def receiving(self) -> QuerySet[Member]:
        """Active members with an address that is neither suppressed nor paused."""
        return Member.objects.filter(
            Q(paused_until__isnull=True) | Q(paused_until__lte=self.day),
            ~Exists(self._suppressions()),
            status=MemberStatus.ACTIVE,
            email__isnull=False,
        )

    def why_not(self, otherwise: str) -> Case:
        """For a query of members: why this one gets no copy, in words. `otherwise` is said of one who now would."""
        latest = self._suppressions().order_by("-at", "-pk").values("reason")[:1]
        return Case(
            When(Q(status=MemberStatus.ERASED) | Q(email__isnull=True), then=Value("was erased")),
            When(status=MemberStatus.LEFT, then=Value("left the list")),
            When(status=MemberStatus.UNCONFIRMED, then=Value("has not confirmed the address")),
            When(Exists(self._suppressions()), then=Concat(Value("suppressed: "), Subquery(latest))),
            When(
                paused_until__gt=self.day,
                then=Concat(Value("paused until "), Cast("paused_until", CharField(max_length=10))),
            ),
            default=Value(otherwise),
            output_field=TextField(),
        )

    def _suppressions(self) -> QuerySet[Suppression]:
        own = SuppressionScope.ANNOUNCEMENTS if self.kind == IssueKind.ANNOUNCEMENT else SuppressionScope.DIGEST
        return Suppression.objects.filter(
            address_key=OuterRef("address_key"), lifted_at__isnull=True, scope__in=(SuppressionScope.ALL, own)
        )
