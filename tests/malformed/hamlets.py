"""Malformed tables of villages: names, points and scores of กชช.2ค."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.malformed.cases import Case, Verdict, add
from tests.warehouse.village_maker import dbf

HEADER = "village_id,village_name,ถนน,น้ำดื่ม"
ROWS = (
    "95020101,บ้านหนึ่ง,1,2",
    "95020102,บ้านสอง,3,3",
    "95020103,บ้านสาม,2,ไม่เกี่ยวข้อง",
)
TRUE = {
    ("95020101", "i01"): 1, ("95020101", "i02"): 2, ("95020102", "i01"): 3, ("95020102", "i02"): 3,
    ("95020103", "i01"): 2, ("95020103", "i02"): 0,
}  # fmt: skip


def village(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    data: bytes | str,
    *,
    row: bool = True,
    column: bool = False,
    without: tuple[str, ...] = (),
    suffix: str = "csv",
    options: Mapping[str, Any] | None = None,
) -> None:
    """One file; `without` names the villages whose rows are left out."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        path = folder / f"villages.{suffix}"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return [path]

    refused = verdict == "reject"
    add(
        Case(
            number,
            f"villages-{name}",
            what,
            "villages",
            verdict,
            code,
            make,
            row=refused and row,
            column=refused and column,
            truth={"scores": {key: score for key, score in TRUE.items() if key[0] not in without}},
            options={"year_be": 2558} if options is None else dict(options),
        )
    )


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


# fmt: off
village(1, "nine-digits", "codes of the legacy form with nine digits", "repair", "code_legacy_9",
        table(*(f"{r[:6]}0{r[6:]}" for r in ROWS)))
village(2, "float", "codes that a spreadsheet made numbers with a decimal", "repair", "code_float",
        table(*(f"{r[:8]}.0{r[8:]}" for r in ROWS)))
village(4, "scientific", "one code shortened to 9.5E+07", "repair", "villages.row_code",
        table(*ROWS[:2], "9.5E+07,บ้านสาม,2,ไม่เกี่ยวข้อง"), without=("95020103",))
village(5, "cp874", "Thai in Windows-874", "repair", "encoding_cp874", table(*ROWS).encode("cp874"))
village(6, "latin", "Thai read through a wrong encoding", "reject", "villages.garbled",
        table("95020101,ºéÒ¹Ë¹Öè§,1,2", *ROWS[1:]), column=True)
village(13, "thai-digits", "scores in Thai digits", "accept", "",
        table("95020101,บ้านหนึ่ง,๑,๒", *ROWS[1:]))
village(17, "extra-comma", "a comma in the last column, a name, that nobody quoted", "repair", "unquoted_comma",
        table("95020101,1,2,บ้านหนึ่ง,ใต้", "95020102,3,3,บ้านสอง", "95020103,2,ไม่เกี่ยวข้อง,บ้านสาม",
              header="village_id,ถนน,น้ำดื่ม,village_name"))
village(20, "twice-heading", "two columns of one indicator", "reject", "villages.column_twice",
        table(*(f"{r},1" for r in ROWS), header=f"{HEADER},1. ถนน"), column=True)
village(21, "titles", "two title rows above the header", "repair", "title_rows",
        "ข้อมูล กชช.2ค\nปี 2558,,,\n" + table(*ROWS))
village(22, "no-code", "no column that tells the village", "reject", "villages.header",
        table(*(r.partition(",")[2] for r in ROWS), header=HEADER.partition(",")[2]))
village(28, "header-only", "a header and nothing below", "reject", "villages.nothing_below", HEADER + "\n")
village(34, "two-eras", "years of both calendars in one column", "reject", "villages.mixed_eras",
        table(f"{ROWS[0]},2558", f"{ROWS[1]},2015", header=f"{HEADER},ปี"), column=True, row=False)
village(36, "other-year", "a year that is not the one the command says", "reject", "villages.year_differs",
        table(*(f"{r},2560" for r in ROWS), header=f"{HEADER},ปี"), column=True)
village(39, "score-4", "a score that no specification has", "repair", "villages.row_score",
        table(*ROWS[:2], "95020103,บ้านสาม,4,ไม่เกี่ยวข้อง"), without=("95020103",))
village(43, "unknown-area", "a code of no subdistrict", "repair", "villages.row_area",
        table(*ROWS, "99010101,บ้านผี,1,1"))
village(44, "other-name", "the name of another subdistrict beside the code", "repair", "villages.name_differs",
        table(*(f"{r},สะเตง" for r in ROWS), header=f"{HEADER},ตำบล"))
village(46, "twice", "one village in two rows", "repair", "villages.row_twice", table(*ROWS, ROWS[0]))
village(51, "formula", "a formula as a village's name", "accept", "",
        table("95020101,\"=HYPERLINK(\"\"x\"\")\",1,2", *ROWS[1:]))
village(55, "persons", "a column of citizens' numbers", "reject", "villages.personal",
        table(*(f"{r},1100700000001" for r in ROWS), header=f"{HEADER},หมายเลข"), column=True)
village(58, "error-cell", "an error of a spreadsheet where a score belongs", "repair", "villages.row_score",
        table(*ROWS[:2], "95020103,บ้านสาม,#REF!,ไม่เกี่ยวข้อง"), without=("95020103",))
village(79, "cut-dbf", "a dBASE table that ends early", "reject", "vector.counts",
        dbf(["VILLCODE", "NAME", "I01", "I02"], [r.split(",") for r in ROWS])[:-40], row=False, suffix="dbf")
village(76, "dbf", "a dBASE table in Windows-874 without a .cpg", "repair", "encoding_cp874",
        dbf(["VILLCODE", "NAME", "I01", "I02"], [r.split(",") for r in ROWS]), suffix="dbf")
village(85, "swapped", "latitude and longitude in each other's column", "repair", "position_swapped",
        table("95020101,บ้านหนึ่ง,1,2,101.07,5.77", "95020102,บ้านสอง,3,3,5.77,101.08", "95020103,บ้านสาม,2,ไม่เกี่ยวข้อง,5.78,101.07",
              header=f"{HEADER},lat,lon"))
village(89, "off-the-earth", "a point in another province", "repair", "villages.row_position",
        table("95020101,บ้านหนึ่ง,1,2,18.79,100.78", "95020102,บ้านสอง,3,3,,", "95020103,บ้านสาม,2,ไม่เกี่ยวข้อง,,",
              header=f"{HEADER},lat,lon"))
# fmt: on


def _book(folder: Path, _random: random.Random) -> list[Path]:
    path = folder / "villages.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 2, 0, 3, "โครงสร้างพื้นฐาน")
        for at, line in enumerate(
            (["village_id", "village_name"], ["", "", "ถนน", "น้ำดื่ม"], *(r.split(",") for r in ROWS))
        ):
            for place, text in enumerate(line):
                if text:
                    sheet.write_string(at, place, text)
    return [path]


add(
    Case(
        56, "villages-merged-header", "domains in merged cells above the indicators", "villages", "repair",
        "header_rows_joined", _book, truth={"scores": TRUE}, options={"year_be": 2558},
    )
)  # fmt: skip
