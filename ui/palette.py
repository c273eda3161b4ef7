"""Colours of classes, stars and lines, for the light and the dark theme.

The ramps are ColorBrewer's OrRd and PuBu (Apache licence, colour-blind safe), the stars its PuOr turned to
orange-blue, differences its PuOr, light the upper part of Inferno (CC0); lightness falls steadily along each ramp, so the
order also survives in greyscale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RGB = tuple[int, int, int]


def _rgb(text: str) -> RGB:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def hex_of(colour: RGB) -> str:
    """``(254, 232, 200)`` as ``#fee8c8``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink(colour: RGB) -> RGB:
    """Black or white, whichever reads better on a colour (relative luminance of WCAG 2)."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    r, g, b = (linear(part) for part in colour)
    return (0, 0, 0) if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 else (255, 255, 255)


_RAMPS = {
    "poverty": [
        _rgb(c) for c in ("#fef0d9", "#fdd49e", "#fdbb84", "#fc8d59", "#ef6548", "#d7301f", "#990000")
    ],
    "population": [
        _rgb(c) for c in ("#f1eef6", "#d0d1e6", "#a6bddb", "#74a9cf", "#3690c0", "#0570b0", "#034e7b")
    ],
}
# Light on a dark ground: even the faintest is told from the ground.
_NIGHT = tuple(
    _rgb(c)
    for c in (
        "#420a68",
        "#6a176e",
        "#932667",
        "#bc3754",
        "#dd513a",
        "#f37819",
        "#fca50a",
        "#f6d746",
        "#fcffa4",
    )
)
# Less light purple, more light orange; what did not change takes the colour of the ground.
_DIFFERENCE = {
    "light": tuple(
        _rgb(c)
        for c in (
            "#2d004b",
            "#542788",
            "#8073ac",
            "#b2abd2",
            "#ebebf2",
            "#f5ecdf",
            "#fdb863",
            "#e08214",
            "#b35806",
            "#7f3b08",
        )
    ),
    "dark": tuple(
        _rgb(c)
        for c in (
            "#e2dbff",
            "#bfb0f2",
            "#9683d4",
            "#6b58a6",
            "#3a3748",
            "#453a30",
            "#96591a",
            "#cc7a1e",
            "#f7a64a",
            "#ffdfb0",
        )
    ),
}
NIGHT_GROUND: RGB = (11, 17, 20)
"""Land without light, where a picture is not laid on a map."""
MAP_GROUNDS: dict[str, RGB] = {"light": _rgb("#e9eff1"), "dark": NIGHT_GROUND}
"""What a map shows where nothing is drawn, by theme."""
OUTLINE: RGB = (128, 142, 150)
"""Boundaries above a picture: seen on a dark ground and on a light one."""
# One star (the highest fifth of the rate) to five.
_STARS = tuple(_rgb(c) for c in ("#b35806", "#f1a340", "#fee0b6", "#9ecae1", "#2166ac"))


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours that change with the page's theme.

    Attributes
    ----------
    missing : RGB
        Of areas without a number; `hatch` is the lines over it, which say so without any colour.
    """

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
    hatch: RGB


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
    (104, 118, 126),
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
    (150, 164, 171),
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


# y (poverty) rises from row to row, x (light) from column to column. Orange and blue keep apart for all eyes, which the
# better known pink and teal do not: the nine and the colour of no data differ by at least 11 in CIELAB for normal sight and
# for all three kinds of colour blindness.
_BIVARIATE = {
    "light": (
        ("#dedede", "#a3cbe0", "#4a97be"),
        ("#f3dd94", "#a8a8a8", "#376387"),
        ("#f3b300", "#b36600", "#1a1a1a"),
    ),
    "dark": (
        ("#4d575e", "#2878ad", "#4fb3f0"),
        ("#94701a", "#979797", "#b9d7ee"),
        ("#f0b020", "#f4cf8a", "#ffffff"),
    ),
}
_BIVARIATE_MISSING = {"light": "#ffffff", "dark": "#1b2226"}
# By place in `analytics.clusters.KINDS`: red and blue of ColorBrewer's RdBu, paler where an area differs from its surroundings.
# What is no cluster is grey: no pattern, no neighbour to be like, no number.
_CLUSTERS = {
    "light": ("#eceff0", "#ca0020", "#0571b0", "#f4a582", "#92c5de", "#98a1a6", "#bec6ca"),
    "dark": ("#38434a", "#f0525f", "#3c9be0", "#f7bd9f", "#a9d3ea", "#66737b", "#20292e"),
}


# Okabe and Ito's set for all eyes and one more; its pink, that one and the grey of what is not known, the last, were moved until
# no two of the nine come closer than 12 in CIELAB for any kind of eyes (3 before). Dots have an outline
# that sets them off from the areas.
_GRADES = {
    "light": (
        "#009e73", "#56b4e9", "#de9ebe", "#f0e442", "#0072b2", "#e69f00", "#000000", "#5425a9", "#575d62",
    ),
    "dark": (
        "#00b98a", "#7cc7f2", "#daabc8", "#f0e442", "#4a9fdc", "#ff9131", "#ffffff", "#9c92ff", "#63696e",
    ),
}  # fmt: skip


def grade_colours(theme: Theme, n: int) -> tuple[RGB, ...]:
    """Colours of `n` grades of places, at most nine; the last is of those whose grade is not known."""
    colours = tuple(_rgb(c) for c in _GRADES[theme.name])
    if not 1 <= n <= len(colours):
        raise ValueError(f"grades: found {n}, expected 1 to {len(colours)}")
    return (*colours[: n - 1], colours[-1])


# The reds, which no grade of a place has. The best is not the palest of the ramp, which would vanish on a light ground.
_VILLAGE_CLASSES = ("#990000", "#ef6548", "#fdd49e")
_VILLAGES = {"light": "#5b2c00", "dark": "#b5651d"}


def village_classes(theme: Theme) -> dict[int, RGB]:
    """Colours of villages by class: 1 the worst to 3 the best, and 0 for those it does not apply to."""
    return {**{k: _rgb(c) for k, c in enumerate(_VILLAGE_CLASSES, 1)}, 0: theme.outside}


def village_colour(theme: Theme) -> RGB:
    """Colour of villages without a class."""
    return _rgb(_VILLAGES[theme.name])


def bivariate(theme: Theme, rows: int, columns: int) -> tuple[tuple[RGB, ...], ...]:
    """Colours of two indicators in `rows` classes of the one and `columns` of the other, at most 3 each.

    Fewer classes take the outer colours, so that the highest class looks the same.
    """
    square = _BIVARIATE[theme.name]
    places = {0: (), 1: (1,), 2: (0, 2), 3: (0, 1, 2)}
    return tuple(tuple(_rgb(square[r][c]) for c in places[columns]) for r in places[rows])


def bivariate_missing(theme: Theme) -> RGB:
    """Colour of an area that lacks one of two numbers."""
    return _rgb(_BIVARIATE_MISSING[theme.name])


def clusters(theme: Theme, *, opposite: bool = False) -> tuple[RGB, ...]:
    """Colours of the kinds of clusters, in the order of `analytics.clusters.KINDS`.

    Parameters
    ----------
    opposite : bool
        For two indicators that run against each other: high among low gets the strong colour, not high among high.
    """
    none, high, low, high_low, low_high, island, missing = (_rgb(c) for c in _CLUSTERS[theme.name])
    if opposite:
        return none, high_low, low_high, high, low, island, missing
    return none, high, low, high_low, low_high, island, missing


def gradient(stops: Sequence[RGB], n: int) -> tuple[RGB, ...]:
    """`n` colours evenly spread over a line through `stops`, both ends included."""
    out: list[RGB] = []
    for i in range(n):
        position = i * (len(stops) - 1) / max(1, n - 1)
        low = min(int(position), len(stops) - 2)
        a, b = stops[low], stops[low + 1]
        r, g, blue = (round(x + (y - x) * (position - low)) for x, y in zip(a, b, strict=True))
        out.append((r, g, blue))
    return tuple(out)


def light_colours(n: int) -> tuple[RGB, ...]:
    """`n` colours of night light, from the faintest to the brightest; the same in both themes, on a dark ground."""
    return gradient(_NIGHT, n)


def difference_colours(n: int, theme_name: str) -> tuple[RGB, ...]:
    """`n` colours from the greatest loss of light to the greatest gain; the middle is the ground of the theme."""
    return gradient(_DIFFERENCE["dark" if theme_name == "dark" else "light"], n)
