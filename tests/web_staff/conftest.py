"""An association with two feeds on disk, a week's entries in them, and people of every role."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from digest import pipeline
from digest.config import Config
from digest.web import staff
from digest.web.staff.roles import add_staff

FRIDAY = dt.datetime(2024, 2, 9, 15, 20, tzinfo=dt.UTC)  # before the cut-off of issue 736
DAY = dt.timedelta(days=1)
PASSWORD = "monday-nine-o-clock"
SOURCES = """
[[sources]]
id = "news"
title = "The News"
section = "news"
path = "news.xml"
[[sources]]
id = "blog"
title = "The Blog"
section = "blog"
path = "blog.xml"
"""


def feed(*items: tuple[str, dt.datetime]) -> str:
    """A small RSS feed of (title, published)."""
    entries = "".join(
        f"<item><title>{escape(title)}</title><link>https://news.example/{quote(title)}</link><guid>{escape(title)}</guid>"
        f"<pubDate>{format_datetime(at)}</pubDate><description>About {escape(title)}.</description></item>"
        for title, at in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Feed</title>{entries}</channel></rss>"


class Clock:
    """The newsroom's clock, standing still."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(FRIDAY)
    monkeypatch.setattr(staff, "now", clock)
    return clock


@pytest.fixture
def association(make_config: Callable[..., Config], settings: Any, tmp_path: Path, clock: Clock) -> Config:
    """Configured, its feeds empty; the clock stands on Friday afternoon."""
    config = make_config(SOURCES)
    settings.DIGEST = config
    for name in ("news", "blog"):
        (tmp_path / f"{name}.xml").write_text(feed(), encoding="utf-8")
    return config


@pytest.fixture
def week(association: Config, tmp_path: Path, db: None) -> Config:
    """The week of issue 736, gathered: two of the news, one of the blog, one digest of our own."""
    (tmp_path / "news.xml").write_text(
        feed(
            ("A library opens", FRIDAY - DAY),
            ("A <b>call</b> & more", FRIDAY - 2 * DAY),
            ("Weekly News Digest - Issue 735, 05 Feb 2024", FRIDAY - 3 * DAY),
        ),
        encoding="utf-8",
    )
    (tmp_path / "blog.xml").write_text(feed(("On small things", FRIDAY - DAY)), encoding="utf-8")
    pipeline.gather(association, now=FRIDAY)
    return association


def person(email: str, role: str) -> User:
    add_staff(email, name="", role=role, password=PASSWORD, now=FRIDAY)
    return User.objects.get(email=email)


def prove(client: Client, user: User) -> None:
    """As if the person had just answered "is it you?" (allauth keeps that in the session)."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


@pytest.fixture
def approver(client: Client, db: None) -> Client:
    """Signed in, may approve, and has just said who it is."""
    user = person("sam@example.org", "approver")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, user)
    return client


@pytest.fixture
def editor(db: None) -> Client:
    """Signed in, may prepare an issue but not approve it."""
    client = Client()
    client.force_login(person("kim@example.org", "editor"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def outsider(db: None) -> Client:
    """Signed in, but not staff."""
    client = Client()
    user = User.objects.create_user("eve", "eve@example.org", PASSWORD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def change(config: Config, kind: str, *, title: str = "", actor: str = "kim@example.org", **value: Any) -> int:
    """An editor's change to the coming issue, to the item of that title if one is named; its entry."""
    coming = pipeline.coming(config, now=FRIDAY)
    entry = next((item.entry for item in coming.document.items if item.title == title), None) if title else None
    pipeline.add_edit(
        config,
        coming.issue.pk,
        kind=kind,
        entry=entry,
        value=value,
        actor=actor,
        now=FRIDAY,
        base_revision=coming.issue.revision,
    )
    return entry or 0
