"""Which areas a page lists and draws for the area a person looks at: pure rules, no drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geo.codes import COUNTRY

NEXT_LEVEL = {
    "country": "province",
    "province": "district",
    "district": "subdistrict",
    "subdistrict": "village",
}
# What a country or a province may be broken down to on one map.
SHOWABLE = {"country": ("province", "district", "subdistrict"), "province": ("district", "subdistrict")}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is listed in tables and what is drawn.

    Attributes
    ----------
    level, within : str
        The table holds the areas of `level` inside `within`.
    draw_level, draw_parent : str or None
        The layer file; None when no polygons are there at all.
    inside : str or None
        Parent whose areas are coloured; None colours all.
    focus : str or None
        Outlined area.
    fits : str
        Area whose extent the map is fitted to.
    missing_level : str or None
        Level that would have been drawn if its boundaries had been imported.
    """

    level: str
    within: str
    draw_level: str | None
    draw_parent: str | None
    inside: str | None
    focus: str | None
    fits: str
    missing_level: str | None = None


def levels_for(level: str, has_data: Callable[[str], bool]) -> tuple[str, ...]:
    """Levels a person may choose for the map of an area of `level`: those that hold data, the next one down always."""
    choices = SHOWABLE.get(level, ())
    return tuple(c for i, c in enumerate(choices) if i == 0 or has_data(c))


def plan(code: str, level: str, show: str | None, drawable: Callable[[str, str], bool]) -> Plan:
    """Decide lists and layers.

    Parameters
    ----------
    drawable : callable
        ``drawable(level, parent)`` tells whether a layer file of that level inside that parent is published.
    """
    province = code[:2] if level != "country" else COUNTRY
    if level in SHOWABLE:
        wanted = show if show in SHOWABLE[level] else NEXT_LEVEL[level]
        listed, within, inside, focus = wanted, code, None, None
    elif level == "district":
        wanted = listed = "subdistrict"
        within, inside, focus = code, code, None
    else:  # subdistrict or village: among its siblings, with the villages listed
        wanted = "subdistrict"
        subdistrict = code[:6]
        listed, within, inside, focus = "village", subdistrict, code[:4], subdistrict
    if drawable(wanted, province):
        fits = code[:4] if level in ("subdistrict", "village") else code
        return Plan(listed, within, wanted, province, inside, focus, fits)
    # Without those polygons, show where the area lies among areas that can be drawn.
    coarser = [("province", COUNTRY, code[:2] if level != "country" else None)]
    if level not in ("country", "province"):
        coarser.insert(0, ("district", province, code[:4]))
    for up_level, parent, outlined in coarser:
        if drawable(up_level, parent):
            return Plan(listed, within, up_level, parent, None, outlined, parent, missing_level=wanted)
    return Plan(listed, within, None, None, None, None, code, missing_level=wanted)
