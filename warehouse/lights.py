"""Night light for readers: numbers of areas in a year, what changed between two, and what stands against comparing them.

Reached as `Warehouse.lights`. Numbers of one year are stored observations; change is worked out from the sealed rasters
when somebody asks, kept for the next, and is the same for everybody, on every level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics import lights
from analytics.lights import Coverage, Rule
from geo.codes import COUNTRY
from geo.nightlight import Grid, Product, products, read_cog
from warehouse.kept import Kept
from warehouse.light_coverage import VALID_SHARE, coverage_file, read_coverage, read_zones, zones_file
from warehouse.report import QueryError

if TYPE_CHECKING:
    from warehouse.query import Warehouse

WIDTHS: Final = {"country": 0, "province": 2, "district": 4, "subdistrict": 6}
"""Digits of the codes of the levels that can have light."""

PER_PERSONS: Final = 1000
_KINDS: Final = ("official", "open", "user", "modelled")
_STATISTICS = """
SELECT area_code AS code,
       max(value) FILTER (indicator = 'light_sum') AS "sum",
       max(value) FILTER (indicator = 'light_mean') AS mean,
       max(value) FILTER (indicator = 'light_median') AS median,
       max(value) FILTER (indicator = 'light_max') AS "max",
       max(value) FILTER (indicator = 'light_lit_area') AS lit_km2,
       max(denominator) FILTER (indicator = 'light_lit_area') AS seen_km2,
       max(value) FILTER (indicator = 'light_gini') AS gini,
       max(value) FILTER (indicator = 'light_density') AS density,
       max(value) FILTER (indicator = 'light_observations') AS observations
FROM observation
WHERE indicator IN ('light_sum', 'light_mean', 'light_median', 'light_max', 'light_lit_area', 'light_gini',
                    'light_density', 'light_observations')
  AND year = $year AND level = $level AND source_id = $source
  AND ($within = 'TH' OR starts_with(area_code, $within))
GROUP BY area_code ORDER BY area_code
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What stands against setting two rasters side by side.

    Attributes
    ----------
    reasons : tuple of (Thai, English)
        Why a comparison is refused unless a person asks for it; whoever does carries them along, to the legend and every export.
    notes : tuple of (Thai, English)
        What a reader should know and what refuses nothing: other months, another mask, another lattice.
    allowed : bool
        Whether it may be shown: nothing stands against it, or a person asked and the two have one unit.
    pixels : bool
        Whether cells lie on one lattice; areas can be compared without.
    """

    reasons: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    allowed: bool = True
    pixels: bool = True

    @property
    def refused(self) -> bool:
        """Whether something stands against it, asked for or not."""
        return bool(self.reasons)


# A coverage of all subdistricts has 46 MB, a raster of 15 arc-seconds 30 MB, a table of change 1.5 MB, one of a year 1 MB.
# What is asked for at every visit must not push out what takes long to make.
_coverages, _cells, _tables, _yearly = Kept(2), Kept(4), Kept(24), Kept(24)


class Lights:
    """Night light of one snapshot.

    Parameters
    ----------
    house : Warehouse

    Raises
    ------
    QueryError
        From every method, for a source, year or level the snapshot holds no light of.
    StoreError
        When a file is not as it was published.

    Notes
    -----
    Safe to share between threads. Frames returned are the caller's own.
    """

    def __init__(self, house: Warehouse) -> None:
        self._house = house

    # -- what there is ----------------------------------------------------

    def rasters(self) -> pd.DataFrame:
        """The table ``raster``: one row a product and year, by source and year."""
        return self._rasters.copy()

    @cached_property
    def _rasters(self) -> pd.DataFrame:
        return self._house._table("SELECT * FROM raster ORDER BY source_id, year")

    def default_source(self) -> str | None:
        """The source shown unless a person chooses: official before open, own and modelled; then most years, then priority."""
        held = self._rasters.groupby("source_id")["year"].nunique()
        if held.empty:
            return None
        return min(
            (str(source) for source in held.index),
            key=lambda s: (
                _KINDS.index(_product(s).kind),
                -int(held[s]),
                -_product(s).priority,
                s,
            ),
        )

    def years(self, source_id: str) -> list[int]:
        """Years of a source in the common era, ascending."""
        return sorted(int(y) for y in self._rasters.loc[self._rasters["source_id"] == source_id, "year"])

    def rule(self, source_id: str, year: int) -> Rule:
        """Threshold, floor and tolerances of a raster; where the background is not removed, a comparison raises the threshold."""
        return replace(
            Rule.of(_product(source_id)), threshold=float(self._row(source_id, year)["lit_threshold"])
        )

    def _row(self, source_id: str, year: int) -> pd.Series[Any]:
        rows = self._rasters[(self._rasters["source_id"] == source_id) & (self._rasters["year"] == year)]
        if rows.empty:
            held = ", ".join(f"{r.source_id} {r.year}" for r in self._rasters.itertuples()) or "–"
            raise QueryError(
                f"ไม่มีแสงกลางคืนของ {source_id!r} ปี {year + 543} ที่มีคือ {held}",
                f"there is no night light of {source_id!r} in {year}; there is {held}",
            )
        return rows.iloc[0]

    def _grid(self, source_id: str, year: int) -> Grid:
        row = self._row(source_id, year)
        return Grid(
            int(row["width"]), int(row["height"]), *(float(row[n]) for n in ("west", "north", "dx", "dy"))
        )

    # -- one year ---------------------------------------------------------

    def cells(self, source_id: str, year: int) -> tuple[NDArray[np.float32], Grid]:
        """The raster itself.

        Returns
        -------
        ndarray of float32, shape (height, width)
            In the product's unit, NaN for no data. Read-only.
        Grid
        """
        name = str(self._row(source_id, year)["file"])
        return _cells.get((self._house.snapshot, name), lambda: self._read(name))

    def _read(self, name: str) -> tuple[NDArray[np.float32], Grid]:
        values, grid, _ = read_cog(self._file(name))
        values.setflags(write=False)
        return values, grid

    def _file(self, name: str) -> Any:
        from warehouse.query import published_file

        path = published_file(self._house.info.path.parent, self._house.snapshot, name)
        if path is None:
            raise self._house._damaged(f"{name} is not as published")
        return path

    def _coverage(self, grid: Grid) -> Coverage:
        name = coverage_file(grid)
        return _coverages.get((self._house.snapshot, name), lambda: read_coverage(self._file(name), grid))

    def _zones(self, grid: Grid) -> pd.Series[float]:
        name = zones_file(grid)
        return _yearly.get((self._house.snapshot, name), lambda: read_zones(self._file(name)))

    def statistics(self, source_id: str, year: int, level: str, within: str = COUNTRY) -> pd.DataFrame:
        """Numbers of one year for every area that has a polygon.

        Parameters
        ----------
        source_id : str
        year : int
            Common era.
        level : str
        within : str
            Only areas inside this one; itself when it is of the level asked for.

        Returns
        -------
        DataFrame
            Indexed by ``code``: the columns `analytics.lights.STATISTICS`, and

            ``observations``, ``few_observations``
                Mean cloud-free observations per cell (NaN where no raster of them came), and whether they are fewer than
                `analytics.lights.OBSERVATIONS_A_MONTH`.
            ``persons``, ``persons_year``, ``per_1000``
                Surveyed persons of the year nearest to this one that the level has (the later of two), which year
                that is (0 for none), and the sum of lights per 1,000 of them. Persons that are hidden or unknown give no ratio.

            An area in which less than half of the land has data has NaN.
        """
        row = self._row(source_id, year)
        if level not in WIDTHS:
            return pd.DataFrame(
                {name: pd.Series(dtype=float) for name in (*lights.STATISTICS, *_MORE)},
                index=pd.Index([], name="code", dtype="str"),
            )
        frame = _yearly.get(
            (self._house.snapshot, "statistics", source_id, year, level),
            lambda: self._statistics(row, level),
        )
        return self._inside(frame, level, within).copy()

    def _statistics(self, row: pd.Series[Any], level: str) -> pd.DataFrame:
        source_id, year, within = str(row["source_id"]), int(row["year"]), COUNTRY
        found = self._house._table(
            _STATISTICS, {"source": source_id, "year": year, "level": level, "within": within}
        ).set_index("code")
        area = self._inside(self._zones(self._grid(source_id, year)), level, within)
        # An area whose code no list has has a polygon and no numbers.
        known = set(self._house._frame(level, within).place)
        area = area[[code in known for code in area.index]]
        frame = found.reindex(area.index).astype(float)
        frame["area_km2"] = area
        frame["valid_share"] = frame["seen_km2"] / area
        frame["lit_share"] = frame["lit_km2"] / frame["seen_km2"]
        frame["few_observations"] = frame["observations"] < lights.OBSERVATIONS_A_MONTH * _months(row)
        persons_year = self._nearest("surveyed_persons", level, year)
        persons = np.full(len(frame), np.nan)
        if persons_year:
            told = self._house.values("surveyed_persons", level=level, year=persons_year, within=within)
            persons = told.set_index("area_code")["value"].reindex(frame.index).to_numpy(dtype=float)
        frame["persons"], frame["persons_year"] = persons, persons_year
        frame["per_1000"] = PER_PERSONS * frame["sum"] / np.where(persons > 0, persons, np.nan)
        return frame[[*lights.STATISTICS, *_MORE]]

    def _nearest(self, indicator: str, level: str, year: int) -> int:
        held = self._house.years(indicator, level)
        return min(held, key=lambda y: (abs(y - year), -y)) if held else 0

    def _inside(self, rows: T, level: str, within: str) -> T:
        width = WIDTHS[level]
        codes = [str(code) for code in rows.index]  # type: ignore[attr-defined]
        kept = [
            (code == COUNTRY if width == 0 else len(code) == width and code != COUNTRY)
            and (within == COUNTRY or code.startswith(within))
            for code in codes
        ]
        # As an array: an empty list would choose no columns instead of no rows.
        chosen: T = rows[np.asarray(kept, dtype=bool)]  # type: ignore[index]
        return chosen

    # -- two years --------------------------------------------------------

    def comparison(
        self, source0: str, year0: int, source1: str, year1: int, *, allow: bool = False
    ) -> Comparison:
        """What stands against comparing two rasters.

        Parameters
        ----------
        source0, year0
            The earlier one.
        source1, year1
            The later one.
        allow : bool
            Whether a person asked for it in spite of the reasons. Two units are never compared.
        """
        first, second = self._row(source0, year0), self._row(source1, year1)
        a, b = _product(source0), _product(source1)
        reasons, notes = [], []
        if a.id != b.id:
            reasons.append(
                (
                    f"เป็นผลิตภัณฑ์คนละชนิด ({a.name_th} กับ {b.name_th}) ค่าที่ต่างกันอาจมาจากวิธีทำ ไม่ใช่จากแสง",
                    f"They are different products ({a.name_en}, and {b.name_en}): what differs may be the method, not the light.",
                )
            )
        if first["sensor"] != second["sensor"]:
            reasons.append(
                (
                    f"เห็นด้วยเครื่องวัดคนละชนิด ({first['sensor']} กับ {second['sensor']})",
                    f"They were seen by different sensors ({first['sensor']}, and {second['sensor']}).",
                )
            )
        if first["unit"] != second["unit"]:
            reasons.append(
                (
                    f"หน่วยต่างกัน ({first['unit']} กับ {second['unit']}) จึงเทียบไม่ได้ไม่ว่ากรณีใด",
                    f"Their units differ ({first['unit']}, and {second['unit']}), so they are never compared.",
                )
            )
        if first["mask"] != second["mask"]:
            notes.append(
                (
                    f"ผู้จัดทำกรองคนละแบบ ({first['mask'] or '–'} กับ {second['mask'] or '–'})",
                    f"The publisher left out different nights ({first['mask'] or '–'}, and {second['mask'] or '–'}).",
                )
            )
        if "user" in (a.kind, b.kind):
            reasons.append(
                (
                    "เป็นภาพที่ผู้ใช้นำเข้าเอง ดาวแมปไม่ทราบว่าทำด้วยวิธีและหน่วยเดียวกันหรือไม่",
                    "It is a picture of somebody's own making: Daomap does not know whether method and unit are the same.",
                )
            )
        if not (_stated(first) and _stated(second)):
            notes.append(
                (
                    "ไฟล์ไม่ได้บอกเดือนที่วัด จึงนับเป็นทั้งปีปฏิทิน อัตราต่อปีอาจคลาดเคลื่อน",
                    "A file does not say which months it covers; it is counted as the calendar year, and yearly rates may be off.",
                )
            )
        if _calendar(first) != _calendar(second):
            # Of a product of single months another month is another season.
            (reasons if a.id == b.id == "viirs-dnb-monthly" else notes).append(
                (
                    f"ช่วงเวลาไม่ใช่เดือนเดียวกัน ({_months(first):.0f} กับ {_months(second):.0f} เดือน) ฤดูเผาและฤดูฝนจึงอาจต่างกัน",
                    f"They cover different months ({_months(first):.0f}, and {_months(second):.0f}): burning and rain may differ.",
                )
            )
        pixels = self._grid(source0, year0) == self._grid(source1, year1)
        if not pixels:
            notes.append(
                (
                    "เซลล์ไม่ตรงกัน จึงเทียบได้เฉพาะพื้นที่ เทียบทีละเซลล์ไม่ได้",
                    "Their cells do not lie on one lattice: areas can be compared, cells cannot.",
                )
            )
            if not (a.masked and b.masked):
                notes.append(
                    (
                        "อย่างน้อยหนึ่งปีไม่ได้ตัดพื้นหลัง และเซลล์ไม่ตรงกัน จึงแยกไม่ออกว่าส่วนใดเป็นแสงที่เปลี่ยน จึงไม่แสดงผลต่าง",
                        "The background is not removed and cannot be measured without common cells: no difference is shown.",
                    )
                )
        allowed = not reasons or (allow and first["unit"] == second["unit"])
        return Comparison(tuple(reasons), tuple(notes), allowed, pixels)

    def change(
        self, source_id: str, y0: int, y1: int, level: str, within: str = COUNTRY, other: str | None = None
    ) -> pd.DataFrame:
        """What changed between two years, for every area that has a polygon.

        Parameters
        ----------
        source_id : str
            Of the later year.
        y0, y1 : int
            The earlier and the later year (common era).
        level, within : str
            As for `statistics`.
        other : str, optional
            Source of the earlier year, where it is another: whoever asks knows what `comparison` says of it.

        Returns
        -------
        DataFrame
            Indexed by ``code``: the columns of `analytics.lights.change` and ``few_observations`` (in either year). NaN where less
            than half of the land has data in both years. On two lattices the later year's mean is set on the earlier one's
            cells and there are no transitions; where the background is not removed either, no difference and no growth.

        Raises
        ------
        QueryError
            When the years do not rise, or the two have different units.
        """
        frame = self._change(other or source_id, y0, source_id, y1)
        if level not in WIDTHS:
            return frame.iloc[:0].copy()
        return self._inside(frame, level, within).copy()

    def transitions(
        self, source_id: str, y0: int, y1: int, area: str, other: str | None = None
    ) -> pd.Series[float] | None:
        """Square kilometres of one area by what became of its light; None where it has no polygon or cells do not compare."""
        frame = self._change(other or source_id, y0, source_id, y1)
        if area not in frame.index:
            return None
        km2 = lights.transitions(frame, area)
        return None if km2.isna().any() else km2

    def drift(self, source_id: str, y0: int, y1: int, other: str | None = None) -> float:
        """How far the country's dark background moved, in the product's unit; 0 where removed, NaN where it cannot be told."""
        found = self.background(source_id, y0, y1, other)
        if found.empty:
            masked = self._rule(other or source_id, y0, source_id, y1).masked
            return 0.0 if masked else float("nan")
        return float(found["drift"].to_numpy()[0])

    def background(self, source_id: str, y0: int, y1: int, other: str | None = None) -> pd.DataFrame:
        """The dark background of the country and each province, as `analytics.lights.background` measures it."""
        if not self.comparison(other or source_id, y0, source_id, y1).pixels:
            return pd.DataFrame()
        return self._compared(other or source_id, y0, source_id, y1).background.copy()

    def compared_rule(self, source_id: str, y0: int, y1: int, other: str | None = None) -> Rule:
        """The rule a comparison went by, its threshold raised clear of the background where that is not removed."""
        if not self.comparison(other or source_id, y0, source_id, y1).pixels:
            return self._rule(other or source_id, y0, source_id, y1)
        return self._compared(other or source_id, y0, source_id, y1).rule

    def _change(self, source0: str, y0: int, source1: str, y1: int) -> pd.DataFrame:
        if not y0 < y1:
            raise QueryError(
                f"ปีก่อน ({y0 + 543}) ต้องมาก่อนปีหลัง ({y1 + 543})",
                f"found the years {y0} and {y1}, expected the earlier one first",
            )
        found = self.comparison(source0, y0, source1, y1, allow=True)
        if not found.allowed:
            th, en = found.reasons[-1]
            raise QueryError(th, en)
        key = (self._house.snapshot, "change", source0, y0, source1, y1)
        return _tables.get(key, lambda: self._all_levels(source0, y0, source1, y1, found.pixels))

    def _compared(self, source0: str, y0: int, source1: str, y1: int) -> lights.Comparison:
        def work() -> lights.Comparison:
            before, grid = self.cells(source0, y0)
            after, _ = self.cells(source1, y1)
            return lights.compare(self._coverage(grid), before, after, self._rule(source0, y0, source1, y1))

        return _tables.get((self._house.snapshot, "compare", source0, y0, source1, y1), work)

    def _rule(self, source0: str, y0: int, source1: str, y1: int) -> Rule:
        """Of two products the more careful: the higher threshold, masked only when both are."""
        a, b = self.rule(source0, y0), self.rule(source1, y1)
        return replace(
            b,
            threshold=max(a.threshold, b.threshold),
            masked=a.masked and b.masked,
            floor=max(a.floor, b.floor),
            absolute=max(a.absolute, b.absolute),
        )

    def _all_levels(self, source0: str, y0: int, source1: str, y1: int, pixels: bool) -> pd.DataFrame:
        first, second = self._row(source0, y0), self._row(source1, y1)
        years = lights.years_between(_period(first), _period(second))
        if pixels:
            compared = self._compared(source0, y0, source1, y1)
            rule, rows = compared.rule, compared.rows
            parts = [lights.roll_up(rows, width) for width in WIDTHS.values()]
        else:
            rule = self._rule(source0, y0, source1, y1)
            parts = [self._by_means(source0, y0, source1, y1, level) for level in WIDTHS]
        joined = pd.concat(parts)
        frame = lights.change(joined[~joined.index.duplicated()], years, rule)
        if not pixels:
            frame[list(lights.TRANSITIONS)] = np.nan
            frame["lit_km2_before"], frame["lit_km2_after"] = joined["lit_before"], joined["lit_after"]
            frame["lit_km2_change"] = frame["lit_km2_after"] - frame["lit_km2_before"]
            frame = frame.drop(columns=["lit_before", "lit_after"])
            if not rule.masked:
                # How far the background moved cannot be measured, so that nothing can be called a change of light.
                frame[["difference", "log_ratio", "annual_growth", "lit_km2_change"]] = np.nan
        seen = 1 - joined["no_data"] / joined["area_km2"]
        too_little = (~(seen >= VALID_SHARE)).reindex(frame.index).to_numpy()
        frame.loc[too_little, [c for c in frame.columns if c not in ("area_km2", "low_start")]] = np.nan
        few = [
            self.statistics(source, year, level)["few_observations"]
            for source, year in ((source0, y0), (source1, y1))
            for level in WIDTHS
        ]
        flagged = {str(code) for flags in few for code in flags.index[flags.to_numpy(dtype=bool)]}
        frame["few_observations"] = [code in flagged for code in frame.index]
        known = {code for level in WIDTHS for code in self._house._frame(level, COUNTRY).place}
        return frame[[code in known for code in frame.index]]

    def _by_means(self, source0: str, y0: int, source1: str, y1: int, level: str) -> pd.DataFrame:
        """What `analytics.lights.tally` gives, from the means of areas, where no cell lies on another."""
        a, b = self.statistics(source0, y0, level), self.statistics(source1, y1, level)
        both = a.index.intersection(b.index)
        a, b = a.loc[both], b.loc[both]
        grid = self._grid(source0, y0)
        # Cells of the earlier lattice: its sum over its mean; in an area that is all dark, by the size of a cell.
        of_mean = (a["sum"] / a["mean"]).where(a["mean"] != 0)
        cells = of_mean.fillna(a["valid_share"] * a["area_km2"] / float(grid.row_km2().mean()))
        after = b["mean"] * cells
        unseen = (1 - a["valid_share"].combine(b["valid_share"], min)).fillna(1.0) * a["area_km2"]
        columns = {
            "area_km2": a["area_km2"],
            "total_before": a["sum"],
            "total_after": after,
            "before": a["sum"],
            "after": after,
            "cells": cells,
            "drift_light": 0.0,
            **dict.fromkeys(lights.TRANSITIONS, 0.0),
            "no_data": unseen,
            "lit_before": a["lit_km2"],
            "lit_after": b["lit_km2"],
        }
        return pd.DataFrame(columns, index=both)


_MORE: Final = ("observations", "few_observations", "persons", "persons_year", "per_1000")


def _product(source_id: str) -> Product:
    found = products().get(source_id.removeprefix("nightlight-"))
    if found is None:
        raise QueryError(f"ไม่รู้จักแหล่งแสงกลางคืน {source_id!r}", f"unknown source of night light {source_id!r}")
    return found


def _stated(row: pd.Series[Any]) -> bool:
    """Whether the file, or whoever imported it, named the days."""
    return isinstance(row["period_start"], str) and isinstance(row["period_end"], str)


def _period(row: pd.Series[Any]) -> tuple[np.datetime64, np.datetime64]:
    """First and last day; the whole year where the file did not say."""
    year = int(row["year"])
    start = row["period_start"] if isinstance(row["period_start"], str) else f"{year}-01-01"
    end = row["period_end"] if isinstance(row["period_end"], str) else f"{year}-12-31"
    return np.datetime64(start, "D"), np.datetime64(end, "D")


def _months(row: pd.Series[Any]) -> float:
    first, last = _period(row)
    return float((last - first).astype(int) + 1) / 365.2425 * 12


def _calendar(row: pd.Series[Any]) -> set[int]:
    """Months of the year that a period holds."""
    first, last = (date.fromisoformat(str(day)) for day in _period(row))
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return {(first.month - 1 + step) % 12 + 1 for step in range(min(count, 12))}
