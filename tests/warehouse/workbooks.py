"""Workbooks made part by part: what no library would write."""

from __future__ import annotations

import io
import struct
import zipfile

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def pack(parts: dict[str, str | bytes]) -> bytes:
    """A zip of the parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsx(
    *sheets: str,
    names: list[str] | None = None,
    states: list[str] | None = None,
    properties: str = "",
    extra: dict[str, str | bytes] | None = None,
) -> bytes:
    """An .xlsx whose sheets hold the given XML (``<sheetData>`` and what stands beside it)."""
    names = names or [f"S{i + 1}" for i in range(len(sheets))]
    states = states or ["visible"] * len(sheets)
    listed = "".join(
        f'<sheet name="{n}" sheetId="{i}" state="{s}" r:id="rId{i}"/>'
        for i, (n, s) in enumerate(zip(names, states, strict=True), 1)
    )
    related = "".join(
        f'<Relationship Id="rId{i}" Type="{_REL}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        f"{overrides}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">{properties}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>',
    }
    for i, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{i}.xml"] = f'<worksheet xmlns="{_MAIN}">{sheet}</worksheet>'
    return pack(parts | (extra or {}))


def rows(*cells: tuple[str, str]) -> str:
    """``<sheetData>`` of (reference, XML inside ``<c>`` with its attributes as ``t="str"|<v>x</v>``)."""
    grouped: dict[str, list[str]] = {}
    for reference, inner in cells:
        attributes, _, value = inner.rpartition("|")
        row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        grouped.setdefault(row, []).append(f'<c r="{reference}" {attributes}>{value}</c>')
    body = "".join(f'<row r="{row}">{"".join(c)}</row>' for row, c in grouped.items())
    return f"<sheetData>{body}</sheetData>"


def table(*lines: list[object], start: int = 1) -> str:
    """``<sheetData>`` of plain values: text inline, numbers as numbers, None left out."""
    cells = []
    for number, line in enumerate(lines, start):
        for position, value in enumerate(line):
            at = f"{chr(65 + position)}{number}"
            if isinstance(value, str):
                cells.append((at, f't="inlineStr"|<is><t xml:space="preserve">{value}</t></is>'))
            elif value is not None:
                cells.append((at, f"|<v>{value}</v>"))
    return rows(*cells)


def ods(table_xml: str, *, extra: dict[str, str | bytes] | None = None, manifest: str = "") -> bytes:
    """An .ods with the given ``<table:table>`` elements."""
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    return pack(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest:manifest "
            f'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{manifest}</manifest:manifest>',
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>{table_xml}"
            "</office:spreadsheet></office:body></office:document-content>",
        }
        | (extra or {})
    )


def ods_text(text: str, attributes: str = "") -> str:
    """One text cell of an .ods."""
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


# -- .xlsb ----------------------------------------------------------------------------------------------


def _record(kind: int, payload: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(payload)
    length = b""
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return head + length + payload


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(cells: list[tuple[int, int, object]], *, merged: tuple[int, int, int, int] | None = None) -> bytes:
    """An .xlsb with one sheet of (row, column, value), counted from 0; an exception class stands for #REF!."""
    last_row, last_column = max(r for r, _, _ in cells), max(c for _, c, _ in cells)
    sheet = _record(129) + _record(148, struct.pack("<4I", 0, last_row, 0, last_column)) + _record(145)
    row = -1
    for r, c, value in cells:
        if r != row:
            row = r
            sheet += _record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, 0, 0, 0))
        where = struct.pack("<II", c, 0)
        if isinstance(value, str):
            sheet += _record(6, where + _wide(value))
        elif isinstance(value, (int, float)):
            sheet += _record(5, where + struct.pack("<d", value))
        else:
            sheet += _record(3, where + bytes([0x17]))
    sheet += _record(146)
    if merged is not None:
        sheet += _record(177, struct.pack("<I", 1)) + _record(176, struct.pack("<4I", *merged)) + _record(178)
    sheet += _record(130)
    book = _record(131) + _record(143)
    book += _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("S1"))
    book += _record(144) + _record(132)
    return pack(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            "</Types>",
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
            f'Type="{_REL}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
            f'Type="{_REL}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


# -- .xls -----------------------------------------------------------------------------------------------


def _biff(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(payload)) + payload


def xls(cells: list[tuple[int, int, str | float]], *, streams: dict[str, bytes] | None = None) -> bytes:
    """An .xls (BIFF8) with one sheet of (row, column, value), counted from 0."""
    sheet = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1996, 0, 0))
    rows_, columns = max(r for r, _, _ in cells) + 1, max(c for _, c, _ in cells) + 1
    sheet += _biff(0x200, struct.pack("<IIHHH", 0, rows_, 0, columns, 0))
    for r, c, value in cells:
        if isinstance(value, str):
            text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
            sheet += _biff(0x204, struct.pack("<HHH", r, c, 0) + text)
        else:
            sheet += _biff(0x203, struct.pack("<HHHd", r, c, 0, value))
    sheet += _biff(0x0A)
    name = b"S1"
    before = _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1996, 0, 0)) + _biff(
        0x42, struct.pack("<H", 1200)
    )
    bundle = 4 + 8 + len(name)
    offset = len(before) + bundle + 4
    globals_ = before + _biff(0x85, struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name) + _biff(0x0A)
    return compound({"Workbook": globals_ + sheet} | (streams or {}))


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (OLE) with the given streams, each padded past the size of small streams."""
    padded = {name: data + b"\x00" * (max(4096, -(-len(data) // 512) * 512) - len(data)) for name, data in
              streams.items()}  # fmt: skip
    fat: list[int] = [0xFFFFFFFD, 0xFFFFFFFE]
    starts = {}
    body = b""
    for name, data in padded.items():
        count = len(data) // 512
        starts[name] = len(fat)
        fat += [*range(len(fat) + 1, len(fat) + count), 0xFFFFFFFE]
        body += data
    assert len(fat) <= 128
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0, 1)]
    entries += [(n, 2, starts[n], len(padded[n]), 0xFFFFFFFF) for n in padded]
    directory = b""
    for number, (name, kind, start, size, child) in enumerate(entries):
        wide = name.encode("utf-16-le")
        right = number + 1 if 0 < number < len(entries) - 1 else 0xFFFFFFFF
        directory += (
            wide.ljust(64, b"\x00")
            + struct.pack("<HBB3I", len(wide) + 2, kind, 1, 0xFFFFFFFF, right, child)
            + b"\x00" * 36
            + struct.pack("<IQ", start, size)
        )
    directory = directory.ljust(512, b"\x00")
    assert len(directory) == 512
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 16
        + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
        + struct.pack("<9I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
        + struct.pack("<I", 0)
        + b"\xff\xff\xff\xff" * 108
    )
    table = b"".join(struct.pack("<I", f) for f in fat).ljust(512, b"\xff")
    return header + table + directory + body
