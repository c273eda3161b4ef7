"""Made-up files of villages: scores of กชช.2ค as an office might send them. Nothing of it is real and nothing of it ships."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from analytics.village_specs import shipped_specs

PLAN11 = shipped_specs()["plan11"]
NAMES = tuple(i.name_th for i in PLAN11.indicators)
CODES = ("95010101", "95010102", "95010103", "95010201", "95020101", "96010101")


def scores(severe: Sequence[int], others: int = 3) -> list[list[str]]:
    """One row a village: its first indicators are severe, as many as said."""
    return [[*["1"] * n, *[str(others)] * (33 - n)] for n in severe]


def rows(codes: Sequence[str] = CODES, severe: Sequence[int] = (12, 7, 0, 3, 11, 6)) -> list[list[str]]:
    """Code, name and 33 scores a row."""
    return [[c, f"บ้านที่{n}", *line] for n, (c, line) in enumerate(zip(codes, scores(severe), strict=True), 1)]


def header() -> list[str]:
    return ["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน", *NAMES]


def csv_file(path: Path, lines: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(",".join(line) for line in lines) + "\n").encode(encoding))
    return path


def book(path: Path, lines: Sequence[Sequence[str]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("หมู่บ้าน")
        for at, line in enumerate(lines):
            for place, text in enumerate(line):
                sheet.write_string(at, place, text)
    return path


def dbf(names: Sequence[str], lines: Sequence[Sequence[str]], encoding: str = "cp874") -> bytes:
    """A dBASE III table of text columns."""
    cells = [[text.encode(encoding) for text in line] for line in lines]
    widths = [max(1, *(len(line[at]) for line in cells)) for at in range(len(names))]
    size = 1 + sum(widths)
    head = struct.pack("<4BIHH20x", 3, 126, 1, 1, len(lines), 33 + 32 * len(names), size)
    for name, width in zip(names, widths, strict=True):
        head += struct.pack("<11sc4xBB14x", name.encode(encoding)[:10], b"C", width, 0)
    body = b"".join(
        b" " + b"".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells
    )
    return head + b"\r" + body + b"\x1a"


def dbf_zip(path: Path, data: bytes) -> Path:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nrd2c.dbf", data)
    path.write_bytes(held.getvalue())
    return path
