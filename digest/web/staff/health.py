"""How the sources are doing, one line each, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from digest.config import Config
from digest.gather.health import Standing, read_standings
from digest.gather.models import SourceState
from digest.web.staff.when import count, distance

_STATES = {
    SourceState.OK: ("good", "Fine"),
    SourceState.FAILING: ("bad", "Failing"),
    SourceState.SILENT: ("warn", "Silent"),
    SourceState.FLOODING: ("warn", "Flooding"),
    SourceState.GUID_CHURN: ("warn", "Renames its entries"),
    SourceState.RETIRED: ("bad", "Gone for good"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One configured source. `tone` is the class of its badge: good, warn, bad or none."""

    key: str
    title: str
    tone: str
    state: str
    words: str
    last_read: str  # "35 minutes ago", or "" when it was never read


def read_health(config: Config, *, now: dt.datetime) -> tuple[SourceHealth, ...]:
    """The sources of config.toml in its order; those that were never fetched say so."""
    return tuple(_health(standing, now) for standing in read_standings(config, now=now))


def summary(sources: tuple[SourceHealth, ...]) -> tuple[str, str]:
    """A tone and a sentence for all of them."""
    if not sources:
        return "warn", "No sources yet. Add one under [[sources]] in config.toml."
    ill = [s for s in sources if s.tone in ("bad", "warn")]
    unread = [s for s in sources if not s.tone]
    if ill:
        worst = "bad" if any(s.tone == "bad" for s in ill) else "warn"
        verb = "needs" if len(ill) == 1 else "need"
        return worst, f"{len(ill)} of {count(len(sources), 'source')} {verb} a look."
    if unread:
        return "", f"{count(len(unread), 'source')} not read yet."
    return "good", "The source is fine." if len(sources) == 1 else f"All {len(sources)} sources are fine."


def _ago(at: dt.datetime | None, now: dt.datetime) -> str:
    if at is None:
        return ""
    words = distance(at, now)
    return "just now" if words == "now" else words


def sentence(words: str) -> str:
    """`brought 3 new entries` -> `Brought 3 new entries.`"""
    words = words.strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def _health(standing: Standing, now: dt.datetime) -> SourceHealth:
    if standing.state is None:
        return SourceHealth(
            key=standing.key,
            title=standing.title,
            tone="",
            state="Not read yet",
            words="It is read at the next gathering.",
            last_read="",
        )
    tone, state = _STATES[standing.state]
    return SourceHealth(
        key=standing.key,
        title=standing.title,
        tone=tone,
        state=state,
        words=sentence(standing.words),
        last_read=_ago(standing.last_ok, now),
    )
