"""The association's colours and font as CSS custom properties, readable in both colour schemes. Pure.

The policy of the pages forbids inline styles, so what config.toml says of the brand travels as a small
stylesheet of its own, /brand.css. The colours follow the mail's (digest/render/theme.py). A brand colour is used
as it is where it fills an area; where it colours text it is moved until it can be read on every surface.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from html import escape

from digest.config import Brand
from digest.errors import ConfigError
from digest.render.colour import READABLE, contrast, glow, mix, readable
from digest.render.theme import SERIF, SYSTEM, brand_font

LIGHT_GROUNDS = ("#ffffff", "#f3f1ec")  # --surface and --sunken of base.css: --paper lies between them
DARK_GROUNDS = ("#1c2024", "#101315")
DARK_INK, LIGHT_INK = "#15181b", "#ffffff"


def text_on(colour: str) -> str:
    """White or near-black, whichever reads better on an area of `colour`; black where neither quite does."""
    best = max((LIGHT_INK, DARK_INK), key=lambda ink: contrast(ink, colour))
    return best if contrast(best, colour) >= READABLE else "#000000"


@lru_cache(maxsize=8)
def brand_css(brand: Brand) -> str:
    """The stylesheet: custom properties for both schemes, and the fonts."""
    light_wash, dark_wash = mix("#ffffff", brand.primary, 0.07), mix(DARK_GROUNDS[0], brand.primary, 0.3)
    # On a dark page a dark brand colour would sink into the ground: lift it until its edge shows.
    fill = glow(brand.primary, DARK_GROUNDS[0], ratio=2.4)
    light = {
        "brand": brand.primary,
        "on-brand": text_on(brand.primary),
        "brand-ink": readable(brand.primary, *LIGHT_GROUNDS, light_wash),
        "brand-wash": light_wash,
        "accent-ink": readable(brand.accent, *LIGHT_GROUNDS, light_wash),
        "font": _font(brand, SYSTEM),
        "display": _font(brand, SERIF),
    }
    dark = {
        "brand": fill,
        "on-brand": text_on(fill),
        "brand-ink": glow(brand.primary, *DARK_GROUNDS, dark_wash, ratio=7),
        "brand-wash": dark_wash,
        "accent-ink": glow(brand.accent, *DARK_GROUNDS, dark_wash, ratio=6.5),
    }
    return (
        f":root {{\n{_declarations(light)}}}\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n{_declarations(dark)}}}\n}}\n"
    )


def brand_css_version(brand: Brand) -> str:
    """Ten hex digits that change with the stylesheet."""
    return hashlib.sha256(brand_css(brand).encode()).hexdigest()[:10]


def favicon_svg(brand: Brand, name: str) -> str:
    """The site's icon: the association's initial in its colours."""
    initial = next((letter for letter in name if letter.isalnum()), "D").upper()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="6" fill="{brand.primary}"/>'
        f'<text x="16" y="23" font-family="system-ui,Arial,sans-serif" font-size="20" font-weight="700" '
        f'text-anchor="middle" fill="{text_on(brand.primary)}">{escape(initial)}</text></svg>'
    )


def _declarations(values: dict[str, str]) -> str:
    """Each under its name, and under one that no page of the record uses (see frame.py)."""
    return "".join(f"  --{name}: {value};\n  --frame-{name}: {value};\n" for name, value in values.items())


def _font(brand: Brand, fallback: str) -> str:
    """A font that is no list of names is the renderer's to refuse; the pages go on without it."""
    try:
        return str(brand_font(brand, fallback))
    except ConfigError:
        return fallback
