"""The colours and fonts of a rendering, in both colour schemes, from a theme and the association's brand.

A theme is a function here, and a folder of that name in templates/email/themes/ with the templates in which it
differs from the built-in ones. The brand's two colours run through all of them.
"""

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
BOOK = "Iowan Old Style,Palatino Linotype,Palatino,Georgia,serif"
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_FONT = re.compile(r"[A-Za-z0-9 ,'-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one scheme, as "#rrggbb". Text colours read on `paper`, `ground` and `wash` alike."""

    ground: str  # around the column
    paper: str  # the column
    wash: str  # a tint on paper
    rule: str  # hairlines
    ink: str
    soft: str  # running text
    muted: str  # dates, sources, the footer
    brand: str  # headings and links
    accent: str  # what should not be missed
    fill: str  # heavy rules, and areas of the brand
    on_fill: str  # text on `fill`, where the theme sets any
    box: str  # behind the contents
    block: str  # behind an event's day


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How an issue looks. `display` is the font of headings, `body` that of everything else.

    `headline` and `system` are their long forms: said once in the head, where the short ones are said in style
    attribute after style attribute. `outlook_display` and `outlook_body` are names that Outlook for Windows has:
    it sets everything in Times when the first name of a list is not there.
    """

    light: Palette
    dark: Palette
    display: Markup
    body: Markup
    headline: Markup
    system: Markup
    outlook_display: Markup
    outlook_body: Markup


def _plain(brand: Brand) -> Theme:
    """White paper on stone, serif headings in the brand's colour: the default."""
    night, slate = "#131619", "#1c2024"
    wash, dark_wash = mix("#ffffff", brand.primary, 0.07), mix(slate, brand.primary, 0.3)
    dark = (night, slate, dark_wash)
    fill = glow(brand.primary, slate, ratio=2.4)
    return _theme(
        brand,
        light=Palette(
            ground="#f3f1ec",
            paper="#ffffff",
            wash=wash,
            rule="#e1ded7",
            ink="#1c2024",
            soft="#353b41",
            muted="#555b62",
            brand=brand.primary,
            accent=brand.accent,
            fill=brand.primary,
            on_fill="#ffffff",
            box=wash,
            block=wash,
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
            fill=fill,
            on_fill=_on(fill),
            box=dark_wash,
            block=dark_wash,
        ),
        display=(SERIF, SERIF),
        body=(SANS, SYSTEM),
    )


def _broadsheet(brand: Brand) -> Theme:
    """A newspaper: ivory paper, a centred nameplate between rules, serif throughout, ink rather than colour."""
    night, sepia, dark_wash = "#14120f", "#1c1a16", "#28251f"
    dark = (night, sepia, dark_wash)
    return _theme(
        brand,
        light=Palette(
            ground="#efe9dc",
            paper="#fbf8f1",
            wash="#f3ede0",
            rule="#d9d1c0",
            ink="#1f1b16",
            soft="#3a342c",
            muted="#5f574b",
            brand=brand.primary,
            accent=brand.accent,
            fill="#1f1b16",
            on_fill="#fbf8f1",
            box="#fbf8f1",
            block="#fbf8f1",
        ),
        dark=Palette(
            ground=night,
            paper=sepia,
            wash=dark_wash,
            rule="#423d33",
            ink="#ece6da",
            soft="#d6cfc1",
            muted="#b3aa98",
            brand=glow(brand.primary, *dark, ratio=7),
            accent=glow(brand.accent, *dark, ratio=6.5),
            fill="#a59c8a",
            on_fill=night,
            box=sepia,
            block=sepia,
        ),
        display=(SERIF, BOOK),
        body=(SERIF, SERIF),
    )


def _signal(brand: Brand) -> Theme:
    """Modern: a masthead and date blocks filled with the brand, large sans headings, white space for rules."""
    night, slate = "#0f1216", "#191d23"
    dark_wash, fill = mix(slate, brand.primary, 0.22), mix(slate, brand.primary, 0.72)
    dark = (night, slate, dark_wash)
    return _theme(
        brand,
        light=Palette(
            ground="#edf0f3",
            paper="#ffffff",
            wash=mix("#ffffff", brand.primary, 0.06),
            rule="#d8dee4",
            ink="#14191f",
            soft="#343b44",
            muted="#545d67",
            brand=brand.primary,
            accent=brand.accent,
            fill=brand.primary,
            on_fill="#ffffff",
            box="#ffffff",
            block=brand.primary,
        ),
        dark=Palette(
            ground=night,
            paper=slate,
            wash=dark_wash,
            rule="#353c45",
            ink="#eceff2",
            soft="#cfd4da",
            muted="#a8b0b9",
            brand=glow(brand.primary, *dark, ratio=7),
            accent=glow(brand.accent, *dark, ratio=6.5),
            fill=fill,
            on_fill=_on(fill),
            box=slate,
            block=fill,
        ),
        display=(SANS, SYSTEM),
        body=(SANS, SYSTEM),
    )


def _on(fill: str) -> str:
    """Text for an area of `fill` in the dark scheme: near white, near black where that reads better."""
    return max(("#f4f5f6", "#131619"), key=lambda text: contrast(text, fill))


def _theme(brand: Brand, *, light: Palette, dark: Palette, display: tuple[str, str], body: tuple[str, str]) -> Theme:
    """`display` and `body` are each a short and a long list of fonts."""
    return Theme(
        light=light,
        dark=dark,
        display=brand_font(brand, display[0]),
        headline=brand_font(brand, display[1]),
        body=brand_font(brand, body[0]),
        system=brand_font(brand, body[1]),
        outlook_display=Markup(display[0]),  # noqa: S704 - constants of this module
        outlook_body=Markup(body[0]),  # noqa: S704
    )


THEMES: Mapping[str, Callable[[Brand], Theme]] = {"plain": _plain, "broadsheet": _broadsheet, "signal": _signal}


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


def in_the_dark(rules: Markup) -> Markup:
    """CSS that makes `rules` hold in the dark scheme.

    They are said once for mail programs that know `prefers-color-scheme`, and once for Outlook on the web and on
    telephones, which do not, but mark what they have recoloured: `data-ogsc` the text, `data-ogsb` the ground.
    """

    def marked(rule: re.Match[str]) -> str:
        mark = "[data-ogsb]" if rule[2].lstrip().startswith("background") else "[data-ogsc]"
        return ",".join(f"{mark} {selector.strip()}" for selector in rule[1].split(",")) + f"{{{rule[2]}}}"

    again = "\n".join(marked(rule) for rule in _RULE.finditer(rules))
    return Markup(f"@media (prefers-color-scheme: dark) {{{rules}}}\n{again}")  # noqa: S704 - escaped already


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
