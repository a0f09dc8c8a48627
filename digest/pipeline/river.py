"""The river: what the sources of a section brought lately, from which the digest is drawn."""

from __future__ import annotations

import datetime as dt

from digest.compose.candidates import candidates_of
from digest.compose.document import Candidate, Window
from digest.compose.own import is_own_digest
from digest.compose.routing import router
from digest.compose.sections.base import by_newest, moment
from digest.config import Config

DAYS = 42
MOST = 200  # rows on the page


def river_of(config: Config, section: str, *, now: dt.datetime) -> list[Candidate]:
    """The entries of `section` of the last six weeks, newest first; none in quarantine, none of our own digests."""
    route = router(config)
    window = Window(start=now - dt.timedelta(days=DAYS), end=now)
    found = [
        candidate
        for candidate in candidates_of(config, window)
        if moment(candidate) in window
        and not candidate.quarantined
        and route(candidate).section == section
        and not is_own_digest(config, candidate.doc.title)
    ]
    return sorted(found, key=by_newest)[:MOST]
