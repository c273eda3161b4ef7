"""Downloads: a view's numbers as CSV that a spreadsheet opens rightly and that starts no formula."""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?%?")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: object) -> object:
    """Text that would start a formula gets a leading apostrophe; numbers and phone-like text stay as they are.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell("-5.2"), safe_cell("+66812345678"), safe_cell("0105")
    ("'=HYPERLINK(1)", '-5.2', '+66812345678', '0105')
    """
    if (
        isinstance(value, str)
        and value.lstrip().startswith(_STARTS_FORMULA)
        and not _NUMBER.fullmatch(value.strip())
    ):
        return "'" + value
    return value


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]], notes: Sequence[str] = ()) -> bytes:
    """A UTF-8 CSV with a byte order mark, so that Excel reads Thai; notes follow the table after an empty line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if v is None or v != v else safe_cell(v) for v in row])
    if notes:
        writer.writerow([])
        writer.writerows([safe_cell(n)] for n in notes)
    return out.getvalue().encode("utf-8-sig")


def file_name(*parts: str, suffix: str = "csv") -> str:
    """A name with a random token: the server tells files apart by name and part of their content only."""
    stem = "-".join(re.sub(r"[^\w]+", "_", part) for part in parts if part)
    return f"daomap-{stem}-{secrets.token_hex(4)}.{suffix}"
