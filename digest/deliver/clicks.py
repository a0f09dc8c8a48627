"""Which clicks are people's, and on what. Pure.

Mail security products follow the links of a message as it arrives. No provider marks their clicks, so they are told
by what no person does: a click within seconds of the arrival, or several links followed within a few more. It is an
estimate, and said to be one; a person who is taken for a machine is missing in the figures, never the reverse.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.compose.document import IssueDocument
from digest.gather.clean.links import canonical

AT_ONCE = dt.timedelta(seconds=10)  # after the member's mail server took it
SEVERAL = 4  # different links, followed within BURST, are more than a reader opens
BURST = dt.timedelta(seconds=10)
OTHER = ""  # the key of what is no item: the intro's links, the footer's, our own pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """One report of a click. `copy` is the delivery's row; `url` "" where the provider did not say."""

    copy: int
    url: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """Who followed a link, or any of a group of links. `people` and `machines` are members: each counts once.

    A member of whom both a machine's click and one of their own is known counts among the people.
    """

    people: int = 0
    clicks: int = 0  # of the people
    machines: int = 0


def machines_among(clicks: Iterable[Click], arrived: Mapping[int, dt.datetime]) -> set[Click]:
    """Those of `clicks` that no person made. `arrived`: when each copy did, by delivery, as far as it is known."""
    of_copy: dict[int, list[Click]] = defaultdict(list)
    for click in clicks:
        of_copy[click.copy].append(click)
    found: set[Click] = set()
    for copy, row in of_copy.items():
        row.sort(key=lambda click: click.at)
        at = arrived.get(copy)
        if at is not None:
            found.update(click for click in row if click.at - at <= AT_ONCE)
        for n, first in enumerate(row):
            burst = [click for click in row[n:] if click.at - first.at <= BURST]
            if len({click.url for click in burst}) >= SEVERAL:
                found.update(burst)
    return found


def on_items(document: IssueDocument, permalink: str, clicks: Iterable[Click]) -> dict[Click, str]:
    """Which item each click was on, by its id; OTHER where it was on none."""
    known = {canonical(item.url): item.id for item in document.items if item.url}
    known |= {canonical(f"{permalink}#{item.id}"): item.id for item in document.items}
    known |= {canonical(f"{permalink}{item.id}.ics"): item.id for item in document.items}
    seen: dict[str, str] = {}
    found = {}
    for click in clicks:
        if click.url not in seen:
            seen[click.url] = known.get(canonical(click.url), OTHER) if click.url else OTHER
        found[click] = seen[click.url]
    return found


def count(clicks: Iterable[Click], machines: set[Click]) -> Clicked:
    """The figures of these clicks taken together."""
    rows = list(clicks)
    own = [click for click in rows if click not in machines]
    people = {click.copy for click in own}
    return Clicked(people=len(people), clicks=len(own), machines=len({click.copy for click in rows} - people))
