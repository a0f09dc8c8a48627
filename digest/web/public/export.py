"""The archive as a static site: what the pages answer, written to files that any server of files can show.

The walk begins at the front page and follows the links within the archive: whatever a page leads to is there. Links
become relative, so the copy may stand at any address and in any folder of it; what is not part of a copy (search, the
river, joining) keeps its address on the living site. Each page carries its policy, since no server will send it.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path, PurePosixPath
from posixpath import relpath
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.template import engines
from django.test import RequestFactory
from django.urls import resolve

from digest.config import Config
from digest.errors import StorageError, UsageError
from digest.web.public.answers import kept_apart

MARK = ".digest-export"  # says that a folder was made by us, and may be replaced
PARTS = ("/issues/", "/static/", "/sample/")  # beside the front page and the two files of the brand
ALONE = ("/", "/brand.css", "/favicon.svg")
NOT_PARTS = ("/issues/search/",)
BEGIN = ("/", "/issues/", "/issues/latest/", "/issues/card.png")

_LINK = re.compile(r'(?<=\s)((?:href|src)=")([^"]*)(")')
_HEAD = re.compile(r"<meta charset=[^>]*>", re.IGNORECASE)
_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.[a-z]+$)")  # digest/site/statics.py
_NOT_IN_META = re.compile(r"\s*(?:frame-ancestors|report-uri|sandbox)[^;]*;?")  # HTML 4.2.5.3 ignores them there


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written."""

    pages: int
    bytes: int


def export_archive(config: Config, directory: Path, *, base_url: str = "") -> Exported:
    """Write the copy into `directory`, whole or not at all. Django must be set up, with `config` its settings.

    `base_url` is where the copy will stand: it replaces the site's own in feeds, canonical links and data. UsageError
    for a folder that holds something else, StorageError when it cannot be written.
    """
    if directory.exists() and (
        not directory.is_dir() or (any(directory.iterdir()) and not (directory / MARK).exists())
    ):
        raise UsageError(
            f"{directory} holds something that is no export.", hint="Name a new folder, or an empty one."
        )
    draft = directory.with_name(f".{directory.name}.{secrets.token_hex(6)}.tmp")
    try:
        draft.mkdir(parents=True)
        done = _write(config, draft, base_url.rstrip("/") or config.web.base_url)
        (draft / MARK).write_text("Made by digest archive export; the next one replaces it.\n", encoding="utf-8")
        if directory.exists():
            shutil.rmtree(directory)
        draft.rename(directory)
    except OSError as error:
        raise StorageError(f"The copy cannot be written to {directory}: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return done


def _write(config: Config, root: Path, base_url: str) -> Exported:
    copy, queue, seen, size = _Copy(config), list(BEGIN), set(BEGIN), 0
    with _drawn_as_copy():
        while queue:
            path = queue.pop()
            body, content_type, target = _answer(path)
            if target is not None:
                body = _leads_to(path, target)
                new = {target} - seen
            elif content_type.startswith("text/html"):
                text = body.decode()
                new = set(copy.links(path, text)) - seen
                head, body_tag, rest = copy.rewritten(path, text).partition("<body")
                body = f"{head.replace(config.web.base_url, base_url)}{body_tag}{rest}".encode()
            else:
                new = set()
                if any(kind in content_type for kind in ("xml", "json", "calendar")):
                    body = body.replace(config.web.base_url.encode(), base_url.encode())
            seen |= new
            queue += sorted(new)
            file = root / file_of(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
            size += len(body)
    return Exported(pages=len(seen), bytes=size)


@contextmanager
def _drawn_as_copy() -> Iterator[None]:
    """While this lasts, pages leave out what only the living site has."""
    shared = engines["jinja2"].env.globals  # type: ignore[attr-defined]
    shared["is_copy"] = True
    try:
        with kept_apart():
            yield
    finally:
        shared["is_copy"] = False


def _answer(path: str) -> tuple[bytes, str, str | None]:
    """Body, media type, and where it leads when it is no page of its own."""
    if path.startswith("/static/"):
        return _static(path), "", None
    found = resolve(unquote(path))
    request = RequestFactory().get(path, headers={"host": urlsplit(settings.DIGEST.web.base_url).netloc})
    response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    if response.has_header("Location"):
        return b"", "", urljoin(path, response["Location"])
    body = _body(response)
    if response.status_code != 200:
        raise StorageError(f"{path} answers {response.status_code}, so the copy would not be whole.")
    content_type = response["Content-Type"]
    if policy := response.headers.get("Content-Security-Policy", ""):
        said = f'<meta http-equiv="Content-Security-Policy" content="{escape(_NOT_IN_META.sub("", policy))}">'
        body = _HEAD.sub(lambda charset: f"{charset[0]}\n{said}", body.decode(), count=1).encode()
    return body, content_type, None


def _body(response: HttpResponseBase) -> bytes:
    if isinstance(response, FileResponse):
        # Closed by itself: response.close() would tell Django that a request is over, and let go of the database.
        file = response.file_to_stream
        assert file is not None
        with file:
            return file.read()
    assert isinstance(response, HttpResponse)
    return response.content


class _Copy:
    """Which links lead to a page of the copy, and how they are written there."""

    def __init__(self, config: Config) -> None:
        self._base = config.web.base_url
        self._there: dict[str, bool] = {}

    def links(self, path: str, page: str) -> Iterator[str]:
        """The paths within the copy that `page` leads to or loads."""
        for match in _LINK.finditer(page):
            if inside := self._inside(path, unescape(match[2])):
                yield inside.partition("#")[0]

    def rewritten(self, path: str, page: str) -> str:
        """`page` with links that hold in the copy: relative ones within it, whole ones out of it."""

        def link(match: re.Match[str]) -> str:
            target = unescape(match[2])
            if target.startswith("#") or _is_of_head(page, match):
                return match[0]
            if inside := self._inside(path, target):
                where, sign, fragment = inside.partition("#")
                return f"{match[1]}{escape(_relative(path, where))}{sign}{escape(fragment)}{match[3]}"
            return f"{match[1]}{escape(urljoin(f'{self._base}{path}', target))}{match[3]}"

        return _LINK.sub(link, page)

    def _inside(self, path: str, link: str) -> str:
        """`link` as a path from the root, with its fragment, where it belongs to the copy; else ""."""
        base, target = urlsplit(self._base), urlsplit(urljoin(f"{self._base}{path}", link))
        if (target.scheme, target.netloc) != (base.scheme, base.netloc) or target.path in NOT_PARTS:
            return ""
        if target.path not in ALONE and (target.query or not target.path.startswith(PARTS)):
            return ""  # a query of one of those alone is a mark of their content, which a file needs not
        if target.path not in self._there:
            self._there[target.path] = _answers(target.path)
        if not self._there[target.path]:
            return ""
        return target.path + (f"#{target.fragment}" if target.fragment else "")


def _answers(path: str) -> bool:
    """Whether there is such a page: an old issue may name one that is gone."""
    try:
        _answer(path)
    except Http404:
        return False
    return True


def _is_of_head(page: str, match: re.Match[str]) -> bool:
    """Whether the address is the page's own name for itself, which is whole by its nature."""
    tag = page[page.rfind("<", 0, match.start()) : match.start()]
    return 'rel="canonical"' in tag


def _relative(path: str, target: str) -> str:
    """`target` as seen from the page at `path`. A folder's page is named, for copies that are read from a disk."""
    here = PurePosixPath("/" + file_of(path)).parent
    return relpath("/" + file_of(target), str(here))


def file_of(path: str) -> str:
    """The file in which the page at `path` stands."""
    return (unquote(path) + "index.html" if path.endswith("/") else unquote(path)).lstrip("/")


def _leads_to(path: str, target: str) -> bytes:
    """A page that leads on, for a server that knows no redirects."""
    link = escape(_relative(path, target))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Moved</title>\n'
        f'<meta http-equiv="refresh" content="0; url={link}"></head>\n'
        f'<body><p><a href="{link}">Here it is</a></p></body></html>\n'
    ).encode()


def _static(path: str) -> bytes:
    name = _HASH.sub("", unquote(path).removeprefix("/static/"))
    found = finders.find(name)
    if not isinstance(found, str):
        raise StorageError(f"There is no static file {path}, so the copy would not be whole.")
    return Path(found).read_bytes()
