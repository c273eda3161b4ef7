"""Map layers made when a snapshot is published: one gzipped GeoJSON a level, parent, theme and year.

A file carries every mapped indicator of its theme as a value and as text for the tooltip, so that changing
the indicator on a screen changes a few hundred bytes of map specification and downloads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import pandas as pd

from analytics.catalogue import Indicator, load_catalogue
from analytics.formatting import NO_DATA, number, withheld_text
from geo.boundaries import embedded_provinces, simplify
from geo.codes import COUNTRY, official_areas
from geo.layers import decimals_for, feature_geometries, gz_bytes, layer_bytes, tolerance
from warehouse.query import layer_name
from warehouse.snapshots import Staging

LEVELS = ("province", "district", "subdistrict")
DECIMALS = 4
"""Decimals of a value in a layer; class bounds come from values rounded alike, so map and legend agree."""


def build_layers(
    staging: Staging,
    *,
    years: Collection[int],
    levels: Collection[str],
    minimum: int = 5,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write the layer files a change made stale.

    Parameters
    ----------
    staging : Staging
        With its finished database and boundaries.
    years : collection of int
        Years whose numbers changed.
    levels : collection of str
        Levels whose boundaries changed: all their years are drawn again.
    minimum : int
        Below this, counts of protected sources are hidden; tooltips say so.
    progress : callable, optional
        Called with the part done, 0 to 1.

    Returns
    -------
    int
        Files written.
    """
    written = 0
    with duckdb.connect(str(staging.database), read_only=True) as connection:
        for step, level in enumerate(LEVELS):
            stored = {
                int(y)
                for (y,) in connection.execute(
                    "SELECT DISTINCT year FROM observation WHERE level = ?", [level]
                ).fetchall()
            }
            stale = sorted(stored if level in levels else stored & set(years))
            _remove(staging.path / "layers" / level, None if level in levels else set(years))
            frame = _boundaries(staging.path, level) if stale else None
            if frame is None:
                continue
            national, local = _geometries(frame, level)
            areas = _areas(frame)
            for place, year in enumerate(stale):
                values = _values(connection, level, year)
                for theme, indicators in _themes().items():
                    have = [i for i in indicators if i.id in values.columns]
                    if have:
                        rows = _properties(areas, values, have, minimum)
                        written += _write(staging, level, theme, year, have, rows, national, local)
                if progress is not None:
                    progress((step + (place + 1) / len(stale)) / len(LEVELS))
    return written


def _remove(folder: Path, years: set[int] | None) -> None:
    if not folder.is_dir():
        return
    for file in folder.glob("*/*.geojson.gz"):
        year = file.name.removesuffix(".geojson.gz").rpartition("-")[2]
        if years is None or int(year) in years:
            file.unlink()


def _boundaries(folder: Path, level: str) -> gpd.GeoDataFrame | None:
    file = folder / "boundaries" / f"{level}.parquet"
    if file.is_file():
        return gpd.read_parquet(file)
    return embedded_provinces() if level == "province" else None


def _geometries(frame: gpd.GeoDataFrame, level: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Geometry text of a level for the whole country and, finer, for one province at a time."""
    national = feature_geometries(
        simplify(frame, tolerance(level, "national")), decimals_for(level, "national")
    )
    if level == "province":
        return national, {}
    # The whole level at once, so that neighbours on both sides of a province border keep one edge.
    return national, feature_geometries(simplify(frame, tolerance(level, "local")))


def _areas(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    official = official_areas()
    areas = []
    for code, name_th, name_en in sorted(
        zip(frame["code"], frame["name_th"], frame["name_en"], strict=True), key=lambda row: str(row[0])
    ):
        known = official.get(str(code))
        parent = str(code)[:-2] or COUNTRY
        areas.append(
            {
                "code": str(code),
                "parent": known.parent if known is not None else parent,
                "name_th": known.name_th if known is not None else _closed(name_th),
                "name_en": known.name_en if known is not None else _closed(name_en),
            }
        )
    return areas


def _closed(name: object) -> str:
    """A name in which no ``{place}`` of a tooltip is found: the browser fills places in one after the other, names first."""
    return str(name).replace("{", "{\u2060")  # WORD JOINER has no width


def _themes() -> dict[str, list[Indicator]]:
    themes: dict[str, list[Indicator]] = {}
    for indicator in load_catalogue().values():
        if indicator.map:
            themes.setdefault(indicator.theme, []).append(indicator)
    return themes


def _values(connection: duckdb.DuckDBPyConnection, level: str, year: int) -> pd.DataFrame:
    """Rounded values, one row an area and one column an indicator; ``attrs["hidden"]`` names the cells withheld."""
    mapped = [i.id for i in load_catalogue().values() if i.map]
    long = connection.execute(
        """
        SELECT area_code, indicator, CASE WHEN suppressed THEN 'NaN'::DOUBLE ELSE value END AS value FROM observation
        WHERE level = ? AND year = ? AND preferred AND (suppressed OR value IS NOT NULL)
          AND list_contains(?, indicator)
        """,
        [level, year, mapped],
    ).df()
    values = long.pivot(index="area_code", columns="indicator", values="value").round(DECIMALS)
    hidden = long[long["value"].isna()]
    values.attrs["hidden"] = set(zip(hidden["area_code"], hidden["indicator"], strict=True))
    return values


def _properties(
    areas: Sequence[dict[str, Any]], values: pd.DataFrame, indicators: Sequence[Indicator], minimum: int
) -> list[dict[str, Any]]:
    hidden = values.attrs["hidden"]
    codes = [area["code"] for area in areas]
    rows = [dict(area) for area in areas]
    for indicator in indicators:
        column = values[indicator.id].reindex(codes).to_numpy(dtype=float)
        value_key, text_key = indicator.id, f"{indicator.id}_t"
        for row, value in zip(rows, column.tolist(), strict=True):
            if value != value:  # NaN
                withheld = (row["code"], indicator.id) in hidden
                row[value_key] = None
                row[text_key] = withheld_text(indicator.unit, minimum) if withheld else NO_DATA
            else:
                row[value_key] = int(value) if value.is_integer() else value
                row[text_key] = number(value, indicator.decimals)
    return rows


def _write(
    staging: Staging,
    level: str,
    theme: str,
    year: int,
    indicators: Sequence[Indicator],
    rows: Sequence[dict[str, Any]],
    national: Mapping[str, str],
    local: Mapping[str, str],
) -> int:
    written = _write_parts(staging, level, COUNTRY, theme, year, indicators, rows, national)
    if not local:
        return written
    provinces: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        provinces.setdefault(row["code"][:2], []).append(row)
    for province, inside in provinces.items():
        written += _write_parts(staging, level, province, theme, year, indicators, inside, local)
    return written


def _write_parts(
    staging: Staging,
    level: str,
    parent: str,
    theme: str,
    year: int,
    indicators: Sequence[Indicator],
    rows: Sequence[dict[str, Any]],
    geometry: Mapping[str, str],
) -> int:
    """Write a theme's files of one parent, each with its indicators only."""
    files: dict[str, set[str]] = {}
    for indicator in indicators:
        name = layer_name(level, parent, theme, year, indicator.id)
        files.setdefault(name, {"code", "parent", "name_th", "name_en"}).update(
            (indicator.id, f"{indicator.id}_t")
        )
    for name, keys in files.items():
        part = [{key: value for key, value in row.items() if key in keys} for row in rows]
        staging.replace_file(
            f"layers/{level}/{parent}/{name}.geojson.gz", gz_bytes(layer_bytes(geometry, part))
        )
    return len(files)
