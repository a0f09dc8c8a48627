"""Tell a WebSub hub of a new issue, when one is configured: once, after it was published, and in nobody's way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from django.db.models import F, Q

from digest.archive.syndication import FORMS
from digest.compose.models import HubPing, Issue, IssueKind
from digest.compose.number import number_of
from digest.config import Config
from digest.gather.websub import tell

NEWS = dt.timedelta(days=2)  # what was published earlier is none: a hub that is configured today hears of the next
MOST_TRIES = 8
FIRST_PAUSE = dt.timedelta(minutes=2)  # doubled at each try

Tell = Callable[[Config, str, Sequence[str]], str]


def tell_hub(config: Config, *, now: dt.datetime, tell: Tell = tell) -> Iterator[str]:
    """Tell it of each issue that was published and that it has not heard of; a sentence for each."""
    if not config.web.hub:
        return
    waiting = Q(ping=None) | Q(ping__told_at=None, ping__next_at__lte=now, ping__tries__lt=MOST_TRIES)
    for issue in Issue.objects.filter(waiting, kind=IssueKind.WEEKLY, published_at__gt=now - NEWS):
        ping, _ = HubPing.objects.get_or_create(issue=issue, defaults={"next_at": now})
        pause = FIRST_PAUSE * 2**ping.tries
        # Whoever counts the try makes it; another clock finds the row moved on.
        mine = HubPing.objects.filter(issue=issue, told_at=None, next_at__lte=now, tries=ping.tries)
        if not mine.update(tries=F("tries") + 1, next_at=now + pause):
            continue
        words = tell(config, config.web.hub, topics_of(config, issue))
        name = f"issue {number_of(issue)}"
        if not words:
            HubPing.objects.filter(issue=issue).update(told_at=now, words="")
            yield f"The hub was told of {name}."
            continue
        HubPing.objects.filter(issue=issue).update(words=words)
        again = "it is told again in a while" if ping.tries + 1 < MOST_TRIES else "it is not told again"
        yield f"The hub was not told of {name}: it {words}; {again}. The archive and its feeds are in order."


def topics_of(config: Config, issue: Issue) -> list[str]:
    """The feeds that the issue changed: that of all issues, and of each section it has, in every form."""
    base = f"{config.web.base_url}/issues/"
    sections = (issue.document or {}).get("sections", [])
    parts = ["", *(f"{section['id']}/" for section in sections if section.get("items"))]
    return [f"{base}{part}feed.{form}" for part in parts for form in FORMS]
