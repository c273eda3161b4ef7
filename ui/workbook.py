"""The workbook of a view: its numbers, what every column means, and where the numbers come from, in Thai and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analytics.catalogue import Indicator
from analytics.definitions import DefinitionError, definition
from ui.export import Sheet
from ui.tables import csv_columns, csv_rows
from ui.texts import texts

SOURCE_COLUMNS = (
    "source_id",
    "kind",
    "publisher",
    "title_th",
    "title_en",
    "url",
    "licence",
    "year",
    "retrieved",
)


def view_sheets(
    values: pd.DataFrame, indicator: Indicator, sources: Sequence[Mapping[str, object]], notes: Sequence[str]
) -> list[Sheet]:
    """Sheets ``data``, ``dictionary`` and ``sources``.

    Parameters
    ----------
    values : DataFrame
        As `Warehouse.values`.
    sources : sequence of mapping
        As `Warehouse.source`, of the sources the values come from.
    notes : sequence of str
        Lines on year and snapshot, put under the sources.
    """
    return several_sheets([(values, indicator)], sources, notes)


def several_sheets(
    parts: Sequence[tuple[pd.DataFrame, Indicator]],
    sources: Sequence[Mapping[str, object]],
    notes: Sequence[str],
) -> list[Sheet]:
    """As `view_sheets`, of several indicators below each other."""
    rows = [row for values, indicator in parts for row in csv_rows(values, indicator)]
    return [
        Sheet("data", csv_columns(), rows, (11, 24, 24, 22, 12, 12, 12, 12, 8, 8, 14, 44, 11)),
        Sheet("dictionary", ("column", "ไทย", "English"), _dictionary(parts), (22, 70, 70)),
        Sheet("sources", ("key", "value"), source_rows(sources, notes), (16, 110)),
    ]


def _dictionary(parts: Sequence[tuple[pd.DataFrame, Indicator]]) -> list[tuple[str, str, str]]:
    th, en = texts("th"), texts("en")
    rows = [(name, th[f"export.{name}"], en[f"export.{name}"]) for name in csv_columns()]
    definitions: dict[str, tuple[str, str, str]] = {}
    for values, indicator in parts:
        for part in ("name", "unit", "description", "numerator", "denominator", "method"):
            in_thai, in_english = getattr(indicator, f"{part}_th"), getattr(indicator, f"{part}_en")
            if in_thai or in_english:
                rows.append((f"{indicator.id}: {part}", in_thai, in_english))
        for used in map(str, values["definition"].dropna().unique()):
            try:
                entry = definition(used)
            except DefinitionError:
                continue  # the id alone stands in the data sheet
            definitions[used] = (f"definition {used}", entry.text_th, entry.text_en)
    return [*rows, *definitions.values()]


def source_rows(sources: Sequence[Mapping[str, object]], notes: Sequence[str]) -> list[tuple[str, object]]:
    """Rows of a sheet on sources: what is known of each, then the notes."""
    rows: list[tuple[str, object]] = []
    for facts in sources:
        rows += [(name, facts[name]) for name in SOURCE_COLUMNS if facts.get(name) is not None]
        rows.append(("", ""))
    return [*rows, *(("note", note) for note in notes)]
