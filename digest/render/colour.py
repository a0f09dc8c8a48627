"""Contrast by WCAG 2.2, and colours moved until they can be read. Colours are "#rrggbb"."""

from __future__ import annotations

import colorsys

READABLE = 4.5  # WCAG 2.2, 1.4.3: text against what it stands on
STEPS = 100


def channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance: 0 for black, 1 for white."""

    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(channel) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 .. 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 .. 1) of `other` in it."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, *grounds: str, ratio: float = READABLE) -> str:
    """The nearest colour to `colour` that reads on every one of `grounds`: darker on light ones, lighter on dark."""
    towards = "#000000" if luminance(grounds[0]) > 0.18 else "#ffffff"
    for step in range(STEPS + 1):
        shifted = mix(colour, towards, step / STEPS)
        if all(contrast(shifted, ground) >= ratio for ground in grounds):
            return shifted
    return towards


def glow(colour: str, *grounds: str, ratio: float = READABLE) -> str:
    """`colour` for a dark ground: its hue kept, its lightness raised until it reads on every one of `grounds`."""
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in channels(colour)))
    for step in range(STEPS + 1):
        lifted = light + (1 - light) * step / STEPS
        red, green, blue = colorsys.hls_to_rgb(hue, lifted, saturation)
        shifted = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
        if all(contrast(shifted, ground) >= ratio for ground in grounds):
            return shifted
    return "#ffffff"
