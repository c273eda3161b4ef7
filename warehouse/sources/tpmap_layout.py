"""What a TPMAP open file looks like: its name, its columns, and what to say where it does not.

What may stand in its cells is `warehouse.schemas.tpmap`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS
from warehouse.report import Finding, Severity
from warehouse.schemas.cells import FAULTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

BUDDHIST_ERA: Final = 543
ALL_NUMBERS: Final = tuple(range(1, 32))
MASKS: Final = tuple(f"{bits:05b}" for bits in range(1, 32))
FULL: Final = "11111"
COMMON: Final = "common"

#: TPMAP's word for a level -> ours.
LEVEL_WORDS: Final = {
    "country": "country",
    "province": "province",
    "amphur": "district",
    "amphoe": "district",
    "tambol": "subdistrict",
    "tambon": "subdistrict",
    "tumbol": "subdistrict",
    "village": "village",
}
ID_COLUMNS: Final = {
    "province": ("province_id",),
    "district": ("amphur_id", "amphoe_id"),
    # The header says "tumbol" where the file name says "tambol".
    "subdistrict": ("tumbol_id", "tambol_id", "tambon_id"),
    "village": ("village_id",),
}
ID_WIDTHS: Final = {"province": (2,), "district": (4,), "subdistrict": (6,), "village": (8, 10)}
NAME_COLUMNS: Final = frozenset(
    f"{area}_name" for area in ("province", "amphur", "amphoe", "tumbol", "tambol", "tambon", "village")
)

RATE: Final = "JPT.MOFval.pov.rate"
HAPPINESS: Final = "happiness"
HOUSEHOLDS: Final = "household.CNT"
SURVEYED: Final = "HOUSEMEMBER_CNT"
SURVEYED_DERIVED: Final = "HOUSEMEMBER_CNT_derived"
POOR_HOUSEHOLDS: Final = "poor.household.CNT"
POOR: Final = "poor.JPT.CNT"
REGISTERED: Final = "poor.JPT.MOFreg.CNT"
TARGET: Final = "poor.JPT.MOFval.CNT"

#: Dimension id -> column; the files call access "accessibility".
DIMENSION_COLUMNS: Final = {
    d: f"poor.JPT.MOFval.{'accessibility' if d == 'access' else d}" for d in DIMENSIONS
}
COMMON_COLUMNS: Final = (
    HOUSEHOLDS,
    SURVEYED,
    "MOF_REG_CNT",
    "MOF_VAL_CNT",
    "ELDERLY_CNT",
    "DISABLED_CNT",
    "CHRONICPATIENT_CNT",
    HAPPINESS,
    *(f"indicator{n}.ALL" for n in ALL_NUMBERS),
    *(f"indicator{n}.CNT" for n in ALL_NUMBERS),
)
POOR_COLUMNS: Final = (
    POOR_HOUSEHOLDS,
    POOR,
    REGISTERED,
    TARGET,
    *DIMENSION_COLUMNS.values(),
    RATE,
    *(f"poor.JPT.MOFval.ind{n}.CNT" for n in ALL_NUMBERS),
)
#: Dimension id -> the columns of its indicators.
INDICATORS_OF: Final = {
    d: tuple(f"poor.JPT.MOFval.ind{int(n)}.CNT" for n, owner in MPI_INDICATORS.items() if owner == d)
    for d in DIMENSIONS
}
#: Columns that are not counts: they do not add up over areas.
NOT_ADDED: Final = frozenset({HAPPINESS, RATE, SURVEYED_DERIVED})

#: Published column -> indicator id and the column it is a part of (None: stands for itself).
COMMON_INDICATORS: Final = {
    HOUSEHOLDS: ("households", None),
    SURVEYED: ("surveyed_persons", None),
    "MOF_REG_CNT": ("welfare_registered", SURVEYED),
    "MOF_VAL_CNT": ("welfare_verified", SURVEYED),
    "ELDERLY_CNT": ("elderly", SURVEYED),
    "DISABLED_CNT": ("disabled", SURVEYED),
    "CHRONICPATIENT_CNT": ("chronically_ill", SURVEYED),
    **{f"indicator{int(n)}.CNT": (f"failing_ind{n}", f"indicator{int(n)}.ALL") for n in MPI_INDICATORS},
}
POOR_INDICATORS: Final = {
    POOR_HOUSEHOLDS: ("mpi_poor_households", HOUSEHOLDS),
    POOR: ("mpi_poor", SURVEYED),
    REGISTERED: ("mpi_poor_registered", SURVEYED),
    TARGET: ("target_poor", SURVEYED),
    **{column: (f"target_{d}", SURVEYED) for d, column in DIMENSION_COLUMNS.items()},
    **{f"poor.JPT.MOFval.ind{int(n)}.CNT": (f"target_ind{n}", SURVEYED) for n in MPI_INDICATORS},
}

#: Finding code -> what the sender can do, in Thai and English.
MENDS: dict[str, tuple[str, str]] = {
    "tpmap.missing": ("ตรวจตำแหน่งของไฟล์", "check where the file is"),
    "tpmap.nothing": ("ระบุไฟล์หรือโฟลเดอร์ที่มีไฟล์ TPMAP", "name a file, or a folder that holds TPMAP files"),
    "tpmap.unknown_file": (
        "ใช้ชื่อไฟล์ตามที่ TPMAP เผยแพร่ เช่น 61_province_11111.csv หรือนำไฟล์นี้ออกจากโฟลเดอร์",
        "keep the name TPMAP gave it, such as 61_province_11111.csv, or take this file out of the folder",
    ),
    "tpmap.mask": (
        "ใช้ common หรือรหัสมิติ 5 หลักที่เปิดอย่างน้อยหนึ่งมิติ เช่น 11111",
        "use common, or five digits 0/1 with at least one 1, such as 11111",
    ),
    "tpmap.year": (
        "ตรวจปีในชื่อไฟล์ คอลัมน์ year_be และ --year-be ให้ตรงกัน",
        "make the year in the name, the year_be column and --year-be the same",
    ),
    "tpmap.wrong_header": (
        "ตั้งชื่อไฟล์ให้ตรงกับเนื้อหา หรือขอไฟล์ใหม่จาก TPMAP",
        "give the file the name that fits what is in it, or fetch it from TPMAP again",
    ),
    "tpmap.missing_column": (
        "ขอไฟล์ที่มีคอลัมน์ครบจาก TPMAP อย่าเปลี่ยนชื่อหัวตาราง",
        "fetch the file with all its columns from TPMAP; do not rename the header",
    ),
    "tpmap.extra_column": (
        "คอลัมน์นี้ไม่ได้ใช้ ลบออกได้ถ้าไม่ตั้งใจส่ง",
        "this column is not used; take it out if it is there by mistake",
    ),
    "tpmap.negative_count": (
        "แก้จำนวนให้ไม่ติดลบตามไฟล์ต้นฉบับ",
        "put the count of the original file; it cannot be below 0",
    ),
    "tpmap.not_whole": ("แก้เป็นจำนวนเต็มตามไฟล์ต้นฉบับ", "put the whole number of the original file"),
    "tpmap.empty_cell": (
        "ใส่จำนวนตามไฟล์ต้นฉบับ ถ้าไม่มีข้อมูลให้ลบทั้งแถว",
        "put the number of the original file; if there is none, take the row out",
    ),
    "tpmap.duplicate_area": ("ลบแถวที่ซ้ำออกให้เหลือพื้นที่ละหนึ่งแถว", "keep one row an area"),
    "tpmap.conflict": (
        "เลือกไฟล์ที่ถูกต้องเพียงไฟล์เดียวแล้วนำเข้าใหม่",
        "decide which of the two files is right and import that one alone",
    ),
    "tpmap.unknown_area": (
        "ตรวจรหัสพื้นที่กับทะเบียนกรมการปกครอง",
        "check the code against the register of the Department of Provincial Administration",
    ),
    "tpmap.outside_province": (
        "ย้ายแถวไปไฟล์ของจังหวัดนั้น หรือแก้ชื่อไฟล์",
        "move the row to the file of its province, or correct the file's name",
    ),
    "tpmap.country_rows": ("ไฟล์ระดับประเทศต้องมีหนึ่งแถว", "a country file has one row"),
    "tpmap.name": (
        "ชื่อต่างจากทะเบียน ระบบใช้รหัสเป็นหลัก ตรวจว่ารหัสถูกต้อง",
        "the name differs from the register; the code decides, so check that the code is right",
    ),
    "tpmap.too_large": (
        "ตรวจว่าตัวเลขอยู่ถูกคอลัมน์ จำนวนนี้เกินจำนวนคนทั้งประเทศ",
        "check the column: this is more people than the country has",
    ),
    "tpmap.out_of_range": (
        "แก้ค่าให้อยู่ในช่วงที่เป็นไปได้ตามไฟล์ต้นฉบับ",
        "put the value of the original file; it lies outside what is possible",
    ),
    "tpmap.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "tpmap.total_row": (
        "แถวรวมถูกตัดออกและตรวจกับผลรวมแล้ว ลบแถวนี้ในไฟล์ได้",
        "the total row was left out and compared with the sum; it can be taken out of the file",
    ),
    "tpmap.total_row_sum": (
        "แถวรวมไม่เท่ากับผลรวมของแถวอื่น ตรวจว่าไม่มีแถวขาดหรือเกิน",
        "the total row is not the sum of the others: check for missing or surplus rows",
    ),
    "tpmap.row": (
        "ตรวจแถวนี้กับไฟล์ต้นฉบับ ตัวเลขขัดกันเอง",
        "check this row against the original file: its numbers contradict each other",
    ),
    "tpmap.files": (
        "ตรวจว่าไฟล์ทั้งสองมาจากชุดเดียวกัน แล้วขอไฟล์ใหม่จาก TPMAP",
        "check that both files are of the same edition, and fetch them from TPMAP again",
    ),
    "tpmap.children_sum": (
        "ตรวจว่ามีครบทุกแถวและเป็นชุดเดียวกัน ตัวเลขที่ TPMAP เผยแพร่รวมกันได้พอดี",
        "check that no row is missing and the files are of one edition: TPMAP's figures add up exactly",
    ),
    "tpmap.children_missing": (
        "ขาดพื้นที่ย่อยบางแห่ง ผลรวมจึงน้อยกว่าค่าของพื้นที่ใหญ่ เพิ่มไฟล์ถ้ามี",
        "some smaller areas are missing, so their sum is below the larger one; add them if you can",
    ),
}


def finding(
    code: str,
    file: str,
    found: str,
    expected: str,
    *,
    row: int | None = None,
    column: str | None = None,
    severity: Severity = "reject",
    mend: str | None = None,
) -> Finding:
    """Make a finding; `mend` names another entry of the remedies where several codes share one."""
    th, en = MENDS[mend or code]
    return Finding(severity, code, file, row, column, found, expected, th, en)


@dataclass(frozen=True, slots=True)
class FileName:
    """What the name of a TPMAP file says.

    Attributes
    ----------
    year_be : int or None
        Buddhist era, four digits.
    mask : str
        ``"common"`` or what stands where the mask should, valid or not.
    """

    year_be: int | None
    level: str
    province: str | None
    mask: str

    @property
    def mask_valid(self) -> bool:
        return self.mask == COMMON or self.mask in MASKS


_NAME = re.compile(
    r"^(?:(?P<year>25\d\d|\d\d)_)??(?:(?P<province>\d\d)_)?"
    r"(?P<level>country|province|amphur|amphoe|tambol|tambon|tumbol|village)"
    r"_(?P<mask>common|[0-9]+)(?P<rest>[^0-9].*)?\.csv$",
    re.IGNORECASE,
)


def read_name(name: str) -> FileName | None:
    """Read a file's name; None where it is not of TPMAP's kind.

    Examples
    --------
    >>> read_name("61_11_amphur_00011.csv")
    FileName(year_be=2561, level='district', province='11', mask='00011')
    >>> read_name("66_province_11111_with_names.csv")
    FileName(year_be=2566, level='province', province=None, mask='11111')
    >>> read_name("population.csv") is None
    True
    """
    match = _NAME.match(name)
    if match is None:
        return None
    level = LEVEL_WORDS[match["level"].lower()]
    year, province = match["year"], match["province"]
    if level in ("country", "province"):
        # One number stands before these: the year.
        if year is None:
            year, province = province, None
        if province is not None:
            return None
    elif province is None:
        return None
    return FileName(four_digit_year(year), level, province, match["mask"].lower())


#: A cell that is no number has a finding of its own kind, `tpmap.<fault>`; these two had a name before.
FAULT_CODES: Final = {"empty": "tpmap.empty_cell", "missing": "tpmap.empty_cell"}
MENDS |= {f"tpmap.{fault}": mend for fault, mend in FAULTS.items() if fault not in FAULT_CODES}


def four_digit_year(text: str | None) -> int | None:
    """``"61"`` and ``"2561"`` are the Buddhist year 2561, in the name of a file; a cell has to hold all digits."""
    if text is None or not re.fullmatch(r"\d\d|25\d\d", text):
        return None
    return int(text) if len(text) == 4 else 2500 + int(text)
