"""The list that says which tambon each municipality of TPMAP's files lies in, and what it is called.

TPMAP files people of a municipality under a subdistrict code that ends in 51-99. This list gives those codes
a name and, for most of them, the one tambon they lie in; it changes no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from geo.codes import CodeError, abolished_areas, clean_name, municipal_area, official_areas, read_code
from warehouse.intake.text import ROW
from warehouse.report import Check, Finding, ImportReport, Severity
from warehouse.schemas.check import REQUIRED, UNIQUE, violations
from warehouse.schemas.crosswalk import MUNICIPALITIES

SOURCE_ID: Final = "tpmap-municipalities"
SOURCE_ROW: Final[Mapping[str, Any]] = {
    "source_id": SOURCE_ID,
    "kind": "open",
    "publisher": "not stated in the file",
    "title_th": "ตารางเทียบรหัสเทศบาลของ TPMAP กับตำบล",
    "title_en": "Crosswalk of TPMAP's municipal codes to tambons",
    "url": None,
    "licence": "not stated by the publisher",
    "year": None,
    "retrieved": None,
    "cells": "published",
    "priority": 0,
}
NEEDED: Final = ("TUMBOL_ID", "TUMBOL_NAME", "TESABAN_FLAG", "MAP_TUMBOL_ID")

_MENDS: Final = {
    "crosswalk.code": ("แก้รหัสตำบลให้มี 6 หลัก", "correct the six-digit code"),
    "crosswalk.duplicate": ("เก็บแถวเดียวต่อรหัส", "keep one row a code"),
    "crosswalk.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "crosswalk.unmapped": (
        "เติมรหัสตำบลที่เทศบาลตั้งอยู่ ถ้าทราบ จำนวนคนยังนับอยู่ในอำเภอ",
        "add the tambon the municipality lies in, where known; its people still count in the district",
    ),
    "crosswalk.bad_target": (
        "แก้รหัสตำบลปลายทางให้ตรงกับทะเบียน",
        "correct the tambon it is mapped to: no such code is registered",
    ),
    "crosswalk.elsewhere": (
        "ตรวจว่าเทศบาลกับตำบลอยู่อำเภอเดียวกัน",
        "check the district: the municipality and the tambon are in different ones",
    ),
}


def is_crosswalk(columns: Iterable[str]) -> bool:
    """True when a table's header is that of the crosswalk.

    Examples
    --------
    >>> is_crosswalk(["TUMBOL_ID", "TUMBOL_NAME", "TESABAN_FLAG", "TNAME", "MAP_TUMBOL_ID"])
    True
    """
    return set(NEEDED) <= {column.upper() for column in columns}


def read_rows(table: pa.Table, file: str, report: ImportReport) -> list[dict[str, str | None]]:
    """Rows of the ``area`` table for every municipal code in the crosswalk.

    Parameters
    ----------
    table : pyarrow.Table
        As the "csv" reader hands it over.
    file : str
        Its name, for messages.
    report : ImportReport
        Takes the warnings (no mapping, a mapping to a code that does not exist) and rejections.

    Returns
    -------
    list of dict
        One a municipality; ``mapped_to`` is None where the list names no tambon or a wrong one.
    """
    upper = {column.upper(): column for column in table.column_names}
    cells = {name: table.column(upper[name]).to_pylist() for name in NEEDED}
    rows = table.column(ROW).to_pylist()
    official = official_areas()
    result: dict[str, dict[str, str | None]] = {}
    bad = unmapped = 0

    def note(code: str, severity: Severity, at: int, column: str, found: str, expected: str) -> None:
        th, en = _MENDS[code]
        report.add(Finding(severity, code, file, rows[at], column, found, expected, th, en))

    codes: list[str | None] = []
    unread: dict[int, CodeError] = {}
    for at, text in enumerate(cells["TUMBOL_ID"]):
        try:
            codes.append(read_code(text, "subdistrict").code)
        except CodeError as error:
            codes.append(None)
            unread[at] = error
    frame = pd.DataFrame(
        {"code": pd.Series(codes, dtype=object), "name": pd.Series(cells["TUMBOL_NAME"], dtype=object)}
    )
    wrong: set[int] = set()
    for violation in violations(MUNICIPALITIES, frame):
        at = violation.position
        if violation.rule == UNIQUE and at in unread:
            continue  # two cells that are no codes do not repeat each other
        wrong.add(at)
        if violation.rule == REQUIRED:
            found = unread[at].found or '""'
            note("crosswalk.code", "reject", at, "TUMBOL_ID", found, unread[at].expected)
        elif violation.rule == UNIQUE:
            before = rows[codes.index(codes[at])]
            note(
                "crosswalk.duplicate",
                "reject",
                at,
                "TUMBOL_ID",
                f"{codes[at]} ({before})",
                f"{codes[at]} x 1",
            )
        else:
            note("crosswalk.garbled", "reject", at, "TUMBOL_NAME", str(cells["TUMBOL_NAME"][at])[:60], "ก-ฮ")
    for at, code in enumerate(codes):
        if code is None or at in wrong:
            continue
        municipal = code[4:] > "50"
        flagged = (cells["TESABAN_FLAG"][at] or "").strip() not in ("", "0")
        if not municipal and not flagged:
            continue
        target = (cells["MAP_TUMBOL_ID"][at] or "").strip()
        mapped = _target(target)
        if not target:
            unmapped += 1
            note("crosswalk.unmapped", "warn", at, "MAP_TUMBOL_ID", f"{code} -> -", f"{code[:4]}..")
        elif mapped is None:
            bad += 1
            note("crosswalk.bad_target", "warn", at, "MAP_TUMBOL_ID", f"{code} -> {target}", f"{code[:4]}..")
        elif mapped[:4] != code[:4]:
            note("crosswalk.elsewhere", "warn", at, "MAP_TUMBOL_ID", f"{code} -> {mapped}", f"{code[:4]}..")
        # A flagged code up to 50 is an official tambon; its name and code are the register's.
        if not municipal or code in official:
            continue
        area = municipal_area(code)
        written = cells["TUMBOL_NAME"][at] or ""
        name = clean_name(written) or area.name_th
        report.repairs["name_cleaned"] += bool(written) and clean_name(written) != written
        result[code] = {
            "code": code,
            "level": area.level,
            "parent": area.parent,
            "name_th": name,
            "name_en": area.name_en,
            "kind": area.kind,
            "region": area.region,
            "mapped_to": mapped,
        }
    report.repairs = +report.repairs
    report.rows_rejected += len(wrong)
    report.rows_accepted -= len(wrong)
    report.checks.append(
        Check(
            "crosswalk.targets",
            "รหัสตำบลที่เทศบาลอยู่มีในทะเบียน",
            "the tambon of every municipality is registered",
            len(result),
            bad + unmapped,
        )
    )
    return list(result.values())


def _target(text: str) -> str | None:
    """A tambon that is or was registered; a municipal code is not one, even mapped to itself."""
    try:
        code = read_code(text, "subdistrict").code
    except CodeError:
        return None
    return code if code[4:] <= "50" and (code in official_areas() or code in abolished_areas()) else None
