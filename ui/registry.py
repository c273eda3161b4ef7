"""The pages, as data: navigation, page tests and documentation are made from this list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGES_DIR = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One screen. `key` names its script, its address and its texts (``page.<key>.title`` and ``.help``)."""

    key: str
    icon: str

    @property
    def path(self) -> Path:
        return PAGES_DIR / f"{self.key}.py"


PAGES = (
    PageEntry("overview", ":material/dashboard:"),
    PageEntry("urgent", ":material/priority_high:"),
    PageEntry("poverty_map", ":material/map:"),
    PageEntry("night_light", ":material/dark_mode:"),
    PageEntry("poverty_light", ":material/scatter_plot:"),
    PageEntry("compare", ":material/compare_arrows:"),
    PageEntry("trend", ":material/trending_up:"),
    PageEntry("target_groups", ":material/groups:"),
    PageEntry("neet", ":material/school:"),
    PageEntry("services", ":material/local_hospital:"),
    PageEntry("mpi_tool", ":material/tune:"),
    PageEntry("villages", ":material/holiday_village:"),
    PageEntry("overlay", ":material/layers:"),
    PageEntry("data", ":material/database:"),
)
