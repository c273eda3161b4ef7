"""Downloads: a view's numbers as CSV and as a workbook that a spreadsheet opens rightly and that start no formula."""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterable, Sequence

import pandas as pd

from analytics.formatting import safe_cell
from analytics.workbook import XLSX_TYPE, Sheet, xlsx_bytes

__all__ = ["XLSX_TYPE", "Sheet", "csv_bytes", "file_name", "xlsx_bytes"]

SYNTHETIC = "synthetic-"
"""How the name of a file begins that holds numbers of the synthetic country."""


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]], notes: Sequence[str] = ()) -> bytes:
    """A UTF-8 CSV with a byte order mark, so that Excel reads Thai; notes follow the table after an empty line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if v is None or v is pd.NA or v != v else safe_cell(v) for v in row])
    if notes:
        writer.writerow([])
        writer.writerows([safe_cell(n)] for n in notes)
    return out.getvalue().encode("utf-8-sig")


def file_name(*parts: str, synthetic: bool, suffix: str = "csv") -> str:
    """A name with a random token: the server tells files apart by name and part of their content only.

    Parameters
    ----------
    synthetic : bool
        `Context.synthetic`: the name begins with it, so that a file says so in every folder it lands in.
    """
    stem = "-".join(re.sub(r"[^\w]+", "_", part) for part in parts if part)
    return f"{SYNTHETIC if synthetic else ''}daomap-{stem}-{secrets.token_hex(4)}.{suffix}"
