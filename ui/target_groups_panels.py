"""The blocks of the page of target groups: published numbers of the country, and numbers by area."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.catalogue import indicator, load_catalogue
from analytics.formatting import number, withheld_text
from analytics.target_groups import COLUMNS, published
from ui import export
from ui.downloads import download_buttons, download_place
from ui.frame import Context
from ui.markdown import escape_markdown, markdown_table
from ui.opening import row_opens
from ui.outlines import synthetic_lines
from ui.panels import source_line
from ui.tables import csv_columns, csv_rows, display_name, rows_shown, year_label
from ui.workbook import several_sheets

BELOW = {"country": "province", "province": "district", "district": "subdistrict"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """One column of the table by area."""

    indicator: str
    year: int
    values: pd.DataFrame


def published_panel(c: Context) -> None:
    """The four groups as published, each with its source and what could be checked."""
    w = c.words
    st.subheader(w("groups.published"), anchor=False)
    rows = []
    for group in published():
        indent = "– " if group.of else ""
        rows.append(
            [
                indent + w(f"groups.name_{group.id}"),
                number(group.persons, language=w.language)
                if group.persons is not None
                else w("groups.unknown"),
                number(group.households, language=w.language) if group.households is not None else "–",
                w(f"groups.checked_{group.checked}"),
                w.pick(group.source_th, group.source_en),
            ]
        )
    headings = [w(f"groups.{k}") for k in ("group", "persons", "households", "checked", "source")]
    st.markdown(markdown_table(headings, rows, text=(0, 3, 4)))
    st.caption(w("groups.notes"))


def area_panel(c: Context) -> None:
    """Numbers by area, in the columns the snapshot has."""
    w = c.words
    level = BELOW.get(c.area.level, c.area.level)
    st.subheader(w("groups.by_area", level=w(f"level.{level}")), anchor=False)
    columns = _columns(c, level)
    if not columns:
        st.info(w("groups.nothing", level=w(f"level.{level}")), icon=":material/info:")
        return
    table, codes = _table(c, columns)
    shown = rows_shown(len(table))
    st.dataframe(
        table.head(shown),
        hide_index=True,
        width="stretch",
        key="groups_table",
        on_select=row_opens("groups_table", codes[:shown]),
        selection_mode="single-row",
    )
    if shown < len(table):
        st.caption(w("groups.first", n=shown, total=len(table)))
    for line in dict.fromkeys(source_line(c, column.values, column.year) for column in columns):
        st.caption(escape_markdown(line))
    if not any(column.indicator.startswith("t_group_") for column in columns):
        st.caption(w("groups.desk_missing"))
    if download_place() is None:
        return
    parts = [(column.values, indicator(column.indicator)) for column in columns]
    lines = [source_line(c, column.values, column.year) for column in columns]
    notes = [*synthetic_lines(c), *dict.fromkeys(lines)]

    def workbook() -> bytes:
        used = dict.fromkeys(str(s) for values, _ in parts for s in values["source_id"].dropna().unique())
        sheets = several_sheets(parts, [c.warehouse.source(s) for s in used], notes)
        return export.xlsx_bytes(sheets, w("page.target_groups.title"))

    download_buttons(
        c,
        ("target-groups", c.area.code, level),
        lambda: export.csv_bytes(csv_columns(), [row for part in parts for row in csv_rows(*part)], notes),
        workbook,
        key="groups",
    )


def _columns(c: Context, level: str) -> list[_Shown]:
    """What the snapshot knows of the groups at a level, each in its newest year here."""
    found = []
    for name in COLUMNS:
        if name not in load_catalogue():
            continue
        for year in sorted(c.warehouse.years(name, level), reverse=True):
            values = c.warehouse.values(name, level=level, year=year, within=c.area.code)
            if values["value"].notna().any() or values["suppressed"].fillna(False).any():
                found.append(_Shown(name, year, values))
                break
    return found


def _table(c: Context, columns: list[_Shown]) -> tuple[pd.DataFrame, list[str]]:
    """Areas with the largest first number on top, counts as text so that a hidden one keeps its mark."""
    w = c.words
    first = columns[0].values
    order = first.assign(_key=first["value"].fillna(-1)).sort_values(
        ["_key", "area_code"], ascending=[False, True]
    )
    codes = [str(code) for code in order["area_code"]]
    areas = {str(r.area_code): r for column in columns for r in column.values.itertuples()}
    codes += sorted(set(areas) - set(codes))
    out = {
        w("groups.area"): [display_name(areas[k].name_th, areas[k].name_en, areas[k].kind, w) for k in codes]
    }
    for column in columns:
        entry = indicator(column.indicator)
        values = column.values.set_index("area_code")
        suppressed = values["suppressed"].fillna(False).astype(bool)
        cells = []
        for code in codes:
            value = values["value"].get(code)
            hidden = bool(suppressed.get(code, False))
            cells.append(
                withheld_text(entry.unit, c.warehouse.minimum)
                if hidden
                else w("groups.no_data")
                if value is None or pd.isna(value)
                else number(float(value), language=w.language)
            )
        out[f"{w.pick(entry.short_th, entry.short_en)} {year_label(column.year, w)}"] = cells
    return pd.DataFrame(out), codes
