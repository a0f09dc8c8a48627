"""The colours and fonts of a rendering, in both colour schemes, from a theme and the association's brand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from digest.config import Brand, Config, describe_unknown
from digest.errors import ConfigError
from digest.render.colour import READABLE, contrast, glow, mix, readable

SERIF = "Georgia,serif"
SANS = "Arial,sans-serif"
SYSTEM = "-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
_FONT = re.compile(r"[A-Za-z0-9 ,'-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one scheme, as "#rrggbb". Text colours read on `paper`, `ground` and `wash` alike."""

    ground: str  # around the column
    paper: str  # the column
    wash: str  # a tint of the brand on paper
    rule: str  # hairlines
    ink: str
    soft: str  # running text
    muted: str  # dates, sources, the footer
    brand: str  # headings and links
    accent: str  # what should not be missed
    fill: str  # the brand where it fills an area


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How an issue looks. `display` is the font of headings, `body` that of everything else.

    `system` is the long form of `body`: said once in the head, where `body` is said in every style attribute.
    """

    light: Palette
    dark: Palette
    display: Markup
    body: Markup
    system: Markup


def _plain(brand: Brand) -> Theme:
    """White paper on stone, serif headings: the default."""
    ground, paper = "#f3f1ec", "#ffffff"
    night, slate = "#131619", "#1c2024"
    dark_wash = mix(slate, brand.primary, 0.3)
    dark = (night, slate, dark_wash)
    return Theme(
        light=Palette(
            ground=ground,
            paper=paper,
            wash=mix(paper, brand.primary, 0.07),
            rule="#e1ded7",
            ink="#1c2024",
            soft="#353b41",
            muted="#555b62",
            brand=brand.primary,
            accent=brand.accent,
            fill=brand.primary,
        ),
        dark=Palette(
            ground=night,
            paper=slate,
            wash=dark_wash,
            rule="#363c42",
            ink="#ebe9e5",
            soft="#d2d2cf",
            muted="#aab0b6",
            brand=glow(brand.primary, *dark, ratio=7),
            accent=glow(brand.accent, *dark, ratio=6.5),
            fill=glow(brand.primary, slate, ratio=2.4),
        ),
        display=brand_font(brand, SERIF),
        body=brand_font(brand, SANS),
        system=brand_font(brand, SYSTEM),
    )


THEMES: Mapping[str, Callable[[Brand], Theme]] = {"plain": _plain}


def theme_of(config: Config) -> Theme:
    """The theme that config asks for, in its brand colours.

    Raises ConfigError for an unknown theme, a font that is no list of names, and colours nobody can read.
    """
    brand, file = config.brand, config.root / "config.toml"
    make = THEMES.get(brand.theme)
    if make is None:
        raise ConfigError(f"{file}: brand.theme: {describe_unknown(brand.theme, THEMES)}.")
    theme = make(brand)
    surfaces = (theme.light.ground, theme.light.paper, theme.light.wash)
    for key, colour in (("primary", brand.primary), ("accent", brand.accent)):
        lowest = min(contrast(colour, surface) for surface in surfaces)
        if lowest < READABLE:
            raise ConfigError(
                f"{file}: brand.{key}: {colour} cannot be read as text: its contrast is {lowest:.1f}:1, "
                f"and WCAG asks for {READABLE}:1.",
                hint=f"The nearest colour that passes is {readable(colour, *surfaces)}.",
            )
    return theme


def brand_font(brand: Brand, fallback: str) -> Markup:
    """The brand's fonts, if it names any, before the fallback, as CSS that needs no escaping.

    Raises ConfigError when it is no list of font names.
    """
    wanted = brand.font.replace('"', "'").strip(" ,")
    if not wanted:
        return Markup(fallback)  # noqa: S704 - a constant of this module
    if not _FONT.fullmatch(wanted) or wanted.count("'") % 2:
        raise ConfigError(
            f"brand.font: expected names of fonts, parted by commas, not {brand.font!r}.",
            hint='For example: font = "Source Sans 3, Verdana"',
        )
    names = (name.strip().strip("'") for name in wanted.split(","))
    stack = ",".join([*(f"'{name}'" if " " in name else name for name in names if name), fallback])
    return Markup(stack)  # noqa: S704 - letters, digits, spaces, hyphens and commas only
