"""Draw the sample association's pictures: flat shapes in one palette, no text, the same bytes every time.

    python tools/draw_sample_images.py [FOLDER]

Needs Pillow, which only this script uses; the pictures themselves stand in digest/sample/images/.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 630
SCALE = 2  # drawn larger and reduced: Pillow's shapes have no smooth edges of their own
LARGEST = 60_000  # bytes

NIGHT, DEEP, TEAL, SEA, MIST = "#12303a", "#17505c", "#2a7480", "#6fa8a8", "#c9ddd6"
SAND, PAPER, OCHRE, RUST, BRICK = "#f1e4cb", "#faf5ea", "#e2a63d", "#c25a2c", "#8f3a1d"

Point = tuple[float, float]
Colour = str | tuple[int, ...]


class Sheet:
    """A sheet of paper to cut shapes onto; coordinates are those of the finished picture."""

    def __init__(self, top: str, bottom: str) -> None:
        column = Image.new("RGB", (1, 256))
        a, b = rgb(top), rgb(bottom)
        for y in range(256):
            column.putpixel((0, y), tuple(round(p + (q - p) * y / 255) for p, q in zip(a, b, strict=True)))
        self.image = column.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BICUBIC)

    def _put(self, mask: Image.Image, colour: Colour, shadow: float) -> None:
        if shadow:
            soft = mask.resize((WIDTH // 2, HEIGHT // 2)).filter(ImageFilter.GaussianBlur(6))
            soft = soft.resize(mask.size, Image.Resampling.BICUBIC).point(lambda v: int(v * shadow))
            soft = ImageChops.offset(soft, 0, -5 * SCALE)
            self.image.paste(NIGHT, mask=soft)
        self.image.paste(colour, mask=mask)

    def cut(self, draw: Callable[[ImageDraw.ImageDraw], None], colour: Colour, *, shadow: float = 0) -> None:
        mask = Image.new("L", self.image.size, 0)
        draw(ImageDraw.Draw(mask))
        self._put(mask, colour, shadow)

    def polygon(self, points: Iterable[Point], colour: Colour, *, shadow: float = 0) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.cut(lambda d: d.polygon(scaled, fill=255), colour, shadow=shadow)

    def circle(self, x: float, y: float, radius: float, colour: Colour, *, shadow: float = 0) -> None:
        box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self.cut(lambda d: d.ellipse(box, fill=255), colour, shadow=shadow)

    def block(
        self, x: float, y: float, w: float, h: float, colour: Colour, *, r: float = 0, shadow: float = 0
    ) -> None:
        box = [x * SCALE, y * SCALE, (x + w) * SCALE, (y + h) * SCALE]
        self.cut(lambda d: d.rounded_rectangle(box, r * SCALE, fill=255), colour, shadow=shadow)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.cut(lambda d: d.line(scaled, fill=255, width=round(width * SCALE), joint="curve"), colour)

    def glow(self, draw: Callable[[ImageDraw.ImageDraw], None], colour: str, strength: float, blur: float) -> None:
        mask = Image.new("L", self.image.size, 0)
        draw(ImageDraw.Draw(mask))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE)).point(lambda v: int(v * strength))
        self.image.paste(colour, mask=mask)

    def finished(self) -> Image.Image:
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def swell(base: float, height: float, length: float, phase: float, *, step: int = 12) -> list[Point]:
    """A wavy edge from left to right, closed along the bottom."""
    edge = [
        (
            float(x),
            base
            + height * math.sin(x / length * math.tau + phase)
            + height * 0.4 * math.sin(x / length * math.tau * 2.3 + phase * 1.7),
        )
        for x in range(0, WIDTH + step, step)
    ]
    return [*edge, (WIDTH, HEIGHT), (0, HEIGHT)]


def lighthouse() -> Image.Image:
    sheet = Sheet("#f0c987", "#f6e3c2")
    sheet.circle(330, 300, 150, "#f7d9a0")
    sheet.circle(330, 300, 104, "#f4b65c")
    sheet.polygon(swell(350, 16, 900, 0.6), SEA, shadow=0.18)
    sheet.glow(lambda d: d.polygon([(1690, 330), (0, 90), (0, 420)], fill=255), PAPER, 0.6, 6)
    sheet.polygon(
        [(690, 630), (730, 500), (800, 452), (905, 436), (1010, 452), (1120, 500), (1200, 520), (1200, 630)],
        NIGHT,
        shadow=0.25,
    )
    top, foot, centre = 205.0, 446.0, 868.0

    def half(y: float) -> float:
        return 27 + (y - top) / (foot - top) * 21

    for n in range(6):
        a, b = top + n * (foot - top) / 6, top + (n + 1) * (foot - top) / 6
        colour = PAPER if n % 2 else RUST
        sheet.polygon(
            [(centre - half(a), a), (centre + half(a), a), (centre + half(b), b), (centre - half(b), b)], colour
        )
    shade = [(centre + 8, top), (centre + half(top), top), (centre + half(foot), foot), (centre + 16, foot)]
    sheet.glow(lambda d: d.polygon([(x * SCALE, y * SCALE) for x, y in shade], fill=255), NIGHT, 0.16, 0.6)
    sheet.block(centre - 38, 194, 76, 13, NIGHT, r=3)
    sheet.block(centre - 21, 150, 42, 44, "#fbe3a4", r=2)
    sheet.line([(centre, 150), (centre, 194)], NIGHT, 3)
    sheet.polygon([(centre - 30, 152), (centre, 114), (centre + 30, 152)], BRICK)
    sheet.circle(centre, 112, 5, BRICK)
    sheet.block(centre - 9, 410, 18, 36, NIGHT, r=8)
    sheet.polygon(swell(505, 14, 640, 2.4), TEAL, shadow=0.22)
    sheet.polygon(swell(560, 12, 520, 0.2), DEEP, shadow=0.22)
    for x, y, s in ((520, 150, 20), (575, 182, 14), (470, 196, 12)):
        sheet.line(
            [
                (x - s, y - s * 0.5),
                (x - s * 0.4, y - s * 0.62),
                (x, y),
                (x + s * 0.4, y - s * 0.62),
                (x + s, y - s * 0.5),
            ],
            NIGHT,
            3,
        )
    return sheet.finished()


def boat(sheet: Sheet, x: float, y: float, s: float, main: str, jib: str) -> None:
    sheet.line([(x, y), (x, y - 205 * s)], NIGHT, 5 * s)
    sheet.polygon([(x + 7 * s, y - 198 * s), (x + 116 * s, y - 28 * s), (x + 7 * s, y - 22 * s)], main, shadow=0.15)
    sheet.polygon([(x - 7 * s, y - 176 * s), (x - 84 * s, y - 26 * s), (x - 7 * s, y - 22 * s)], jib, shadow=0.15)
    sheet.polygon(
        [(x - 104 * s, y - 6 * s), (x + 126 * s, y - 6 * s), (x + 88 * s, y + 40 * s), (x - 72 * s, y + 40 * s)],
        NIGHT,
    )
    sheet.block(x - 98 * s, y + 6 * s, 214 * s, 5 * s, OCHRE)


def harbour() -> Image.Image:
    sheet = Sheet("#bfdcd8", "#f4ead2")
    sheet.circle(915, 150, 62, OCHRE)
    sheet.polygon(
        [(0, 300), (150, 236), (330, 282), (520, 222), (760, 300), (960, 262), (1200, 312), (1200, 630), (0, 630)],
        "#8fbab6",
    )
    roofs = (
        (30, 96, 84, RUST, PAPER),
        (126, 74, 112, DEEP, SAND),
        (200, 110, 92, BRICK, "#f3cf9a"),
        (310, 82, 126, RUST, MIST),
        (392, 98, 86, DEEP, PAPER),
    )
    for x, w, h, roof, wall in roofs:
        sheet.block(x, 388 - h, w, h, wall, shadow=0.15)
        sheet.polygon([(x - 7, 390 - h), (x + w / 2, 350 - h), (x + w + 7, 390 - h)], roof)
        for wx in (x + w * 0.22, x + w * 0.6):
            for wy in range(round(408 - h), 372, 34):
                sheet.block(wx, wy, w * 0.17, 17, DEEP, r=2)
    sheet.block(-10, 384, 540, 30, NIGHT, r=4, shadow=0.2)
    sheet.polygon(swell(408, 7, 700, 1.0), SEA, shadow=0.2)
    boat(sheet, 1010, 432, 0.62, PAPER, SAND)
    sheet.polygon(swell(462, 9, 560, 2.0), TEAL, shadow=0.2)
    boat(sheet, 720, 500, 1.12, RUST, PAPER)
    sheet.polygon(swell(538, 10, 480, 0.0), DEEP, shadow=0.22)
    sheet.polygon(swell(592, 8, 430, 1.4), NIGHT, shadow=0.22)
    return sheet.finished()


def bookshelf() -> Image.Image:
    sheet = Sheet(DEEP, NIGHT)
    colours = (OCHRE, MIST, RUST, SAND, SEA, BRICK, PAPER, TEAL)
    for row, floor in enumerate((312, 590)):
        x, n = 62.0, row * 3
        while x < 1085:
            w = (46, 64, 38, 78, 54, 42, 70)[n % 7]
            h = (196, 222, 168, 206, 184, 230, 176, 212, 160)[(n * 4 + row) % 9]
            colour = colours[(n * 3 + row * 2) % 8]
            if n % 9 == 6:  # a gap with one book that leans
                tilt = [(x + 18, floor), (x + 62, floor), (x + 118, floor - 168), (x + 78, floor - 182)]
                sheet.polygon(tilt, colour, shadow=0.3)
                x += 128
            else:
                sheet.block(x, floor - h, w, h + 2, colour, r=4, shadow=0.3)
                band = NIGHT if colour in (OCHRE, MIST, SAND, PAPER, SEA) else SAND
                if n % 3 == 0:
                    sheet.block(x, floor - h + 26, w, 9, band)
                    sheet.block(x, floor - 40, w, 9, band)
                elif n % 3 == 1:
                    sheet.circle(x + w / 2, floor - h * 0.66, w * 0.2, band)
                else:
                    sheet.block(x + w * 0.36, floor - h * 0.8, w * 0.28, h * 0.42, band, r=4)
                x += w + 5
            n += 1
        sheet.block(40, floor, 1120, 17, "#d9b98a", r=3, shadow=0.3)
    return sheet.finished()


def network() -> Image.Image:
    sheet = Sheet(PAPER, SAND)
    nodes: tuple[tuple[float, float, float, str], ...] = (
        (180, 180, 46, TEAL), (390, 108, 26, OCHRE), (330, 338, 64, RUST), (150, 470, 30, DEEP),
        (520, 500, 38, SEA), (600, 250, 84, DEEP), (790, 112, 32, RUST), (860, 378, 56, OCHRE),
        (1010, 216, 40, TEAL), (740, 540, 24, BRICK), (1062, 500, 48, SEA), (480, 190, 15, BRICK),
        (700, 410, 17, TEAL), (945, 90, 16, OCHRE), (1110, 345, 18, RUST), (255, 560, 16, OCHRE),
        (60, 320, 18, SEA), (905, 575, 17, TEAL),
    )  # fmt: skip
    links = (
        (0, 1), (0, 2), (0, 16), (1, 11), (11, 5), (2, 5), (2, 3), (2, 4), (3, 15), (4, 5), (5, 6), (5, 7),
        (6, 13), (6, 8), (7, 8), (7, 10), (8, 14), (12, 5), (12, 7), (4, 9), (9, 7), (10, 17), (13, 8), (15, 4),
        (10, 14), (16, 3),
    )  # fmt: skip
    for a, b in links:
        (x1, y1, *_), (x2, y2, *_) = nodes[a], nodes[b]
        bend = 0.16 if (a + b) % 2 else -0.16
        cx, cy = (x1 + x2) / 2 + (y2 - y1) * bend, (y1 + y2) / 2 - (x2 - x1) * bend
        curve = [
            (
                (1 - t) ** 2 * x1 + 2 * t * (1 - t) * cx + t * t * x2,
                (1 - t) ** 2 * y1 + 2 * t * (1 - t) * cy + t * t * y2,
            )
            for t in (i / 30 for i in range(31))
        ]
        sheet.line(curve, SEA if (a * b) % 3 else "#d8b988", 4)
    for x, y, r, colour in nodes:
        sheet.circle(x, y, r, colour, shadow=0.2)
        if r > 35:
            sheet.circle(x, y, r * 0.68, PAPER)
            sheet.circle(x, y, r * 0.4, colour)
    return sheet.finished()


def hills() -> Image.Image:
    sheet = Sheet("#f5cf8e", "#fbeed4")
    for r, colour in ((230, "#f8d998"), (165, "#f7c873"), (104, OCHRE)):
        sheet.circle(800, 292, r, colour)
    layers = (
        (300, 34, 980, 0.4, "#b9d3c8"),
        (356, 40, 760, 2.2, SEA),
        (420, 34, 860, 4.1, TEAL),
        (490, 30, 700, 0.9, DEEP),
    )
    for base, height, length, phase, colour in layers:
        sheet.polygon(swell(base, height, length, phase), colour, shadow=0.2)
    road = [
        (600 + 150 * math.sin(t * 4.2) * (0.35 + t), 478 + 150 * t, 2 + 36 * t) for t in (i / 40 for i in range(41))
    ]
    foreground = swell(556, 22, 900, 3.1)
    edge = [(x - w, y) for x, y, w in road] + [(x + w, y) for x, y, w in reversed(road)]
    sheet.polygon(edge, SAND)
    sheet.polygon(foreground, NIGHT, shadow=0.22)
    for x, y, s in (
        (120, 560, 1.25),
        (205, 566, 0.9),
        (270, 572, 1.1),
        (985, 548, 1.2),
        (1065, 552, 0.85),
        (1130, 556, 1.05),
    ):
        sheet.block(x - 4 * s, y - 26 * s, 8 * s, 44 * s, BRICK)
        for k in range(3):
            w, base = (46 - 11 * k) * s, y - (20 + 36 * k) * s
            sheet.polygon(
                [(x - w, base), (x, base - 66 * s), (x + w, base)], TEAL if k % 2 else "#3d8a86", shadow=0.16
            )
    return sheet.finished()


def signals() -> Image.Image:
    """Flags on two halyards: the patterns are invented and spell nothing."""
    sheet = Sheet("#d5e6e1", "#f5ecd8")
    sheet.circle(210, 520, 250, "#e6efe8")
    sheet.circle(1010, 110, 190, "#f6e0b4")

    def rope(t: float, left: float, right: float, sag: float) -> Point:
        return -20 + t * (WIDTH + 40), left + (right - left) * t + sag * 4 * t * (1 - t)

    patterns = (
        (RUST, PAPER, "cross"), (DEEP, OCHRE, "halves"), (PAPER, RUST, "disc"), (OCHRE, DEEP, "stripes"),
        (TEAL, PAPER, "frame"), (RUST, OCHRE, "corner"), (SAND, TEAL, "halves"), (DEEP, PAPER, "disc"),
        (OCHRE, BRICK, "cross"), (PAPER, DEEP, "stripes"), (SEA, BRICK, "corner"), (BRICK, SAND, "frame"),
    )  # fmt: skip
    n = 0
    for left, right, sag, size, count in ((60.0, 130.0, 70.0, 128.0, 6), (372.0, 300.0, 84.0, 148.0, 6)):
        sheet.line([rope(i / 60, left, right, sag) for i in range(61)], NIGHT, 5)
        for i in range(count):
            ground, figure, pattern = patterns[n % len(patterns)]
            n += 1
            x, y = rope((i + 0.18) / count, left, right, sag)
            _, y2 = rope((i + 0.18) / count + size / (WIDTH + 40), left, right, sag)
            flag(sheet, x, y, size, y2 - y, ground, figure, pattern)
    return sheet.finished()


def flag(sheet: Sheet, x: float, y: float, size: float, slope: float, ground: str, figure: str, pattern: str) -> None:
    def at(u: float, v: float) -> Point:
        return x + u * size, y + u * slope + v * size + 9 * v * math.sin(u * math.tau)

    def patch(u1: float, v1: float, u2: float, v2: float) -> list[Point]:
        us = [u1 + (u2 - u1) * i / 12 for i in range(13)]
        return [at(u, v1) for u in us] + [at(u, v2) for u in reversed(us)]

    sheet.polygon(patch(0, 0, 1, 1), ground, shadow=0.25)
    if pattern == "cross":
        sheet.polygon(patch(0.4, 0, 0.6, 1), figure)
        sheet.polygon(patch(0, 0.4, 1, 0.6), figure)
    elif pattern == "halves":
        sheet.polygon(patch(0.5, 0, 1, 1), figure)
    elif pattern == "stripes":
        for v in (0.0, 0.4, 0.8):
            sheet.polygon(patch(0, v, 1, v + 0.2), figure)
    elif pattern == "frame":
        sheet.polygon(patch(0.2, 0.2, 0.8, 0.8), figure)
        sheet.polygon(patch(0.38, 0.38, 0.62, 0.62), ground)
    elif pattern == "corner":
        steps = [i / 12 for i in range(13)]
        sheet.polygon([at(u, 0) for u in steps] + [at(1 - v, v) for v in steps], figure)
    else:
        sheet.circle(*at(0.5, 0.5), size * 0.27, figure)


PICTURES = (lighthouse, harbour, bookshelf, network, hills, signals)


def main() -> None:
    root = Path(__file__).parents[1]
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "digest" / "sample" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for draw in PICTURES:
        path = folder / f"{draw.__name__}.jpg"
        image = draw()
        for quality in (88, 84, 80, 74, 68):
            image.save(path, quality=quality, optimize=True, progressive=True)
            if path.stat().st_size <= LARGEST:
                break
        print(f"{path.name}: {path.stat().st_size:,} bytes at quality {quality}")


if __name__ == "__main__":
    main()
