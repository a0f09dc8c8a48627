"""Answers of the public pages: what a page is known by comes first, the page only where somebody needs it.

A page gives a stamp: everything that its words depend on, found without rendering anything. From the stamp comes the
ETag (RFC 9110, 8.8.3). Whoever has that page already is told so with a 304, for the price of the stamp; whoever has
not gets it from memory, or rendered. The templates, the settings and the version belong to every stamp, so an
upgrade or a new colour is seen at once.

ETags are weak: the same page goes out plain, gzipped or in brotli, and is the same page in each.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from digest import __version__
from digest.config import Config
from digest.web.packing import chosen, is_worth_it, pack

MOST_KEPT = 48 * 1024 * 1024  # bytes of pages in memory, their packed forms counted
LARGEST_KEPT = 4 * 1024 * 1024
_DROPPED = ("etag", "cache-control", "last-modified", "vary", "content-length")  # ours to say


@dataclass(slots=True)
class _Kept:
    """A page as it was rendered, and its packed forms as somebody asked for them."""

    status: int
    headers: dict[str, str]
    body: bytes
    packed: dict[str, bytes] = field(default_factory=dict)

    def form(self, encoding: str) -> bytes:
        if not encoding:
            return self.body
        if encoding not in self.packed:  # made twice in a race: the same bytes
            self.packed[encoding] = pack(self.body, encoding)
        return self.packed[encoding]

    @property
    def size(self) -> int:
        return len(self.body) * 2  # what its packed forms may come to, at the very most


class Shelf:
    """Pages in memory by their ETag, the longest unused taken off first. For several threads."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._pages: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> _Kept | None:
        with self._lock:
            if (found := self._pages.get(key)) is not None:
                self._pages.move_to_end(key)
            return found

    def put(self, key: str, page: _Kept) -> None:
        if page.size > LARGEST_KEPT:
            return
        with self._lock:
            if key in self._pages:
                return
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > self._most:
                _, oldest = self._pages.popitem(last=False)
                self._bytes -= oldest.size


SHELF = Shelf()


@contextmanager
def kept_apart() -> Iterator[None]:
    """While this lasts, pages are drawn anew and kept for nobody else: they look otherwise than those of the site.

    For a process that serves nobody meanwhile.
    """
    global SHELF
    before, SHELF = SHELF, Shelf()
    try:
        yield
    finally:
        SHELF = before


def answer(
    request: HttpRequest,
    *,
    stamp: tuple[object, ...],
    make: Callable[[], HttpResponse],
    seconds: int,
    changed: dt.datetime | None = None,
    immutable: bool = False,
    keep: bool = True,
) -> HttpResponseBase:
    """The page that `make` renders, or 304; kept for `seconds` by readers and by caches on the way.

    `stamp` is of values whose repr says all there is to them. `changed` becomes Last-Modified; None where the page
    has no such instant. An `immutable` address names its content, and nobody need ask again (RFC 8246).
    What strangers can ask for without end must not be kept in memory: `keep=False`.
    """
    etag = etag_of_stamp(request.path, stamp)
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={seconds}{', immutable' if immutable else ''}"}
    if changed is not None:
        headers["Last-Modified"] = http_date(changed.timestamp())
    second = int(changed.timestamp()) if changed is not None else None
    early = get_conditional_response(request, etag=etag, last_modified=second)
    if early is not None:
        for name, value in {**headers, "Vary": "Accept-Encoding"}.items():
            early.headers[name] = value
        return early
    key = f"{settings.DIGEST.web.base_url} {etag}"
    page = SHELF.get(key)
    if page is None:
        page = _rendered(make())
        if keep and page.status == 200:
            SHELF.put(key, page)
    return _sent(request, page, headers)


def etag_of_stamp(path: str, stamp: tuple[object, ...]) -> str:
    """A weak ETag, quoted as the header wants it."""
    whole = repr((path, dress(), stamp))
    return f'W/"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def dress() -> str:
    """Sixteen hex digits for all that makes pages look as they do, whatever they show."""
    global _dressed
    config: Config = settings.DIGEST
    if _dressed is None or _dressed[0] is not config:
        folders = (config.templates_dir / "web", settings.BUILT_IN_TEMPLATES / "web")
        whole = f"{__version__}\0{config!r}\0{_templates(folders)}"
        _dressed = (config, hashlib.sha256(whole.encode()).hexdigest()[:16])
    return _dressed[1]


_dressed: tuple[Config, str] | None = None


@lru_cache(maxsize=8)
def _templates(folders: tuple[Path, ...]) -> str:
    """A mark of the templates as they stood when the first page was asked for, which is when they are read."""
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.html")):
            whole.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def _rendered(response: HttpResponse) -> _Kept:
    headers = {k: v for k, v in response.headers.items() if k.lower() not in _DROPPED}
    return _Kept(status=response.status_code, headers=headers, body=response.content)


def _sent(request: HttpRequest, page: _Kept, headers: dict[str, str]) -> HttpResponse:
    encoding = ""
    packable = is_worth_it(page.headers.get("Content-Type", ""), len(page.body))
    if packable:
        encoding = chosen(request.headers.get("Accept-Encoding", ""))
    response = HttpResponse(page.form(encoding), status=page.status, headers={**page.headers, **headers})
    if packable:
        response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
