"""The small files of the site: colours, icon, robots.txt, the sample's pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

import digest
from digest.config import Config
from digest.web.public.answers import answer
from digest.web.public.brand import brand_css, brand_css_version, favicon_svg

SAMPLE_IMAGES = Path(digest.__file__).parent / "sample" / "images"
A_YEAR = 31_536_000  # seconds
PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}
# Pages whose address names a person, and the newsroom, are of no use to a search engine.
CLOSED = ("/newsroom/", "/accounts/", "/admin/", "/hooks/", "/unsubscribe/", "/preferences/", "/view/", "/confirm/")


def _config() -> Config:
    found: Config = settings.DIGEST
    return found


@require_safe
def brand(request: HttpRequest) -> HttpResponseBase:
    brand = _config().brand
    return _file(request, brand_css(brand), "text/css; charset=utf-8", version=brand_css_version(brand))


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:
    return _file(request, favicon_svg(_config().brand, _config().association.name), "image/svg+xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    lines = ["User-agent: *", *(f"Disallow: {prefix}" for prefix in CLOSED)]
    lines += ["", f"Sitemap: {_config().web.base_url}{reverse('sitemap')}"]
    return _file(request, "\n".join(lines) + "\n", "text/plain; charset=utf-8")


@require_safe
def sample_image(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture of the sample association's; the address admits plain file names only."""
    path = SAMPLE_IMAGES / name
    if not _config().is_sample or not path.is_file():
        raise Http404(f"There is no picture {name}.")
    response = FileResponse(path.open("rb"), content_type=PICTURE_TYPES[path.suffix])
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _file(request: HttpRequest, body: str, content_type: str, *, version: str = "") -> HttpResponseBase:
    """A small file. Asked for by the version it has, it is what that address will always mean."""
    named = bool(version) and request.GET.get("v") == version
    return answer(
        request,
        stamp=(hashlib.sha256(body.encode()).hexdigest(),),
        make=lambda: HttpResponse(body, content_type=content_type),
        seconds=A_YEAR if named else 3600,
        immutable=named,
    )
