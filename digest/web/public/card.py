"""The picture that stands for our pages where others link to them (Open Graph, 1200 x 630). Pure.

A folded page on a ground of the brand's colour: no words, so it is right in every language, and needs no font. PNG is
written here, of plain areas: a library for drawing would be needed for nothing else.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from itertools import pairwise

from digest.render.colour import mix

WIDTH, HEIGHT = 1200, 630

_Colour = tuple[int, int, int]
_Area = tuple[int, int, int, int, _Colour]  # left, top, right, bottom


@lru_cache(maxsize=8)
def card_png(primary: str, accent: str) -> bytes:
    """The picture, in the colours of the brand (`#rrggbb`)."""
    ground, paper, ink = _rgb(primary), _rgb("#ffffff"), _rgb(mix("#ffffff", primary, 0.22))
    areas: list[_Area] = [
        (0, 0, WIDTH, HEIGHT, ground),
        (316, 76, 908, HEIGHT, _rgb(mix(primary, "#000000", 0.25))),
        (300, 60, 892, HEIGHT, paper),
        (300, 60, 892, 76, _rgb(accent)),
        (348, 124, 700, 160, ground),
        (348, 180, 540, 194, ink),
        (348, 232, 844, 236, ground),
    ]
    for top in (270, 398, 526):
        areas += [
            (348, top, 660, top + 20, _rgb(mix("#ffffff", primary, 0.6))),
            (348, top + 36, 668, top + 48, ink),
            (348, top + 60, 620, top + 72, ink),
            (716, top, 844, top + 84, _rgb(mix("#ffffff", primary, 0.14))),
        ]
    return _png(areas)


def _png(areas: list[_Area]) -> bytes:
    """The areas, each painted over those before it, as a PNG (W3C, third edition): a palette, one byte a pixel."""
    palette = list(dict.fromkeys(colour for *_, colour in areas))
    edges = sorted({edge for _, top, _, bottom, _ in areas for edge in (top, min(bottom, HEIGHT))})
    rows = bytearray()
    for top, bottom in pairwise(edges):
        row = bytearray(WIDTH)
        for left, above, right, below, colour in areas:
            if above <= top < below:
                row[left:right] = bytes([palette.index(colour)]) * (right - left)
        rows += (b"\0" + row) * (bottom - top)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes(sum(palette, ()))),
        (b"IDAT", zlib.compress(bytes(rows), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rgb(colour: str) -> _Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
