"""Members in Django's admin: to look somebody up. Nothing is added or deleted here, and no status is set by hand:
joining, leaving and erasing have their own ways, with a consent and an audit line each. A suppression is lifted here,
by a person who says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from digest.installation.audit import record
from digest.installation.models import Audit
from digest.members.address import Refused, address_keys, normalise
from digest.members.models import Consent, JoinRequest, Member, Suppression
from digest.members.preferences import preferences_of

if TYPE_CHECKING:
    MemberBase = admin.ModelAdmin[Member]
    SuppressionBase = admin.ModelAdmin[Suppression]
    ConsentAdminBase = admin.ModelAdmin[Consent]
    JoinBase = admin.ModelAdmin[JoinRequest]
    ConsentBase = admin.TabularInline[Consent, Member]
else:  # generic for the type checker only
    MemberBase = SuppressionBase = ConsentAdminBase = JoinBase = admin.ModelAdmin
    ConsentBase = admin.TabularInline

MOST = 60  # lines of a member's history
_NOTHING = "-"


class _ReadOnly:
    """No row is made or removed in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _LookedAt(_ReadOnly):
    """Nor is any changed."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsentInline(_LookedAt, ConsentBase):
    """The member's history of yes and no."""

    model = Consent
    fields = readonly_fields = ("at", "action", "how", "wording")
    ordering = ("-at",)
    extra = 0
    can_delete = False


@admin.register(Member)
class MemberAdmin(_ReadOnly, MemberBase):
    """Search by address or name; filter by status and choices. Only the name may be corrected."""

    list_display = ("email", "name", "status", "edition_key", "paused_until", "joined_at", "left_at")
    list_filter = ("status", "edition_key", ("paused_until", admin.EmptyFieldListFilter), "language", "joined_at")
    search_fields = ("email", "name", "=public_id")
    search_help_text = "An address, a name, or part of one"
    fields = (
        "email", "name", "status", "joined_at", "left_at", "paused_until", "chosen", "edition_key", "public_id",
        "issues", "history",
    )  # fmt: skip
    readonly_fields = tuple(field for field in fields if field != "name")
    ordering = ("-joined_at", "-pk")
    inlines = (ConsentInline,)
    list_per_page = 50
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """A whole address is found by its key, in any spelling and among any number of members."""
        keys = _keys_of(search_term)
        if keys and (found := queryset.filter(address_key__in=keys)).exists():
            return found, False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="chose")
    def chosen(self, member: Member) -> str:
        return preferences_of(member).in_words()

    @admin.display(description="issues")
    def issues(self, member: Member) -> SafeString | str:
        """The latest copies and what became of them."""
        rows = member.deliveries.select_related("issue").order_by("-pk")[:MOST]
        lines = [
            (f"{row.issue.title_date:%d %b %Y}", row.state, f" ({row.reason})" if row.reason else "") for row in rows
        ]
        return format_html_join("", "<div>{}: {}{}</div>", lines) or _NOTHING

    @admin.display(description="history")
    def history(self, member: Member) -> SafeString | str:
        """What was done with this member, and by whom."""
        rows = Audit.objects.filter(subject=f"member:{member.public_id}").order_by("-at", "-pk")[:MOST]
        lines = [
            (
                f"{timezone.localtime(row.at):%d %b %Y %H:%M}",
                row.verb,
                row.actor,
                "; ".join(f"{key} {value}" for key, value in row.detail.items()),
            )
            for row in rows
        ]
        return format_html_join("", "<div>{}: {} by {} {}</div>", lines) or _NOTHING

    def save_model(self, request: HttpRequest, obj: Member, form: ModelForm[Member], change: bool) -> None:
        with transaction.atomic():
            Member.objects.filter(pk=obj.pk).update(name=obj.name)
            record(
                actor=_person(request),
                verb="member.rename",
                subject=f"member:{obj.public_id}",
                now=timezone.now(),
            )


@admin.register(Suppression)
class SuppressionAdmin(_ReadOnly, SuppressionBase):
    """Addresses nothing is sent to. They are kept as hashes: the search box takes a whole address.

    To lift one is to say why; who, when and why stay with it.
    """

    list_display = ("short_key", "scope", "source", "reason", "at", "lifted_at")
    list_filter = ("source", "scope", ("lifted_at", admin.EmptyFieldListFilter), "at")
    search_fields = ("address_key",)
    search_help_text = "A whole e-mail address"
    ordering = ("-at",)
    fields = ("short_key", "scope", "source", "reason", "at", "lifted_at", "lifted_by", "lifted_why")

    @admin.display(description="address (hash)")
    def short_key(self, row: Suppression) -> str:
        return row.address_key[:12]

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name != "lifted_why")

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """What was lifted stays as it is."""
        return super().has_change_permission(request, obj) and (obj is None or obj.lifted_at is None)

    def get_form(
        self, request: HttpRequest, obj: Suppression | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Suppression]]:
        form = super().get_form(request, obj, change, **kwargs)
        if "lifted_why" in form.base_fields:
            form.base_fields["lifted_why"].required = True
            form.base_fields["lifted_why"].label = "Lift it, because"
            form.base_fields["lifted_why"].help_text = "Mail goes to this address again from the next issue on."
        return form

    def save_model(self, request: HttpRequest, obj: Suppression, form: ModelForm[Suppression], change: bool) -> None:
        now, person = timezone.now(), _person(request)
        with transaction.atomic():
            lifted = Suppression.objects.filter(pk=obj.pk, lifted_at__isnull=True).update(
                lifted_at=now, lifted_by=person, lifted_why=obj.lifted_why
            )
            if lifted:
                subject = f"suppression:{obj.pk}"
                record(actor=person, verb="suppression.lift", subject=subject, now=now, source=obj.source)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        keys = _keys_of(search_term)
        if not keys:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(address_key__in=keys), False


@admin.register(JoinRequest)
class JoinRequestAdmin(_LookedAt, JoinBase):
    """Who asked to join and what stands in the way. A held one may ask again once the suppression is lifted."""

    list_display = ("email", "state", "at", "state_at", "reason")
    list_filter = ("state", "at")
    search_fields = ("email",)
    fields = ("email", "state", "reason", "language", "wording", "at", "state_at")
    ordering = ("-at",)
    show_full_result_count = False


@admin.register(Consent)
class ConsentAdmin(_LookedAt, ConsentAdminBase):
    """Every yes and no. With the action "reason": why people left, counted beside the filter."""

    list_display = ("at", "action", "how", "wording", "member")
    list_filter = ("action", "how", "at")
    show_facets = admin.ShowFacets.ALWAYS
    fields = ("member", "at", "action", "how", "wording")
    ordering = ("-at", "-pk")
    show_full_result_count = False


def _keys_of(search_term: str) -> tuple[str, ...]:
    """The keys of a whole address, if that is what was typed."""
    address = normalise(search_term) if search_term else Refused(reason="")
    return () if isinstance(address, Refused) else address_keys(settings.DIGEST_KEYS, address)


def _person(request: HttpRequest) -> str:
    return str(getattr(request.user, "email", "") or request.user.get_username())
