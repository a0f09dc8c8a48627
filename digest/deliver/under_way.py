"""Is a copy for this member on its way already? Asked when they leave, because nobody can call it back."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from digest.compose.models import IssueState
from digest.deliver.models import Delivery, DeliveryState

ARRIVES_WITHIN = dt.timedelta(hours=1)  # from the provider's yes to the inbox, nearly always


def copy_under_way(public_id: str, *, now: dt.datetime) -> str | None:
    """The subject of the issue of which a copy may still arrive; None when there is none.

    A copy is under way while its request is being made or nobody knows its answer, while the provider holds it until
    the issue's time, and for an hour after the provider took it.
    """
    not_out = Q(issue__released_at__isnull=True, issue__state__in=(IssueState.APPROVED, IssueState.HANDING_OVER))
    taken = Q(state=DeliveryState.ACCEPTED) & (
        not_out | Q(issue__send_at__gt=now) | Q(state_at__gt=now - ARRIVES_WITHIN)
    )
    asked = Q(state=DeliveryState.CLAIMED) | Q(state=DeliveryState.UNKNOWN, state_at__gt=now - ARRIVES_WITHIN)
    found = Delivery.objects.filter(taken | asked, member__public_id=public_id).order_by("-pk")
    return found.values_list("edition__subject", flat=True).first()
