"""What makes two years fit into a minute: feeds, rendering and checks that cost nothing. All else is the real thing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

from digest.compose.document import Composition, IssueDocument
from digest.config import Config
from digest.gather.document import EntryDoc
from digest.gather.models import Entry, Fetch, FetchOutcome, Source
from digest.gather.values import DateQuality, IdentityKind
from digest.pipeline.check import Checked
from digest.pipeline.coming import ensure_draft
from digest.render.letters import Letter, RenderedNotice
from digest.render.models import RenderedIssue


class Feed:
    """One source. `published` are the instants at which it publishes, in order; each story is named by its own."""

    def __init__(self, published: Sequence[dt.datetime]) -> None:
        self.published = list(published)
        self._stored = 0

    def gather(self, config: Config, *, now: dt.datetime, only: Sequence[str] = (), until: dt.datetime) -> list[Any]:
        """What was published until the true hour `until`, stored as seen at `now`, which a wrong clock may say."""
        row, _ = Source.objects.get_or_create(key="news", defaults={"first_ok_at": now})
        new = [at for at in self.published[self._stored :] if at <= until]
        Entry.objects.bulk_create(_entry(row, at, now) for at in new)
        self._stored += len(new)
        outcome = FetchOutcome.NEW if new else FetchOutcome.UNCHANGED
        Fetch.objects.create(source=row, at=now, outcome=outcome, words="", new=len(new))
        ensure_draft(config, now=now)
        return []


def _entry(source: Source, at: dt.datetime, now: dt.datetime) -> Entry:
    title = f"Story of {at:%Y-%m-%d %H:%M:%S}"
    key = hashlib.sha256(title.encode()).hexdigest()
    doc = EntryDoc(title=title, url=f"https://news.example/{at:%Y%m%d%H%M%S}").model_dump(mode="json")
    return Entry(
        source=source,
        identity=key,
        identity_kind=IdentityKind.GUID,
        url_key=key,
        title_key=key,
        published_at=at,
        first_seen_at=now,
        last_seen_at=now,
        date_quality=DateQuality.EXACT,
        first_doc=doc,
        latest_doc=doc,
    )


class PlainRenderer:
    """The document's title and headlines, and nothing else."""

    fingerprint = "plain"

    def render(self, document: IssueDocument, links: Any, *, web: bool = False) -> RenderedIssue:
        body = "\n".join(item.title for item in document.items)
        return RenderedIssue(subject=document.subject, html=f"<html>{body}</html>", text=body, web=body)


@contextmanager
def fast(gather: Callable[..., list[Any]]) -> Iterator[None]:
    """Real clock, real database, real ledger and archive; feeds, looks and checks without cost."""

    def clean(*_: Any, **__: Any) -> Checked:
        return Checked(title="", findings=(), links=0, links_known=0, links_at=None)

    def as_it_is(_config: Config, composition: Composition, *_: Any) -> Composition:
        return composition

    def plain_notice(_config: Config, letter: Letter, **_: Any) -> RenderedNotice:
        return RenderedNotice(subject=letter.subject, text="\n".join(note.words for note in letter.told), html="")

    instead: dict[str, Any] = {
        "pipeline.due.gather": gather,
        "pipeline.due.check_links": lambda *_, **__: _NothingAsked(),
        "pipeline.approve.renderer_of": lambda _config: PlainRenderer(),
        "pipeline.approve.check_fits": lambda *_: None,
        "pipeline.approve.weigh_edition": lambda *_, **__: None,
        "pipeline.approve.check_mail": clean,
        "pipeline.deadline.check_coming": clean,
        "pipeline.notes_draft.check_coming": clean,
        "pipeline.coming.fit": as_it_is,
        "render.notice.render_notice": plain_notice,
    }
    with pytest.MonkeyPatch.context() as patch:
        for place, fake in instead.items():
            module, _, name = place.rpartition(".")
            patch.setattr(import_module(f"digest.{module}"), name, fake)
        yield


class _NothingAsked:
    asked = dead = 0
