"""Pages read the way a browser does: their forms with the values they would post, and their text."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

_FORM = re.compile(r"<form\b(?P<attrs>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b[^>]*>")
_TEXTAREA = re.compile(r"<textarea\b(?P<attrs>[^>]*)>(?P<text>.*?)</textarea>", re.DOTALL)


def _attribute(name: str, tag: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def forms(page: str, action: str) -> list[dict[str, str]]:
    """The values of every form that posts to `action`, the forgery token apart."""
    found = []
    for form in _FORM.finditer(page):
        if _attribute("action", form["attrs"]) == action:
            values = {_attribute("name", tag): _attribute("value", tag) for tag in _INPUT.findall(form["body"])}
            for area in _TEXTAREA.finditer(form["body"]):
                values[_attribute("name", area["attrs"])] = html.unescape(area["text"])
            values.pop("csrfmiddlewaretoken", None)
            found.append(values)
    return found


def page(client: Client, path: str, **extra: Any) -> str:
    """The page's HTML; it must be there."""
    answer = client.get(path, **extra)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def words(text: str) -> str:
    """What is to be read on a page: no tags, single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
