"""Issues to publish."""

from __future__ import annotations

import datetime as dt

from digest.compose.document import DocumentSection, IssueDocument, Item, Window
from digest.gather.document import EventTime
from digest.render.models import RenderedIssue

PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ color: #222; }}</style></head>
<body class="page"><main><h1>{title}</h1></main></body></html>
"""


def document(
    number: int = 736, *, titles: tuple[str, ...] = ("First", "Second"), text: str = "Summary"
) -> IssueDocument:
    date = dt.date(2024, 2, 12) + dt.timedelta(weeks=number - 736)
    start = dt.datetime.combine(date, dt.time(7), tzinfo=dt.UTC) - dt.timedelta(days=7)
    items = tuple(
        Item(
            id=f"news-{n}",
            entry=n,
            title=title,
            url="https://news.example/x",
            source="news",
            source_title="News",
            summary=text,
        )
        for n, title in enumerate(titles, 1)
    )
    return IssueDocument(
        number=number,
        title=f"Weekly News Digest - Issue {number}, {date:%d %b %Y}",
        date=date,
        subject=f"Weekly News Digest - Issue {number}",
        window=Window(start=start, end=start + dt.timedelta(days=7)),
        sections=(DocumentSection(id="news", title="News", kind="list", items=items),),
    )


def with_events(number: int = 736) -> IssueDocument:
    """The same with two events, one of whose ids is no file's name."""
    doc = document(number)
    start = doc.window.end + dt.timedelta(days=2)
    items = tuple(
        Item(id=id_, title=title, source="events", source_title="Events", event=EventTime(start=start))
        for id_, title in (("ia1b2", "Clinic"), ("../x", "Circle"))
    )
    events = DocumentSection(id="events", title="Events", kind="events", items=items)
    return doc.model_copy(update={"sections": (*doc.sections, events)})


def rendered(
    doc: IssueDocument, *, html: str = "<p>mail</p>", text: str = "text\n", web: str | None = None
) -> RenderedIssue:
    page = PAGE.format(title=doc.title) if web is None else web
    return RenderedIssue(subject=doc.subject, html=html, text=text, web=page)
