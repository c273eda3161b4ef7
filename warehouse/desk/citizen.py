"""A citizen's number as people and spreadsheets write it, read in the one way it can be meant or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength
from stdnum.th import pin

from geo.codes import INVISIBLE, THAI_DIGITS

FAULTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "float": (
            "บันทึกคอลัมน์เลขประจำตัวเป็นข้อความ โปรแกรมตารางเปลี่ยนเป็นเลขทศนิยม จึงไม่แน่ว่าหลักท้ายยังถูก",
            "save the column of numbers as text: a spreadsheet made decimals of them, and the last digits cannot be trusted",
        ),
        "scientific": (
            "บันทึกคอลัมน์เลขประจำตัวเป็นข้อความ โปรแกรมตารางย่อตัวเลขจนหลักหายไป",
            "save the column of numbers as text: a spreadsheet shortened them and digits are lost",
        ),
        "form": ("ใส่ตัวเลข 13 หลัก คั่นด้วยขีดหรือเว้นวรรคได้", "put 13 digits; dashes and blanks may stand between"),
        "length": ("ใส่ให้ครบ 13 หลัก", "put all 13 digits"),
        "prefix": (
            "เลขขึ้นต้นด้วย 0 เช่น บุคคลที่ไม่มีสถานะทางทะเบียน ระบบตรวจเลขแบบนี้ไม่ได้ บุคคลนี้ถูกเก็บโดยไม่มีเลขประจำตัว",
            "the number starts with 0, as those of persons without registration status do; it cannot be checked. The person is "
            "kept without a number",
        ),
        "made_up": (
            "เลขขึ้นต้นด้วย 9 ไม่มีใครถือ และสงวนไว้สำหรับบุคคลสังเคราะห์ ตรวจเลขกับบัตร และตรวจว่าไฟล์นี้เป็นคนจริง",
            "nobody holds a number that starts with 9: those are kept for invented persons. Compare with the card, and see that "
            "the file is of real ones",
        ),
        "possible": (
            "ข้อมูลสังเคราะห์ต้องขึ้นต้นด้วย 9 เลขนี้อาจเป็นของคนจริง ถ้าเป็นคนจริงห้ามใช้ --synthetic",
            "synthetic numbers start with 9; this may be a real person's. Real persons are never imported with --synthetic",
        ),
        "check": (
            "ตรวจเลขกับบัตร หลักตรวจสอบไม่ตรง บุคคลนี้ถูกเก็บโดยไม่มีเลขประจำตัว",
            "compare with the card: the check digit is wrong. The person is kept without a number",
        ),
    }
)
"""Fault -> what the sender can do, in Thai and English."""

KEPT: Final = frozenset({"prefix", "check"})
"""Faults of persons who are kept, without their number."""

_DIGITS = str.maketrans(
    {
        **{chr(0xFF10 + n): str(n) for n in range(10)},
        "\uff0e": ".",
        "\uff0d": "-",
        "\uff25": "E",
        "\uff45": "e",
    }
)
_SEPARATORS = re.compile(r"[\s\u00a0\u2007\u202f\u3000\u2010-\u2015\u2212\-]+")
_EXCEL_TEXT = re.compile(r'=\s*"([^"]*)"')


def read_citizen(text: str | None, *, synthetic: bool = False) -> tuple[str | None, str | None]:
    """Read one cell.

    Parameters
    ----------
    text : str or None
    synthetic : bool
        Whether persons are invented; their numbers start with 9, which no real one does, and need no check digit.

    Returns
    -------
    tuple of str or None
        The 13 digits and no fault, or None and a key of `FAULTS`; both None where the cell is empty.

    Examples
    --------
    >>> read_citizen("๙-๑๐๐๗-๐๐๐๐๐-๐๐-๑", synthetic=True)
    ('9100700000001', None)
    >>> read_citizen("1100700000001.0")[1], read_citizen("1.1007E+12")[1], read_citizen("0100700000001")[1]
    ('float', 'scientific', 'prefix')
    """
    if text is None:
        return None, None
    plain = INVISIBLE.sub("", text).translate(THAI_DIGITS).translate(_DIGITS).strip()
    if wrapped := _EXCEL_TEXT.fullmatch(plain):
        plain = wrapped[1]
    plain = plain.removeprefix("'").strip()
    if plain in ("", "-", "–", "—"):
        return None, None
    if re.fullmatch(r"[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+", plain):
        return None, "scientific"
    if re.fullmatch(r"[0-9]+\.[0-9]*", plain):
        return None, "float"
    digits = _SEPARATORS.sub("", plain)
    try:
        pin.validate(digits)
    except InvalidLength:
        return None, "length" if digits.isascii() and digits.isdecimal() else "form"
    except InvalidFormat:
        return None, "form"
    except InvalidComponent:
        if digits.startswith("9"):
            return (digits, None) if synthetic else (None, "made_up")
        return None, "possible" if synthetic else "prefix"
    except InvalidChecksum:
        return None, "possible" if synthetic else "check"
    return (None, "possible") if synthetic else (digits, None)
