"""Gather: fetch every source and store what is new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.config import Config
from digest.gather.store import SourceReport, gather_sources
from digest.pipeline.coming import ensure_draft
from digest.pipeline.river_index import list_in_river


def gather(config: Config, *, now: dt.datetime, only: Sequence[str] = ()) -> list[SourceReport]:
    """One report a source, in the order of config.toml; a failed source never stops the others.

    Also sees to it that a draft exists for the entries to fall into, and that the river lists them.
    """
    reports = gather_sources(config, now=now, only=only)
    ensure_draft(config, now=now)
    list_in_river(config, now=now)
    return reports
