"""Section kinds: what a kind leaves out and in which order its items stand. One file per kind.

A new kind is one module here with a `KIND`, a line in `KINDS`, and two templates named after it in
templates/email/ (docs/adding.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from digest.compose.sections import announcements, blog, calls, events, jobs, news, publications
from digest.compose.sections.base import SectionKind, sort_items
from digest.config import Config, describe_unknown
from digest.errors import ConfigError

KINDS: Mapping[str, SectionKind] = {
    kind.name: kind
    for kind in (
        news.KIND,
        events.KIND,
        blog.KIND,
        publications.KIND,
        announcements.KIND,
        jobs.KIND,
        calls.KIND,
    )
}

__all__ = ["KINDS", "SectionKind", "check_kinds", "sort_items"]


def check_kinds(config: Config) -> None:
    """Refuse a section whose kind no module here provides. Raises ConfigError naming the key."""
    for index, section in enumerate(config.sections, 1):
        if section.kind not in KINDS:
            raise ConfigError(
                f'{config.root / "config.toml"}: sections[{index}] ("{section.id}").kind: '
                f"{describe_unknown(section.kind, KINDS)}.",
                hint="Nothing was done. Mend the file and try again.",
            )
