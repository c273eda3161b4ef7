"""The pages, as data: navigation, page tests and documentation are made from this list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGES_DIR = Path(__file__).resolve().parent.parent / "pages"

GROUPS = ("start", "situation", "maps", "analysis", "places", "about")
"""Sections of the navigation in their order; each has a heading (``nav.<group>``), and what is in ``start`` stands before them."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One screen. `key` names its script, its address and its texts (``page.<key>.title`` and ``.help``).

    Attributes
    ----------
    group : str
        Section of the navigation, of `GROUPS`.
    """

    key: str
    icon: str
    group: str

    @property
    def path(self) -> Path:
        return PAGES_DIR / f"{self.key}.py"


PAGES = (
    PageEntry("home", ":material/home:", "start"),
    PageEntry("overview", ":material/dashboard:", "situation"),
    PageEntry("urgent", ":material/priority_high:", "situation"),
    PageEntry("target_groups", ":material/groups:", "situation"),
    PageEntry("neet", ":material/school:", "situation"),
    PageEntry("poverty_map", ":material/map:", "maps"),
    PageEntry("night_light", ":material/dark_mode:", "maps"),
    PageEntry("poverty_light", ":material/scatter_plot:", "maps"),
    PageEntry("overlay", ":material/layers:", "maps"),
    PageEntry("compare", ":material/compare_arrows:", "analysis"),
    PageEntry("trend", ":material/trending_up:", "analysis"),
    PageEntry("mpi_tool", ":material/tune:", "analysis"),
    PageEntry("services", ":material/local_hospital:", "places"),
    PageEntry("villages", ":material/holiday_village:", "places"),
    PageEntry("data", ":material/database:", "about"),
    PageEntry("help", ":material/help:", "about"),
)
"""In the order of the navigation; the first one opens at the root of the address."""


def page(key: str) -> PageEntry | None:
    """The page of this key, or None where this edition of Daomap has none."""
    return next((entry for entry in PAGES if entry.key == key), None)
