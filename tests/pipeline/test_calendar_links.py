"""Members press "Add to calendar" the moment the mail arrives: the files are there by then."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from digest import pipeline
from digest.commands.sample_config import config_text
from digest.config import Config, Keys
from digest.members.roll import import_bytes
from tests.render.reading import hrefs

MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_every_calendar_link_of_a_mail_that_went_out_answers(
    make_config: Callable[..., Config], keys: Keys, settings: Any, client: Client
) -> None:
    config = settings.DIGEST = make_config(base=config_text())
    import_bytes(b"email,name\nada@example.org,Ada\n", name="m.csv", keys=keys, now=MONDAY, actor="test")
    pipeline.gather(config, now=MONDAY)
    coming = pipeline.coming(config, now=MONDAY)
    pipeline.approve(config, coming.issue.pk, actor="sam", now=MONDAY, revision=coming.issue.revision)
    pipeline.run_due(config, keys, now=MONDAY + dt.timedelta(hours=2))

    (path,) = config.outbox_dir.rglob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    links = {link for link in hrefs(html.get_content()) if link.endswith(".ics")}
    assert links == set(re.findall(r"\S+\.ics\b", text.get_content()))
    events = [item for item in coming.document.items if item.event]
    assert len(links) == len(events) + 1
    for link in links:
        response = client.get(link.removeprefix(config.web.base_url))
        assert response.status_code == 200, link
        found = Calendar.from_ical(response.content).walk("VEVENT")
        assert len(found) == (len(events) if link.endswith("/events.ics") else 1)
