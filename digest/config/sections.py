"""Sections and sources: what an issue is made of, and which entry goes where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from digest.config.basics import Line, Slug, Table


class MatchRule(Table):
    """Entries that belong to a section wherever they come from. All the keys that are given must hold.

    `category` and `keyword` are compared without regard to case; `keyword` is a whole word of title or teaser;
    `title` and `url` are regular expressions, searched for anywhere.
    """

    source: str = ""
    category: Line = ""
    keyword: Line = ""
    title: str = ""
    url: str = ""

    @field_validator("title", "url")
    @classmethod
    def _expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"expected a regular expression; {value!r} is none: {error}") from None
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.source, self.category, self.keyword, self.title, self.url)):
            raise ValueError("expected at least one of source, category, keyword, title, url")
        return self


class Section(Table):
    """A named, ordered part of an issue. Its kind decides what is left out and how its items look.

    `overflow` says what happens to items over a limit: "more" counts them under the section, "carry" takes them
    over into the next issue.  A section with fewer than `min_items` waits: its items are carried over.
    """

    id: Slug
    title: Line
    kind: str = "list"
    match: tuple[MatchRule, ...] = ()
    default: bool = False
    min_items: int = Field(default=0, ge=0, le=100)
    max_items: int = Field(default=30, ge=1, le=500)
    max_per_source: int = Field(default=0, ge=0, le=500)  # 0: no limit
    sort: Literal["default", "newest", "oldest", "event", "title", "source"] = "default"
    overflow: Literal["more", "carry"] = "more"

    @field_validator("id")
    @classmethod
    def _free(cls, value: str) -> str:
        if value in ("source", "sources"):  # of /river/, where each section has its page
            raise ValueError(f"expected another id than {value!r}, which the river's pages use themselves")
        return value

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.min_items > self.max_items:
            raise ValueError(f"expected min_items ({self.min_items}) to be at most max_items ({self.max_items})")
        return self


class Source(Table):
    """A feed. Exactly one of `url` and `path` says where it is; its entries go to `section` unless a rule matches."""

    id: Slug
    title: Line
    section: str = ""
    url: str = ""
    path: Path | None = None
    kind: Literal["feed"] = "feed"

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.url) == (self.path is not None):
            raise ValueError("expected either url or path, and not both")
        if self.url and urlsplit(self.url).scheme not in ("http", "https", "sample"):
            raise ValueError(f"expected an address that begins with https:// or http://, not {self.url!r}")
        return self
