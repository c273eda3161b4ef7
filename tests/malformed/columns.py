"""Malformed tables by area code."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.malformed.cases import Case, Verdict, add
from warehouse.sources.table_plan import measure_id

HEADER = "province_code,province,จำนวนครัวเรือน,ร้อยละ"
ROWS = ("30,นครราชสีมา,120000,25.5", "41,อุดรธานี,80000,20.5", "57,เชียงราย,70000,30.5", "95,ยะลา,40000,15.5")
HOUSEHOLDS, RATE = measure_id("table", "จำนวนครัวเรือน"), measure_id("table", "ร้อยละ")
TRUE = {
    (code, name): value
    for code, households, rate in (
        ("30", 120000.0, 25.5), ("41", 80000.0, 20.5), ("57", 70000.0, 30.5), ("95", 40000.0, 15.5),
    )
    for name, value in ((HOUSEHOLDS, households), (RATE, rate))
}  # fmt: skip
WITHOUT_FIRST = {key: value for key, value in TRUE.items() if key[0] != "30"}


def case(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    data: bytes | str | list[list[object]],
    *,
    row: bool = True,
    column: bool = True,
    truth: Mapping[tuple[str, str], float] = TRUE,
    options: Mapping[str, Any] | None = None,
) -> None:
    """A table as a CSV file, or as a workbook where its cells are given."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        if isinstance(data, list):
            path = folder / "table.xlsx"
            with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
                page = book.add_worksheet("ข้อมูล")
                for number_of, cells in enumerate(data):
                    page.write_row(number_of, 0, cells)
            return [path]
        path = folder / "table.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return [path]

    given = {"year_be": 2566} if options is None else dict(options)
    refused = verdict == "reject"
    add(
        Case(
            number, f"table-{name}", what, "table", verdict, code, make, row=refused and row, column=refused and column,
            truth={"values": truth}, options=given,
        )
    )  # fmt: skip


def changed(old: str = "", new: str = "") -> str:
    text = "\n".join([HEADER, *ROWS]) + "\n"
    assert old in text
    return text.replace(old, new, 1)


case(1, "sound", "a sound table", "accept", "", changed())
case(2, "code-as-float", "a code stored as 30.0", "repair", "float", changed("\n30,", "\n30.0,"))
case(2, "code-as-formula", 'a code as ="30"', "repair", "excel_formula", changed("\n30,", '\n"=""30""",'))
case(
    4,
    "code-scientific",
    "a code as 3.0E+01",
    "repair",
    "table.code",
    changed("\n30,", "\n3.0E+01,"),
    truth=WITHOUT_FIRST,
)
case(5, "cp874", "Windows-874", "repair", "encoding_cp874", changed().encode("cp874"))
case(
    6, "garbled", "Thai names read as Latin-1 and saved, no codes", "repair", "table.garbled",
    "จังหวัด,จำนวนครัวเรือน,ร้อยละ\n¹¤ÃÃÒª,120000,25.5\nอุดรธานี,80000,20.5\nเชียงราย,70000,30.5\nยะลา,40000,15.5\n",
    truth=WITHOUT_FIRST,
)  # fmt: skip
case(12, "zero-width", "a zero-width space in a code", "repair", "invisible", changed("\n30,", "\n3\u200b0,"))
case(13, "thai-digits", "a code in Thai digits", "repair", "thai_digits", changed("\n30,", "\n๓๐,"))
case(14, "thousands", "a comma for thousands", "accept", "", changed(",120000,", ',"120,000",'))
case(
    15, "decimal-comma", "a decimal comma", "repair", "table.decimal_comma", changed("120000,25.5", '120000,"25,5"'),
    truth=WITHOUT_FIRST,
)  # fmt: skip
case(
    17, "extra-field", "an unquoted comma in a name", "repair", "table.ragged",
    changed("นครราชสีมา", "นครราชสีมา,โคราช"), truth=WITHOUT_FIRST,
)  # fmt: skip
case(22, "no-area", "no column of areas", "reject", "table.no_area", "a,b\nx,1\ny,2\nz,3\n", column=False)
case(28, "header-only", "a header and no row", "reject", "table.no_area", HEADER + "\n", column=False)
case(34, "short-year", "a year of two digits", "repair", "table.row_year",
     "province_code,ปี,จำนวนครัวเรือน,ร้อยละ\n30,66,120000,25.5\n41,2566,80000,20.5\n57,2566,70000,30.5\n95,2566,40000,15.5\n",
     truth=WITHOUT_FIRST, options={})  # fmt: skip
case(36, "no-year", "no year anywhere", "reject", "table.year", changed(), column=False, options={})
case(36, "two-eras", "years of both eras", "reject", "table.mixed_eras",
     "province_code,ปี,จำนวนครัวเรือน\n30,2566,120000\n41,2023,80000\n57,2566,1\n", row=False, options={})  # fmt: skip
case(
    42,
    "overflow",
    "a count of twenty digits",
    "repair",
    "table.too_long",
    changed("120000", "1" * 20),
    truth=WITHOUT_FIRST,
)
case(
    43,
    "unknown-code",
    "a code nobody registered",
    "repair",
    "table.code",
    changed("\n30,", "\n29,"),
    truth=WITHOUT_FIRST,
)
case(43, "mostly-unknown", "codes of which most are none", "reject", "table.mostly_unknown",
     "province_code,จำนวนครัวเรือน\n28,1\n29,2\n59,3\n95,4\n", row=False, column=False)  # fmt: skip
case(
    43, "divided", "an abolished area that was divided", "repair", "table.abolished",
    "tambon_code,จำนวนครัวเรือน\n104701,5\n950101,40000\n", truth={("950101", HOUSEHOLDS): 40000.0},
)  # fmt: skip
case(
    44,
    "another-name",
    "a code under another area's name",
    "repair",
    "table.name_differs",
    changed("นครราชสีมา", "ยะลา"),
)
case(
    46,
    "row-twice",
    "one area twice",
    "repair",
    "table.twice",
    changed("\n30,", "\n30,นครราชสีมา,9,9\n30,"),
    truth=WITHOUT_FIRST,
)
case(
    46, "successor-of-two", "rates of two areas that are one today", "repair", "table.merged_rate",
    "district_code,ร้อยละ\n4311,10\n3806,20\n9501,30\n9502,40\n", truth={("9501", RATE): 30.0, ("9502", RATE): 40.0},
)  # fmt: skip
case(47, "total", "a total that is not the sum", "repair", "table.total", changed() + ",รวม,300000,\n")
case(31, "persons", "a column of persons", "reject", "table.personal",
     "province_code,ผู้รับ,จำนวนครัวเรือน\n30,นายสมชาย ใจดี,1\n41,นางสมศรี ใจงาม,2\n")  # fmt: skip
case(51, "command", "a name that starts a command", "repair", "table.unknown",
     "จังหวัด,จำนวนครัวเรือน,ร้อยละ\n=cmd|' /C calc'!A0,120000,25.5\nอุดรธานี,80000,20.5\nเชียงราย,70000,30.5\nยะลา,40000,15.5\n",
     truth=WITHOUT_FIRST)  # fmt: skip
case(
    56, "merged-header", "titles, a header of two rows, a unit row and a note", "repair", "header_rows_joined",
    [
        ["ตารางที่ 1"], [], ["รหัสจังหวัด", "จังหวัด", "จำนวนครัวเรือน", "ร้อยละ"], ["", "", "(ครัวเรือน)", "(ร้อยละ)"],
        *([int(c), n, int(h), float(r)] for c, n, h, r in (row.split(",") for row in ROWS)), ["ที่มา: สำรวจ"],
    ],
    options={"year_be": 2566, "title": "table"},
)  # fmt: skip
case(
    59,
    "region-row",
    "a row of a region between provinces",
    "repair",
    "region_rows",
    changed("\n41,", "\n,ภาคเหนือ,1,1\n41,"),
)
case(
    71, "footnote", "a footnote mark behind a number", "repair", "table.footnote", changed("120000", "120000*"),
    truth=WITHOUT_FIRST,
)  # fmt: skip
