"""Which village a row speaks of: codes of 8, 9 and 10 digits, split columns, and names beside them."""

from __future__ import annotations

import re
from typing import Final

from geo.codes import (
    THAI_DIGITS,
    CodeError,
    CodeReading,
    clean_name,
    official_areas,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
)
from warehouse.report import ImportReport
from warehouse.schemas.cells import read_number
from warehouse.sources.villages_rows import Table, note, note_file, note_row

_ORDER: Final = ("province", "district", "subdistrict")


def village_code(text: str) -> CodeReading:
    """Code of a village from one cell: 8 digits, 10 with TPMAP's suffix, or 9 of the legacy form.

    Raises
    ------
    CodeError
        When it is no code of a village of a known subdistrict, or its number is 00.

    Examples
    --------
    >>> village_code('="55050607"').code, village_code("550506007").repairs
    ('55050607', ('legacy_9',))
    """
    plain = clean_name(text).translate(THAI_DIGITS)
    extra: tuple[str, ...] = ()
    digits = re.sub(r'^=?"?|"$|\.0+$', "", plain)
    if re.fullmatch(r"[0-9]{9}", digits):
        # The legacy form writes the number with three digits; none is above 99.
        if digits[6] != "0":
            raise CodeError(text, "8 digits (village)")
        text, extra = digits[:6] + digits[7:], ("legacy_9",)
    reading = read_code(text, "village")
    return CodeReading(reading.code, (*reading.repairs, *extra))


def village_codes(table: Table, report: ImportReport) -> list[str | None]:
    """Code of the village of each row; None where the row is left out, which is told."""
    found: list[str | None] = []
    for at in range(len(table.rows)):
        code = _code(table, at, report)
        found.append(code)
    return found


def settle_codes(table: Table, report: ImportReport) -> None:
    """Take columns of codes that cannot be those of the register for what they are: numbers of the sender's own."""
    for roles, lengths, sample in (
        (("code",), (8, 9, 10), "55050607"),
        (("subdistrict_code", "district_code", "province_code"), (1, 2, 6), "550506"),
    ):
        place = table.roles.get(roles[0])
        if place is None:
            continue
        said = [t for t in table.columns[place] if t.strip()]
        digits = [re.sub(r"\D", "", re.sub(r"\.0+$", "", t.translate(THAI_DIGITS))) for t in said]
        if said and sum(len(d) in lengths for d in digits) <= len(said) / 2:
            name = table.names[place]
            note_file(
                report, table, "villages.code_not_official", said[0], sample, column=name, severity="warn"
            )
            for role in roles:
                table.roles.pop(role, None)


def _code(table: Table, at: int, report: ImportReport) -> str | None:
    row = table.rows[at]

    def left_out(code: str, found: str, expected: str, role: str) -> None:
        column = table.heading(role) or table.heading("name") or table.names[0]
        note(report, code, table.file, found, expected, row=row, column=column, severity="warn")

    text = table.cell("code", at)
    if text.strip():
        try:
            reading = village_code(text)
        except CodeError as error:
            kind = "villages.row_area" if "known" in error.expected else "villages.row_code"
            left_out(kind, text, error.expected, "code")
            return None
    else:
        parent = named_subdistrict(table, at)
        moo = read_number(table.cell("moo", at)).value
        if parent is None:
            shown = text or " | ".join(
                table.cell(f"name_{level}", at) or table.cell(f"{level}_code", at) for level in _ORDER
            )
            left_out("villages.row_area", shown, "7436 subdistricts", "name_subdistrict")
            return None
        if moo is None or not 1 <= moo <= 99 or moo != int(moo):
            left_out("villages.row_number", table.cell("moo", at), "1-99", "moo")
            return None
        reading = CodeReading(f"{parent}{int(moo):02d}", ("joined_parts",))
    if reading.code[6:] == "00":
        left_out("villages.row_number", reading.code, "01-99", "code")
        return None
    for repair in reading.repairs:
        report.repairs[f"code_{repair}"] += 1
    _compare_names(table, at, reading.code, report)
    return reading.code


def named_subdistrict(table: Table, at: int) -> str | None:
    """Code of the subdistrict a row names, by split codes or by names."""
    parts = [table.cell(f"{level}_code", at) for level in _ORDER]
    if parts[2].strip():
        try:
            whole = not parts[0].strip()
            code = read_code(parts[2], "subdistrict").code if whole else read_code_parts(*parts).code
        except CodeError:
            return None
        return code if len(code) == 6 else None
    within: str | None = None
    for level in _ORDER:
        name = table.cell(f"name_{level}", at)
        if name.strip():
            within = _name_code(name, level, within)
            if within is None:
                return None
    return within if within is not None and len(within) == 6 else None


_names_read: dict[tuple[str, str, str | None], str | None] = {}


def _name_code(name: str, level: str, within: str | None) -> str | None:
    # Thousands of rows repeat a few thousand names.
    key = (name, level, within)
    if key not in _names_read:
        if len(_names_read) > 50_000:
            _names_read.clear()
        _names_read[key] = read_name(name, level, within).code
    return _names_read[key]


def _compare_names(table: Table, at: int, code: str, report: ImportReport) -> None:
    given = table.cell("name_subdistrict", at)
    area = official_areas().get(code[:6])
    if (
        not given.strip()
        or area is None
        or plain_name(given) in (plain_name(area.name_th), plain_name(area.name_en))
    ):
        return
    note_row(
        report,
        table,
        at,
        "villages.name_differs",
        f"{code} {given}",
        f"{area.name_th} / {area.name_en}",
        "name_subdistrict",
    )
