"""Members in Django's admin: to look somebody up. Nothing is added or deleted here, and no status is set by hand:
joining, leaving and erasing have their own ways, with a consent and an audit line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from digest.members.address import Refused, address_keys, normalise
from digest.members.models import Consent, Member, Suppression

if TYPE_CHECKING:
    MemberBase = admin.ModelAdmin[Member]
    SuppressionBase = admin.ModelAdmin[Suppression]
    ConsentBase = admin.TabularInline[Consent, Member]
else:  # generic for the type checker only
    MemberBase = SuppressionBase = admin.ModelAdmin
    ConsentBase = admin.TabularInline


class _ReadOnly:
    """No row is made or removed in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsentInline(_ReadOnly, ConsentBase):
    """The member's history of yes and no."""

    model = Consent
    fields = readonly_fields = ("at", "action", "how", "wording")
    ordering = ("-at",)
    extra = 0
    can_delete = False


@admin.register(Member)
class MemberAdmin(_ReadOnly, MemberBase):
    """Search by address or name; filter by status. Only the name may be corrected."""

    list_display = ("email", "name", "status", "joined_at", "left_at")
    list_filter = ("status", "joined_at")
    search_fields = ("email", "name", "=public_id")
    fields = ("email", "name", "status", "joined_at", "left_at", "paused_until", "language", "public_id")
    readonly_fields = ("email", "status", "joined_at", "left_at", "paused_until", "language", "public_id")
    ordering = ("-joined_at", "-pk")
    inlines = (ConsentInline,)
    list_per_page = 50
    show_full_result_count = False


@admin.register(Suppression)
class SuppressionAdmin(_ReadOnly, SuppressionBase):
    """Addresses nothing is sent to. They are kept as hashes: the search box takes a whole address."""

    list_display = ("short_key", "scope", "source", "reason", "at", "lifted_at")
    list_filter = ("source", "scope", "lifted_at")
    search_fields = ("address_key",)
    search_help_text = "A whole e-mail address"
    ordering = ("-at",)

    @admin.display(description="address (hash)")
    def short_key(self, row: Suppression) -> str:
        return row.address_key[:12]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        from django.conf import settings

        address = normalise(search_term)
        if not search_term or isinstance(address, Refused):
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(address_key__in=address_keys(settings.DIGEST_KEYS, address)), False
