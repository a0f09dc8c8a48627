"""How the sources are doing, in the words that `digest sources` and `digest doctor` use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from digest.config import Config
from digest.gather.models import SourceState
from digest.gather.standing import Standing, read_standings
from digest.web.staff.when import count, distance, short_time

HELD_TODO = "Look at what is held back, and let it in if it is what it should be."
_TONES = {
    None: "",
    SourceState.OK: "good",
    SourceState.FAILING: "bad",
    SourceState.SILENT: "warn",
    SourceState.FLOODING: "warn",
    SourceState.GUID_CHURN: "warn",
    SourceState.RETIRED: "bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One configured source. `tone` is the class of its badge: good, warn, bad or none."""

    key: str
    title: str
    section: str  # its title
    address: str
    read_from: str
    tone: str
    state: str
    words: str
    todo: str  # "" when all is well
    last_read: str  # "35 minutes ago", or "" when it was never read
    facts: tuple[tuple[str, str], ...]  # names and values
    held: int

    @property
    def ill(self) -> bool:
        return self.tone in ("bad", "warn")


def read_health(config: Config, *, now: dt.datetime) -> tuple[SourceHealth, ...]:
    """The sources of config.toml in its order; those that were never fetched say so."""
    return tuple(_health(config, standing, now) for standing in read_standings(config, now=now))


def summary(sources: tuple[SourceHealth, ...]) -> tuple[str, str]:
    """A tone and a sentence for all of them."""
    if not sources:
        return "warn", "No sources yet. Add one under [[sources]] in config.toml."
    ill = [s for s in sources if s.ill]
    unread = [s for s in sources if not s.tone]
    if ill:
        worst = "bad" if any(s.tone == "bad" for s in ill) else "warn"
        verb = "needs" if len(ill) == 1 else "need"
        return worst, f"{len(ill)} of {count(len(sources), 'source')} {verb} a look."
    if unread:
        return "", f"{count(len(unread), 'source')} not read yet."
    return "good", "The source is fine." if len(sources) == 1 else f"All {len(sources)} sources are fine."


def sentence(words: str) -> str:
    """`brought 3 new entries` -> `Brought 3 new entries.`"""
    words = words.strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words.rstrip("”").endswith((".", "!", "?")) else ".")


def _health(config: Config, standing: Standing, now: dt.datetime) -> SourceHealth:
    unread = standing.state is None
    titles = {section.id: section.title for section in config.sections}
    return SourceHealth(
        key=standing.key,
        title=standing.title,
        section=titles.get(standing.section, standing.section),
        address=standing.address,
        read_from=standing.read_from,
        tone=_TONES[standing.state],
        state="OK" if standing.well else standing.called.capitalize(),
        words="It is read at the next gathering." if unread else sentence(standing.words),
        todo=_todo(standing),
        last_read=_ago(standing.last_ok, now),
        facts=_facts(config, standing, titles, now),
        held=standing.held,
    )


def _facts(
    config: Config, standing: Standing, titles: Mapping[str, str], now: dt.datetime
) -> tuple[tuple[str, str], ...]:
    tz = config.association.tz

    def at(instant: dt.datetime | None) -> str:
        return f"{short_time(instant, tz)} ({_ago(instant, now)})" if instant else ""

    waits = standing.waits_until
    facts = (
        ("Section", titles.get(standing.section, standing.section)),
        ("Last read", at(standing.last_ok) or "never"),
        ("Last new entry", at(standing.last_new) or "none yet"),
        ("Last failure", at(standing.last_failed) or "none"),
        ("Usual", standing.usual or "not known yet"),
        ("Entries", f"{standing.entries:,}" + (f", {standing.held:,} of them held back" if standing.held else "")),
        ("Asked us to wait", f"until {short_time(waits, tz)}" if waits and waits > now else ""),
    )
    return tuple((name, value) for name, value in facts if value)


def _todo(standing: Standing) -> str:
    if standing.state is None or standing.well:
        return ""
    # The commands speak of this page; the page of what is on it.
    return HELD_TODO if standing.state is SourceState.FLOODING else standing.todo


def _ago(at: dt.datetime | None, now: dt.datetime) -> str:
    if at is None:
        return ""
    words = distance(at, now)
    return "just now" if words == "now" else words
