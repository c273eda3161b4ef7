"""Colours of classes, stars and lines, for the light and the dark theme.

The ramps are ColorBrewer's OrRd and PuBu (Apache licence, colour-blind safe), the stars its PuOr turned to
orange-blue; lightness falls steadily along each ramp, so the order also survives in greyscale.
"""

from __future__ import annotations

from dataclasses import dataclass

RGB = tuple[int, int, int]


def _rgb(text: str) -> RGB:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def hex_of(colour: RGB) -> str:
    """``(254, 232, 200)`` as ``#fee8c8``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


_RAMPS = {
    "poverty": [
        _rgb(c) for c in ("#fef0d9", "#fdd49e", "#fdbb84", "#fc8d59", "#ef6548", "#d7301f", "#990000")
    ],
    "population": [
        _rgb(c) for c in ("#f1eef6", "#d0d1e6", "#a6bddb", "#74a9cf", "#3690c0", "#0570b0", "#034e7b")
    ],
}
# One star (the highest fifth of the rate) to five.
_STARS = tuple(_rgb(c) for c in ("#b35806", "#f1a340", "#fee0b6", "#9ecae1", "#2166ac"))


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours that change with the page's theme."""

    name: str
    background: str
    text: str
    muted: str
    grid: str
    accent: str
    line: RGB
    focus: RGB
    missing: RGB
    outside: RGB


LIGHT = Theme(
    "light",
    "#ffffff",
    "#17252b",
    "#5a6b73",
    "#d5dee2",
    "#0b6472",
    (255, 255, 255),
    (17, 24, 28),
    (190, 198, 202),
    (214, 222, 225),
)
DARK = Theme(
    "dark",
    "#10181c",
    "#e6eef1",
    "#9fb0b7",
    "#2c3b43",
    "#4fb6c6",
    (16, 24, 28),
    (255, 255, 255),
    (84, 96, 102),
    (32, 43, 49),
)


def theme(name: str | None) -> Theme:
    return DARK if name == "dark" else LIGHT


def ramp(name: str, k: int) -> tuple[RGB, ...]:
    """`k` colours of a ramp, from the least to the most, spread over its whole length."""
    if name == "stars":
        return _STARS
    colours = _RAMPS[name]
    if k == 1:
        return (colours[len(colours) // 2],)
    out = []
    for i in range(k):
        position = i * (len(colours) - 1) / (k - 1)
        low = min(int(position), len(colours) - 2)
        part = position - low
        a, b = colours[low], colours[low + 1]
        out.append(tuple(round(x + (y - x) * part) for x, y in zip(a, b, strict=True)))
    return tuple(out)  # type: ignore[arg-type]
