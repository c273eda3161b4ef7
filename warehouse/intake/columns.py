"""The "parquet" reader: a table of plain columns, each cell as text, as the other readers give it.

Only columns of texts, numbers, truths and dates are read; what a file declares is bounded before anything is unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.intake.faults import Refused, finding
from warehouse.intake.kinds import require
from warehouse.intake.text import MAX_COLUMNS, ROW
from warehouse.report import Finding

MAX_BYTES = 1 << 30
"""Unpacked bytes a file may declare."""


def read_parquet(
    data: bytes, file: str, options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read a whole Parquet file.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its name, for messages.
    options : mapping
        ``max_rows``; ``plain_only``: leave out columns of other kinds instead of refusing the file.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns and ``_row`` (records counted from 1), facts (``unread``: names of the columns left out), and no warnings.
    """
    require(data, file, frozenset({"parquet"}))
    try:
        source = pq.ParquetFile(pa.BufferReader(data), memory_map=False, page_checksum_verification=True)
        about = source.metadata
        declared = sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups))
        rows, columns = about.num_rows, about.num_columns
        types = [field.type for field in source.schema_arrow]
        written = [field.name for field in source.schema_arrow]
        names = [name.strip() for name in written]
    except (pa.ArrowException, OSError) as error:
        raise Refused(finding("intake.unreadable", file, type(error).__name__, "parquet")) from None
    max_rows = int(options.get("max_rows", 5_000_000))
    if rows > max_rows:
        raise Refused(finding("intake.too_large", file, f"> {max_rows} rows", f"<= {max_rows} rows"))
    if declared > MAX_BYTES:
        raise Refused(
            finding("intake.too_large", file, f"> {MAX_BYTES >> 20} MB", f"<= {MAX_BYTES >> 20} MB")
        )
    if columns > MAX_COLUMNS:
        raise Refused(finding("csv.too_wide", file, str(columns), f"<= {MAX_COLUMNS}"))
    if not rows:
        raise Refused(finding("csv.header_only", file, "0", ">= 1"))
    for number, (name, kind) in enumerate(zip(names, types, strict=True), 1):
        if not _plain(kind) and not options.get("plain_only"):
            raise Refused(finding("parquet.nested", file, str(kind)[:40], "text, number", column=str(number)))
        if not name or name == ROW or names.count(name) > 1:
            raise Refused(finding("csv.duplicate_header", file, str(number), "x 1", column=str(number)))
    read = [at for at, kind in enumerate(types) if _plain(kind)]
    try:
        # What is left out is not even unpacked.
        some = None if len(read) == len(types) else [written[at] for at in read]
        table = source.read(columns=some, use_threads=False)
        table = table if some is None else table.select(some)
        texts = [_text(table.column(at)) for at in range(table.num_columns)]
    except (pa.ArrowException, OSError) as error:
        raise Refused(finding("intake.unreadable", file, type(error).__name__, "parquet")) from None
    numbers = pa.array(range(1, rows + 1), pa.int32())
    made = pa.table([*texts, numbers], names=[*(names[at] for at in read), ROW])
    unread = [name for at, name in enumerate(names) if at not in set(read)]
    return made, {"rows": rows, "encoding": "parquet", "unread": unread}, []


def _plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_null(kind)
    )


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As a spreadsheet would write it: a missing cell is empty, a truth 1 or 0, a whole float has its ``.0``."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column.cast(pa.float64()))
        whole = pc.fill_null(pc.equal(pc.floor(column), column), False)
        small = pc.fill_null(pc.less(pc.abs(column), 1e18), False)
        integers = pc.if_else(pc.and_(whole, small), column, None).cast(pa.int64())
        shown = pc.binary_join_element_wise(integers.cast(pa.string()), "0", ".")
        return pc.fill_null(pc.coalesce(shown, column.cast(pa.string())), "")
    return pc.fill_null(column.cast(pa.string()), "")
