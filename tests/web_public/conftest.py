"""An installation with two published issues and one member."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from digest.archive.record import write_record
from digest.compose.models import Issue, IssueState, Number
from digest.config import Config, Keys
from digest.deliver.links import MemberLinks, member_links
from digest.deliver.models import Edition
from digest.members.models import Member
from digest.members.roll import import_bytes
from tests.archive.values import document, rendered

NOW = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
TAG = "dg" + "0a" * 10 + "x"


@pytest.fixture(autouse=True)
def installation(config: Config, settings: Any) -> Config:
    settings.DIGEST = config
    return config


@pytest.fixture
def published(config: Config) -> Config:
    for number in (735, 736):
        doc = document(number)
        write_record(config, doc, rendered(doc), number=number)
    return config


@pytest.fixture
def ada(db: None, keys: Keys) -> Member:
    import_bytes(b"email,name\nada@example.org,Ada\n", name="m.csv", keys=keys, now=NOW)
    return Member.objects.get()


@pytest.fixture
def links(ada: Member, config: Config, keys: Keys) -> MemberLinks:
    """Ada's own addresses, as paths."""
    own = member_links(config, keys, ada.public_id, "736")
    base = config.web.base_url
    return MemberLinks(
        view_in_browser=own.view_in_browser.removeprefix(base),
        unsubscribe=own.unsubscribe.removeprefix(base),
        preferences=own.preferences.removeprefix(base),
    )


@pytest.fixture
def sent(db: None) -> Edition:
    """Issue 736, sent, with its full edition."""
    doc = document(736)
    issue = Issue.objects.create(
        slot=doc.date,
        title_date=doc.date,
        window_start=doc.window.start,
        planned_cutoff=doc.window.end,
        window_end=doc.window.end,
        state=IssueState.SENT,
        merge_tag=TAG,
        document=doc.as_json(),
        document_sha=doc.sha256,
        created_at=NOW,
    )
    Number.objects.create(number=736, kind="issued", issue=issue, actor="test", at=NOW)
    return Edition.objects.create(
        issue=issue,
        document_sha=doc.sha256,
        fingerprint="f",
        key="full",
        subject=doc.subject,
        html=f'<html><head></head><body><a href="{TAG}u">leave</a> <a href="{TAG}v">view</a> '
        f'<a href="{TAG}p">me</a></body></html>',
        text="text",
        sha256="0" * 64,
        bytes=10,
        created_at=NOW,
    )


@pytest.fixture
def strict_client() -> Client:
    """A client for which Django's CSRF check is on, as it is for a mail provider."""
    return Client(enforce_csrf_checks=True)
