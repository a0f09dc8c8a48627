"""What the sample association writes, read from content/*.toml as frozen values."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_OFFSET = re.compile(r"^([+-])(\d)d (\d\d):(\d\d)$")
_WALL = re.compile(r"^\+(\d+)d (\d\d):(\d\d)$")


class WallTime(BaseModel):
    """A time of day, some days after an issue's date: `+9d 14:00`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int
    time: dt.time


def _offset(value: Any) -> dt.timedelta:
    if not (found := _OFFSET.match(str(value))):
        raise ValueError(f'expected an offset like "+1d 03:25" or "-0d 00:50", not {value!r}')
    span = dt.timedelta(days=int(found[2]), hours=int(found[3]), minutes=int(found[4]))
    return span if found[1] == "+" else -span


def _wall(value: Any) -> WallTime:
    if not (found := _WALL.match(str(value))):
        raise ValueError(f'expected a time like "+9d 14:00", not {value!r}')
    return WallTime(days=int(found[1]), time=dt.time(int(found[2]), int(found[3])))


class Story(BaseModel):
    """One text with its turn in the rotation and its place in that week.

    `at` counts from the opening of the week, or back from its closing where negative. `days` names dates for
    the text, in days from the date of the issue that the week ends in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: int = Field(ge=0)
    at: Annotated[dt.timedelta, BeforeValidator(_offset)]
    slug: str
    title: str
    text: str  # Markdown; plain text on the announcement list
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    picture: str = ""
    days: Mapping[str, int] = {}
    from_second_issue: bool = False
    starts: Annotated[WallTime, BeforeValidator(_wall)] | None = None
    ends: Annotated[WallTime, BeforeValidator(_wall)] | None = None
    place: str = ""
    pages: str = ""
    lag: int = Field(default=0, ge=0)  # minutes from publication to the update that makes the feed show it


@lru_cache(maxsize=8)
def stories(name: str) -> tuple[Story, ...]:
    """Every story of one feed, in the file's order."""
    path = resources.files("digest.sample") / "content" / f"{name}.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(Story.model_validate(story) for story in raw["story"])
