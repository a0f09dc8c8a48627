"""Text can be read on what it stands on, in light and in dark: 4.5:1 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree
from lxml.cssselect import CSSSelector

from digest.render.colour import READABLE, contrast
from digest.render.preflight.base import Check, Finding, Proof, Severity, finding
from digest.render.preflight.reading import shortened
from digest.render.theme import Palette

_TEXT = ("ink", "soft", "muted", "brand", "accent")
_SURFACES = ("ground", "paper", "wash")
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*(#[0-9a-f]{3,6})\b", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:[^;]*?(#[0-9a-f]{3,6})\b", re.IGNORECASE)
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HIDDEN = re.compile(r"display:\s*none")
_UNSEEN = ("style", "script", "title")


@dataclass(frozen=True, slots=True)
class _Colours:
    """What an element's text is drawn in and on; "" where nothing is said."""

    text: str = ""
    ground: str = ""


def _look(proof: Proof) -> Iterator[Finding]:
    for scheme, palette in (("light", proof.theme.light), ("dark", proof.theme.dark)):
        yield from _of_palette(scheme, palette)
    if not any(True for _ in _of_palette("", proof.theme.light)):
        yield from _of_mail("light", proof.tree, {})
    if not any(True for _ in _of_palette("", proof.theme.dark)):
        yield from _of_mail("dark", proof.tree, _dark_rules(proof.tree))


def _of_palette(scheme: str, palette: Palette) -> Iterator[Finding]:
    for text in _TEXT:
        lowest, surface = min((contrast(getattr(palette, text), getattr(palette, s)), s) for s in _SURFACES)
        if lowest < READABLE:
            words = (
                f"In the {scheme} scheme the theme's {text} colour has a contrast of {lowest:.1f}:1 on its {surface}."
            )
            hint = f"WCAG asks for {READABLE}:1. Choose another colour under [brand] in config.toml."
            yield finding(Severity.WARN, words, hint)


def _of_mail(scheme: str, tree: Any, rules: Mapping[Any, _Colours]) -> Iterator[Finding]:
    """The first place of each pair of colours in the rendered mail, with what media rules say over the styles."""
    seen: set[tuple[str, str]] = set()
    for element, colours in _drawn(tree, rules):
        pair = (colours.text, colours.ground)
        if "" in pair or pair in seen:
            continue
        words = " ".join((element.text or "").split())
        if not words:
            continue
        seen.add(pair)
        if contrast(*pair) >= READABLE:
            continue
        said = f"“{shortened(words, 40)}” is {colours.text} on {colours.ground}, {contrast(*pair):.1f}:1"
        yield finding(
            Severity.WARN,
            f"In the {scheme} scheme {said}.",
            f"WCAG asks for {READABLE}:1. Mend the colours in your own template.",
        )


def _drawn(tree: Any, rules: Mapping[Any, _Colours]) -> Iterator[tuple[Any, _Colours]]:
    """Every element that can be seen, with the colours that come down to it."""
    stack = [(tree, _Colours())]
    while stack:
        element, inherited = stack.pop()
        style = element.get("style") or ""
        if not isinstance(element.tag, str) or element.tag in _UNSEEN or _HIDDEN.search(style):
            continue
        own, colours = rules.get(element), inherited
        if own is not None or style or element.get("bgcolor"):
            own = own or _Colours()
            colours = _Colours(
                text=own.text or _found(_COLOUR, style) or inherited.text,
                ground=own.ground or _found(_GROUND, style) or _hex(element.get("bgcolor") or "") or inherited.ground,
            )
        yield element, colours
        stack.extend((child, colours) for child in element)


def _dark_rules(tree: Any) -> Mapping[Any, _Colours]:
    """What the dark scheme's rules say of each element; the later rule wins, as all of them are important."""
    css = "".join(style.text or "" for style in tree.iter("style"))
    said: dict[Any, _Colours] = {}
    for block in _DARK.findall(css):
        for selectors, declarations in _RULE.findall(block):
            text, ground = _found(_COLOUR, declarations), _found(_GROUND, declarations)
            if not text and not ground:
                continue
            for element in _selected(tree, selectors.strip()):
                before = said.get(element, _Colours())
                said[element] = replace(before, text=text or before.text, ground=ground or before.ground)
    return said


def _selected(tree: Any, selectors: str) -> list[Any]:
    try:
        found: Any = CSSSelector(selectors, translator="html")(tree)
    except (etree.XPathError, ValueError, SyntaxError):
        return []  # a selector of an own template that only mail programs understand
    return list(found)


def _found(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.search(style)
    return _hex(found[1]) if found else ""


def _hex(colour: str) -> str:
    """`#abc` and `#aabbcc` as `#aabbcc`; "" for anything else."""
    colour = colour.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", colour):
        return "#" + "".join(2 * digit for digit in colour[1:])
    return colour if re.fullmatch(r"#[0-9a-f]{6}", colour) else ""


CHECK = Check(name="contrast", title="Contrast", look=_look)
