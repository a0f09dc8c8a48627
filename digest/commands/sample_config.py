"""The config.toml that the project ships: at the top of the checkout, and inside the wheel."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import digest

_PACKAGE = Path(digest.__file__).resolve().parent


def config_text(*, anchor_date: dt.date | None = None, port: int | None = None, second_factor: bool = True) -> str:
    """The shipped file, with the anchor's date and the port of the pages replaced where given.

    Without `second_factor` a password alone opens the newsroom, as in the demo.
    """
    bundled = _PACKAGE / "_bundled" / "config.toml"
    path = bundled if bundled.is_file() else _PACKAGE.parent / "config.toml"
    text = path.read_text(encoding="utf-8")
    if anchor_date is not None:
        text = _replaced(r"(?m)^(anchor\s*=\s*\{.*?date\s*=\s*)[0-9-]+", rf"\g<1>{anchor_date.isoformat()}", text)
    if port is not None:
        text = _replaced(r'(?m)^(base_url\s*=\s*)".*?"', rf'\g<1>"http://127.0.0.1:{port}"', text)
        text = _replaced(r"(?m)^(port\s*=\s*)\d+", rf"\g<1>{port}", text)
    if not second_factor:
        text = _replaced(r"(?m)^(second_factor\s*=\s*)\[.*?\]", r"\g<1>[]", text)
    return text


def _replaced(pattern: str, by: str, text: str) -> str:
    changed, count = re.subn(pattern, by, text, count=1)
    if not count:
        raise AssertionError(f"the shipped config.toml has no line like {pattern}")
    return changed
