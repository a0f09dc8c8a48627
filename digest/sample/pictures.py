"""The sample association's pictures: what each shows, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping

WIDTH, HEIGHT = 1200, 630  # pixels, all of them

ALTERNATIVES: Mapping[str, str] = {
    "bookshelf": "Two shelves of books in teal, ochre and rust, some of them leaning",
    "harbour": "Two sailing boats leave a small harbour with painted houses",
    "hills": "The sun rises behind layers of hills; a path winds down between fir trees",
    "lighthouse": "A striped lighthouse throws its beam across the sea at dusk",
    "network": "Circles of many sizes, joined by curved lines",
    "signals": "Two lines of signal flags in the wind",
}


def picture_url(base_url: str, name: str) -> str:
    """Where the pages serve it. Raises KeyError for a picture that does not exist."""
    if name not in ALTERNATIVES:
        raise KeyError(name)
    return f"{base_url}/sample/{name}.jpg"
