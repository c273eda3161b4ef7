"""Night light of areas: which cells an area covers, what they say in a year, and what changed between two years.

The covered fraction of every cell is computed once for a grid and a set of areas (:func:`cover`); every number
below is arithmetic over these fractions. Areas above are made of the areas inside them (:meth:`Coverage.up`), so what adds
up (light, lit area, transitions) adds up over the levels as well.

Two weights are used, and each formula says which:

* ``f``, the covered fraction of a cell, for what is said of the product's cells: sum of lights, mean, median, Gini;
* ``f * a``, with ``a`` the geodesic area of the cell in km2, for what is said of land: lit area, lit share, transitions.

A cell without data is in neither sum. It is never dark.

References
----------
.. [1] exactextract (ISciences), fractional coverage of cells: https://github.com/isciences/exactextract
.. [2] C. D. Elvidge et al., "Annual time series of global VIIRS nighttime lights derived from monthly averages:
   2012 to 2019", Remote Sensing 13(5):922, 2021. doi:10.3390/rs13050922
.. [3] C. D. Elvidge et al., "The Night Light Development Index (NLDI)", Social Geography 7:23-35, 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd

from geo.codes import COUNTRY

if TYPE_CHECKING:
    import geopandas as gpd

    from geo.nightlight import Grid, Product

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

STATISTICS: Final = (
    "valid_share", "area_km2", "sum", "mean", "median", "max", "lit_share", "lit_km2", "gini", "density",
)  # fmt: skip
"""Columns of :func:`statistics`, in order."""

TRANSITIONS: Final = ("dark", "newly_lit", "gone_dark", "brighter", "dimmer", "steady", "no_data")
"""What can become of a cell between two years, in the order of :func:`transitions`."""

_FLOORS: Final = {"nW/cm²/sr": 0.5, "DN": 1.0}
_START_CELLS: Final = 10.0
CLEAR_SHARE: Final = 0.2
"""Least part of an area's first light that must stand clear of an unmasked background before growth is told."""

CLEAR_OF_BACKGROUND: Final = 2.0
"""An unmasked cell counts as lit between two years when it has at least this many times the background's level."""

OBSERVATIONS_A_MONTH: Final = 2
"""Fewer cloud-free nights than this a month, on average, are few: Daomap's own limit, for no publisher states one."""

_DARK_CELLS: Final = 30
_DAYS: Final = 365.2425
_SUMS: Final = ("area_km2", "total_before", "total_after", "before", "after", "cells", "drift_light")
_PIECE: Final = 1 << 18


@dataclass(frozen=True)
class Coverage:
    """Which part of every cell lies in which area: a sparse matrix of areas by cells.

    Attributes
    ----------
    zones : tuple of str
        Area codes, ascending.
    zone : ndarray of int32, shape (entries,)
        Position in `zones`, ascending.
    cell : ndarray of int32, shape (entries,)
        ``row * width + column`` in `grid`; ascending inside an area, none twice.
    fraction : ndarray of float64, shape (entries,)
        Covered part of the cell, above 0. Areas that overlap share a cell, so an area above them can hold more than 1.
    grid : Grid
    """

    zones: tuple[str, ...]
    zone: Array
    cell: Array
    fraction: Floats
    grid: Grid

    def km2(self) -> Floats:
        """Return the covered land of every entry in square kilometres, shape (entries,)."""
        area: Floats = self.grid.row_km2()[self.cell // self.grid.width] * self.fraction
        return area

    @cached_property
    def totals(self) -> tuple[Array, Floats, Floats]:
        """Number of entries, sum of fractions and land in km2 of every area: the same for all years."""
        size = len(self.zones)
        return (
            np.bincount(self.zone, minlength=size),
            np.bincount(self.zone, self.fraction, size),
            np.bincount(self.zone, self.km2(), size),
        )

    def up(self, width: int) -> Coverage:
        """Return the coverage of the areas above, each made of the areas inside it.

        Parameters
        ----------
        width : int
            Digits of their codes: 4 districts, 2 provinces, 0 the country. Areas with shorter codes are left out.

        Returns
        -------
        Coverage
            A cell that several children share has the sum of their fractions.
        """
        parents, place = _parents(self.zones, width)
        key = place[self.zone] * np.int64(self.grid.width * self.grid.height) + self.cell
        inside = place[self.zone] >= 0
        if not inside.all():
            key, fraction = key[inside], self.fraction[inside]
        else:
            fraction = self.fraction
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        size = np.int64(self.grid.width * self.grid.height)
        total = np.add.reduceat(fraction[order], first) if len(first) else np.empty(0)
        return Coverage(
            parents,
            (key[first] // size).astype(np.int32),
            (key[first] % size).astype(np.int32),
            total,
            self.grid,
        )


def _parents(zones: Sequence[str], width: int) -> tuple[tuple[str, ...], Array]:
    """Codes of the areas above, ascending, and the place of each zone's among them (-1 for none)."""
    codes = [(zone[:width] or COUNTRY) if len(zone) >= width else "" for zone in zones]
    parents = tuple(sorted({code for code in codes if code}))
    number = {code: place for place, code in enumerate(parents)}
    return parents, np.array([number.get(code, -1) for code in codes], dtype=np.int64)


def cover(frame: gpd.GeoDataFrame, grid: Grid) -> Coverage:
    """Compute the covered fraction of every cell for every area.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns ``code`` and ``geometry`` in EPSG:4326 (polygons, clipped to land).
    grid : Grid
        What of an area lies outside the grid is not seen.

    Returns
    -------
    Coverage
        The fraction is the area of the polygon inside the cell over the area of the cell, both in degrees [1]_, to the seven
        digits of single precision.

    Raises
    ------
    ValueError
        When two areas have one code.
    """
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    from analytics.polygons import Polygons

    codes = frame["code"].astype(str)
    if codes.duplicated().any():
        twice = codes[codes.duplicated()].iloc[0]
        raise ValueError(
            f"area code {twice} stands twice, expected once; dissolve the polygons by code first"
        )
    west, south, east, north = grid.bounds
    # Only its shape is looked at: one byte a cell, and of these the pages that are touched.
    source = NumPyRasterSource(np.zeros((grid.height, grid.width), dtype=np.uint8), west, south, east, north)
    shapes = Polygons(frame[["code", "geometry"]].assign(code=codes).sort_values("code"))
    found = exact_extract(source, shapes, ["cell_id", "coverage"], include_cols=["code"], output="pandas")
    cells = [np.asarray(c, dtype=np.int64) for c in found["cell_id"]]
    fractions = [np.asarray(c, dtype=np.float64) for c in found["coverage"]]
    zone = np.repeat(np.arange(len(cells), dtype=np.int32), [len(c) for c in cells])
    cell = np.concatenate([*cells, np.empty(0, np.int64)]).astype(np.int32)
    fraction = np.concatenate([*fractions, np.empty(0)])
    held = fraction > 0
    if not held.all():
        zone, cell, fraction = zone[held], cell[held], fraction[held]
    return Coverage(tuple(found["code"].astype(str)), zone, cell, fraction, grid)


def statistics(coverage: Coverage, values: Array, *, threshold: float) -> pd.DataFrame:
    """Numbers of one year for every area.

    Parameters
    ----------
    coverage : Coverage
    values : ndarray, shape (height, width)
        Radiance in the product's unit on the coverage's grid; what is not finite is no data.
    threshold : float
        A cell is lit when its value is above this.

    Returns
    -------
    DataFrame
        Indexed by ``code``, with columns `STATISTICS`:

        ``valid_share``
            ``sum(f a [valid]) / sum(f a)``; 0 for an area without a cell.
        ``area_km2``
            ``sum(f a)``, with and without data.
        ``sum``
            Sum of lights, ``sum(f v)``: unit times cells, so it compares inside one pixel size only.
        ``mean``
            ``sum(f v) / sum(f)``.
        ``median``
            Weighted median: with the cells in the order of their values and ``F`` the running sum of ``f``, the first value
            where ``F`` reaches half of its end; where it is exactly half, the middle between that value and the next. Cutting
            a cell in two changes nothing, and equal fractions give the ordinary median.
        ``max``
            Of every cell the area touches, so that the maximum of an area above is that of the areas inside.
        ``lit_km2``
            ``sum(f a [v > threshold])``.
        ``lit_share``
            ``lit_km2 / sum(f a [valid])``, 0 to 1.
        ``gini``
            ``sum_ij f_i f_j |v_i - v_j| / (2 F^2 mean)``, computed in one pass as ``2 sum(f v (F - f/2)) / (F_end sum(f v)) - 1``.
            0 when all cells are alike, towards 1 when one holds all light. Negative radiance, which background
            subtraction leaves, counts as 0 here; without any light there is no Gini.
        ``density``
            ``sum / sum(f a [valid])``: unit times cells per km2.

        All but ``valid_share``, ``area_km2`` are NaN for an area without a valid cell. Square brackets are 1 where true.

    Raises
    ------
    ValueError
        When the raster does not have the shape of the grid.
    """
    size = len(coverage.zones)
    area = coverage.totals[2]
    zone, value, weight, km2, seen = _entries(coverage, _on_grid(coverage, values)[coverage.cell])
    order = _by_zone_and_value(zone, value)
    value, zone, weight, km2 = value[order], zone[order], weight[order], km2[order]
    total = np.bincount(zone, weight * value, size)
    lit = value > threshold
    lit_km2 = np.bincount(zone[lit], km2[lit], size)
    running, start, end = _running(zone, weight, size)
    whole = np.bincount(zone, weight, size)
    some = end > start
    most = np.full(size, np.nan)
    most[some] = value[end[some] - 1]

    positive = weight * np.maximum(value, 0.0)
    light = np.bincount(zone, positive, size)
    moment = np.bincount(zone, positive * (running - weight / 2), size)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "valid_share": np.where(area > 0, seen / area, 0.0),
            "area_km2": area,
            "sum": np.where(some, total, np.nan),
            "mean": total / whole,
            "median": _median(zone, value, running, start, end, whole),
            "max": most,
            "lit_share": lit_km2 / seen,
            "lit_km2": np.where(some, lit_km2, np.nan),
            # Rounding alone puts a flat area a hair below zero.
            "gini": np.maximum(2 * moment / (whole * light) - 1, 0.0),
            "density": total / seen,
        }
    columns["gini"][~(light > 0)] = np.nan
    return pd.DataFrame(columns, index=pd.Index(coverage.zones, name="code", dtype="str"))


def _entries(coverage: Coverage, value: Array) -> tuple[Array, Array, Floats, Floats, Floats]:
    """Entries with data, and the land with data of every area; all cells of an area that are zero are one entry.

    No number of an area changes when cells of one value are taken together. Where the background is removed, nine of ten cells
    are zero, and sorting the tenth takes a tenth of the time.

    Returns
    -------
    zone, value, fraction, km2 : ndarray, shape (entries,)
    seen : ndarray, shape (len(coverage.zones),)
    """
    size = len(coverage.zones)
    rows = coverage.grid.row_km2()

    def some(chosen: Array) -> tuple[Array, Floats, Floats]:
        place = np.flatnonzero(chosen)
        weight = coverage.fraction[place]
        return coverage.zone[place], weight, rows[coverage.cell[place] // coverage.grid.width] * weight

    count, whole, seen = coverage.totals
    finite = np.isfinite(value)
    if not finite.all():
        zone, weight, km2 = some(~finite)
        count = count - np.bincount(zone, minlength=size)
        # What is left of an area that has lost all its cells is rounding.
        whole = np.where(count > 0, whole - np.bincount(zone, weight, size), 0.0)
        seen = np.where(count > 0, seen - np.bincount(zone, km2, size), 0.0)
    lit = finite & (value != 0)
    zone, weight, km2 = some(lit)
    dark = np.flatnonzero(count > np.bincount(zone, minlength=size))
    columns = (
        (zone, dark.astype(zone.dtype)),
        (value[lit], np.zeros(len(dark), value.dtype)),
        (weight, np.maximum(whole - np.bincount(zone, weight, size), 0.0)[dark]),
        (km2, np.maximum(seen - np.bincount(zone, km2, size), 0.0)[dark]),
    )
    zone, value, weight, km2 = (np.concatenate(parts) for parts in columns)
    return zone, value, weight, km2, seen


def means(coverage: Coverage, values: Array) -> Floats:
    """Return the mean over the cells with data of every area, ``sum(f v) / sum(f)``, NaN for an area without one.

    Parameters
    ----------
    coverage : Coverage
    values : ndarray, shape (height, width)
        Such as counts of observations, NaN for no data.

    Returns
    -------
    ndarray of float64, shape (len(coverage.zones),)
    """
    value, size = _on_grid(coverage, values)[coverage.cell], len(coverage.zones)
    known = ~np.isnan(value)
    zone, fraction = coverage.zone[known], coverage.fraction[known]
    total = np.bincount(zone, fraction * value[known], size)
    whole = np.bincount(zone, fraction, size)
    with np.errstate(invalid="ignore"):
        mean: Floats = total / whole
    return mean


def _on_grid(coverage: Coverage, values: Array) -> Array:
    shape = (coverage.grid.height, coverage.grid.width)
    if values.shape != shape:
        raise ValueError(f"the raster has the shape {values.shape}, its grid has {shape} (rows, columns)")
    return np.ascontiguousarray(values).reshape(-1)


def _by_zone_and_value(zone: Array, value: Array) -> Array:
    """Order entries by zone, then value; single precision goes by one sort of whole numbers, four times as fast."""
    if value.dtype != np.float32:
        return np.lexsort((value, zone))
    bits = np.ascontiguousarray(value).view(np.uint32)
    # IEEE 754 numbers ordered as unsigned integers: all bits of negative ones turned, the sign of the others.
    bits = np.where(bits >> np.uint32(31) == 1, ~bits, bits | np.uint32(0x80000000))
    return np.argsort((zone.astype(np.uint64) << np.uint64(32)) | bits)


def _running(zone: Array, weight: Floats, size: int) -> tuple[Floats, Array, Array]:
    """Running sum of the weights inside each zone, and where each zone begins and ends."""
    counts = np.bincount(zone, minlength=size)
    end = np.cumsum(counts)
    start = end - counts
    running = np.cumsum(weight)
    before = np.concatenate([[0.0], running])[start]
    return running - before[zone], start, end


def _median(zone: Array, value: Array, running: Floats, start: Array, end: Array, whole: Floats) -> Floats:
    """Weighted median of every zone, NaN for one without entries."""
    size = len(start)
    # exactextract keeps fractions in single precision: pieces of a cell add up to it within 1e-7.
    hair = np.minimum(1e-6 * whole, 1e-4)
    below = running < (whole / 2 - hair)[zone]
    first = start + np.bincount(zone[below], minlength=size)
    median = np.full(size, np.nan)
    some = np.flatnonzero(end > start)
    first = np.minimum(first[some], end[some] - 1)
    following = np.minimum(first + 1, end[some] - 1)
    even = np.abs(running[first] - whole[some] / 2) <= hair[some]
    low = value[first].astype(np.float64)
    median[some] = np.where(even, (low + value[following]) / 2, low)
    return median


# ---------------------------------------------------------------- change


@dataclass(frozen=True, slots=True)
class Rule:
    """How two years of one product are compared.

    Attributes
    ----------
    threshold : float
        A cell is lit when its value is above this.
    masked : bool
        Whether the product's dark background is set to zero. Where it is not, it drifts, and only lit cells enter growth.
    floor : float
        ``e`` of the log ratio, and a tenth of the least first light that growth is told of: the light of one cell that is just lit,
        the threshold or, where that is lower, 0.5 nW/cm2/sr or 1 DN. A single cell that flickers about the
        limit of detection then changes no growth by more than a tenth.
    absolute, relative : float
        Two lit values are steady when they differ by no more than ``max(absolute, relative * first)``. Daomap's choice: the floor,
        and a tenth.
    """

    threshold: float
    masked: bool
    floor: float
    absolute: float
    relative: float = 0.1

    @classmethod
    def of(cls, product: Product) -> Rule:
        """Return the rule of a product.

        Parameters
        ----------
        product : Product
        """
        least = _FLOORS[product.unit]
        return cls(product.lit_threshold, product.masked, max(product.lit_threshold, least), least)

    def clear_of(self, coverage: Coverage, before: Array, after: Array) -> Rule:
        """Return this rule with a threshold that stands clear of the background of both years.

        Parameters
        ----------
        coverage : Coverage
            Of the whole country: its darkest quarter is what the background is taken from.
        before, after : ndarray, shape (height, width)

        Returns
        -------
        Rule
            With the larger of the product's threshold and `CLEAR_OF_BACKGROUND` times the lower quartile of the covered
            cells, of the year in which that is higher; unchanged for a masked product.

        Notes
        -----
        A fixed threshold fails where the background crosses it: in March 2022 a quarter of Thailand's cells lay below 0.37
        nW/cm2/sr, in March 2025 below 0.52, so that at 0.5 whole forests would be newly lit.
        """
        if self.masked:
            return self
        covered = np.zeros(coverage.grid.width * coverage.grid.height, dtype=bool)
        covered[coverage.cell] = True
        levels = [self.threshold]
        for values in (before, after):
            seen = _on_grid(coverage, values)[covered]
            seen = seen[np.isfinite(seen)]
            if len(seen):
                levels.append(CLEAR_OF_BACKGROUND * float(np.quantile(seen, 0.25)))
        return replace(self, threshold=max(levels))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two years of one product side by side.

    Attributes
    ----------
    rule : Rule
        With the threshold that was used.
    background : DataFrame
        From :func:`background`.
    rows : DataFrame
        From :func:`tally`, of the areas of the coverage.
    """

    rule: Rule
    background: pd.DataFrame
    rows: pd.DataFrame


def compare(coverage: Coverage, before: Array, after: Array, rule: Rule) -> Comparison:
    """Compare two years cell by cell: settle the threshold, measure the background, add up.

    Parameters
    ----------
    coverage : Coverage
    before, after : ndarray, shape (height, width)
        On the coverage's grid.
    rule : Rule
        Of the product (:meth:`Rule.of`).

    Returns
    -------
    Comparison
    """
    rule = rule.clear_of(coverage, before, after)
    drift = background(coverage, before, after, rule)
    return Comparison(rule, drift, tally(coverage, before, after, rule, drift))


def background(coverage: Coverage, before: Array, after: Array, rule: Rule) -> pd.DataFrame:
    """Measure how the dark background drifted between two years.

    Parameters
    ----------
    coverage : Coverage
    before, after : ndarray, shape (height, width)
        Radiance in the two years.
    rule : Rule

    Returns
    -------
    DataFrame
        Indexed by province code, and ``TH`` first: ``cells`` (fractions of the cells dark in both years), ``before`` and
        ``after`` (their medians), ``drift`` (the median of their differences), ``spread`` (the median absolute deviation of these
        differences, times 1.4826), and ``own``: whether the province has the 30 dark cells it takes; without them
        (Bangkok has none) it is given the country's drift. Of a masked product all are 0: its publisher has set them so.

    Notes
    -----
    The median is robust: new light in a few dark cells does not move it. Cells that drifted over the threshold are not dark any
    more, so what is measured is rather too small than too large.
    """
    provinces, place = _parents(coverage.zones, 2)
    columns = ("cells", "before", "after", "drift", "spread")
    index = pd.Index([COUNTRY, *provinces], name="code", dtype="str")
    if rule.masked:
        return pd.DataFrame(0.0, index=index, columns=columns).assign(own=False)
    first, second = _on_grid(coverage, before)[coverage.cell], _on_grid(coverage, after)[coverage.cell]
    zone = place[coverage.zone]
    # Only a zone that is the whole country has no province.
    dark = np.flatnonzero((first <= rule.threshold) & (second <= rule.threshold) & (zone >= 0))
    first, second, zone, weight = first[dark], second[dark], zone[dark], coverage.fraction[dark]
    step = second - first
    parts = []
    for places, size in ((np.zeros_like(zone), 1), (zone, len(provinces))):
        drift = _medians(places, step, weight, size)
        off = np.abs(step - drift[places].astype(step.dtype))
        numbers = (
            np.bincount(places, weight, size),
            _medians(places, first, weight, size),
            _medians(places, second, weight, size),
            drift,
            1.4826 * _medians(places, off, weight, size),
        )
        parts.append(np.column_stack(numbers))
    frame = pd.DataFrame(np.concatenate(parts), index=index, columns=columns)
    frame["own"] = frame["cells"] >= _DARK_CELLS
    national = float(parts[0][0, 3])
    frame.loc[~frame["own"], "drift"] = national if np.isfinite(national) else 0.0
    return frame


def _medians(zone: Array, value: Array, weight: Floats, size: int) -> Floats:
    order = _by_zone_and_value(zone, value)
    zone, value, weight = zone[order], value[order], weight[order]
    running, start, end = _running(zone, weight, size)
    return _median(zone, value, running, start, end, np.bincount(zone, weight, size))


def tally(coverage: Coverage, before: Array, after: Array, rule: Rule, drift: pd.DataFrame) -> pd.DataFrame:
    """Add up, area by area, what changed between two years: everything here is a sum over cells.

    Parameters
    ----------
    coverage : Coverage
    before, after : ndarray, shape (height, width)
    rule : Rule
    drift : DataFrame
        From :func:`background`.

    Returns
    -------
    DataFrame
        Indexed by ``code``: ``area_km2``, ``total_before`` and ``total_after`` (sums of lights as observed, of the cells that
        have data in both years), ``before`` and ``after`` (what growth rests on), ``cells`` (fractions of the cells growth rests
        on), ``drift_light`` (what the drift adds to ``total_after``) and the km2 of each of `TRANSITIONS`. Rows of areas inside one
        another add up (:func:`roll_up`).

    Notes
    -----
    For a masked product growth rests on all cells. For an unmasked one, it rests on cells lit in both years, the later year set
    back to the earlier one's background: with cells lit in either year, March fires on dark hills count as growth (Mae
    Hong Son +177 % between March 2022 and March 2025, where its lit cells alone cannot carry a figure at all). New light in dark
    places is told in km2, as ``newly_lit``.

    A transition compares with the threshold: ``dark`` in both years, ``newly_lit``, ``gone_dark``, and for cells lit in both years
    ``brighter``, ``dimmer`` or ``steady`` by the rule's tolerance; ``no_data`` when either year has none.
    """
    flat = _on_grid(coverage, before), _on_grid(coverage, after)
    size = len(coverage.zones)
    shift = _shift(coverage, rule, drift)
    rows = coverage.grid.row_km2()
    sums = np.zeros((len(_SUMS), size))
    land = np.zeros(size * len(TRANSITIONS))
    # A piece at a time: all entries at once would take 300 MB for the tambons of the country.
    for begin in range(0, len(coverage.cell), _PIECE):
        part = slice(begin, begin + _PIECE)
        cell, zone, weight = coverage.cell[part], coverage.zone[part], coverage.fraction[part]
        first, second = (values[cell].astype(np.float64) for values in flat)
        km2 = rows[cell // coverage.grid.width] * weight
        known = np.isfinite(first) & np.isfinite(second)
        first, second = np.where(known, first, 0.0), np.where(known, second, 0.0)
        moved = second - shift[zone]
        lit_before, lit_after = first > rule.threshold, moved > rule.threshold
        within = np.maximum(rule.absolute, rule.relative * first)
        kind = np.select(
            [
                ~known,
                ~lit_before & ~lit_after,
                ~lit_before & lit_after,
                lit_before & ~lit_after,
                moved - first > within,
                moved - first < -within,
            ],
            [6, 0, 1, 2, 3, 4],
            5,
        )
        land += np.bincount(zone.astype(np.int64) * len(TRANSITIONS) + kind, km2, len(land))
        counted = known if rule.masked else known & lit_before & lit_after
        added = (
            km2,
            weight * first,
            weight * second,
            weight * np.where(counted, first, 0.0),
            weight * np.where(counted, moved, 0.0),
            weight * counted,
            weight * known * shift[zone],
        )
        for row, values in zip(sums, added, strict=True):
            row += np.bincount(zone, values, size)
    columns = dict(zip(_SUMS, sums, strict=True))
    columns |= dict(zip(TRANSITIONS, land.reshape(size, len(TRANSITIONS)).T, strict=True))
    return pd.DataFrame(columns, index=pd.Index(coverage.zones, name="code", dtype="str"))


def _shift(coverage: Coverage, rule: Rule, drift: pd.DataFrame) -> Floats:
    """Drift of the background for every zone, that of its province: a cell is judged alike on all levels."""
    if rule.masked:
        return np.zeros(len(coverage.zones))
    measured = drift["drift"].to_dict()
    everywhere = measured.get(COUNTRY, 0.0)
    return np.array([measured.get(zone[:2], everywhere) for zone in coverage.zones], dtype=np.float64)


def roll_up(rows: pd.DataFrame, width: int) -> pd.DataFrame:
    """Add the rows of areas up to those above.

    Parameters
    ----------
    rows : DataFrame
        Indexed by ``code``; every column is a sum, as of :func:`tally`.
    width : int
        Digits of the codes above: 4, 2, or 0 for the country. Areas with shorter codes are left out.
    """
    parents, place = _parents([str(code) for code in rows.index], width)
    inside = place >= 0
    columns = {
        name: np.bincount(place[inside], rows[name].to_numpy(dtype=float)[inside], len(parents))
        for name in rows.columns
    }
    return pd.DataFrame(columns, index=pd.Index(parents, name="code", dtype="str"))


def change(rows: pd.DataFrame, years: float, rule: Rule) -> pd.DataFrame:
    """Say how light changed between two years.

    Parameters
    ----------
    rows : DataFrame
        From :func:`tally` or :func:`roll_up`.
    years : float
        Years between the middles of the two periods (:func:`years_between`), above 0.
    rule : Rule

    Returns
    -------
    DataFrame
        The columns of `rows` and

        ``difference``
            ``after - before``.
        ``log_ratio``
            ``ln((after + e) / (before + e))`` with ``e`` the rule's floor.
        ``annual_growth``
            ``(after / before) ** (1 / years) - 1``, a part of 1; NaN where ``low_start`` or ``after`` is not above 0.
        ``lit_km2_before``, ``lit_km2_after``, ``lit_km2_change``
            Lit land, the later year on the earlier one's background:
            ``lit_km2_after = lit_km2_before + newly_lit - gone_dark``.
        ``low_start``
            Whether the first light is too little to say a percentage of: below ten floors, or, for an unmasked product, less
            than a fifth of the area's first light stands in lit cells (the rest is background).

        Differences and ratios are NaN for an area without a cell that has data in both years.

    Raises
    ------
    ValueError
        When `years` is not above 0.
    """
    if not years > 0:
        raise ValueError(
            f"the years lie {years} years apart, expected more than 0; the earlier one comes first"
        )
    frame = rows.copy()
    known = (frame["area_km2"] - frame["no_data"]).to_numpy() > 1e-9 * frame["area_km2"].to_numpy()
    before = np.where(known, frame["before"], np.nan)
    after = np.where(known, frame["after"], np.nan)
    low = ~(before >= _START_CELLS * rule.floor)
    if not rule.masked:
        low |= ~(before >= CLEAR_SHARE * frame["total_before"].to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.maximum(after, 0.0) + rule.floor
        growth = np.where(~low & (after > 0), (after / before) ** (1 / years) - 1, np.nan)
        frame["before"], frame["after"] = before, after
        frame["difference"] = after - before
        frame["log_ratio"] = np.log(above / (np.maximum(before, 0.0) + rule.floor))
        frame["annual_growth"] = growth
    lit = frame[["gone_dark", "brighter", "dimmer", "steady"]].sum(axis=1).to_numpy()
    frame["lit_km2_before"] = np.where(known, lit, np.nan)
    frame["lit_km2_change"] = np.where(known, frame["newly_lit"] - frame["gone_dark"], np.nan)
    frame["lit_km2_after"] = frame["lit_km2_before"] + frame["lit_km2_change"]
    frame["low_start"] = low
    return frame


def transitions(rows: pd.DataFrame, code: str) -> pd.Series[float]:
    """Return the km2 of each of `TRANSITIONS` of one area of :func:`tally` or :func:`roll_up`.

    Raises
    ------
    KeyError
        When there is no such area.
    """
    return rows.T[code].loc[list(TRANSITIONS)].astype(float)


def years_between(
    first: tuple[np.datetime64, np.datetime64], second: tuple[np.datetime64, np.datetime64]
) -> float:
    """Return the years of 365.2425 days between the middles of two periods.

    Parameters
    ----------
    first, second : tuple of two datetime64
        First and last day, both included.

    Examples
    --------
    >>> day = np.datetime64
    >>> april = (day("2012-04-01"), day("2012-12-31"))
    >>> round(years_between(april, (day("2021-01-01"), day("2021-12-31"))), 3)
    8.876
    """
    middle = [
        (begin.astype("datetime64[D]").astype(float) + end.astype("datetime64[D]").astype(float)) / 2
        for begin, end in (first, second)
    ]
    return float(middle[1] - middle[0]) / _DAYS
