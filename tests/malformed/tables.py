"""Malformed tables: TPMAP files, the crosswalk of municipalities, the figures that ship, and plain CSV."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from geo.codes import official_areas
from tests.malformed.cases import SEED, Case, Verdict, add
from tests.warehouse.tpmap_maker import edit, make_tpmap, rewrite, rows_of
from warehouse.sources.figures import FIGURES

TARGET = "poor.JPT.MOFval.CNT"
RATE = "JPT.MOFval.pov.rate"
POOR = "61_province_11111.csv"
COMMON = "61_province_common.csv"
AMPHUR = "61_83_amphur_11111.csv"
AMPHUR_COMMON = "61_83_amphur_common.csv"

_TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


@cache
def sound_edition() -> Path:
    """Two provinces and the districts of both, consistent to the last digit."""
    folder = Path(mkdtemp(prefix="sound-"))
    make_tpmap(
        folder,
        seed=SEED,
        levels=("province", "district"),
        masks=("11111",),
        provinces=("83", "91"),
        households=9,
    )
    return folder


# ------------------------------------------------------------------------------------------------------------
# TPMAP

Spoil = Callable[[Path], object]


def tpmap(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    spoil: Spoil,
    *,
    row: bool = True,
    column: bool = True,
    truth: dict[str, Any] | None = None,
) -> None:
    """A sound edition with one thing wrong; a rejection has to name row and column unless said otherwise."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        for path in sorted(sound_edition().iterdir()):
            shutil.copy(path, folder)
        spoil(folder)
        return [folder]

    add(
        Case(
            number,
            f"tpmap-{name}",
            what,
            "tpmap",
            verdict,
            code,
            make,
            row=verdict == "reject" and row,
            column=verdict == "reject" and column,
            truth=truth or {},
        )
    )


def cell(file: str, column: str, value: str | Callable[[str], str], row: int = 2) -> Spoil:
    return lambda folder: edit(folder / file, row, column, value)


def bytes_of(file: str, change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes()))


def recode(file: str, encoding: str, mark: bytes = b"") -> Spoil:
    return bytes_of(file, lambda data: mark + data.decode("utf-8").encode(encoding))


def with_names(file: str, names: list[str], encoding: str = "utf-8") -> Spoil:
    """Add a column of names, written in `encoding`."""

    def spoil(folder: Path) -> None:
        rows = rows_of(folder / file)
        rows[0].append("province_name")
        for at, line in enumerate(rows[1:]):
            line.append(names[at])
        rewrite(folder / file, rows)
        if encoding != "utf-8":
            recode(file, encoding)(folder)

    return spoil


def rows_changed(file: str, change: Callable[[list[list[str]]], list[list[str]]]) -> Spoil:
    return lambda folder: rewrite(folder / file, change(rows_of(folder / file)))


def _total_row(rows: list[list[str]], label: str, error: int = 0) -> list[list[str]]:
    sums = [
        ""
        if name in (RATE, "happiness")
        else str(sum(int(line[at]) for line in rows[1:]) + error * (name == TARGET))
        for at, name in enumerate(rows[0])
    ]
    return [*rows, [label, *sums[1:]]]


def _year_column(years: list[str]) -> Spoil:
    return rows_changed(
        POOR, lambda rows: [["year_be", *rows[0]], *([y, *r] for y, r in zip(years, rows[1:], strict=True))]
    )


PHUKET, SATUN = "ภูเก็ต", "สตูล"

tpmap(
    1,
    "code-of-one-digit",
    "a code that lost a digit",
    "reject",
    "tpmap.unknown_area",
    cell(POOR, "province_ID", "3"),
)
tpmap(
    1,
    "code-with-zero",
    "a zero before a code of four",
    "reject",
    "tpmap.unknown_area",
    cell(AMPHUR, "amphur_ID", "0801"),
)
tpmap(2, "code-as-float", "a code stored as 83.0", "repair", "code_text", cell(POOR, "province_ID", "83.0"))
tpmap(2, "code-in-blanks", "blanks around a code", "repair", "code_text", cell(POOR, "province_ID", " 83 "))
tpmap(2, "code-blank", "no code", "reject", "tpmap.unknown_area", cell(POOR, "province_ID", ""))
tpmap(2, "code-quoted", 'a code as ="83"', "repair", "code_text", cell(POOR, "province_ID", '="83"'))
tpmap(
    4,
    "code-scientific",
    "a code as 8.3E+01",
    "reject",
    "tpmap.scientific",
    cell(POOR, "province_ID", "8.3E+01"),
)
tpmap(
    4, "count-scientific", "a count as 1.1E+12", "reject", "tpmap.scientific", cell(POOR, TARGET, "1.1E+12")
)
tpmap(
    5,
    "cp874",
    "Windows-874 where UTF-8 is usual",
    "repair",
    "encoding_cp874",
    with_names(POOR, [PHUKET, SATUN], "cp874"),
)
tpmap(
    6,
    "garbled-name",
    "Thai read as Latin-1 and saved",
    "reject",
    "tpmap.garbled",
    with_names(POOR, [PHUKET.encode("cp874").decode("latin-1"), SATUN]),
)
tpmap(
    6,
    "question-marks",
    "Thai lost to question marks",
    "reject",
    "tpmap.garbled",
    with_names(POOR, ["????", SATUN]),
)
tpmap(
    7,
    "cp874-blank",
    "0xA0 of Windows-874, not in TIS-620",
    "repair",
    "encoding_cp874",
    with_names(POOR, [PHUKET + "\u00a0", SATUN], "cp874"),
)
tpmap(8, "utf-16", "UTF-16 with its mark", "repair", "encoding_utf-16", recode(POOR, "utf-16"))
tpmap(9, "utf-8-mark", "UTF-8 with its mark", "accept", "", recode(POOR, "utf-8", b"\xef\xbb\xbf"))
tpmap(
    10,
    "two-encodings",
    "UTF-8 and Windows-874 in one file",
    "reject",
    "csv.encoding",
    lambda folder: (
        with_names(POOR, [PHUKET, "X"])(folder),
        bytes_of(POOR, lambda data: data.replace(b",X\n", b"," + SATUN.encode("cp874") + b"\n"))(folder),
    ),
    column=False,
)
tpmap(
    12,
    "zero-width",
    "zero-width and no-break spaces in names",
    "repair",
    "name_cleaned",
    with_names(POOR, ["ภู\u200bเก็ต", "\u00a0สตูล"]),
)
tpmap(
    13,
    "thai-digits",
    "Thai digits",
    "repair",
    "thai_digits",
    cell(POOR, TARGET, lambda v: v.translate(_TO_THAI)),
)
tpmap(
    13,
    "thai-digits-code",
    "a code in Thai digits",
    "repair",
    "code_text",
    cell(POOR, "province_ID", lambda v: v.translate(_TO_THAI)),
)
tpmap(
    13,
    "full-width-digits",
    "full-width digits",
    "repair",
    "full_width",
    cell(POOR, TARGET, lambda v: "".join(chr(ord(c) + 0xFEE0) for c in v)),
)
tpmap(
    14,
    "thousands",
    "a comma for thousands",
    "repair",
    "blanks",
    rows_changed(
        POOR,
        lambda rows: [
            rows[0],
            *(
                [c if not c.isdigit() or at == 0 else f" {int(c):,}" for at, c in enumerate(r)]
                for r in rows[1:]
            ),
        ],
    ),
)
tpmap(15, "percent-sign", "12.5%", "reject", "tpmap.percent", cell(POOR, RATE, "12.5%"))
tpmap(15, "decimal-comma", "12,5", "reject", "tpmap.decimal_comma", cell(POOR, RATE, "12,5"))
tpmap(15, "baht", "12 บาท", "reject", "tpmap.currency", cell(POOR, TARGET, "12 บาท"))
tpmap(
    16,
    "semicolon",
    "semicolons",
    "repair",
    "delimiter_semicolon",
    bytes_of(POOR, lambda data: data.replace(b",", b";")),
)
tpmap(16, "tab", "tabs", "repair", "delimiter_tab", bytes_of(POOR, lambda data: data.replace(b",", b"\t")))
tpmap(
    17,
    "extra-field",
    "a field too many",
    "reject",
    "csv.ragged",
    bytes_of(POOR, lambda data: data.rstrip(b"\n") + b",7\n"),
    column=False,
)
tpmap(
    18,
    "first-row-longer",
    "the first row is longer than the header",
    "reject",
    "csv.ragged",
    bytes_of(POOR, lambda data: data.replace(b"\n", b",9\n", 2).replace(b",9\n", b"\n", 1)),
    column=False,
)
tpmap(
    19,
    "missing-field",
    "a field too few",
    "reject",
    "csv.ragged",
    bytes_of(POOR, lambda data: data.rstrip(b"\n").rpartition(b",")[0] + b"\n"),
    column=False,
)
tpmap(
    20,
    "header-twice",
    "two columns of one name",
    "reject",
    "csv.duplicate_header",
    bytes_of(POOR, lambda data: data.replace(b'"poor.JPT.CNT"', b'"poor.household.CNT"', 1)),
)
tpmap(
    21,
    "no-header",
    "no header",
    "reject",
    "csv.duplicate_header",
    bytes_of(POOR, lambda data: data.partition(b"\n")[2]),
)
tpmap(
    21,
    "header-in-row-3",
    "two title rows above the header",
    "reject",
    "csv.ragged",
    bytes_of(POOR, lambda data: "คนจนเป้าหมาย\nปี 2561\n".encode() + data),
    column=False,
)
tpmap(
    21,
    "two-header-rows",
    "group labels above the header",
    "reject",
    "tpmap.unknown_file",
    bytes_of(
        POOR,
        lambda data: (
            b",".join(b"group%d" % i for i in range(data.split(b"\n")[0].count(b",") + 1)) + b"\n" + data
        ),
    ),
    column=False,
)
tpmap(
    22,
    "unknown-column",
    "a column nobody reads",
    "repair",
    "tpmap.extra_column",
    rows_changed(POOR, lambda rows: [[*rows[0], "note"], *([*r, "x"] for r in rows[1:])]),
)
tpmap(
    22,
    "missing-column",
    "a column is missing",
    "reject",
    "tpmap.missing_column",
    bytes_of(POOR, lambda data: data.replace(b'"poor.JPT.CNT"', b'"people"', 1)),
)
tpmap(23, "na-rate", "NA for a rate", "repair", "rate_missing", cell(POOR, RATE, "NA"))
tpmap(23, "na-count", "NA for a count", "reject", "tpmap.empty_cell", cell(POOR, TARGET, "NA"))
tpmap(
    24,
    "nul",
    "a NUL byte",
    "reject",
    "csv.nul",
    bytes_of(POOR, lambda data: data[:-9] + b"\0" + data[-9:]),
    column=False,
)
tpmap(
    25,
    "open-quote",
    "a quotation mark nobody closes",
    "reject",
    "csv.unclosed_quote",
    bytes_of(POOR, lambda data: data.replace(b"\n83,", b'\n"83,', 1)),
    column=False,
)
tpmap(
    26,
    "newline-in-quotes",
    "a line break inside quotes",
    "repair",
    "name_cleaned",
    with_names(POOR, ["ภูเก็ต\n", SATUN]),
)
tpmap(
    27,
    "empty",
    "an empty file",
    "reject",
    "intake.empty",
    bytes_of(POOR, lambda _: b""),
    row=False,
    column=False,
)
tpmap(
    27,
    "only-a-mark",
    "nothing but a byte order mark",
    "reject",
    "intake.empty",
    bytes_of(POOR, lambda _: b"\xef\xbb\xbf"),
    row=False,
    column=False,
)
tpmap(
    28,
    "header-only",
    "a header and no row",
    "reject",
    "csv.header_only",
    bytes_of(POOR, lambda data: data.partition(b"\n")[0] + b"\n"),
    column=False,
)
tpmap(
    30,
    "long-field",
    "one field of 200,000 characters",
    "reject",
    "csv.long_cell",
    cell(POOR, TARGET, "7" * 200_000),
    column=False,
)
tpmap(
    31,
    "ten-thousand-columns",
    "10,000 columns",
    "reject",
    "csv.too_wide",
    bytes_of(
        POOR,
        lambda _: b",".join(b"c%d" % i for i in range(10_000)) + b"\n" + b",".join([b"1"] * 10_000) + b"\n",
    ),
    column=False,
)
tpmap(
    34,
    "mixed-calendars",
    "2561 and 2018 in one column",
    "reject",
    "tpmap.year",
    _year_column(["2561", "2018"]),
)
tpmap(34, "short-year", "61 in a cell", "reject", "tpmap.year", _year_column(["61", "61"]))
tpmap(
    34,
    "common-era",
    "2018 in a column of Buddhist years",
    "reject",
    "tpmap.year",
    _year_column(["2018", "2018"]),
)
tpmap(34, "thai-year", "the year in Thai digits", "accept", "", _year_column(["๒๕๖๑", "2561"]))
tpmap(36, "year-2399", "a year before 2400", "reject", "tpmap.year", _year_column(["2399", "2399"]))
tpmap(36, "year-2699", "a year to come", "reject", "tpmap.year", _year_column(["2699", "2699"]))
tpmap(37, "inf", "inf", "reject", "tpmap.not_finite", cell(POOR, TARGET, "inf"))
tpmap(37, "1e400", "1e400 for a rate", "reject", "tpmap.not_finite", cell(POOR, RATE, "1e400"))
tpmap(37, "nan-count", "nan for a count", "reject", "tpmap.empty_cell", cell(POOR, TARGET, "nan"))
tpmap(38, "negative", "a negative count", "reject", "tpmap.negative_count", cell(POOR, TARGET, "-3"))
tpmap(
    38,
    "negative-sign",
    "a negative count with a minus sign of Unicode",
    "reject",
    "tpmap.negative_count",
    cell(POOR, TARGET, "−3"),
)
tpmap(39, "rate-101", "a rate of 101 %", "reject", "tpmap.out_of_range", cell(POOR, RATE, "101"))
tpmap(39, "rate-negative", "a rate below 0", "reject", "tpmap.negative_count", cell(POOR, RATE, "-0.5"))
tpmap(
    39,
    "happiness-11",
    "happiness of 11 out of 10",
    "reject",
    "tpmap.out_of_range",
    cell(COMMON, "happiness", "11"),
)
tpmap(
    40,
    "poor-households",
    "more poor households than households",
    "reject",
    "tpmap.poor_households",
    cell(POOR, "poor.household.CNT", "999999"),
)
tpmap(
    40,
    "poor-persons",
    "more poor than surveyed",
    "reject",
    "tpmap.poor_surveyed",
    cell(POOR, "poor.JPT.CNT", "999999"),
)
tpmap(
    41,
    "half-a-household",
    "3.5 households",
    "reject",
    "tpmap.not_whole",
    cell(COMMON, "household.CNT", "3.5"),
)
tpmap(
    42, "twenty-digits", "a count of twenty digits", "reject", "tpmap.too_long", cell(POOR, TARGET, "9" * 20)
)
tpmap(
    42,
    "a-billion",
    "more people than the country has",
    "reject",
    "tpmap.too_large",
    cell(POOR, TARGET, "999999999"),
)
tpmap(
    43,
    "unknown-district",
    "a district nobody registered",
    "reject",
    "tpmap.unknown_area",
    cell(AMPHUR, "amphur_ID", "8399"),
)
tpmap(
    43,
    "unknown-province",
    "a province nobody registered",
    "reject",
    "tpmap.unknown_area",
    cell(POOR, "province_ID", "98"),
)
tpmap(
    44,
    "another-name",
    "a valid code under another area's name",
    "repair",
    "tpmap.name",
    with_names(POOR, [PHUKET, "ยะลา"]),
)
tpmap(
    45,
    "wrong-parent",
    "a province column that contradicts the code",
    "reject",
    "tpmap.outside_province",
    cell(AMPHUR, "province_ID", "91"),
)
tpmap(
    45,
    "other-province",
    "a district in another province's file",
    "reject",
    "tpmap.outside_province",
    cell(AMPHUR, "amphur_ID", "9101"),
)
tpmap(
    46,
    "row-twice",
    "one area twice",
    "reject",
    "tpmap.duplicate_area",
    rows_changed(POOR, lambda rows: [*rows, rows[1]]),
    column=False,
)
tpmap(
    47,
    "parent-short",
    "a province below the sum of its districts",
    "reject",
    "tpmap.children_sum",
    cell(COMMON, "ELDERLY_CNT", lambda v: str(int(v) - 1)),
)
tpmap(
    48,
    "district-missing",
    "a district has no row",
    "repair",
    "tpmap.children_missing",
    lambda folder: [rows_changed(f, lambda rows: rows[:-1])(folder) for f in (AMPHUR, AMPHUR_COMMON)],
    truth={"without": "8303"},
)
tpmap(
    51,
    "formula-name",
    "a formula in a name",
    "repair",
    "tpmap.name",
    with_names(POOR, ['=HYPERLINK("http://127.0.0.1/","กด")', SATUN]),
)
tpmap(51, "formula-count", "a formula in a count", "reject", "tpmap.formula", cell(POOR, TARGET, "=B2+B3"))
tpmap(52, "markup-name", "HTML in a name", "repair", "tpmap.name", with_names(POOR, ["<b>ภูเก็ต</b>", SATUN]))
tpmap(
    54,
    "copy",
    "the same file twice",
    "repair",
    "identical_duplicate",
    lambda folder: ((folder / "again").mkdir(), shutil.copy(folder / POOR, folder / "again" / POOR)),
)
tpmap(
    54,
    "two-versions",
    "two versions of one file",
    "reject",
    "tpmap.conflict",
    lambda folder: (
        (folder / "again").mkdir(),
        shutil.copy(folder / COMMON, folder / "again" / COMMON),
        edit(folder / "again" / COMMON, 2, "MOF_REG_CNT", lambda v: str(int(v) - 1)),
    ),
)
tpmap(
    55,
    "common-as-mask",
    "denominators where a mask belongs",
    "reject",
    "tpmap.wrong_header",
    lambda folder: shutil.copy(folder / COMMON, folder / POOR),
    column=False,
)
tpmap(
    55,
    "households",
    "a list of households where areas belong",
    "reject",
    "tpmap.unknown_file",
    bytes_of(POOR, lambda _: "house_id,cid,name\n83010001,1100700000001,ก\n".encode()),
    column=False,
)
tpmap(
    55,
    "misspelt-name",
    "a file under a name nobody knows",
    "reject",
    "tpmap.unknown_file",
    lambda folder: (folder / POOR).rename(folder / "61_provinces.csv"),
    row=False,
    column=False,
)
tpmap(
    59,
    "total-row",
    "a total row รวม",
    "repair",
    "tpmap.total_row",
    rows_changed(POOR, lambda rows: _total_row(rows, "รวม")),
)
tpmap(
    59,
    "total-row-english",
    "a total row Total",
    "repair",
    "tpmap.total_row",
    rows_changed(COMMON, lambda rows: _total_row(rows, "Total")),
)
tpmap(
    59,
    "wrong-total",
    "a total row that is not the sum",
    "reject",
    "tpmap.total_row_sum",
    rows_changed(POOR, lambda rows: _total_row(rows, "รวมทั้งหมด", 1)),
)
tpmap(71, "footnote", "1,234*", "reject", "tpmap.footnote", cell(POOR, TARGET, "1,234*"))
tpmap(71, "superscript", "1,234²", "reject", "tpmap.footnote", cell(POOR, TARGET, "1,234²"))
tpmap(58, "error-text", "#REF! saved as text", "reject", "tpmap.error_value", cell(POOR, TARGET, "#REF!"))

# ------------------------------------------------------------------------------------------------------------
# The crosswalk of municipalities

_HEADER = ["TUMBOL_ID", "TUMBOL_NAME", "TESABAN_FLAG", "MAP_TUMBOL_ID"]
_SOUND = [
    ["830101", "ตลาดใหญ่", "0", "830101"],
    ["830151", "เทศบาลนครภูเก็ต", "1", "830101"],
    ["830152", "เทศบาลตำบลรัษฎา", "1", "830105"],
]
_NAMES = {"830151": "เทศบาลนครภูเก็ต", "830152": "เทศบาลตำบลรัษฎา"}


def crosswalk(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    change: Callable[[list[list[str]]], list[list[str]]] = lambda rows: rows,
    *,
    encode: Callable[[str], bytes] = str.encode,
    row: bool = True,
    column: bool = True,
    names: dict[str, str] | None = None,
) -> None:
    """The crosswalk with one thing wrong; `names` are those its municipalities have to get."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        rows = change([list(_HEADER), *(list(line) for line in _SOUND)])
        rewrite(folder / "municipalities.csv", rows)
        text = (folder / "municipalities.csv").read_text(encoding="utf-8")
        (folder / "municipalities.csv").write_bytes(encode(text))
        return [folder / "municipalities.csv"]

    add(
        Case(
            number,
            f"crosswalk-{name}",
            what,
            "crosswalk",
            verdict,
            code,
            make,
            row=verdict == "reject" and row,
            column=verdict == "reject" and column,
            truth={"names": names or _NAMES},
        )
    )


def put(at: int, column: int, value: str) -> Callable[[list[list[str]]], list[list[str]]]:
    def change(rows: list[list[str]]) -> list[list[str]]:
        rows[at][column] = value
        return rows

    return change


def _long_list(rows: list[list[str]]) -> list[list[str]]:
    tambons = [c for c, a in official_areas().items() if a.level == "subdistrict" and c != "830101"]
    return [
        *rows,
        *([code, official_areas()[code].name_th, "0", code] for code in tambons),
        ["99", "ข", "1", ""],
    ]


crosswalk(2, "code-as-float", "a code stored as 830151.0", "accept", "", put(2, 0, "830151.0"))
crosswalk(4, "code-scientific", "a code as 8.30151E+05", "reject", "crosswalk.code", put(2, 0, "8.30151E+05"))
crosswalk(5, "cp874", "Windows-874", "repair", "encoding_cp874", encode=lambda text: text.encode("cp874"))
crosswalk(
    6,
    "garbled",
    "Thai read as Latin-1 and saved",
    "reject",
    "crosswalk.garbled",
    put(2, 1, "เทศบาล".encode("cp874").decode("latin-1")),
)
crosswalk(
    7,
    "cp874-quotes",
    "curly quotes of Windows-874",
    "repair",
    "encoding_cp874",
    put(2, 1, "เทศบาล “ภูเก็ต”"),
    encode=lambda text: text.encode("cp874"),
    names=_NAMES | {"830151": "เทศบาล “ภูเก็ต”"},
)
crosswalk(
    8,
    "utf-16-le",
    "UTF-16, little end first",
    "repair",
    "encoding_utf-16",
    encode=lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
)
crosswalk(
    8,
    "utf-16-be",
    "UTF-16, big end first",
    "repair",
    "encoding_utf-16",
    encode=lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
)
crosswalk(
    8,
    "utf-16-bare",
    "UTF-16 without its mark",
    "reject",
    "intake.kind",
    encode=lambda text: text.encode("utf-16-le"),
    row=False,
    column=False,
)
crosswalk(9, "utf-8-mark", "UTF-8 with its mark", "accept", "", encode=lambda text: text.encode("utf-8-sig"))
crosswalk(
    10,
    "two-encodings",
    "UTF-8 and Windows-874 in one file",
    "reject",
    "csv.encoding",
    put(3, 1, "X"),
    encode=lambda text: text.encode().replace(b",X,", b"," + "รัษฎา".encode("cp874") + b","),
    column=False,
)
crosswalk(
    10,
    "western",
    "a Western encoding",
    "reject",
    "csv.encoding",
    lambda rows: [rows[0], ["830151", "Café", "1", "830101"]],
    encode=lambda text: text.encode("cp1252"),
    column=False,
)
crosswalk(
    11,
    "sara-am",
    "sara am in two pieces, the tone in between",
    "repair",
    "name_cleaned",
    put(2, 1, "เทศบาลน\u0e4d\u0e49\u0e32"),
    names=_NAMES | {"830151": "เทศบาลน้ำ"},
)
crosswalk(
    12,
    "zero-width",
    "zero-width and no-break spaces",
    "repair",
    "name_cleaned",
    put(2, 1, "เทศบาล\u200bนคร\u00a0ภูเก็ต"),
    names=_NAMES | {"830151": "เทศบาลนคร ภูเก็ต"},
)
crosswalk(13, "thai-digits", "a code in Thai digits", "accept", "", put(2, 0, "๘๓๐๑๕๑"))
crosswalk(
    17,
    "extra-field",
    "an unquoted comma in a name",
    "reject",
    "csv.ragged",
    encode=lambda text: text.replace("เทศบาลนครภูเก็ต", "เทศบาล,ภูเก็ต").encode(),
    column=False,
)
crosswalk(
    20,
    "header-twice",
    "two columns of one name",
    "reject",
    "csv.duplicate_header",
    lambda rows: [[*line, line[0]] for line in rows],
)
crosswalk(
    22,
    "missing-column",
    "a column is missing",
    "reject",
    "tpmap.unknown_file",
    put(0, 3, "TAMBON"),
    row=False,
    column=False,
)
crosswalk(
    23, "na-name", "a municipality called NA", "accept", "", put(2, 1, "NA"), names=_NAMES | {"830151": "NA"}
)
crosswalk(
    23,
    "null-name",
    "a municipality called null",
    "accept",
    "",
    put(2, 1, "null"),
    names=_NAMES | {"830151": "null"},
)
crosswalk(
    26,
    "newline-in-quotes",
    "a line break inside quotes",
    "repair",
    "name_cleaned",
    put(2, 1, "เทศบาลนคร\nภูเก็ต"),
    names=_NAMES | {"830151": "เทศบาลนคร ภูเก็ต"},
)
crosswalk(
    43,
    "unknown-target",
    "mapped to a tambon nobody registered",
    "repair",
    "crosswalk.bad_target",
    put(2, 3, "830199"),
)
crosswalk(
    43,
    "unknown-code",
    "a municipality in a district nobody registered",
    "reject",
    "crosswalk.code",
    put(2, 0, "839951"),
)
crosswalk(
    45,
    "elsewhere",
    "mapped to a tambon of another district",
    "repair",
    "crosswalk.elsewhere",
    put(2, 3, "830201"),
)
crosswalk(46, "row-twice", "one code twice", "reject", "crosswalk.duplicate", lambda rows: [*rows, rows[2]])
crosswalk(
    51,
    "formula",
    "a formula in a name",
    "accept",
    "",
    put(2, 1, '=HYPERLINK("http://127.0.0.1/","กด")'),
    names=_NAMES | {"830151": '=HYPERLINK("http://127.0.0.1/","กด")'},
)
crosswalk(
    51,
    "command",
    "a name that starts a command",
    "accept",
    "",
    put(2, 1, "@SUM(1+1)*cmd|' /C calc'!A0"),
    names=_NAMES | {"830151": "@SUM(1+1)*cmd|' /C calc'!A0"},
)
crosswalk(
    52,
    "script",
    "a script in a name",
    "accept",
    "",
    put(2, 1, "<script>alert(1)</script>"),
    names=_NAMES | {"830151": "<script>alert(1)</script>"},
)
crosswalk(
    52,
    "markdown",
    "Markdown in a name",
    "accept",
    "",
    put(2, 1, "[กด](http://127.0.0.1/)"),
    names=_NAMES | {"830151": "[กด](http://127.0.0.1/)"},
)
crosswalk(53, "late-fault", "a bad row after 7,000 good ones", "reject", "crosswalk.code", _long_list)


# ------------------------------------------------------------------------------------------------------------
# The figures that ship


def figures(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    file: str,
    change: Callable[[str], str],
    *,
    encoding: str = "utf-8",
    row: bool = True,
    column: bool = True,
) -> None:
    """The four tables with one thing wrong in one of them."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        for path in sorted(FIGURES.glob("*.csv")):
            shutil.copy(path, folder)
        text = (folder / file).read_text(encoding="utf-8")
        changed = change(text)
        assert changed != text or encoding != "utf-8", name
        (folder / file).write_bytes(changed.encode(encoding))
        return [folder]

    add(
        Case(
            number,
            f"figures-{name}",
            what,
            "figures",
            verdict,
            code,
            make,
            row=verdict == "reject" and row,
            column=verdict == "reject" and column,
        )
    )


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


GPP, PROVINCES = "gpp_2024.csv", "tpmap_province.csv"
figures(5, "cp874", "Windows-874", "accept", "", GPP, str, encoding="cp874")
figures(8, "utf-16", "UTF-16 with its mark", "accept", "", GPP, str, encoding="utf-16")
figures(13, "thai-digits", "Thai digits", "accept", "", PROVINCES, swap("543159", "๕๔๓๑๕๙"))
figures(14, "thousands", "a comma for thousands", "accept", "", PROVINCES, swap("543159", '"543,159"'))
figures(16, "tab", "tabs", "accept", "", PROVINCES, lambda text: text.replace(",", "\t"))
figures(
    19, "missing-field", "a field too few", "reject", "csv.ragged", GPP, swap("9106136.0,", ""), column=False
)
figures(
    22, "missing-column", "a column is missing", "reject", "figures.column", GPP, swap("population", "people")
)
figures(
    28,
    "header-only",
    "a header and no row",
    "reject",
    "csv.header_only",
    GPP,
    lambda text: text.splitlines()[0] + "\n",
    column=False,
)
figures(
    36, "year", "a year without a source", "reject", "figures.cell", PROVINCES, swap("2561,11", "2599,11")
)
figures(
    38, "negative", "a negative population", "reject", "figures.cell", GPP, swap("9106136.0", "-9106136.0")
)
figures(39, "share-101", "a share of 101 %", "reject", "figures.cell", GPP, swap("0.0358", "101"))
figures(41, "fraction", "half a person", "reject", "figures.cell", PROVINCES, swap("543159", "543159.5"))
figures(
    42, "overflow", "a count of twenty digits", "reject", "figures.cell", PROVINCES, swap("543159", "9" * 20)
)
figures(
    43,
    "unknown-province",
    "a province nobody registered",
    "reject",
    "figures.cell",
    GPP,
    swap("\n10,", "\n98,"),
)
figures(46, "row-twice", "one province twice", "reject", "figures.once", GPP, swap("\n11,", "\n10,"))
figures(71, "footnote", "a footnote mark", "reject", "figures.cell", PROVINCES, swap("543159", "543159*"))

# ------------------------------------------------------------------------------------------------------------
# Any CSV


def plain(number: int, name: str, what: str, verdict: Verdict, code: str, data: bytes, rows: list[list[str]] | None = None,
          *, row: bool = False, **options: Any) -> None:  # fmt: skip
    """A file for the text reader alone; `rows` is the table it has to give."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        (folder / "table.csv").write_bytes(data)
        return [folder / "table.csv"]

    add(
        Case(
            number,
            f"csv-{name}",
            what,
            "csv",
            verdict,
            code,
            make,
            row=row,
            truth={"rows": rows},
            options=options,
        )
    )


plain(1, "zeros", "leading zeros", "accept", "", b"code,n\n0801,1\n00,2\n", [["0801", "1"], ["00", "2"]])
plain(
    3,
    "thirteen-digits",
    "an id of thirteen digits beside a blank",
    "accept",
    "",
    b"cid,n\n1100700000001,1\n,2\n",
    [["1100700000001", "1"], ["", "2"]],
)
plain(
    18,
    "row-names",
    "row names of R without a header of their own",
    "reject",
    "csv.ragged",
    b'"a","b"\n"1",2,3\n',
    row=True,
)
plain(
    23,
    "null-words",
    "NA, None, null as text",
    "accept",
    "",
    b"a,b\nNA,None\nnull,nan\n",
    [["NA", "None"], ["null", "nan"]],
)
plain(
    26,
    "newline",
    "line breaks and doubled quotes inside quotes",
    "accept",
    "",
    b'a,b\n"x\r\ny","say ""hi"""\n',
    [["x\r\ny", 'say "hi"']],
)
plain(
    29,
    "row-limit",
    "more rows than allowed",
    "reject",
    "intake.too_large",
    b"a,b\n" + b"1,2\n" * 60,
    max_rows=50,
)
plain(
    53,
    "late-ragged",
    "a ragged row after 40,000 good ones",
    "reject",
    "csv.ragged",
    b"a,b\n" + b"1,2\n" * 40_000 + b"1\n",
    row=True,
)
plain(
    21,
    "joined-header",
    "a header of two rows, asked for",
    "accept",
    "",
    b"code,poor,\n,a,b\n83,1,2\n",
    [["83", "1", "2"]],
    header_rows=2,
)
plain(
    64,
    "picture",
    "a picture called .csv",
    "reject",
    "intake.kind",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    row=False,
)
plain(
    6,
    "two-readings",
    "two letters of Windows-874 that are one of UTF-8",
    "reject",
    "csv.encoding",
    b"a,b\n" + "ยก".encode("cp874") + b",1\n",
    row=True,
)
plain(
    6,
    "western-signs",
    "signs that are Thai in Windows-874",
    "accept",
    "",
    "a,b\n±0.5,£5\n".encode(),
    [["±0.5", "£5"]],
)
