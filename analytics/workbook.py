"""Workbooks that a spreadsheet opens rightly and that start no formula: of a view, and of what an import had to say."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook.

    Attributes
    ----------
    name : str
        At most 31 characters.
    columns : sequence of str
    rows : sequence of sequences
        Texts are written as texts and numbers as numbers; None and NaN leave the cell empty.
    widths : sequence of int
        Of the columns, in characters; the last one holds for those after it.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    widths: Sequence[int] = (14,)


XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_TEXT = 32_767  # characters a cell can hold


def xlsx_bytes(sheets: Sequence[Sheet], title: str) -> bytes:
    """A workbook. No text becomes a formula, a link or a number, so codes keep their zeros.

    Parameters
    ----------
    title : str
        Of the document's properties.
    """
    import xlsxwriter  # a tenth of a second that only the first download has to wait for

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title[:250], "author": "Daomap"})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"valign": "top"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for place, column in enumerate(sheet.columns):
                page.set_column(place, place, sheet.widths[min(place, len(sheet.widths) - 1)], plain)
                page.write_string(0, place, column, bold)
            for number, row in enumerate(sheet.rows, start=1):
                for place, value in enumerate(row):
                    if value is None or value != value:
                        continue
                    if type(value) is not bool and isinstance(value, Real):
                        page.write_number(number, place, float(value))
                    else:
                        text = str(value).lower() if isinstance(value, bool) else str(value)
                        page.write_string(number, place, text[:_LONGEST_TEXT])
    return out.getvalue()
