"""OPML 2.0: lists of feeds, as feed readers exchange them. Pure, but for `append`, which writes config.toml."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digest.config import Config, load_config
from digest.errors import ConfigError, StorageError, UsageError
from digest.gather.clean.links import absolute, canonical
from digest.gather.clean.text import one_line
from digest.gather.parse.charset import decode

MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A feed of a list. `group` is the title of the folder it stands in, "" for none."""

    title: str
    url: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a list comes to: TOML tables, and what was left out and why."""

    tables: str
    count: int
    skipped: tuple[str, ...] = ()


def export(config: Config, *, only: Container[str] | None = None, pages: str = "") -> str:
    """The sources that have an address, grouped by section. Files and sample feeds have none that others can use.

    `only` are the ids of those to list; `pages` is the address under which each has a page, as `{pages}{id}/`.
    """
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = f"Sources of {config.association.name}"
    body = ET.SubElement(root, "body")
    for section in config.sections:
        sources = [
            source
            for source in config.sources
            if source.section == section.id
            and source.url.startswith(("http://", "https://"))
            and (only is None or source.id in only)
        ]
        if not sources:
            continue
        folder = ET.SubElement(body, "outline", text=section.title, title=section.title)
        for source in sources:
            outline = {"type": "rss", "text": source.title, "title": source.title, "xmlUrl": source.url}
            if pages:
                outline["htmlUrl"] = f"{pages}{source.id}/"
            ET.SubElement(folder, "outline", outline)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def read(body: bytes) -> list[Listed]:
    """The feeds of a list. Raises UsageError for what is none."""
    if len(body) > MAX_BYTES:
        raise UsageError(f"The list is larger than {MAX_BYTES // 1_000_000} MB; no list of feeds is. It is not read.")
    text = decode(body).lstrip("\ufeff\x00 \t\r\n")
    if "<!ENTITY" in text:
        raise UsageError("The list declares entities, which no list of feeds needs; it is not read.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without entities, and from the person at the keyboard
    except ET.ParseError as error:
        raise UsageError(f"The list is not well-formed XML: {error}.") from None
    if root.tag.lower() != "opml":
        raise UsageError(f"The file begins with <{root.tag[:40]}>; a list of feeds (OPML) begins with <opml>.")
    found: list[Listed] = []
    waiting = [(root, "")]
    while waiting:
        element, group = waiting.pop()
        title = one_line(element.get("title") or element.get("text") or "")
        url = (element.get("xmlUrl") or element.get("xmlurl") or "").strip()
        if element.tag == "outline" and (url or not len(element)):
            found.append(Listed(title=title or _host(url) or "A feed without a name", url=url, group=group))
            continue
        inner = title if element.tag == "outline" and title else group
        waiting += [(child, inner) for child in reversed(element)]
    return found


def additions(config: Config, listed: Iterable[Listed]) -> Additions:
    """The [[sources]] tables of what config does not have yet. A folder called like a section means it."""
    have = {canonical(source.url) for source in config.sources if source.url}
    ids = {source.id for source in config.sources} | {"manual"}
    sections = {name.casefold(): s.id for s in config.sections for name in (s.title, s.id)}
    tables: list[str] = []
    skipped: list[str] = []
    for feed in listed:
        url = absolute(feed.url)
        if not feed.url:
            skipped.append(f"{feed.title}: the list gives no address (xmlUrl) for it")
        elif not url:
            skipped.append(f"{feed.title}: {feed.url[:100]!r} is not an address that begins with https:// or http://")
        elif canonical(url) in have:
            skipped.append(f"{feed.title}: {url} is there already")
        else:
            have.add(canonical(url))
            key = _free(_slug(feed.title), ids)
            ids.add(key)
            section = sections.get(feed.group.casefold(), config.default_section)
            values = {"id": key, "title": feed.title, "section": section, "url": url}
            tables.append("[[sources]]\n" + "".join(f"{k} = {_quoted(v)}\n" for k, v in values.items()))
    return Additions(tables="\n".join(tables), count=len(tables), skipped=tuple(skipped))


def append(path: Path, tables: str) -> None:
    """Add `tables` to the end of config.toml: wholly, or not at all when the result would not be valid.

    What is there stays as it is, with its comments and its line ends. Raises ConfigError, or StorageError when the
    file or its folder cannot be written.
    """
    try:
        _append(path.resolve(), tables)  # where it is a link, the file that it leads to is replaced
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Nothing was changed in it."
        ) from None


def _append(path: Path, tables: str) -> None:
    before = path.read_bytes().decode("utf-8-sig")
    line_end = "\r\n" if "\r\n" in before else "\n"
    text = before.rstrip("\r\n") + line_end * 2 + tables.replace("\n", line_end)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".config-", suffix=".toml", delete=False) as file:
        new = Path(file.name)
        try:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())  # a power cut leaves the old file or the new one, never half of one
        except OSError:
            new.unlink(missing_ok=True)
            raise
    try:
        try:
            load_config(new)
        except ConfigError as error:
            words = error.message.replace(str(new), str(path))
            raise ConfigError(f"With these sources the config would not be valid: {words}", hint=error.hint) from None
        new.chmod(path.stat().st_mode & 0o7777)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _quoted(value: str) -> str:
    """A basic string of TOML, which escapes like JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "feed"


def _free(slug: str, taken: set[str]) -> str:
    return slug if slug not in taken else next(f"{slug}-{n}" for n in range(2, 10**6) if f"{slug}-{n}" not in taken)
