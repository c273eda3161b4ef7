"""The "sheet" reader: one sheet of a workbook (.xlsx, .xlsb, .ods, .xls) as columns of text.

calamine reads the cells. Before it sees the file, the archive is taken apart by our rules, every cell reference
is bounded (one cell in the last corner of a sheet makes calamine ask for half a terabyte and abort), and the
archive is written anew from the parts that were looked at, so that what was checked is what is read. calamine
hands an error cell and a formula without a value over as an empty cell; both are looked for here, because a
blank that was a number is a wrong number.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from warehouse.intake.faults import Refused, finding
from warehouse.intake.kinds import require
from warehouse.intake.text import MAX_FINDINGS, ROW, join_header
from warehouse.intake.zips import WORKBOOK, Archive
from warehouse.report import Finding

MAX_ROWS = 1_048_576
MAX_COLUMNS = 2048
#: Cells of the rectangle from A1 to the last cell: calamine holds all of them, empty ones too, some 30 bytes each.
MAX_CELLS = 24_000_000
ERRORS = frozenset(
    {"#REF!", "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
_CHUNK = 20_000
_MEDIA = frozenset({".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bmp", ".svg", ".tiff", ".tif"})
_FORMATS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".xlsb": "xlsb", ".ods": "ods", ".xls": "xls"}
# Attribute r of rows and cells, however it is quoted: letters and digits of the reference.
_REFERENCE = re.compile(rb"""[\s"']r\s*=\s*["']([^"'0-9]*)([^"']*)["']""")
_DIMENSION = re.compile(rb"""<(?:\w+:)?dimension\b[^>]*?\bref\s*=\s*["']([^"']*)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_ERROR_TYPE = re.compile(rb"""\bt\s*=\s*["']e["']""")
_STRING_TYPE = re.compile(rb"""\bt\s*=\s*["']str["']""")
_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]*)</")
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\bhidden\s*=\s*["'](?:1|true)["']""")
_EPOCH = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true)["']""")


@dataclass(slots=True)
class _Look:
    """What the look into the parts of a workbook found, by name of the sheet."""

    errors: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    bare_formulas: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    hidden_rows: dict[str, int] = field(default_factory=dict)
    merged: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    epoch_1904: bool = False
    connections: bool = False


def read_sheet(
    data: bytes, file: str, options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read one sheet.

    Parameters
    ----------
    data : bytes
        The workbook.
    file : str
        Its name; the suffix says which format it claims to be.
    options : mapping
        ``sheet``: name of the sheet; the single visible sheet that has cells where absent. ``header``
        (default true: the first row with content names the columns; false gives ``c1``, ``c2`` ... and leaves
        title rows and merged cells to the caller). ``header_rows`` (default 1; 2 or 3 where a template is known
        to have group labels above the names, joined by `join_header`). ``max_rows``.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns and ``_row`` (as the spreadsheet counts). Whole numbers have no decimal point, dates are
        ISO 8601, durations ``h:mm:ss``, truth values ``TRUE`` and ``FALSE``; an empty cell is an empty text.
        The facts: ``format, sheet, sheets, hidden_sheets, rows, blank_rows, header_row, types`` (column ->
        how many cells are text, number, date or truth value).

    Raises
    ------
    Refused
        ``sheet.*``, ``zip.*``, ``csv.duplicate_header``, ``csv.too_wide`` or ``intake.*``.
    """
    kind = require(data, file, frozenset({"zip", "ole"}), "intake.kind")
    found: list[Finding] = []
    if kind == "ole":
        form, look, opened = "xls", _Look(), _open_old(data, file)
        found.append(finding("sheet.blind", file, ".xls", ".xlsx", severity="warn"))
    else:
        form, look, fresh = _open_archive(data, file)
        opened = _calamine(fresh, file)
    claimed = _FORMATS.get(PurePosixPath(file).suffix.lower())
    if claimed is not None and claimed != form:
        raise Refused(finding("intake.kind", file, form, claimed))
    with opened as workbook:
        sheet, facts = _choose(workbook, file, options.get("sheet"), found)
        name = facts["sheet"]
        _turn_away(look, name, file)
        if look.epoch_1904:
            found.append(finding("sheet.epoch", file, "1904", "1900", severity="warn"))
        if look.connections:
            found.append(finding("sheet.connection", file, "connections", "-", severity="warn"))
        if look.hidden_rows.get(name):
            found.append(
                finding("sheet.hidden_rows", file, str(look.hidden_rows[name]), "0", severity="warn")
            )
        merged = look.merged.get(name) or [
            (a[0], a[1], b[0], b[1]) for a, b in (sheet.merged_cell_ranges or [])
        ]
        table, more = _table(sheet, file, options, merged, found)
    return table, {"format": form} | facts | more, found


# ----------------------------------------------------------------------------------------------------
# Before calamine


def _open_archive(data: bytes, file: str) -> tuple[str, _Look, bytes]:
    """Format, what the parts hold, and the archive written anew."""
    archive = Archive(data, file, WORKBOOK)
    names = set(archive.members)
    if "xl/workbook.xml" in names:
        form = "xlsx"
    elif "xl/workbook.bin" in names:
        form = "xlsb"
    elif "content.xml" in names and "mimetype" in names:
        form = "ods"
    else:
        first = ", ".join(sorted(names)[:4])
        raise Refused(finding("intake.kind", file, f"zip: {first}"[:120], ".xlsx, .xlsb, .ods"))
    for name in sorted(names):
        low = name.lower()
        if low.endswith("vbaproject.bin") or low.startswith(
            ("xl/macrosheets/", "xl/dialogsheets/", "xl/activex/", "basic/", "scripts/")
        ):
            raise Refused(finding("sheet.macros", file, name, "-"))
        if low.startswith("xl/externallinks/") and not low.startswith("xl/externallinks/_rels/"):
            raise Refused(finding("sheet.external", file, name, "-"))
    look = _Look(connections="xl/connections.xml" in names or "xl/connections.bin" in names)
    packed = io.BytesIO()
    kept: dict[str, bytes] = {}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as fresh:
        for name in archive.members:
            if PurePosixPath(name).suffix.lower() in _MEDIA:
                continue
            content = archive.read(name)
            _plain(content, name, file)
            if form == "xlsx":
                _bound_references(content, name, file)
            fresh.writestr(name, content)
            # A sheet may have any name the workbook gives it; only the large parts that are none stay out.
            if form == "ods" or not name.startswith(("xl/sharedStrings", "xl/styles", "xl/theme/")):
                kept[name] = content
    if form == "ods":
        if b"encryption-data" in kept.get("META-INF/manifest.xml", b""):
            raise Refused(finding("sheet.encrypted", file, "encryption-data", "-"))
        _look_ods(kept["content.xml"], file, look)
    elif form == "xlsx":
        look.epoch_1904 = _EPOCH.search(kept["xl/workbook.xml"]) is not None
        for sheet, part in _parts_xlsx(kept, file).items():
            _look_xlsx(_part(kept, part, file), sheet, look)
    else:
        for sheet, part in _parts_xlsb(kept, file).items():
            content = _part(kept, part, file)
            _bound_records(content, part, file)
            _look_xlsb(content, sheet, look)
    return form, look, packed.getvalue()


def _part(kept: Mapping[str, bytes], part: str, file: str) -> bytes:
    """A sheet's own part; a sheet that cannot be looked at is not read."""
    if part not in kept:
        raise Refused(finding("intake.unreadable", file, part[:120] or "-", "xl/worksheets/"))
    return kept[part]


def _plain(content: bytes, name: str, file: str) -> None:
    """Refuse what no spreadsheet program writes into a part: document types, entities, UTF-16."""
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4096]:
        raise Refused(finding("intake.unreadable", file, f"{name} (UTF-16)", "UTF-8"))
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused(finding("intake.unreadable", file, f"{name} (DOCTYPE)", "-"))


def _bound_references(content: bytes, name: str, file: str) -> None:
    """Every row and cell reference of a part, wherever it stands, and the declared dimension."""
    columns: set[bytes] = set()
    last = 0
    for start in range(0, len(content), 1 << 22):
        # Pieces overlap by more than the longest reference.
        found = _REFERENCE.findall(content, start, start + (1 << 22) + 64)
        columns.update({letters for letters, _ in found})
        if found:
            try:
                last = max(last, max(int(digits or 0) for _, digits in found))
            except ValueError:
                raise Refused(finding("intake.unreadable", file, f"{name}: r", "A1")) from None
    if any(len(letters) > 3 or (letters and not letters.isalpha()) for letters in columns):
        raise Refused(finding("sheet.far_cell", file, f"{name}: {max(columns, key=len)[:20]!r}", "A1"))
    _bound(last, max((_column(c) for c in columns), default=0), file, name)
    for reference in _DIMENSION.findall(content):
        corner = re.fullmatch(rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})", reference.rpartition(b":")[2])
        if corner is None:
            if reference:
                raise Refused(finding("intake.unreadable", file, f"{name}: dimension", "A1:B2"))
            continue
        _bound(int(corner[2]), _column(corner[1]), file, name)


def _bound(rows: int, columns: int, file: str, name: str) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise Refused(
            finding(
                "sheet.far_cell",
                file,
                f"{name}: {_letters(columns)}{rows}",
                f"<= {MAX_COLUMNS} columns, <= {MAX_CELLS:,} cells",
            )
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


# -- .xlsx -------------------------------------------------------------------------------------------


def _elements(content: bytes, file: str, on_start: Callable[[str, dict[str, str]], None]) -> None:
    """Every element of a small XML part, without its namespace prefix. Entities are refused before."""
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        on_start(tag.rpartition(":")[2], {k.rpartition(":")[2]: v for k, v in attributes.items()})

    parser.StartElementHandler = start
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Refused(finding("intake.unreadable", file, f"xml ({error})"[:80], "xml")) from None


def _parts_xlsx(kept: Mapping[str, bytes], file: str) -> dict[str, str]:
    """Sheet name -> part of the archive."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            ids[attributes.get("name", "")] = attributes.get("id", "")

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target[:1] == "/" else f"xl/{target}"

    _elements(kept["xl/workbook.xml"], file, sheet)
    _elements(kept.get("xl/_rels/workbook.xml.rels", b"<r/>"), file, relation)
    return {name: targets.get(identity, "") for name, identity in ids.items()}


def _look_xlsx(content: bytes, sheet: str, look: _Look) -> None:
    look.hidden_rows[sheet] = len(_HIDDEN_ROW.findall(content))
    errors = look.errors.setdefault(sheet, [])
    bare = look.bare_formulas.setdefault(sheet, [])
    if _ERROR_TYPE.search(content) is None and _FORMULA.search(content) is None:
        return
    for cell in _CELL.finditer(content):
        attributes, inner = cell[1], cell[2] or b""
        is_error = _ERROR_TYPE.search(attributes) is not None
        if not is_error and _FORMULA.search(inner) is None:
            continue
        at = _AT.search(attributes)
        place = (int(at[2]), _column(at[1])) if at else (0, 0)
        value = _VALUE.search(inner)
        if is_error:
            errors.append((*place, value[1].decode("utf-8", "replace") if value else "#"))
        elif (value is None or not value[1]) and not _STRING_TYPE.search(attributes):
            # A formula whose result is an empty text is of type str; any other without a value was never
            # computed.
            bare.append(place)


# -- .xlsb -------------------------------------------------------------------------------------------


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of every record; ends where the part does, complete or not."""
    at, end = 0, len(content)
    while at < end:
        kind = content[at]
        at += 1
        if kind & 0x80 and at < end:
            kind = (kind & 0x7F) | (content[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        for _ in range(4):
            if at >= end:
                return
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, content[at : at + length]
        at += length


def _bound_records(content: bytes, name: str, file: str) -> None:
    rows = columns = 0
    for kind, payload in _records(content):
        if kind == 148 and len(payload) >= 16:  # BrtWsDim
            _, last_row, _, last_column = struct.unpack_from("<4I", payload)
            _bound(last_row + 1, last_column + 1, file, name)
        elif kind == 0 and len(payload) >= 4:  # BrtRowHdr
            rows = max(rows, struct.unpack_from("<I", payload)[0] + 1)
        elif 1 <= kind <= 11 and len(payload) >= 4:  # cells
            columns = max(columns, struct.unpack_from("<I", payload)[0] + 1)
    _bound(rows, columns, file, name)


def _parts_xlsb(kept: Mapping[str, bytes], file: str) -> dict[str, str]:
    targets: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target[:1] == "/" else f"xl/{target}"

    _elements(kept.get("xl/_rels/workbook.bin.rels", b"<r/>"), file, relation)
    parts: dict[str, str] = {}
    for kind, payload in _records(kept["xl/workbook.bin"]):
        if kind == 156:  # BrtBundleSh: state, tab, relation, name
            try:
                identity, at = _wide(payload, 8)
                name, _ = _wide(payload, at)
            except (struct.error, UnicodeDecodeError):
                continue
            parts[name] = targets.get(identity, "")
    return parts


def _wide(payload: bytes, at: int) -> tuple[str, int]:
    (count,) = struct.unpack_from("<I", payload, at)
    end = at + 4 + 2 * count
    return payload[at + 4 : end].decode("utf-16-le"), end


_BIFF_ERRORS = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A",
    43: "#GETTING_DATA",
}  # fmt: skip


def _look_xlsb(content: bytes, sheet: str, look: _Look) -> None:
    row = 0
    errors = look.errors.setdefault(sheet, [])
    merged = look.merged.setdefault(sheet, [])
    for kind, payload in _records(content):
        if kind == 0 and len(payload) >= 4:
            row = struct.unpack_from("<I", payload)[0] + 1
        elif kind in (3, 11) and len(payload) >= 9:  # BrtCellError, BrtFmlaError
            column = struct.unpack_from("<I", payload)[0] + 1
            errors.append((row, column, _BIFF_ERRORS.get(payload[8], "#")))
        elif kind == 176 and len(payload) >= 16:  # BrtMergeCell
            top, bottom, left, right = struct.unpack_from("<4I", payload)
            merged.append((top, left, bottom, right))


# -- .ods --------------------------------------------------------------------------------------------


def _look_ods(content: bytes, file: str, look: _Look) -> None:
    """Positions, repetitions, hidden rows, merged cells and formulas without a value of every table."""
    state: dict[str, Any] = {"table": "", "row": 0, "column": 0, "repeat": 1, "filled": False}
    cell: dict[str, Any] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "table":
            state.update(table=attributes.get("name", ""), row=0)
            look.merged.setdefault(state["table"], [])
            look.bare_formulas.setdefault(state["table"], [])
            look.hidden_rows.setdefault(state["table"], 0)
        elif tag == "table-row":
            repeat = _repeat(attributes.get("number-rows-repeated"), file)
            state.update(column=0, repeat=repeat, filled=False)
            if attributes.get("visibility") in ("collapse", "filter"):
                look.hidden_rows[state["table"]] += 1
        elif tag in ("table-cell", "covered-table-cell"):
            cell.clear()
            cell.update(attributes, text=False, wide=_repeat(attributes.get("number-columns-repeated"), file))
            spans = (int(attributes.get("number-rows-spanned") or 1) - 1,
                     int(attributes.get("number-columns-spanned") or 1) - 1)  # fmt: skip
            if any(spans):
                row, column = state["row"], state["column"]
                look.merged[state["table"]].append((row, column, row + spans[0], column + spans[1]))
        elif tag == "p" and cell:
            cell["text"] = True

    def end(tag: str) -> None:
        if tag in ("table-cell", "covered-table-cell") and cell:
            has_value = any(k in cell for k in ("value", "date-value", "time-value", "boolean-value"))
            if cell.get("formula") and not has_value and not cell["text"]:
                look.bare_formulas[state["table"]].append((state["row"] + 1, state["column"] + 1))
            state["column"] += cell["wide"]
            if has_value or cell["text"] or cell.get("value-type"):
                state["filled"] = True
                _bound(state["row"] + state["repeat"], state["column"], file, state["table"])
            elif state["column"] > 16_384:
                _bound(MAX_ROWS, state["column"], file, state["table"])
            cell.clear()
        elif tag == "table-row":
            state["row"] += state["repeat"]

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: start(
        tag.rpartition(":")[2], {k.rpartition(":")[2]: v for k, v in attributes.items()}
    )
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, KeyError) as error:
        raise Refused(finding("intake.unreadable", file, f"content.xml ({error})"[:80], "ods")) from None


def _repeat(text: str | None, file: str) -> int:
    number = int(text or 1)
    if not 1 <= number <= MAX_ROWS:
        raise Refused(finding("sheet.far_cell", file, f"repeated {number}", f"<= {MAX_ROWS}"))
    return number


# ----------------------------------------------------------------------------------------------------
# calamine


def _open_old(data: bytes, file: str) -> Any:
    """An .xls, or the reason it is not taken. Names of streams inside are UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused(finding("sheet.encrypted", file, "EncryptedPackage", "-"))
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Refused(finding("sheet.macros", file, "_VBA_PROJECT", "-"))
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        raise Refused(finding("intake.kind", file, "ole", ".xls, .xlsx"))
    return _calamine(data, file)


def _calamine(data: bytes, file: str) -> Any:
    import python_calamine as calamine

    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except calamine.PasswordError:
        raise Refused(finding("sheet.encrypted", file, "password", "-")) from None
    except calamine.CalamineError as error:
        raise Refused(
            finding("intake.unreadable", file, str(error)[:80], ".xlsx, .xlsb, .ods, .xls")
        ) from None


def _choose(workbook: Any, file: str, wanted: object, found: list[Finding]) -> tuple[Any, dict[str, Any]]:
    """The sheet that is meant, and which others there are."""
    import python_calamine as calamine

    about = [m for m in workbook.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [m.name for m in about if m.visible == calamine.SheetVisibleEnum.Visible]
    hidden = [m.name for m in about if m.name not in visible]
    try:
        if wanted:
            if wanted not in [m.name for m in about]:
                raise Refused(
                    finding("sheet.none", file, ", ".join(m.name for m in about)[:200], str(wanted))
                )
            sheet = workbook.get_sheet_by_name(wanted)
        else:
            opened = [workbook.get_sheet_by_name(name) for name in visible]
            # Empty sheets beside the one that counts are what spreadsheet programs make by themselves.
            filled = [s for s in opened if s.height] or opened[:1]
            if len(filled) > 1:
                raise Refused(finding("sheet.several", file, ", ".join(s.name for s in filled)[:200], "1"))
            if not filled:
                raise Refused(finding("sheet.none", file, "0", "1"))
            sheet = filled[0]
    except calamine.CalamineError as error:
        raise Refused(finding("intake.unreadable", file, str(error)[:80], "sheet")) from None
    others = [name for name in hidden if name != sheet.name]
    if others:
        found.append(finding("sheet.hidden", file, ", ".join(others)[:200], sheet.name, severity="warn"))
    return sheet, {"sheet": sheet.name, "sheets": [m.name for m in about], "hidden_sheets": hidden}


def _turn_away(look: _Look, name: str, file: str) -> None:
    """Refuse cells that would come as empty although they are not."""
    faults = [
        finding("sheet.error_cell", file, error, "value", row=row or None, column=_letters(column) or None)
        for row, column, error in look.errors.get(name, [])[:MAX_FINDINGS]
    ]
    faults += [
        finding("sheet.formula", file, "=", "value", row=row or None, column=_letters(column) or None)
        for row, column in look.bare_formulas.get(name, [])[:MAX_FINDINGS]
    ]
    if faults:
        raise Refused(*faults)


def _table(
    sheet: Any,
    file: str,
    options: Mapping[str, Any],
    merged: list[tuple[int, int, int, int]],
    found: list[Finding],
) -> tuple[pa.Table, dict[str, Any]]:
    max_rows = int(options.get("max_rows", MAX_ROWS))
    if sheet.end is None:
        raise Refused(finding("intake.empty", file, "0", ">= 1"))
    # In .xls nothing was bounded before; calamine has at most 65,536 x 256 cells there.
    _bound(sheet.end[0] + 1, sheet.end[1] + 1, file, sheet.name)
    left = [""] * sheet.start[1]
    rows = ((number, left + cells) for number, cells in enumerate(sheet.iter_rows(), 1))
    if not bool(options.get("header", True)):
        return _loose(rows, file, max_rows, merged, found)
    deep = int(options.get("header_rows", 1))
    above: list[list[str]] = []
    header_row = 0
    for header_row, cells in rows:  # noqa: B007  (its last value is the header's row)
        texts = [_text(c) for c in cells]
        if above or any(texts):
            above.append(texts)
        if len(above) == deep:
            break
    if len(above) < deep:
        raise Refused(finding("intake.empty", file, "0", ">= 1"))
    header = join_header(above) if deep > 1 else above[0]
    across = [m for m in merged if m[0] < header_row <= m[2] + 1]
    if across and deep == 1:
        top, start, bottom, end = across[0]
        place = f"{_letters(start + 1)}{top + 1}:{_letters(end + 1)}{bottom + 1}"
        where = _letters(start + 1)
        raise Refused(finding("sheet.merged_header", file, place, where, row=header_row, column=where))
    if merged:
        found.append(finding("sheet.merged", file, str(len(merged)), "0", severity="warn"))
    width = len(header)
    columns: list[list[pa.Array]] = [[] for _ in range(width)]
    numbers: list[pa.Array] = []
    counts = [[0, 0, 0, 0] for _ in range(width)]
    held: list[list[str]] = []
    held_rows: list[int] = []
    total = blank = 0

    def flush() -> None:
        for position, column in enumerate(zip(*held, strict=True)):
            columns[position].append(pa.array(column, pa.string()))
        numbers.append(pa.array(held_rows, pa.int32()))
        held.clear()
        held_rows.clear()

    faults: list[Finding] = []
    for number, cells in rows:
        texts = []
        for cell, count in zip(cells, counts, strict=True):
            text = _text(cell)
            if text:
                count[_type(cell)] += 1
            texts.append(text)
        if not any(texts):
            blank += 1
            continue
        total += 1
        if total > max_rows:
            raise Refused(finding("intake.too_large", file, f"> {max_rows} rows", f"<= {max_rows} rows"))
        faults += _error_texts(texts, number, file) if len(faults) < MAX_FINDINGS else []
        held.append(texts)
        held_rows.append(number)
        if len(held) == _CHUNK:
            flush()
    if faults:
        raise Refused(*faults)
    if held:
        flush()
    if not total:
        raise Refused(finding("csv.header_only", file, "0", ">= 1", row=header_row))
    # A column without a name and without a value is only the sheet's margin.
    kept = [i for i in range(width) if header[i].strip() or any(counts[i])]
    names = _names([header[i] for i in kept], kept, header_row, file)
    types = {
        name: dict(zip(("text", "number", "date", "boolean"), counts[i], strict=True))
        for name, i in zip(names, kept, strict=True)
    }
    for name, seen_types in types.items():
        if seen_types["text"] and seen_types["number"]:
            seen = f"{seen_types['text']} text, {seen_types['number']} number"
            found.append(finding("sheet.mixed", file, seen, "1 type", column=name, severity="warn"))
    table = pa.table(
        {
            **{name: pa.chunked_array(columns[i], pa.string()) for name, i in zip(names, kept, strict=True)},
            ROW: pa.chunked_array(numbers, pa.int32()),
        }
    )
    return table, {"rows": total, "blank_rows": blank, "header_row": header_row, "types": types}


def _loose(
    rows: Iterator[tuple[int, list[Any]]],
    file: str,
    max_rows: int,
    merged: list[tuple[int, int, int, int]],
    found: list[Finding],
) -> tuple[pa.Table, dict[str, Any]]:
    """All rows with content side by side, title rows and footnotes among them."""
    held = [(number, texts) for number, cells in rows if any(texts := [_text(cell) for cell in cells])]
    if len(held) > max_rows:
        raise Refused(finding("intake.too_large", file, f"{len(held)} rows", f"<= {max_rows} rows"))
    faults = [fault for number, texts in held for fault in _error_texts(texts, number, file)]
    if faults:
        raise Refused(*faults[:MAX_FINDINGS])
    if merged:
        found.append(finding("sheet.merged", file, str(len(merged)), "0", severity="warn"))
    columns: dict[str, pa.Array] = {
        f"c{i + 1}": pa.array(column, pa.string())
        for i, column in enumerate(zip(*(texts for _, texts in held), strict=True))
    }
    columns[ROW] = pa.array([number for number, _ in held], pa.int32())
    return pa.table(columns), {
        "rows": len(held),
        "merged": [[t + 1, x + 1, b + 1, y + 1] for t, x, b, y in merged[:1000]],
    }


def _names(header: list[str], positions: list[int], row: int, file: str) -> list[str]:
    names: list[str] = []
    faults: list[Finding] = []
    for cell, position in zip(header, positions, strict=True):
        name = cell.strip().strip("\ufeff\u200b") or f"_column{position + 1}"
        if name in names or name == ROW:
            faults.append(finding("csv.duplicate_header", file, name, f"{name} x 1", row=row, column=name))
        names.append(name)
    if faults:
        raise Refused(*faults)
    return names


def _error_texts(texts: list[str], row: int, file: str) -> list[Finding]:
    """Errors that came as text: pasted as values, or from a format that keeps them so."""
    return [
        finding("sheet.error_cell", file, text, "value", row=row, column=_letters(position))
        for position, text in enumerate(texts, 1)
        if text[:1] == "#" and text in ERRORS
    ]


def _type(cell: Any) -> int:
    """0 text, 1 number, 2 date or time, 3 truth value."""
    if isinstance(cell, str):
        return 0
    if isinstance(cell, bool):
        return 3
    return 1 if isinstance(cell, (int, float)) else 2


def _text(cell: Any) -> str:
    """A cell as text.

    Examples
    --------
    >>> _text(1100700000001.0), _text(0.1), _text(True), _text(dt.date(2024, 2, 29)), _text("0801")
    ('1100700000001', '0.1', 'TRUE', '2024-02-29', '0801')
    >>> _text(dt.timedelta(days=2, hours=3))
    '51:00:00'
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        # Above 2**53 digits are already lost; the exponent says so.
        return str(int(cell)) if cell.is_integer() and abs(cell) <= 2**53 else repr(cell)
    if isinstance(cell, dt.timedelta):
        seconds = int(cell.total_seconds())
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    if isinstance(cell, (dt.date, dt.datetime, dt.time)):
        return cell.isoformat()
    return str(cell)
