"""A word to the staff's channel, or to whoever watches the clock: one request, in the form its receiver reads."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import httpx

from digest.deliver.providers import Accepted, NotSent, Outcome, Rejected, Unknown
from digest.render.letters import Told

TIMEOUT = httpx.Timeout(10, connect=5)  # seconds; nothing waits for it but the clock's next ring
LONGEST = 3000  # characters of a message: Slack cuts at 4,000, Teams at 28 kB


def as_json(form: str, association: str, told: Sequence[Told]) -> str:
    """The message in the form of Slack (also Mattermost, Rocket.Chat), Teams (an adaptive card) or Matrix. Pure."""
    match form:
        case "teams":
            return json.dumps(_teams(association, told))
        case "matrix":
            return json.dumps({"text": _plain(told), "html": _html(told), "username": association})
        case _:
            return json.dumps({"text": _slack(told)})


def post_json(url: str, body: str) -> Outcome:
    """Post it once. Redirects are not followed: the address is a secret and not handed on."""
    return _ask(lambda: httpx.post(url, content=body, headers={"Content-Type": "application/json"}, timeout=TIMEOUT))


def ping(url: str) -> Outcome:
    """Say that all is well to whoever raises the alarm when nobody says so."""
    return _ask(lambda: httpx.get(url, timeout=TIMEOUT, headers={"User-Agent": "weekly-digest"}))


def _ask(request: Any) -> Outcome:
    try:
        answer = request()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        return NotSent(words=f"It could not be reached ({type(error).__name__}).")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Unknown(words=f"No answer came ({type(error).__name__}).")
    if answer.is_success:
        return Accepted(words=f"It answered {answer.status_code}.")
    if answer.status_code == 429 or answer.status_code >= 500:
        return NotSent(words=f"It answered {answer.status_code}.")
    return Rejected(words=f"It answered {answer.status_code}: the address may be wrong or withdrawn.")


def _slack(told: Sequence[Told]) -> str:
    def plain(words: str) -> str:  # the three characters that Slack's markup is made of
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    parts = []
    for note in told:
        todo = f"\n→ {plain(note.todo)}" if note.todo else ""
        parts.append(f"*{plain(note.heading)}*\n{plain(note.words)}{todo}\n<{note.url}>")
    return "\n\n".join(parts)[:LONGEST]


def _plain(told: Sequence[Told]) -> str:
    parts = [
        "\n".join(filter(None, (note.heading, note.words, f"→ {note.todo}" if note.todo else "", note.url)))
        for note in told
    ]
    return "\n\n".join(parts)[:LONGEST]


def _html(told: Sequence[Told]) -> str:
    e = html.escape
    return "".join(
        f"<p><strong>{e(note.heading)}</strong><br>{e(note.words).replace(chr(10), '<br>')}"
        f'{f"<br>→ {e(note.todo)}" if note.todo else ""}<br><a href="{e(note.url)}">{e(note.url)}</a></p>'
        for note in told
    )


def _teams(association: str, told: Sequence[Told]) -> dict[str, Any]:
    def block(text: str, **more: Any) -> dict[str, Any]:
        return {"type": "TextBlock", "text": text, "wrap": True, **more}

    body = [block(association, isSubtle=True, spacing="None")]
    for note in told:
        body.append(block(note.heading, weight="Bolder", color="Attention" if note.urgent else "Default"))
        body += [block(line, spacing="Small") for line in note.words.split("\n")]
        if note.todo:
            body.append(block(f"→ {note.todo} [Open]({note.url})", spacing="Small"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
