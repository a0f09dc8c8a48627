"""Read the published record back. The files are the truth: no database is asked.

What was read is kept in memory under the file's size and time. The list of all issues is taken again when the
folder above them has changed, which every new issue does, and after a few seconds in any case: looking at each
of many hundred folders for every page would cost more than the page. A folder that cannot be read is left out
with a line in the log: one broken record never takes the others down.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from pydantic import ValidationError

from digest.archive.cite.reference import publications
from digest.archive.errata import ERRATA, Erratum, read_errata
from digest.archive.record import ABOUT, JSON, PAGE, TEXT, About
from digest.compose.document import IssueDocument
from digest.render.dates import zone_of

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
HEADLINES = 4
RECHECK_SECONDS = 5.0

Stamp = tuple[int, int, int, int]  # inode, nanoseconds, bytes: another file, a later or longer one; last erratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One issue of the record, as lists and frames need it. `changed` is aware UTC."""

    number: int
    folder: Path
    stamp: Stamp
    changed: dt.datetime
    date: dt.date
    title: str
    subject: str
    preheader: str
    language: str
    published: dt.datetime  # aware UTC: when it was released
    sections: tuple[tuple[str, str], ...]  # ids and titles of those with items
    sources: tuple[tuple[str, str], ...]  # ids and titles
    errata: tuple[Erratum, ...]
    papers: bool  # whether it has publications to cite
    counts: tuple[tuple[str, int], ...]  # section titles and how many items each has, in the issue's order
    headlines: tuple[tuple[str, str], ...]  # anchor and title of the first few items, across the sections

    @property
    def item_count(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def updated(self) -> dt.datetime:
        """When it was published, or last corrected. Aware UTC."""
        return self.errata[-1].at if self.errata else self.published

    def document(self) -> IssueDocument:
        """The whole document, read and checked anew. Raises OSError or ValidationError."""
        return IssueDocument.model_validate_json((self.folder / JSON).read_bytes())

    def page(self) -> str:
        """The frozen web page. Raises OSError."""
        return (self.folder / PAGE).read_text(encoding="utf-8")

    def text(self) -> bytes:
        """The plain-text edition, UTF-8. Raises OSError."""
        return (self.folder / TEXT).read_bytes()

    def calendar(self, name: str) -> bytes:
        """The calendar file `name`, without its .ics: "events" or an item's id. Raises OSError without one."""
        return (self.folder / f"{name}.ics").read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What the record can be narrowed to: ids and titles of sections and sources, by title; years, latest first."""

    sections: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    years: tuple[int, ...] = ()


class Archive:
    """The issues under one folder, newest first."""

    def __init__(self, folder: Path, *, recheck_seconds: float = RECHECK_SECONDS) -> None:
        self.folder = folder
        self._recheck = recheck_seconds
        self._read: dict[str, tuple[Stamp, Published | None]] = {}
        self._list: tuple[int, float, tuple[Published, ...]] | None = None  # folder's time, when listed, issues
        self._facets: tuple[tuple[Published, ...], Facets] = ((), Facets())
        self._mark: tuple[tuple[Published, ...], str] = ((), "")
        self._lock = threading.Lock()

    def issues(self) -> tuple[Published, ...]:
        """Every readable issue, the latest first."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except OSError:
            changed = 0
        kept, clock = self._list, time.monotonic()
        if kept is not None and kept[0] == changed and clock - kept[1] < self._recheck:
            return kept[2]
        issues = self._issues()
        self._list = (changed, clock, issues)
        return issues

    def mark(self) -> str:
        """Sixteen hex digits that change whenever the list, or anything in it, does."""
        issues = self.issues()
        of, mark = self._mark
        if not mark or of is not issues:
            mark = hashlib.sha256(repr([(one.number, one.stamp) for one in issues]).encode()).hexdigest()[:16]
            self._mark = (issues, mark)
        return mark

    def facets(self) -> Facets:
        """The sections, sources and years of all issues, each under its latest title."""
        issues = self.issues()
        of, facets = self._facets
        if of is not issues:
            sections = {id_: title for issue in reversed(issues) for id_, title in issue.sections}
            sources = {id_: title for issue in reversed(issues) for id_, title in issue.sources}
            facets = Facets(
                sections=tuple(sorted(sections.items(), key=lambda pair: pair[1].casefold())),
                sources=tuple(sorted(sources.items(), key=lambda pair: pair[1].casefold())),
                years=tuple(sorted({issue.date.year for issue in issues}, reverse=True)),
            )
            self._facets = (issues, facets)
        return facets

    def _issues(self) -> tuple[Published, ...]:
        try:
            names = [path.name for path in self.folder.iterdir() if _NUMBER.fullmatch(path.name)]
        except FileNotFoundError:
            return ()
        except OSError as error:
            log.warning("The record in %s cannot be listed: %s", self.folder, error)
            return ()
        found = [issue for name in names if (issue := self._issue(name)) is not None]
        return tuple(sorted(found, key=lambda issue: issue.number, reverse=True))

    def by_year(self) -> list[tuple[int, list[Published]]]:
        """`(2024, [issues])`, the latest year first. The year is that of the date in the title."""
        in_order = sorted(self.issues(), key=lambda issue: (issue.date, issue.number), reverse=True)
        return [(year, list(issues)) for year, issues in groupby(in_order, key=lambda issue: issue.date.year)]

    def latest(self) -> Published | None:
        return next(iter(self.issues()), None)

    def get(self, number: int) -> Published | None:
        """Issue `number`, or None where it is not published or cannot be read."""
        return self._issue(str(number))

    def neighbours(self, number: int) -> tuple[Published | None, Published | None]:
        """The issues before and after `number` among those published."""
        issues = self.issues()
        earlier = next((issue for issue in issues if issue.number < number), None)
        later = next((issue for issue in reversed(issues) if issue.number > number), None)
        return earlier, later

    def _issue(self, name: str) -> Published | None:
        path = self.folder / name / JSON
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("The record %s cannot be read: %s", path, error)
            return None
        corrected = _time_of(self.folder / name / ERRATA)
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size, corrected)
        kept = self._read.get(name)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        issue = _read(path, stamp, dt.datetime.fromtimestamp(max(stat.st_mtime_ns, corrected) / 1e9, dt.UTC))
        with self._lock:
            self._read[name] = (stamp, issue)
        return issue


@lru_cache(maxsize=16)
def archive_of(folder: Path) -> Archive:
    """The archive of a folder, one for the whole process."""
    return Archive(folder)


def _read(path: Path, stamp: Stamp, changed: dt.datetime) -> Published | None:
    number = int(path.parent.name)
    try:
        document = IssueDocument.model_validate_json(path.read_bytes())
    except OSError as error:
        log.warning("The record %s cannot be read: %s", path, error)
        return None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        log.warning("The record %s is damaged and left out: %s: %s", path, where, first["msg"])
        return None
    if document.number != number:
        log.warning("The record %s says number %s and is left out.", path, document.number)
        return None
    if missing := [name for name in (PAGE, TEXT) if not (path.parent / name).is_file()]:
        log.warning("The record %s is incomplete and left out: %s is missing.", path.parent, missing[0])
        return None
    errata, wrong = read_errata(path.parent)
    for words in wrong:
        log.warning("An erratum of %s is left out: %s", path.parent, words)
    return Published(
        number=number,
        published=_released(path.parent, document),
        sections=tuple((section.id, section.title) for section in document.sections if section.items),
        sources=tuple({item.source: item.source_title for item in document.items}.items()),
        errata=errata,
        papers=any(True for _ in publications(document)),
        folder=path.parent,
        stamp=stamp,
        changed=changed,
        date=document.date,
        title=document.title,
        subject=document.subject,
        preheader=document.preheader,
        language=document.language,
        counts=tuple((section.title, len(section.items)) for section in document.sections if section.items),
        headlines=tuple((item.id, item.title) for item in document.items[:HEADLINES]),
    )


def _released(folder: Path, document: IssueDocument) -> dt.datetime:
    """When it was published, as its record says; the start of its day where it does not."""
    try:
        return About.model_validate_json((folder / ABOUT).read_bytes()).published.astimezone(dt.UTC)
    except (OSError, ValidationError):
        return dt.datetime.combine(document.date, dt.time(), zone_of(document.zone, "UTC")).astimezone(dt.UTC)


def _time_of(folder: Path) -> int:
    """When something was last added to `folder`, in nanoseconds; 0 without one."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
