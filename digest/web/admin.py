"""The administration of staff: whom an account belongs to, what it may, whether it is open. Everything else about an
account (making one, its password, its second factor) is done by its owner or with `digest staff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ChoiceField
from django.forms import ModelForm as AnyModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from digest.errors import DigestError
from digest.web.staff import people
from digest.web.staff.proof import ask_for_proof, is_proven
from digest.web.staff.roles import PERMISSIONS, role_of

if TYPE_CHECKING:
    Base = admin.ModelAdmin[User]
    PersonBase = AnyModelForm[User]
else:  # generic for the type checker only
    Base = admin.ModelAdmin
    PersonBase = AnyModelForm

# Libraries register their rows. Secrets, identities and addresses are nobody's to edit, and roles are ours to define.
for model in (User, Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    try:
        admin.site.unregister(model)
    except NotRegistered:
        continue


class PersonForm(PersonBase):
    """What an administrator may change of an account."""

    role = ChoiceField(choices=[(role, role.capitalize()) for role in PERMISSIONS])

    class Meta:
        model = User
        fields = ("first_name", "is_active")
        labels = {"first_name": "Name", "is_active": "Open"}
        help_texts = {"is_active": "Closed, the account lets nobody in; whoever is in is out at once."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = role_of(self.instance)

    def clean(self) -> dict[str, Any]:
        """Try the change and take it back, so that what it refuses is said beside the form."""
        given = super().clean() or {}
        try:
            with transaction.atomic():
                _apply(self.instance.get_username(), given, actor="")
                transaction.set_rollback(True)
        except DigestError as error:
            raise ValidationError(f"{error.message} {error.hint}") from None
        return given


@admin.register(User)
class StaffAdmin(Base):
    """People of the newsroom."""

    form = PersonForm
    list_display = ("email", "first_name", "role", "is_active", "second_factor", "last_login")
    list_filter = ("is_active",)
    search_fields = ("email", "first_name")
    fields = ("email", "first_name", "role", "is_active", "second_factor", "last_login", "date_joined")
    readonly_fields = ("email", "second_factor", "last_login", "date_joined")
    ordering = ("-is_active", "email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staff=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What an account may is changed by who has just said who they are."""
        if request.method == "POST" and self.has_change_permission(request) and not is_proven(request):
            return ask_for_proof(request)
        return super().change_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: PersonForm, change: bool) -> None:
        _apply(obj.get_username(), form.cleaned_data, actor=request.user.get_username())

    def save_related(self, *args: Any, **kwargs: Any) -> None:
        """There is nothing beside the account itself."""

    @admin.display(description="Role")
    def role(self, obj: User) -> str:
        return role_of(obj)

    @admin.display(description="Second factor", boolean=True)
    def second_factor(self, obj: User) -> bool:
        return bool(Authenticator.objects.filter(user=obj, type=Authenticator.Type.TOTP).exists())


def _apply(email: str, given: dict[str, Any], *, actor: str) -> None:
    now = timezone.now()
    people.rename(email, given.get("first_name", ""), actor=actor, now=now)
    people.change_role(email, given.get("role", ""), actor=actor, now=now)
    (people.open_account if given.get("is_active") else people.close_account)(email, actor=actor, now=now)
