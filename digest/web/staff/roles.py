"""Staff accounts and their roles. A role is a group with permissions, so Django's admin shows it."""

from __future__ import annotations

import datetime as dt

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from digest.errors import UsageError
from digest.installation.audit import record

# Who prepares an issue needs no member's address. Who sends it answers "why did I not get it?", so an approver may
# look members up, and change nothing about them.
_EDITING = ("view_issue", "view_entry", "view_source", "release_entries")
_LOOKING_UP = ("view_member", "view_consent", "view_suppression", "view_joinrequest", "view_audit")
PERMISSIONS = {
    "editor": _EDITING,
    "approver": (*_EDITING, "approve_issue", *_LOOKING_UP),
    "administrator": (),  # a superuser may do everything
}


def add_staff(email: str, *, name: str, role: str, password: str | None, now: dt.datetime) -> bool:
    """Make the account, or give the one that exists this role and password; whether it is new.

    Without a password the person can come in by single sign-on alone. Raises UsageError, in words, for an address or
    a password that will not do.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise UsageError(f"{email!r} is not an e-mail address.") from None
    user = User.objects.filter(username=email).first() or User(username=email)
    fresh = user.pk is None
    user.email, user.is_staff, user.is_active = email, True, True
    user.first_name = name or user.first_name
    try:
        if password is not None:
            validate_password(password, user)
    except ValidationError as error:
        raise UsageError(" ".join(error.messages), hint="Choose another password and try again.") from None
    user.set_password(password)
    with transaction.atomic():
        user.save()
        give_role(user, role)
        # The person who made the account vouches for the address; a second factor needs a verified one.
        EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
        record(actor="command line", verb="staff.add", subject=f"staff:{user.pk}", now=now, role=role, new=fresh)
    return fresh


def give_role(user: User, role: str) -> None:
    """Make `role` the account's one role. Call it in the transaction of the change."""
    user.is_superuser = role == "administrator"
    user.save(update_fields=["is_superuser"])
    user.groups.set([_group(role)])


def renew_roles(**_: object) -> None:
    """Give the roles that exist what they may by now; called after every migration."""
    for name in Group.objects.filter(name__in=PERMISSIONS).values_list("name", flat=True):
        _group(name)


def role_of(user: User | AnonymousUser) -> str:
    """The role by what the account may; "" for who is not staff."""
    if not user.is_staff:
        return ""
    if user.is_superuser:
        return "administrator"
    # Who is shut out has no rights, and keeps the role for when the account is opened again.
    may = user.has_perm("compose.approve_issue") if user.is_active else user.groups.filter(name="approver").exists()
    return "approver" if may else "editor"


def _group(role: str) -> Group:
    group, _ = Group.objects.get_or_create(name=role)
    group.permissions.set(Permission.objects.filter(codename__in=PERMISSIONS[role]))
    return group
