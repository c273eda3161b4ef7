"""Columns of files of households and persons: those of surveys, those of the logbook, and what names somebody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from analytics.survey_columns import DEPRIVATIONS, HOUSEHOLD, PERSON, Column
from geo.codes import INVISIBLE

FileKind = Literal["households", "persons", "addresses", "names"]

ADDRESS: Final = (
    Column("house_no", "text", "number of the house"),
    Column("moo", "text", "number of the village in its subdistrict"),
    Column("road", "text", "road or lane"),
)
"""Where a household lives; kept apart from its indicators."""

NAME: Final = (
    Column("citizen_id", "text", "number of the citizen, 13 digits; only its code is kept"),
    Column("title", "text", "title before the name"),
    Column("first_name", "text", "first name"),
    Column("last_name", "text", "family name"),
)
"""Who a person is; kept apart from what is known of the person."""

LOGBOOK: Final = (
    Column("recorded", "truth", "already recorded in the logbook"),
    Column("added", "truth", "newly added in the logbook, from no list"),
    *(
        Column(f"ind{n}", "integer", f"indicator {n}: 0 passes, 1 fails, 2 does not apply")
        for n in DEPRIVATIONS
    ),
)
"""What a file of the logbook says of a household beside or instead of the answers of a survey."""

HEAD: Final = Column("head", "truth", "is the head of the household")

_YEAR: Final = Column("year", "integer", "year of the survey, where the file speaks of several")

COLUMNS: Final[dict[FileKind, tuple[Column, ...]]] = {
    "households": (*HOUSEHOLD, *LOGBOOK, *ADDRESS),
    "persons": (*PERSON, HEAD, *NAME),
    "addresses": (Column("household_id", "text", "key of the household", required=True), _YEAR, *ADDRESS),
    "names": (
        Column("person_id", "text", "key of the person", required=True),
        Column("household_id", "text", "household of the person, for the address"),
        _YEAR,
        *NAME,
        *ADDRESS,
    ),
}
"""What each kind of file may hold."""

_ALSO: Final[dict[str, str]] = {
    "รหัสครัวเรือน": "household_id",
    "รหัสบ้าน": "household_id",
    "เลขรหัสประจำบ้าน": "household_id",
    "houseid": "household_id",
    "hhid": "household_id",
    "รหัสพื้นที่": "area_code",
    "รหัสตำบล": "area_code",
    "รหัสหมู่บ้าน": "area_code",
    "ปี": "year",
    "ปีพศ": "year",
    "บ้านเลขที่": "house_no",
    "หมู่ที่": "moo",
    "หมู่": "moo",
    "ถนน": "road",
    "ถนนซอย": "road",
    "รหัสบุคคล": "person_id",
    "เลขประจำตัวประชาชน": "citizen_id",
    "เลขบัตรประชาชน": "citizen_id",
    "เลขประจำตัวประชาชน13หลัก": "citizen_id",
    "cid": "citizen_id",
    "pid": "citizen_id",
    "nid": "citizen_id",
    "คำนำหน้า": "title",
    "คำนำหน้าชื่อ": "title",
    "ชื่อ": "first_name",
    "นามสกุล": "last_name",
    "ชื่อสกุล": "last_name",
    "อายุ": "age",
    "อายุปี": "age",
    "เพศ": "sex",
    "พิการ": "disabled",
    "ผู้พิการ": "disabled",
    "ติดเตียง": "bedridden",
    "ผู้ป่วยติดเตียง": "bedridden",
    "โรคเรื้อรัง": "chronically_ill",
    "บัตรสวัสดิการแห่งรัฐ": "welfare_card",
    "มีบัตรสวัสดิการแห่งรัฐ": "welfare_card",
    "ผู้ถือบัตรสวัสดิการ": "welfare_card",
    "หัวหน้าครัวเรือน": "head",
    "เคยบันทึกlogbook": "recorded",
    "บันทึกแล้ว": "recorded",
    "เพิ่มใหม่ในlogbook": "added",
    "เพิ่มใหม่": "added",
}
_EDGES = re.compile(r"[\s_.\-()（）/:]+")
_INDICATOR = re.compile(r"(?:ind|indicator|ตัวชี้วัด(?:ที่)?)0?([1-9]|[12][0-9])")
_KNOWN: Final = {
    _EDGES.sub("", column.name): column.name for columns in COLUMNS.values() for column in columns
}


def column_named(heading: str) -> str | None:
    """The column that a heading names, or None.

    >>> column_named("Citizen ID"), column_named("ตัวชี้วัดที่ 8"), column_named("ind22"), column_named("x")
    ('citizen_id', 'ind08', 'ind22', None)
    """
    key = _EDGES.sub("", INVISIBLE.sub("", heading)).casefold()
    if (known := _KNOWN.get(key) or _ALSO.get(key)) is not None:
        return known
    if (numbered := _INDICATOR.fullmatch(key)) and (number := f"{int(numbered[1]):02d}") in DEPRIVATIONS:
        return f"ind{number}"
    return None


def kind_of(names: Sequence[str]) -> FileKind | None:
    """What a file holds by the columns it has; None where it holds neither persons nor households.

    >>> kind_of(["household_id", "area_code"]), kind_of(["person_id", "household_id", "age"])
    ('households', 'persons')
    >>> kind_of(["person_id", "first_name"]), kind_of(["household_id", "house_no"]), kind_of(["name"])
    ('names', 'addresses', None)
    """
    there = set(names)
    if {"household_id", "age"} <= there:
        return "persons"
    if {"household_id", "area_code"} <= there:
        return "households"
    if "person_id" in there and there & {c.name for c in NAME}:
        return "names"
    if "household_id" in there and there & {c.name for c in ADDRESS}:
        return "addresses"
    return None
