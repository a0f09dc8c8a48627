"""One thing that staff are told, and how times and days are written in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.config import Config

NEWSROOM = "/newsroom/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to tell. `heading` and `words` stand for themselves; `todo` is the next step, done on `path`.

    What is `urgent` is told at once, the rest when there is something urgent, or once a day.
    """

    key: str
    kind: str
    heading: str
    words: str
    todo: str = ""
    path: str = NEWSROOM
    urgent: bool = True
    for_deputies: bool = False


def wall(config: Config, at: dt.datetime) -> str:
    local = at.astimezone(config.association.tz)
    return f"{local:%H:%M} on {local:%A} {local.day} {local:%B}"


def day(date: dt.date) -> str:
    return f"{date.day} {date:%B}"
