"""What `analytics.peers` measures likeness by, gathered for a level of a snapshot, and who lies beside whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from analytics.peers import AMOUNTS, REGION, Peers, most_similar
from analytics.stars import RANK_COVERAGE
from geo.boundaries import areas_km2
from geo.codes import region_of
from geo.outlines import SCHEMATIC
from warehouse.kept import Kept
from warehouse.pairing import boundaries, neighbours
from warehouse.query import Warehouse

INDICATORS: Final = {"persons": "surveyed_persons", "gpp_per_head": "gpp_per_head"}
"""Facts that are indicators; density is persons over the polygons' square kilometres."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of all official areas of a level.

    Attributes
    ----------
    frame : DataFrame
        Index: area codes. Columns: `analytics.peers.FACTS`.
    years : dict of str to int
        Indicator to the year (common era) it is of: the newest in which four fifths of the official areas have a number.
    sources : dict of str to tuple of str
        Indicator to its source ids.
    outlines : str or None
        Where the outlines that density rests on come from; None where there is no density: of subdistricts, whose municipal
        people are counted apart, and of schematic outlines, whose square kilometres are made up.
    """

    frame: pd.DataFrame
    years: dict[str, int]
    sources: dict[str, tuple[str, ...]]
    outlines: str | None


_facts = Kept(8)


def facts(house: Warehouse, level: str) -> Facts:
    """The facts of a level, worked out once for a snapshot."""
    return _facts.get((house.info.path, level), lambda: _gather(house, level))


def _gather(house: Warehouse, level: str) -> Facts:
    frame: pd.DataFrame | None = None
    years: dict[str, int] = {}
    sources: dict[str, tuple[str, ...]] = {}
    columns: dict[str, pd.Series[float]] = {}
    for name, indicator in INDICATORS.items():
        for year in reversed(house.years(indicator, level)):
            values = house.values(indicator, level=level, year=year)
            known = int(values["value"].notna().sum())
            values = values[values["kind"] == "official"].set_index("area_code")
            frame = values if frame is None else frame
            # A municipality stands for the tambons it covers, which have no rows of their own.
            if len(values) and known >= RANK_COVERAGE * len(values):
                columns[name] = values["value"].astype(float)
                years[indicator] = year
                sources[indicator] = tuple(sorted(values["source_id"].dropna().unique()))
                break
    if frame is None:
        return Facts(pd.DataFrame(columns=[*AMOUNTS, REGION]), {}, {}, None)
    out = pd.DataFrame(columns, index=frame.index).reindex(columns=[*AMOUNTS, REGION])
    out[REGION] = [region_of(code) for code in out.index]
    kind = house.outline_kind(level)
    # Municipal people are counted apart from the subdistricts whose polygons they live in.
    if "persons" in columns and level != "subdistrict" and kind not in (None, SCHEMATIC):
        shapes = boundaries(house, level)
        if shapes is not None:
            km2 = pd.Series(areas_km2(shapes.geometry), index=shapes["code"].astype(str))
            out["density"] = out["persons"] / km2.reindex(out.index)
    return Facts(out, years, sources, kind if out["density"].notna().any() else None)


def similar(house: Warehouse, code: str, level: str) -> Peers | None:
    """The areas most like one; None where the level has no facts of it, as of villages and municipalities."""
    found = facts(house, level)
    return most_similar(found.frame, code) if code in found.frame.index else None


def beside(house: Warehouse, code: str, level: str) -> list[str]:
    """Codes of the areas that touch one, in order; empty where it has no polygon, or the level has none."""
    touching = neighbours(house, level)
    if touching is None or code not in touching.codes:
        return []
    return sorted(touching.of(code))
