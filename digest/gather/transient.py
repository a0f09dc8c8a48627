"""Reading the sources without a database: for the look at any past week, which stores nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.config import Config, Source
from digest.gather.read import read_many
from digest.gather.values import ParsedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSource:
    """One source as it is now: its entries, or in `failure` why there are none (without a subject)."""

    source: Source
    entries: tuple[ParsedEntry, ...] = ()
    failure: str = ""


def read_sources(config: Config, *, now: dt.datetime) -> list[ReadSource]:
    """Every configured source, in the order of config.toml.

    `now` says which years are plausible, and is the day for which the sample association's feeds are made.
    """
    found = {
        result.source.id: ReadSource(
            source=result.source, entries=result.feed.entries if result.feed else (), failure=result.failure
        )
        for result in read_many(config, config.sources, now=now, looking_back=True)
    }
    return [found[source.id] for source in config.sources]
