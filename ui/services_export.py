"""What the services page is downloaded as: one row an area with every measure, poverty beside access, and the places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analytics.access_measures import MEASURES
from analytics.catalogue import load_catalogue
from ui.export import Sheet
from ui.frame import Context
from ui.outlines import outline_lines
from ui.services_state import Choice, far, far_question, listed
from ui.services_text import caveats, method_lines, people_lines, place_lines
from ui.texts import texts
from ui.workbook import source_rows
from warehouse.access_layers import ALL
from warehouse.places import MEASURES as NUMBERS

COLUMNS = (
    "area_code", "name_th", "name_en", "kind", "grades", "radius_km", "distance", "approximate_counted", *NUMBERS,
    "origins_kind", "people_assumed", "people_indicator", "people_year", "people_source", "place_source",
)  # fmt: skip
FAR_COLUMNS = (
    "area_code", "name_th", "name_en", "poverty", "poverty_indicator", "poverty_year", "access", "access_measure",
    "left_out", "worst_corner",
)  # fmt: skip
PLACE_COLUMNS = (
    "place_id", "place_source", "kind", "grade", "name_th", "name_en", "code", "area_code", "longitude", "latitude",
    "approximate", "capacity", "capacity_unit", "note",
)  # fmt: skip
STRAIGHT = "straight line"


def rows(choice: Choice, table: pd.DataFrame) -> Iterator[list[object]]:
    """One row an area in the order of `COLUMNS`; an empty cell is unknown or hidden, never zero."""
    reach = choice.reach
    fixed = [
        reach.kind, " ".join(reach.grades) or ALL, reach.km, STRAIGHT, str(reach.approximate).lower(),
    ]  # fmt: skip
    for row in table.to_dict("records"):
        yield [
            row["area_code"], row["name_th"], row["name_en"], *fixed, *(row[name] for name in NUMBERS),
            row["origins_kind"], str(bool(row["people_assumed"])).lower(), row["people_indicator"],
            row["people_year"] or None, row["people_source"], reach.source or ALL,
        ]  # fmt: skip


def far_rows(c: Context, choice: Choice) -> list[list[object]]:
    """Poverty beside access in the order of `FAR_COLUMNS`; nothing hidden is in it."""
    asked = far_question(c, choice)
    if asked is None:
        return []
    q = asked[0]
    found = far(c.warehouse.snapshot, *q.reach.arguments, q.measure, q.indicator, q.year, q.level, q.within)
    worst = set(found.worst["code"])
    return [
        [
            row.code, row.name_th, row.name_en, row.y, q.indicator, q.year, row.x, MEASURES[q.measure].column,
            row.reason, str(row.code in worst).lower(),
        ]
        for row in found.frame.itertuples()
    ]  # fmt: skip


def sheets(c: Context, choice: Choice, table: pd.DataFrame) -> list[Sheet]:
    """Sheets ``data``, ``poor_and_far``, ``places``, ``dictionary`` and ``sources``; notes stand under the sources."""
    found = listed(c.warehouse.snapshot, *choice.reach.arguments, c.area.code).rename(
        columns={"source_id": "place_source"}
    )
    th, en = texts("th"), texts("en")
    names = dict.fromkeys((*COLUMNS, *FAR_COLUMNS, *PLACE_COLUMNS))
    words = [(name, th[f"services.export.{name}"], en[f"services.export.{name}"]) for name in names]
    asked = far_question(c, choice)
    if asked is not None:
        entry = load_catalogue()[asked[0].indicator]
        words += [
            (f"{entry.id}: {part}", getattr(entry, f"{part}_th"), getattr(entry, f"{part}_en"))
            for part in ("name", "unit", "description", "method")
        ]
    used = {
        *(choice.sources if choice.reach.source is None else (choice.reach.source,)),
        *table["people_source"].dropna(),
        *(_far_sources(c, choice)),
    }
    facts = [c.warehouse.source(str(s)) for s in sorted(used)]
    return [
        Sheet("data", COLUMNS, list(rows(choice, table)), (11, 24, 24, 10, 20, 10, 12, 12)),
        Sheet("poor_and_far", FAR_COLUMNS, far_rows(c, choice), (11, 24, 24, 10, 24, 10, 10, 20, 10, 12)),
        Sheet(
            "places",
            PLACE_COLUMNS,
            found[list(PLACE_COLUMNS)].to_numpy(dtype=object).tolist(),
            (16, 24, 10, 20, 30, 30, 14, 11, 12),
        ),
        Sheet("dictionary", ("column", "ไทย", "English"), words, (26, 70, 70)),
        Sheet("sources", ("key", "value"), source_rows(facts, notes(c, choice, table)), (16, 110)),
    ]


def _far_sources(c: Context, choice: Choice) -> Sequence[str]:
    asked = far_question(c, choice)
    if asked is None:
        return ()
    q = asked[0]
    return far(
        c.warehouse.snapshot, *q.reach.arguments, q.measure, q.indicator, q.year, q.level, q.within
    ).sources


def notes(c: Context, choice: Choice, table: pd.DataFrame) -> list[str]:
    """Method, people, places and caveats in plain lines."""
    return [
        *outline_lines(c), *method_lines(c, choice), *people_lines(c, table), *place_lines(c, choice),
        *caveats(choice, c.words),
    ]  # fmt: skip
