"""The editor's page as a person works on it: which items stand where, and pressing its buttons."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from digest import pipeline
from digest.config import Config
from digest.gather.models import Entry
from tests.web_staff.conftest import FRIDAY
from tests.web_staff.forms import forms, page

EDITOR, CHANGE = "/newsroom/issue/", "/newsroom/issue/change/"
REOPEN = "/newsroom/issue/reopen/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def entry(title: str) -> int:
    return Entry.objects.get(latest_doc__title=title).pk


def items(config: Config) -> dict[str, list[str]]:
    """The headlines of the coming issue by section."""
    document = pipeline.coming(config, now=FRIDAY).document
    return {section.id: [item.title for item in section.items] for section in document.sections if section.items}


def buttons(text: str) -> set[str]:
    """What the page's buttons would do."""
    return set(re.findall(r'name="do" value="([^"]+)"', text))


def opened(client: Client) -> dict[str, str]:
    """The values of the form that all buttons of the page belong to, as it is shown now."""
    (values,) = forms(page(client, EDITOR), CHANGE)
    return {key: value for key, value in values.items() if key != "do"}


def press(
    client: Client, do: str, *, on: dict[str, str] | None = None, htmx: bool = False, **more: Any
) -> HttpResponse:
    """Press a button on the page as it is now, or as it was when it was opened (`on`)."""
    values = opened(client) if on is None else on
    answer: HttpResponse = client.post(CHANGE, {**values, "do": do, **more}, **(HTMX if htmx else {}))
    return answer


def part(client: Client, path: str) -> dict[str, str]:
    """The values of the form that is edited at `path`."""
    return filled(page(client, path), path)


def filled(text: str, path: str) -> dict[str, str]:
    """The values of the form that posts to `path`, its ticks left alone."""
    values = forms(text, path)[0]
    values.pop("back", None)
    return values
