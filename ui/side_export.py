"""What the comparison and the trend screen are downloaded as: numbers in long form, what columns mean, and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analytics.catalogue import Indicator
from analytics.definitions import BUDDHIST_ERA, DefinitionError, definition
from analytics.peers import FACTS, Peers
from ui import data, export
from ui.compare_state import Choice, Row, peers_of
from ui.downloads import download_buttons
from ui.export import Sheet
from ui.frame import Context
from ui.outlines import synthetic_lines
from ui.texts import texts
from ui.workbook import source_rows

COLUMNS = (
    "area_code", "name_th", "name_en", "level", "indicator", "value", "numerator", "denominator", "unit", "year", "year_be",
    "definition", "source", "suppressed", "made_up", "comparable", "differs", "difference",
)  # fmt: skip
"""Columns of a downloaded comparison, the same in both languages."""
PEER_COLUMNS = ("code", "name_th", "name_en", "distance", *FACTS)
_WIDTHS = (11, 24, 24, 12, 24, 12, 12, 12, 12, 8, 8, 24, 44, 11, 10, 11, 24, 12)


def comparison_rows(c: Context, choice: Choice, found: Iterable[Row]) -> Iterator[list[object]]:
    """One row an indicator and side, in the order of `COLUMNS`; ``difference`` is against the first side."""
    titles = data.source_titles(c.warehouse.snapshot)
    for row in found:
        first = row.cells[0].value
        for side, cell in zip(choice.sides, row.cells, strict=True):
            standing = cell.standing
            differs = ok = None
            if standing is not None:
                differs, ok = "; ".join(row.verdict.differs), str(row.verdict.ok).lower()
            gap = None
            if row.verdict.ok and cell is not row.cells[0] and cell.value is not None and first is not None:
                gap = cell.value - first
            yield [
                side.area.code, side.area.name_th, side.area.name_en, side.area.level, row.indicator.id, cell.value,
                cell.numerator, cell.denominator, row.indicator.unit, cell.year, cell.year + BUDDHIST_ERA,
                standing.definition if standing else None,
                c.words.pick(*titles[standing.source]) if standing else None,
                str(cell.hidden).lower(), str(standing.made_up).lower() if standing else None, ok, differs, gap,
            ]  # fmt: skip


def dictionary_rows(
    columns: Sequence[str], text: str, indicators: Iterable[Indicator], definitions: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Rows ``column, ไทย, English``: the columns, then the indicators and definitions that occur.

    Parameters
    ----------
    text : str
        Where the texts of columns stand that only this download has, with a place for the ``name``; those of all downloads stand
        under ``export``.
    """
    th, en = texts("th"), texts("en")
    rows = []
    for name in columns:
        key = text.format(name=name)
        key = key if key in th else f"export.{name}"
        rows.append((name, th[key], en[key]))
    for entry in indicators:
        for part in ("name", "unit", "description", "method"):
            said = getattr(entry, f"{part}_th"), getattr(entry, f"{part}_en")
            if any(said):
                rows.append((f"{entry.id}: {part}", *said))
    for name in dict.fromkeys(definitions):
        try:
            used = definition(name)
        except DefinitionError:
            continue  # the id alone stands in the data
        rows.append((f"definition {name}", used.text_th, used.text_en))
    return rows


def peer_rows(c: Context, found: Peers) -> list[list[object]]:
    """One row an area alike, in the order of `PEER_COLUMNS`; facts that the distance does not rest on stay empty."""
    out = []
    for row in found.table.to_dict("records"):
        area = c.warehouse.area(str(row["code"]))
        out.append(
            [area.code, area.name_th, area.name_en, row["distance"], *(row.get(name) for name in FACTS)]
        )
    return out


def comparison_downloads(c: Context, choice: Choice, found: Sequence[Row]) -> None:
    """The table as CSV and as a workbook with the areas alike, the dictionary and the sources."""
    if not found:
        return
    standings = [cell.standing for row in found for cell in row.cells if cell.standing is not None]
    w = c.words
    notes = [
        *synthetic_lines(c),
        w("compare.table_note"),
        w("compare.snapshot", snapshot=c.warehouse.snapshot),
    ]

    def csv_file() -> bytes:
        return export.csv_bytes(COLUMNS, comparison_rows(c, choice, found), notes)

    def workbook() -> bytes:
        alike = None
        if choice.by == "areas" and c.area.level != "country":
            alike = peers_of(c.warehouse.snapshot, c.area.code, choice.level)
        used = [row.indicator for row in found]
        meaning = dictionary_rows(COLUMNS, "compare.export.{name}", used, [s.definition for s in standings])
        sheets = [Sheet("data", COLUMNS, list(comparison_rows(c, choice, found)), _WIDTHS)]
        if alike is not None and len(alike.table):
            meaning += dictionary_rows(PEER_COLUMNS[3:], "compare.export.{name}", (), ())
            sheets.append(Sheet("peers", PEER_COLUMNS, peer_rows(c, alike), (11, 24, 24, 12, 12, 12, 12, 12)))
        facts = [c.warehouse.source(s) for s in sorted({s.source for s in standings})]
        sheets += [
            Sheet("dictionary", ("column", "ไทย", "English"), meaning, (26, 70, 70)),
            Sheet("sources", ("key", "value"), source_rows(facts, notes), (16, 110)),
        ]
        return export.xlsx_bytes(sheets, w("page.compare.title"))

    stem = ("compare", *(side.area.code for side in choice.sides))
    download_buttons(c, stem, csv_file, workbook, key="compare")
