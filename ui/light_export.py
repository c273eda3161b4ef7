"""Downloads of light: every measure of the areas drawn, with product, period, mask, threshold, floor and warnings."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.light_measures import MEASURES
from ui.export import Sheet
from ui.frame import Context
from ui.light_state import LightScene, Pair, one_year, product_of, two_years
from ui.light_text import (
    meaning,
    measure_name,
    period_line,
    persons_line,
    raster_row,
    threshold_line,
    unit_text,
    warning_lines,
)
from ui.outlines import outline_lines
from ui.texts import Words

ONE = tuple(m for m in MEASURES.values() if m.years == 1)
TWO = tuple(m for m in MEASURES.values() if m.years == 2)
YearOf = tuple[str, int]
"""Source id and year (common era)."""


def light_columns(years: Sequence[YearOf], pair: Pair | None) -> list[str]:
    """Columns of the download, the same in both languages: measures of one year carry theirs at the end."""
    columns = ["area_code", "name_th", "name_en", "level"]
    for _, year in years:
        columns += [f"{m.key}_{year}" for m in ONE] + [f"valid_share_{year}"]
    if pair is not None:
        columns += [*(m.key for m in TWO), "low_start", "few_observations"]
    return [*columns, "modelled"]


def light_rows(c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None) -> list[list[object]]:
    """Rows of the download in the order of `light_columns`."""
    parts = []
    for source, year in years:
        frame = one_year(c, s, year, source)
        part = pd.DataFrame({m.key: m.of(frame) for m in ONE})
        part["valid_share"] = frame["valid_share"]
        parts.append(part)
    flags: list[pd.Series] = []
    if pair is not None:
        moved = two_years(c, s)
        parts.append(pd.DataFrame({m.key: m.of(moved) for m in TWO}))
        flags = [
            moved[name] if name in moved else pd.Series(False, index=moved.index)
            for name in ("low_start", "few_observations")
        ]
    rows: list[list[object]] = []
    for code in parts[0].index:
        area = c.warehouse.area(str(code))
        row: list[object] = [area.code, area.name_th, area.name_en, area.level]
        for part in parts:
            row += [float(v) for v in part.loc[code]]
        row += [str(bool(flag.get(code, False))).lower() for flag in flags]
        rows.append([*row, str(s.modelled).lower()])
    return rows


def light_notes(c: Context, s: LightScene) -> list[str]:
    """Warnings first, then what each year is made of, and the caveats of the products."""
    w = c.words
    pair = s.choice.pair if s.compared else None
    years = (
        [(s.choice.source, s.choice.year)]
        if pair is None
        else [(pair.source0, pair.y0), (pair.source1, pair.y1)]
    )
    lines = [*warning_lines(c, s), *outline_lines(c)]
    for source, year in years:
        product, row = product_of(source), raster_row(c, source, year)
        mask = row["mask"] if not pd.isna(row["mask"]) else "-"
        lines.append(
            " · ".join(
                (
                    product.name(w.language),
                    period_line(c, source, year),
                    w("light.export.mask", mask=mask),
                    threshold_line(c, source, year),
                    w("light.export.unit", unit=row["unit"]),
                    w("light.export.file", sha256=str(row["sha256"])[:16]),
                )
            )
        )
    if s.level is not None:
        lines.append(persons_line(c, one_year(c, s, years[-1][1], years[-1][0])))
    if pair is not None:
        rule = c.warehouse.lights.rule(s.choice.source, s.choice.year)
        lines.append(w("light.legend.floor", floor=f"{rule.floor:g}"))
    lines.append(w("light.not_poverty"))
    for product in dict.fromkeys((s.product, s.product0)):
        lines += product.caveats(w.language)
    return [*lines, w("light.export.snapshot", snapshot=c.warehouse.snapshot)]


def light_sheets(c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None) -> list[Sheet]:
    """Sheets ``data``, ``dictionary`` and ``sources``."""
    facts: list[tuple[str, object]] = []
    for source, year in years:
        facts += [
            (str(name), None if pd.isna(value) else value)
            for name, value in raster_row(c, source, year).items()
        ]
        facts.append(("", ""))
    return [
        Sheet("data", light_columns(years, pair), light_rows(c, s, years, pair), (11, 24, 24, 12, 14)),
        Sheet("dictionary", ("column", "ไทย", "English"), _dictionary(c, s, years, pair), (26, 80, 80)),
        Sheet(
            "sources", ("key", "value"), [*facts, *(("note", line) for line in light_notes(c, s))], (18, 120)
        ),
    ]


def _dictionary(
    c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None
) -> list[tuple[str, str, str]]:
    th, en = Words("th"), Words("en")
    floor = c.warehouse.lights.rule(s.choice.source, s.choice.year).floor
    rows = [
        (name, th(f"export.{name}"), en(f"export.{name}")) for name in ("area_code", "name_th", "name_en")
    ]
    measures = [(f"{m.key}_{year}", m, product_of(source)) for source, year in years for m in ONE]
    measures += [(m.key, m, s.product) for m in TWO] if pair is not None else []
    for column, measure, product in measures:
        texts = [
            f"{measure_name(measure, w)} ({unit_text(measure, product, w)}): {meaning(measure, w, floor)}"
            for w in (th, en)
        ]
        rows.append((column, texts[0], texts[1]))
    names = [f"valid_share_{year}" for _, year in years]
    names += ["low_start", "few_observations"] if pair is not None else []
    for column in (*names, "modelled"):
        name = "valid_share" if column.startswith("valid") else column
        key = f"light.export.{name}"
        rows.append((column, th(key), en(key)))
    return rows
