"""What several commands share: starting up, reading WHEN, printing."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from digest.errors import ArgumentError

if TYPE_CHECKING:
    from digest.config import Config, Keys


def start() -> tuple[Config, Keys]:
    """Config and keys, with Django set up and the database at hand."""
    from digest.config import find_config
    from digest.site.boot import boot

    return boot(find_config(os.environ.get("DIGEST_CONFIG_OPTION")))


def config_only() -> Config:
    """The config alone, its registries checked: nothing is created, nothing is opened."""
    from digest.config import find_config, load_config
    from digest.site.boot import check_registries

    config = load_config(find_config(os.environ.get("DIGEST_CONFIG_OPTION")))
    check_registries(config)
    return config


def clock() -> dt.datetime:
    """The only place where a command asks what time it is."""
    return dt.datetime.now(dt.UTC)


def parse_when(text: str, config: Config) -> dt.datetime:
    """`2024-02-12 09:00` in the association's zone, or ISO 8601 with an offset; aware UTC. ArgumentError else."""
    try:
        when = dt.datetime.fromisoformat(text.strip())
        if when.tzinfo is None:
            when = when.replace(tzinfo=config.association.tz)
        return when.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ArgumentError(
            f"{text!r} is not a date and time.",
            hint='Write it like "2024-02-12 09:00" (wall time of the association) or 2024-02-12T09:00:00+00:00.',
        ) from None


def print_json(value: Any) -> None:
    """JSON for programs: UTF-8, two spaces, keys in their own order."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))


def wall(at: dt.datetime, config: Config) -> str:
    """`Mon 12 Feb 2024 09:00 GMT` in the association's zone."""
    return f"{at.astimezone(config.association.tz):%a %d %b %Y %H:%M %Z}"


def say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
