"""The kinds of value that stand in config.toml."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

_SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError('expected a short name of lower-case letters, digits and hyphens, like "news"')
    return value


def _colour(value: str) -> str:
    if not _COLOUR.match(value):
        raise ValueError('expected a colour as six hexadecimal digits, like "#1f5673"')
    return value.lower()


def _one_line(value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("expected one line of text without control characters")
    return value.strip()


Slug = Annotated[str, AfterValidator(_slug)]
Colour = Annotated[str, AfterValidator(_colour)]
Line = Annotated[str, AfterValidator(_one_line)]


class Table(BaseModel):
    """A table of config.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
