"""Static files: named by their content, packed, and kept by browsers for ever.

WhiteNoise serves them straight from the packages, so no collectstatic step stands between an upgrade and its styles.
What that step would make is made here: the name with the hash (base.3f1c09a2b4d1.css) when a page first names the
file, the packed form when somebody first asks for it. Plain names work as well, for the stylesheets of others that
name each other; browsers ask for those again after a minute.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from digest.web.packing import chosen, is_worth_it, pack


class HashedFiles(StaticFilesStorage):
    """`{% static %}` and `static()` give the hashed name."""

    def url(self, name: str | None) -> str:
        return super().url(hashed_name(name) if name else name)


@lru_cache(maxsize=2048)
def hashed_name(name: str) -> str:
    """`base.3f1c09a2b4d1.css` of `base.css`; the name itself where there is no such file."""
    found = finders.find(name)
    if not isinstance(found, str):
        return name
    mark = hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]
    stem, ending = posixpath.splitext(name)
    return f"{stem}.{mark}{ending}"


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # a library without types
    """WhiteNoise, with the hashed names beside the plain ones, and packed."""

    files: dict[str, StaticFile]
    _found: dict[str, StaticFile] = {}  # one for the process: a handler is made more than once

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        file = self.files.get(request.path_info)
        if file is None:
            answer: HttpResponseBase = self.get_response(request)
            return answer
        return _packed_answer(request, file) or self.serve(file, request)

    def add_files_from_finders(self) -> None:
        if not self._found:
            super().add_files_from_finders()
            self._found.update(self.files)
        self.files = self._found

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        hashed = self.static_prefix + hashed_name(url.removeprefix(self.static_prefix))
        super().add_file_to_dictionary(hashed, path, stat_cache=stat_cache)

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        file = super().get_static_file(path, url, stat_cache=stat_cache)
        _, _, headers = file.alternatives[0]
        kind, size = dict(headers).get("Content-Type", ""), int(dict(headers)["Content-Length"])
        if is_worth_it(kind, size):  # there is another form of it, which a cache on the way must know
            headers.append(("Vary", "Accept-Encoding"))
            file.not_modified_response.headers.append(("Vary", "Accept-Encoding"))
        return file


def _packed_answer(request: HttpRequest, file: StaticFile) -> HttpResponse | None:
    """The file in the form that the reader takes; None where it is to go out as it is, or not at all."""
    encoding = chosen(request.headers.get("Accept-Encoding", ""))
    if not encoding or "Range" in request.headers or request.method not in ("GET", "HEAD"):
        return None
    plain = file.get_response("HEAD", request.META)  # which opens nothing
    headers = dict(plain.headers)
    if plain.status != 200 or not is_worth_it(headers.get("Content-Type", ""), int(headers["Content-Length"])):
        return None
    body = _packed(file.alternatives[0][1], encoding)
    headers |= {"Content-Encoding": encoding, "Content-Length": str(len(body)), "Vary": "Accept-Encoding"}
    return HttpResponse(body if request.method == "GET" else b"", headers=headers)


@lru_cache(maxsize=512)
def _packed(path: str, encoding: str) -> bytes:
    return pack(Path(path).read_bytes(), encoding, hard=True)
