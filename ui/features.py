"""Rows of a download with their published outlines or points, for GIS programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from geo.exchange import FeatureTable
from ui.frame import Context
from ui.scene import Scene
from ui.tables import csv_columns, csv_rows
from warehouse.computed_layers import published_shapes


def about(c: Context, title: str, notes: Sequence[str], link: str) -> dict[str, object]:
    """What must be known of the numbers of a file: where from, of which snapshot, and how its outlines came about."""
    w = c.words
    return {
        "title": title,
        "language": w.language,
        "snapshot": c.warehouse.snapshot,
        "made": date.today().isoformat(),
        "synthetic": str(c.synthetic).lower(),
        "crs": "EPSG:4326",
        "link": link,
        "notes": [*(line for line in dict.fromkeys(notes) if line), w("download.simplified")],
    }


def with_facts(
    columns: Sequence[str], rows: Iterable[Sequence[object]], facts: Mapping[str, object]
) -> tuple[list[str], list[list[object]]]:
    """Columns and rows with what holds for all of them put behind: source, year, definition.

    >>> with_facts(("area_code", "year"), [["95", 2018]], {"year": 2020, "source": "x"})
    (['area_code', 'year', 'source'], [['95', 2018, 'x']])
    """
    more = {name: value for name, value in facts.items() if name not in columns}
    return [*columns, *more], [[*row, *more.values()] for row in rows]


def area_table(
    c: Context,
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    level: str | None,
    parent: str | None,
) -> FeatureTable:
    """Rows with the outlines that the browser is sent, by their column ``area_code``; those without one stay in."""
    shapes = published_shapes(c.warehouse, level or "", parent or "")
    body, at = list(rows), list(columns).index("area_code")
    return FeatureTable(name, title, columns, body, [shapes.get(str(row[at])) for row in body])


def point_table(
    name: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], where: pd.DataFrame
) -> FeatureTable:
    """Rows with their points: ``longitude`` and ``latitude`` of `where`, in the same order."""
    points = [
        None
        if pd.isna(lon) or pd.isna(lat)
        else f'{{"type":"Point","coordinates":[{float(lon)!r},{float(lat)!r}]}}'
        for lon, lat in zip(where["longitude"], where["latitude"], strict=True)
    ]
    return FeatureTable(name, title, columns, list(rows), points, "point")


def scene_table(c: Context, scene: Scene) -> FeatureTable:
    """The areas that a scene's map colours, in the columns of its CSV."""
    p, entry = scene.plan, scene.indicator
    title = c.words.pick(entry.name_th, entry.name_en)
    rows = csv_rows(scene.drawn, entry)
    return area_table(c, "areas", title, csv_columns(), rows, p.draw_level, p.draw_parent)
