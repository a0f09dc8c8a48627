"""Sizes: how many bytes an issue's mail has, and where they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from digest.compose.budget import Sizes
from digest.compose.document import IssueDocument
from digest.compose.models import Issue
from digest.config import WARN_BYTES, Config
from digest.deliver.editions import weigh, weigh_edition
from digest.errors import StateError
from digest.pipeline.coming import Coming, coming
from digest.pipeline.render import FULL, edition_of, render_for_members, renderer_of
from digest.pipeline.show import numbered

HEAVIEST = 10  # items named
STYLE_LIMIT = 8_000  # bytes: Gmail drops a longer style block


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A section or an item with its bytes of HTML. `of` is how many items, or in which section."""

    title: str
    bytes: int
    of: str
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeReport:
    """An issue's bytes as the member with the longest links gets it. `warnings` are sentences."""

    title: str
    sizes: Sizes
    limit: int
    sections: tuple[Line, ...]
    heaviest: tuple[Line, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "html": self.sizes.html,
            "text": self.sizes.text,
            "limit": self.limit,
            "style": self.sizes.style,
            "frame": self.sizes.frame,
            "sections": [{"id": s.id, "bytes": s.bytes, "items": len(s.items)} for s in self.sizes.sections],
            "heaviest": [
                {"entry": line.entry, "title": line.title, "section": line.of, "bytes": line.bytes}
                for line in self.heaviest
            ],
            "warnings": list(self.warnings),
        }


def sizes_of_issue(config: Config, number: int | None, *, now: dt.datetime) -> SizeReport:
    """Of issue `number` as it was approved, or of the coming one for None.

    StateError when there is no such issue, or it was imported and never rendered as a mail here.
    """
    issue = numbered(number) if number is not None else None
    if issue is None:
        current = coming(config, now=now)
        document, issue = current.document, current.issue
        sizes = _frozen(config, issue, document) if issue.document is not None else None
        return _report(config, document, sizes or weigh(config, renderer_of(config), document))
    document = IssueDocument.model_validate(issue.document)
    return _report(config, document, _frozen(config, issue, document))


def size_report(config: Config, document: IssueDocument, current: Coming | None = None) -> SizeReport:
    """Of `document`, as it would be sent; where it is that of the issue `current` and approved, as it was frozen."""
    if current is not None and current.issue.document is not None:
        return _report(config, document, _frozen(config, current.issue, document))
    if current is not None:
        mail = render_for_members(config, renderer_of(config), document, current.issue)
        tag = current.issue.merge_tag
        return _report(config, document, weigh_edition(config, document, tag, html=mail.html, text=mail.text))
    return _report(config, document, weigh(config, renderer_of(config), document))


def _frozen(config: Config, issue: Issue, document: IssueDocument) -> Sizes:
    if not issue.approvals.exists():
        raise StateError(f"{document.title} was imported: no mail of it was made here, so there is nothing to count.")
    edition = edition_of(issue, FULL)
    return weigh_edition(config, document, issue.merge_tag, html=edition.html, text=edition.text)


def _report(config: Config, document: IssueDocument, sizes: Sizes) -> SizeReport:
    by_id = {section.id: section for section in document.sections}
    sections, items = [], []
    for size in sizes.sections:
        section = by_id[size.id]
        more = f", {section.more:,} more on the web" if section.more else ""
        count = len(section.items)
        words = f"{count:,} item{'' if count == 1 else 's'}{more}"
        sections.append(Line(title=section.title, bytes=size.bytes, of=words))
        items += [
            Line(title=item.title, bytes=weight, of=section.title, entry=item.entry)
            for item, weight in zip(section.items, size.items, strict=True)
        ]
    heaviest = sorted(items, key=lambda line: -line.bytes)[:HEAVIEST]
    return SizeReport(
        title=document.title,
        sizes=sizes,
        limit=config.digest.max_bytes,
        sections=tuple(sections),
        heaviest=tuple(heaviest),
        warnings=tuple(_warnings(config, sizes)),
    )


def _warnings(config: Config, sizes: Sizes) -> list[str]:
    limit, said = config.digest.max_bytes, []
    if sizes.html >= limit:
        said.append(f"At {limit:,} bytes or more it is not approved. Drop items, or shorten texts.")
    elif sizes.html > WARN_BYTES:
        said.append(f"Over {WARN_BYTES:,} bytes. From {limit:,} on, the ends of heavy sections are left out.")
    if sizes.style > STYLE_LIMIT:
        said.append(f"The styles have over {STYLE_LIMIT:,} bytes: Gmail drops such a block, dark mode and all.")
    return said
