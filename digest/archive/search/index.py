"""An issue's items into the index, and the index anew from the record's files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.db import connection, transaction
from pydantic import ValidationError

from digest.archive.folder import sha256
from digest.archive.index import archive_of
from digest.archive.models import IndexedIssue, IndexedItem
from digest.archive.record import JSON
from digest.archive.search.analysis import stems_of
from digest.archive.search.engine import Entry, engine_of
from digest.compose.document import DocumentSection, IssueDocument, Item
from digest.config import Config
from digest.render import markdown
from digest.render.plain import one_line, safe_url

NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def index_issue(config: Config, number: int) -> int:
    """Make the items of issue `number` findable, as its record has them; how many there are.

    What was indexed of it before is replaced, in one transaction. Raises OSError and ValidationError.
    """
    content = (config.issues_dir / str(number) / JSON).read_bytes()
    document = IssueDocument.model_validate_json(content)
    rows = list(_rows(document, number))
    engine = engine_of(connection.vendor)
    language = config.association.language
    with transaction.atomic():
        _forget(number)
        IndexedIssue.objects.create(number=number, sha256=sha256(content))
        stored = IndexedItem.objects.bulk_create([row for row, _ in rows])
        engine.add([_entry(row, names, language) for row, (_, names) in zip(stored, rows, strict=True)])
    return len(stored)


def rebuild(config: Config) -> Iterator[tuple[int, int | str]]:
    """The index anew: for each issue of the record its number and how many items, or what is wrong with it.

    An issue at a time, so that nobody waits for the database long, and a search meanwhile finds what it found before.
    """
    numbers = _published(config)
    engine_of(connection.vendor).sweep()
    for gone in sorted(set(IndexedIssue.objects.values_list("number", flat=True)) - numbers):
        with transaction.atomic():
            _forget(gone)
    yield from _indexed(config, sorted(numbers))


def index_missing(config: Config, *, most: int) -> list[tuple[int, int | str]]:
    """Up to `most` issues that can be read in the record and are not in the index, the latest first; as `rebuild`."""
    readable = {issue.number for issue in archive_of(config.issues_dir).issues()}
    indexed = set(IndexedIssue.objects.values_list("number", flat=True))
    if readable and not indexed:  # a new database, or a restored one: a backup leaves the index out
        engine_of(connection.vendor).sweep()
    missing = readable - indexed
    return list(_indexed(config, sorted(missing, reverse=True)[:most]))


def _published(config: Config) -> set[int]:
    try:
        return {int(path.name) for path in config.issues_dir.iterdir() if NUMBER.fullmatch(path.name)}
    except FileNotFoundError:
        return set()


def _indexed(config: Config, numbers: Sequence[int]) -> Iterator[tuple[int, int | str]]:
    for number in numbers:
        try:
            yield number, index_issue(config, number)
        except (OSError, ValidationError) as error:
            yield number, _words(error)


def _words(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return f"{JSON} cannot be read: {error.strerror or error}"
    return f"{JSON} is damaged: {error.errors()[0]['msg']}"


def _forget(number: int) -> None:
    engine_of(connection.vendor).remove(number)
    IndexedIssue.objects.filter(number=number).delete()


def _rows(document: IssueDocument, number: int) -> Iterator[tuple[IndexedItem, str]]:
    """A row for the issue's own words, where it has any, and one for each item; and what else finds each."""
    said = "\n\n".join(_plain(text) for text in (document.intro, document.outro) if text.strip())
    if said or not document.items:
        yield _row(document, number, title=one_line(document.title), body=one_line(said)), ""
    for section in document.sections:
        for item in section.items:
            yield _item(document, number, section, item), _names(item)


def _item(document: IssueDocument, number: int, section: DocumentSection, item: Item) -> IndexedItem:
    place = item.event.place if item.event else ""
    return _row(
        document,
        number,
        anchor=item.id[:200],
        section=section.id,
        section_title=one_line(section.title),
        source=item.source,
        source_title=one_line(item.source_title),
        title=one_line(item.title) or one_line(item.source_title),
        authors=", ".join(one_line(name) for name in item.authors),
        body=" · ".join(part for part in (one_line(item.summary), one_line(place)) if part),
        url=safe_url(item.url),
    )


def _row(document: IssueDocument, number: int, **values: str) -> IndexedItem:
    return IndexedItem(issue_id=number, date=document.date, year=document.date.year, **values)


def _names(item: Item) -> str:
    paper = item.publication
    return " . ".join([*item.categories, *item.also_in, *([paper.journal, paper.doi] if paper else [])])


def _entry(row: IndexedItem, names: str, language: str) -> Entry:
    return Entry(
        key=row.pk,
        title=stems_of(row.title, language),
        names=stems_of(f"{row.authors} . {row.source_title} . {names}", language),
        body=stems_of(row.body, language),
    )


def _plain(text: str) -> str:
    return markdown.to_text(text, refer=lambda url: "")
