"""The "csv" reader: a delimited text file as columns of text, exactly as the sender wrote them.

Nothing is typed here. A code that lost its zeros or a count with a thousands separator has to reach the
importer as it stands in the file, because only the importer knows what the cell should be.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import pyarrow as pa

from warehouse.intake.faults import Refused, finding
from warehouse.intake.kinds import require
from warehouse.report import Finding

ROW = "_row"
DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 4096
MAX_FINDINGS = 200
_CHUNK = 20_000
# Thai in UTF-8: three bytes a letter. In Windows-874 they are เธ or เน and one more sign, which only a third byte below
# 0xA0 or a whole word of nothing else rules out.
_UTF8_THAI_IN_CP874 = re.compile(
    rb"\xe0[\xb8\xb9][\x80-\x9f]|(?<![\x80-\xff])(?:\xe0[\xb8\xb9][\x80-\xbf])+(?![\x80-\xff])"
)
_NEWLINE = re.compile(r"\r\n|\r|\n")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# One accented letter among Latin ones: Café, São. A Thai letter never stands alone like that, but a no-break space, an
# ellipsis, a dash and curly quotes do in Windows-874.
_ACCENTED = re.compile(
    rb"(?:(?<=[A-Za-z])[\xa1-\xff](?![\x80-\xff])|(?<![\x80-\xff])[\xa1-\xff](?=[A-Za-z]))"
)
# A cell that is nothing but bytes above ASCII.
_HIGH_CELL = re.compile(rb"(?:(?<=[,;\t\"\r\n])|\A)[\xa1-\xda\xdf-\xfb]+(?=[,;\t\"\r\n]|\Z)")
_NOT_THAI = re.compile(rb"[\x80-\xa0\xdb-\xde\xfc-\xff]")
_THAI_LETTER = re.compile("[\u0e01-\u0e3a\u0e40-\u0e5b]")
_EDGES = "\ufeff\u200b\u200c\u200d\u2060"


def decode(data: bytes, file: str) -> tuple[str, str]:
    """Text of `data` and the name of the encoding it was in.

    UTF-8 is tried first because it fails on almost anything else; UTF-16 only when its mark says so; then
    Windows-874, which Thai government files use with and without its extra signs (0xA0, curly quotes).
    Latin-1 never: it accepts every byte and turns Thai into accented letters without a word.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise Refused(finding("csv.encoding", file, f"utf-16 @{error.start}", "utf-8")) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
    else:
        if data.startswith(codecs.BOM_UTF8):
            return text, "utf-8-sig"
        _one_reading(text, data, file)
        return text, "utf-8"
    mixed = _UTF8_THAI_IN_CP874.search(data)
    if mixed is not None:
        # Thai in UTF-8 and bytes that are not UTF-8 in the same file: whichever encoding is picked, some
        # rows garble.
        row = data.count(b"\n", 0, at) + 1
        raise Refused(finding("csv.encoding", file, f"0x{data[at]:02x}", "utf-8", row=row))
    accented = _ACCENTED.search(data)
    if accented is not None and all(len(run) == 1 for run in _HIGH_BYTES.findall(data)):
        at = accented.start()
        row = data.count(b"\n", 0, at) + 1
        raise Refused(finding("csv.encoding", file, f"0x{data[at]:02x}", "utf-8 / cp874", row=row))
    try:
        return data.decode("cp874"), "cp874"
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise Refused(
            finding("csv.encoding", file, f"0x{data[error.start]:02x}", "utf-8 / cp874", row=row)
        ) from None


def _one_reading(text: str, data: bytes, file: str) -> None:
    """Refuse bytes that are UTF-8 without a Thai letter and Thai in Windows-874: ``C2 A1`` is ``¡`` and ``ยก``.

    Either a short Windows-874 file would garble, or a file that went through Latin-1 would become other Thai names.
    """
    if text.isascii() or _THAI_LETTER.search(text) or _NOT_THAI.search(data):
        return
    cell = _HIGH_CELL.search(data)
    if cell is not None:
        row = data.count(b"\n", 0, cell.start()) + 1
        shown = f"{cell[0].decode('utf-8')[:20]} / {cell[0].decode('cp874')[:40]}"
        raise Refused(finding("csv.encoding", file, shown, "utf-8-sig", row=row))


def sniff(text: str) -> str:
    """The delimiter that splits the first line into most cells; a comma where none does."""
    end = _NEWLINE.search(text)
    first = text[: end.start()] if end else text
    best, most = ",", 1
    for delimiter in DELIMITERS:
        cells = len(next(csv.reader([first], delimiter=delimiter), []))
        if cells > most:
            best, most = delimiter, cells
    return best


def read_csv(
    data: bytes, file: str, options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read a whole delimited file.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its name, for messages.
    options : mapping
        ``delimiter`` (one of comma, semicolon, tab; sniffed where absent), ``header`` (default true; false
        gives columns ``c1``, ``c2`` ... and pads short rows, for sheets with title rows and footnotes),
        ``header_rows`` (default 1; 2 or 3 where group labels stand above the names, joined by `join_header`),
        ``max_rows``.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns and ``_row`` (the row as a spreadsheet counts it, from 1), facts, and warnings.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Refused(finding("intake.empty", file, f"{len(data)} bytes", "> 0"))
    require(data, file, frozenset({"text"}))
    text, encoding = decode(data, file)
    nul = text.find("\x00")
    if nul >= 0:
        raise Refused(finding("csv.nul", file, "0x00", "text", row=text.count("\n", 0, nul) + 1))
    delimiter = str(options.get("delimiter") or sniff(text))
    with_header = bool(options.get("header", True))
    max_rows = int(options.get("max_rows", 5_000_000))
    facts: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter}

    rows = _records(text, delimiter, file)
    if not with_header:
        table = _loose(rows)
        return table, facts | {"rows": table.num_rows}, []
    names, header_row = _header(rows, file, int(options.get("header_rows", 1)))
    width = len(names)
    faults: list[Finding] = []
    ragged = blank = total = 0
    chunks: list[pa.RecordBatch] = []
    held: list[list[str]] = []
    numbers: list[int] = []
    schema = pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int32())])
    for number, cells in rows:
        if not cells or cells == [""]:
            blank += 1
            continue
        if len(cells) != width:
            ragged += 1
            if len(faults) < MAX_FINDINGS:
                faults.append(finding("csv.ragged", file, str(len(cells)), str(width), row=number))
            continue
        total += 1
        if total > max_rows:
            raise Refused(finding("intake.too_large", file, f"> {max_rows} rows", f"<= {max_rows} rows"))
        held.append(cells)
        numbers.append(number)
        if len(held) == _CHUNK:
            chunks.append(_batch(held, numbers, schema))
            held, numbers = [], []
    if faults:
        raise Refused(*faults)
    if held:
        chunks.append(_batch(held, numbers, schema))
    if not total:
        raise Refused(finding("csv.header_only", file, "0", ">= 1", row=header_row))
    table = pa.Table.from_batches(chunks, schema)
    return table, facts | {"rows": total, "blank_rows": blank, "header_row": header_row}, []


def _records(text: str, delimiter: str, file: str) -> Any:
    """Number and cells of every record; the number counts records, as a spreadsheet's rows do."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "larger than" in str(error):
                limit = f"<= {csv.field_size_limit()}"
                long = f"> {csv.field_size_limit()}"
                raise Refused(finding("csv.long_cell", file, long, limit, row=number + 1)) from None
            # "unexpected end of data" is an opening quote that nothing closes; "',' expected after '"'" is a
            # quote inside a quoted text.
            shown = '"' if "unexpected end" in str(error) else str(error)
            raise Refused(finding("csv.unclosed_quote", file, shown, '"…"', row=number + 1)) from None
        number += 1
        yield number, cells


def join_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name a column from the rows of a header in which group labels stand above the names.

    A merged cell keeps its text in its first column only, so a label reaches to the right until the next one; over an
    empty group label the name stands alone.

    Examples
    --------
    >>> join_header([["code", "poor", "", "total"], ["", "2561", "2566", ""]])
    ['code', 'poor / 2561', 'poor / 2566', 'total']
    """
    width = max(len(row) for row in rows)
    filled: list[list[str]] = []
    for depth, row in enumerate(rows):
        cells = [_label(cell) for cell in row] + [""] * (width - len(row))
        last = depth == len(rows) - 1
        group = ""
        for at, cell in enumerate(cells):
            group = cell or group
            # Nothing below means that the column has its own merged cell from top to bottom.
            below = any(_label(other[at]) for other in rows[depth + 1 :] if at < len(other))
            if not last and not cell and below:
                cells[at] = group
        filled.append(cells)
    return [" / ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*filled, strict=True)]


def _label(cell: str) -> str:
    return cell.strip().strip(_EDGES).strip()


def _header(rows: Any, file: str, deep: int) -> tuple[list[str], int]:
    upper: list[list[str]] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > MAX_COLUMNS:
            raise Refused(finding("csv.too_wide", file, str(len(cells)), f"<= {MAX_COLUMNS}", row=number))
        upper.append(cells)
        if len(upper) < deep:
            continue
        labels = join_header(upper) if deep > 1 else cells
        names: list[str] = []
        faults: list[Finding] = []
        for position, cell in enumerate(labels, 1):
            # R and spreadsheets write an unnamed first or trailing column; it keeps its place under a name
            # of ours.
            name = _label(cell) or f"_column{position}"
            if name in names or name == ROW:
                faults.append(
                    finding("csv.duplicate_header", file, name, f"{name} x 1", row=number, column=name)
                )
            names.append(name)
        if faults:
            raise Refused(*faults)
        return names, number
    raise Refused(finding("intake.empty", file, "0 rows", "> 0"))


def _batch(held: list[list[str]], numbers: list[int], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(column, pa.string()) for column in zip(*held, strict=True)]
    return pa.RecordBatch.from_arrays([*columns, pa.array(numbers, pa.int32())], schema=schema)


def _loose(rows: Any) -> pa.Table:
    """Rows of unequal length side by side; a cell that is not there is null, not an empty text."""
    held = [(number, cells) for number, cells in rows if cells]
    width = max((len(cells) for _, cells in held), default=0)
    columns: dict[str, pa.Array] = {
        f"c{i + 1}": pa.array([c[i] if i < len(c) else None for _, c in held], pa.string())
        for i in range(width)
    }
    columns[ROW] = pa.array([number for number, _ in held], pa.int32())
    return pa.table(columns)
