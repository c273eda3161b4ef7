"""Malformed tables of NEET and of the steps areas have done."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.malformed.cases import Case, Verdict, add

HEADER = "area_code,province,year,neet_rate,neet_count,youth_15_24,sample_size,standard_error"
ROWS = ("30,นครราชสีมา,2566,25.00,75000,300000,420,2.10", "41,อุดรธานี,2566,20.00,30000,150000,380,1.90")
STEPS = "area_code,step,done,people_reached,year"
STEP_ROWS = ("30,1,2567-04-15,1200,2567", "30,2,ยังไม่ทำ,,2567")

TRUE = {
    ("30", "neet_rate"): 25.0,
    ("30", "neet"): 75000.0,
    ("30", "youth_15_24"): 300000.0,
    ("30", "neet_sample"): 420.0,
    ("30", "neet_standard_error"): 2.1,
    ("41", "neet_rate"): 20.0,
    ("41", "neet"): 30000.0,
    ("41", "youth_15_24"): 150000.0,
    ("41", "neet_sample"): 380.0,
    ("41", "neet_standard_error"): 1.9,
}
TRUE_STEPS = {
    ("30", "neet_step1_done"): 1.0,
    ("30", "neet_step1_month"): 4.0,
    ("30", "neet_step1_reached"): 1200.0,
    ("30", "neet_step2_done"): 0.0,
}


def neet(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    data: bytes | str,
    *,
    row: bool = True,
    column: bool = True,
    truth: Mapping[tuple[str, str], float] = TRUE,
    options: Mapping[str, Any] | None = None,
) -> None:
    """A table as one CSV file."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        path = folder / "neet.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return [path]

    given = {"definition": "working"} if options is None else dict(options)
    refused = verdict == "reject"
    add(
        Case(
            number,
            f"neet-{name}",
            what,
            "neet",
            verdict,
            code,
            make,
            row=refused and row,
            column=refused and column,
            truth={"values": truth},
            options=given,
        )
    )


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def changed(old: str, new: str, *, header: str = HEADER) -> str:
    text = table(*ROWS, header=header)
    assert old in text
    return text.replace(old, new, 1)


def steps(old: str = "", new: str = "") -> str:
    text = table(*STEP_ROWS, header=STEPS)
    assert old in text
    return text.replace(old, new, 1)


neet(1, "sound", "a sound table", "accept", "", table(*ROWS))
neet(2, "code-as-float", "a code stored as 30.0", "repair", "code_text", changed("\n30,", "\n30.0,"))
neet(4, "code-scientific", "a code as 3.0E+01", "reject", "neet.area", changed("\n30,", "\n3.0E+01,"))
neet(
    5,
    "cp874",
    "Windows-874",
    "repair",
    "encoding_cp874",
    table(*ROWS).encode("cp874"),
)
neet(
    6,
    "garbled",
    "Thai read as Latin-1 and saved",
    "reject",
    "neet.garbled",
    changed("นครราชสีมา", "¹¤ÃÃÒªÊÕÁÒ"),
)
neet(
    13, "thai-digits", "Thai digits in a rate and a count", "repair", "thai_digits",
    changed("25.00,75000", "๒๕.๐๐,๗๕๐๐๐"),
)  # fmt: skip
neet(
    14,
    "thousands-separator",
    "commas for thousands",
    "repair",
    "thousands_separator",
    changed("75000", '"75,000"'),
)
neet(
    14,
    "thousands-unit",
    "a column in thousands",
    "reject",
    "neet.thousands",
    changed("neet_count", "จำนวน NEET (พันคน)"),
)
neet(
    15,
    "decimal-comma",
    "a decimal comma in a rate",
    "reject",
    "neet.decimal_comma",
    changed("25.00", '"25,5"'),
)
neet(
    15, "percent-sign", "percent signs behind rates", "repair", "percent",
    changed("25.00", "25.00%").replace("20.00", "20.00%"),
)  # fmt: skip
neet(
    15,
    "percent-sign-count",
    "a percent sign behind a count",
    "reject",
    "neet.percent",
    changed("75000", "75%"),
)
neet(
    15, "shares", "shares in a column of shares", "repair", "share_to_percent",
    changed("25.00", "0.2500").replace("20.00", "0.2000").replace("neet_rate", "neet_share")
    .replace("2.10", "0.021").replace("1.90", "0.019"),
)  # fmt: skip
neet(
    15, "shares-called-percent", "shares called percent, without counts", "reject", "neet.unit",
    "province,year,neet_percent\nน่าน,2566,0.25\nแพร่,2566,0.2\n",
)  # fmt: skip
neet(
    15, "percent-called-share", "percentages called shares", "reject", "neet.unit",
    changed("neet_rate", "neet_share"),
)  # fmt: skip
neet(
    17,
    "extra-cell",
    "a text with an unquoted comma",
    "reject",
    "neet.area",
    changed("นครราชสีมา", "สีมา,โคราช").replace("\n30,", "\n,"),
)
neet(
    20, "two-rates", "two columns of rates", "reject", "neet.column_twice",
    changed("standard_error", "ร้อยละ NEET"),
)  # fmt: skip
neet(
    21, "title-rows", "two rows of titles above the header", "repair", "title_rows",
    "ตารางที่ 5 เยาวชน NEET\nหน่วย: คน\n" + table(*ROWS),
)  # fmt: skip
neet(
    22, "no-measure", "no column of rates or counts", "reject", "neet.header",
    "area_code,province,year\n30,นครราชสีมา,2566\n", column=False,
)  # fmt: skip
neet(
    22, "unknown-column", "a column nobody reads", "repair", "neet.column_unread",
    table(*(f"{r},x" for r in ROWS), header=f"{HEADER},colour"),
)  # fmt: skip
neet(
    23, "na", "na. for a standard error", "repair", "missing_cells", changed(",2.10", ",na."),
    truth={k: v for k, v in TRUE.items() if k != ("30", "neet_standard_error")},
)  # fmt: skip
neet(27, "empty", "an empty file", "reject", "intake.empty", b"", row=False, column=False)
neet(28, "header-only", "a header and no row", "reject", "neet.nothing_below", HEADER + "\n")
neet(
    32, "leap-day", "29 February of a Buddhist year that has one", "accept", "",
    steps("2567-04-15", "2567-02-29"),
    truth=TRUE_STEPS | {("30", "neet_step1_month"): 2.0}, options={},
)  # fmt: skip
neet(
    32, "no-leap-day", "29 February of a year that has none", "reject", "neet.done",
    steps("2567-04-15", "2566-02-29"), options={},
)  # fmt: skip
neet(33, "buddhist-date", "a date of the Buddhist era", "accept", "", steps(), truth=TRUE_STEPS, options={})
neet(
    34,
    "two-eras",
    "2566 and 2023 in one column",
    "reject",
    "neet.mixed_eras",
    changed("อุดรธานี,2566", "อุดรธานี,2023"),
)
neet(
    34, "short-year", "a year of two digits", "reject", "neet.year", changed("นครราชสีมา,2566", "นครราชสีมา,66")
)
neet(
    34, "year-of-the-option", "a year other than the one given", "reject", "neet.year_differs", table(*ROWS),
    options={"definition": "working", "year_be": 2565},
)  # fmt: skip
neet(
    35, "day-before-month", "15/4/2567", "accept", "", steps("2567-04-15", "15/4/2567"),
    truth=TRUE_STEPS, options={},
)  # fmt: skip
neet(35, "month-before-day", "4/15/2567", "reject", "neet.done", steps("2567-04-15", "4/15/2567"), options={})
neet(
    36, "date-of-another-year", "a date outside the year of its row", "reject", "neet.done_year",
    steps("2567-04-15", "2566-04-15"), options={},
)  # fmt: skip
neet(37, "infinite", "inf for a rate", "reject", "neet.not_finite", changed("25.00", "inf"))
neet(38, "negative-error", "a standard error below zero", "reject", "neet.negative", changed("2.10", "-2.10"))
neet(38, "negative-count", "a count below zero", "reject", "neet.negative", changed("75000", "-75000"))
neet(38, "sample-of-nobody", "a sample of nobody", "reject", "neet.no_sample", changed(",420,", ",0,"))
neet(39, "rate-over-100", "a rate of 125 percent", "reject", "neet.range", changed("25.00", "125.00"))
neet(
    40, "neet-exceeds-youth", "more NEET than young people", "reject", "neet.neet_exceeds",
    changed("75000,300000", "300000,75000"),
)  # fmt: skip
neet(
    40,
    "sample-exceeds-youth",
    "a sample of more than all",
    "reject",
    "neet.sample_exceeds",
    changed(",420,", ",400000,"),
)
neet(
    40,
    "rate-contradicts",
    "a rate that its counts do not make",
    "reject",
    "neet.rate",
    changed("25.00", "26.00"),
)
neet(41, "half-a-person", "half a person", "reject", "neet.whole", changed("75000", "75000.5"))
neet(
    42,
    "a-billion",
    "more people than the country has",
    "reject",
    "neet.too_large",
    changed("75000,300000", "75000,3000000000"),
)
neet(43, "unknown-area", "a province nobody registered", "reject", "neet.area", changed("\n30,", "\n99,"))
neet(
    43,
    "unknown-name",
    "a name nobody registered",
    "reject",
    "neet.area",
    changed("\n30,นครราชสีมา", "\n,นครสวรรค์สีมา"),
)
neet(
    44,
    "another-name",
    "a valid code under another name",
    "repair",
    "neet.name_differs",
    changed("30,นครราชสีมา", "30,อุดรธานี"),
)
neet(
    44, "names-only", "names without codes, one misspelt as published", "repair", "name_read",
    "province,year,neet_rate,neet_count,youth_15_24\nBungkan,2020,25.0,2500,10000\n",
    truth={("38", "neet_rate"): 25.0, ("38", "neet"): 2500.0, ("38", "youth_15_24"): 10000.0},
)  # fmt: skip
neet(46, "twice", "an area twice", "reject", "neet.once", table(*ROWS, ROWS[0]))
neet(
    46,
    "step-twice",
    "a step twice",
    "reject",
    "neet.once",
    table(*STEP_ROWS, STEP_ROWS[0], header=STEPS),
    options={},
)
neet(
    51,
    "personal-id",
    "a number of an identity card",
    "reject",
    "neet.personal",
    table(*(f"{r},1 1007 00000 00 1" for r in ROWS), header=f"{HEADER},หมายเหตุ"),
)
neet(
    51,
    "personal-column",
    "a column of people's names",
    "reject",
    "neet.personal",
    table(*(f"{r},ก" for r in ROWS), header=f"{HEADER},ชื่อ-นามสกุล"),
)
neet(
    51,
    "personal-name",
    "a person's name in a column of notes",
    "reject",
    "neet.personal",
    table(*(f"{r},นางสาวสมศรี ใจดี" for r in STEP_ROWS), header=f"{STEPS},ผู้ประสาน"),
    options={},
)
neet(
    55,
    "another-definition",
    "a definition nobody knows",
    "reject",
    "neet.definition",
    table(*(f"{r},national" for r in ROWS), header=f"{HEADER},definition"),
    options={},
)
neet(55, "unknown-step", "step 5", "reject", "neet.step", steps("30,1,", "30,5,"), options={})
neet(
    55,
    "step-without-report",
    "a step without done and without people",
    "reject",
    "neet.column_needed",
    "area_code,step,year\n30,1,2567\n",
    column=False,
    options={},
)
neet(
    55,
    "said-nothing",
    "a row that says nothing",
    "reject",
    "neet.nothing_said",
    steps("2567-04-15,1200", ","),
    options={},
)
neet(55, "done-soon", "soon for done", "reject", "neet.done", steps("2567-04-15", "soon"), options={})
neet(
    55, "bare-protected-rate", "a protected rate without a count", "reject", "neet.protected_rate",
    "province,year,neet_rate\nน่าน,2566,25.0\n", options={"definition": "working", "protected": lambda _ids: True},
)  # fmt: skip
neet(
    55, "definition-unstated", "nothing said of unpaid family workers", "repair", "neet.definition_unstated",
    table(*ROWS), options={},
)  # fmt: skip
neet(
    59,
    "total-row",
    "a total row that is the sum",
    "repair",
    "total_row_dropped",
    table(*ROWS, ",รวม,2566,,105000,450000,800,"),
)
neet(
    59,
    "wrong-total",
    "a total row that is not the sum",
    "reject",
    "neet.total",
    table(*ROWS, ",รวม,2566,,105001,450000,800,"),
)
neet(
    59,
    "region-row",
    "a row of a region",
    "repair",
    "region_rows",
    table(*ROWS, ",ภาคตะวันออกเฉียงเหนือ,2566,23.30,,,,"),
)
neet(71, "footnote", "a footnote mark behind a rate", "reject", "neet.footnote", changed("25.00", "25.00*"))
neet(
    71,
    "footnote-rows",
    "notes below the table",
    "repair",
    "note_rows",
    table(*ROWS) + "หมายเหตุ: ข้อมูลเบื้องต้น,,,,,,,\n",
)
neet(
    38,
    "small-sample",
    "a rate of a sample of twelve",
    "repair",
    "neet.small_sample",
    changed(",420,", ",12,"),
    truth=TRUE | {("30", "neet_sample"): 12.0},
)


def _merged(folder: Path, _random: random.Random) -> list[Path]:
    """A workbook as agencies make them: a title, a group label merged over two columns, a note below."""
    path = folder / "neet.xlsx"
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        sheet = book.add_worksheet("NEET")
        sheet.write(0, 0, "เยาวชนอายุ 15-24 ปี ที่เป็น NEET พ.ศ. 2566")
        sheet.merge_range(1, 0, 2, 0, "จังหวัด")
        sheet.merge_range(1, 1, 1, 2, "NEET")
        sheet.merge_range(1, 3, 2, 3, "ประชากรอายุ 15-24 ปี")
        sheet.write_row(2, 1, ["จำนวน", "ร้อยละ"])
        sheet.write_row(3, 0, ["นครราชสีมา", 75000, 25.0, 300000])
        sheet.write_row(4, 0, ["อุดรธานี", 30000, 20.0, 150000])
        sheet.write(5, 0, "ที่มา: การสำรวจภาวะการทำงานของประชากร")
    return [path]


add(
    Case(
        56,
        "neet-merged-header",
        "a title, a header of two rows with merged cells, a note",
        "neet",
        "repair",
        "header_rows_joined",
        _merged,
        truth={"values": {k: v for k, v in TRUE.items() if k[1] in ("neet_rate", "neet", "youth_15_24")}},
        options={"definition": "working", "year_be": 2566},
    )
)
