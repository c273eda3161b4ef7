"""Night light of two years for all tambons: ours against rasterstats and against a bare call of exactextract.

Each side runs in a process of its own, over the shipped modelled pair (15 arc-seconds, 2,065 x 3,625 cells) and the tambons
of COD-AB. All read the same rasters and polygons first; the clock runs from there. Ours covers once, then gives ten numbers a year
for the tambons; the bare call gives four (sum, mean, median, maximum) of both years in one pass, rasterstats the same four, year by
year. No side uses a second thread, so seconds of the processor are compared: they do not depend on what else runs.

    python -m bench.zonal
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from bench.import_tpmap import watch
from bench.machine import facts, size, table
from geo.nightlight import Grid, read_cog
from tests.realdata import real_root

PAIR = Path(__file__).resolve().parent.parent / "data" / "nightlight"
YEARS = (2012, 2021)
TAMBONS = "boundaries/tha_admbnda_adm3_rtsd_20220121.zip"
STATS = ["sum", "mean", "median", "max"]
ROUNDS = {"ours": 3, "exactextract": 3, "rasterstats": 1}


def inputs() -> tuple[gpd.GeoDataFrame, dict[int, Any], Grid]:
    """Tambons with ``code``, the two rasters, their grid."""
    zones = gpd.read_file(f"zip://{real_root() / TAMBONS}", columns=["ADM3_PCODE"])
    zones["code"] = zones.pop("ADM3_PCODE").str.removeprefix("TH")
    rasters = {}
    for year in YEARS:
        rasters[year], grid, _ = read_cog(PAIR / f"modelled-{year}.tif")
    return zones.sort_values("code", ignore_index=True), rasters, grid


def ours(zones: gpd.GeoDataFrame, rasters: dict[int, Any], grid: Grid) -> np.ndarray:
    """`analytics.lights`: cover once, then every year; the sums, shape (zones, years)."""
    from analytics import lights

    coverage = lights.cover(zones, grid)
    return np.column_stack(
        [lights.statistics(coverage, v, threshold=0.0)["sum"].to_numpy() for v in rasters.values()]
    )


def bare(zones: gpd.GeoDataFrame, rasters: dict[int, Any], grid: Grid) -> np.ndarray:
    """One call of exactextract for both years."""
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    west, south, east, north = grid.bounds
    sources = [NumPyRasterSource(v, west, south, east, north, name=f"y{year}") for year, v in rasters.items()]
    found = exact_extract(sources, zones, STATS, include_cols=["code"], output="pandas")
    return found[[f"y{year}_sum" for year in YEARS]].to_numpy()


def peer(zones: gpd.GeoDataFrame, rasters: dict[int, Any], grid: Grid) -> np.ndarray:
    """Cells whose centre lies inside, by rasterstats; year by year, as it takes one raster."""
    from rasterstats import zonal_stats

    return np.array(
        [
            [
                row["sum"] or 0.0
                for row in zonal_stats(zones, v, affine=grid.transform, stats=STATS, nodata=-1)
            ]
            for v in rasters.values()
        ]
    ).T


SIDES = {"ours": ours, "exactextract": bare, "rasterstats": peer}


def measure(side: str) -> dict[str, float]:
    """Median seconds of a side, and how far its sums lie from those of the bare call."""
    zones, rasters, grid = inputs()
    taken = []
    for _ in range(ROUNDS[side]):
        clocks = time.process_time(), time.perf_counter()
        sums = SIDES[side](zones, rasters, grid)
        taken.append((time.process_time() - clocks[0], time.perf_counter() - clocks[1]))
    processor, wall = (statistics.median(column) for column in zip(*taken, strict=True))
    return {"seconds": processor, "wall": wall, "zones": len(zones)} | {
        str(y): float(s) for y, s in zip(YEARS, np.nansum(sums, axis=0), strict=True)
    }


def ratios(seconds: dict[str, float]) -> tuple[float, float]:
    """How many times rasterstats takes of ours, and ours of the bare call."""
    return seconds["rasterstats"] / seconds["ours"], seconds["ours"] / seconds["exactextract"]


def main() -> None:
    """Measure and print."""
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    found = {side: watch([sys.executable, "-m", "bench.zonal", side]) for side in SIDES}
    print(facts())
    print(
        table(
            ["side", "tambons", "processor, s", "wall, s", "memory of the process", "sum 2012", "sum 2021"],
            [
                [
                    side,
                    f"{w.result['zones']:,.0f}",
                    f"{w.result['seconds']:.2f}",
                    f"{w.result['wall']:.2f}",
                    size(w.memory),
                    f"{w.result['2012']:,.1f}",
                    f"{w.result['2021']:,.1f}",
                ]
                for side, w in found.items()
            ],
        )
    )
    faster, slower = ratios({side: w.result["seconds"] for side, w in found.items()})
    print(
        f"rasterstats / ours: {faster:.1f} (goal at least 8); ours / exactextract: {slower:.2f} (goal at most 1.15)"
    )


if __name__ == "__main__":
    main()
