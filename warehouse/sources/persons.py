"""Signs that a file names persons, which no table of areas may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from geo.codes import INVISIBLE, THAI_DIGITS

PERSONAL_COLUMN: Final = re.compile(
    "นามสกุล|ชื่อสกุล|firstname|lastname|surname|fullname|personname|เลขบัตร|เลขประจำตัว|บัตรประชาชน|citizen|nationalid|idcard"
    "|โทรศัพท์|เบอร์โทร|phone|mobile|^tel|ที่อยู่|address|บ้านเลขที่|email|อีเมล|lineid|วันเกิด|birth|^cid$|^pid$|^สกุล"
)
"""Headings, without blanks and signs, under which persons stand."""

IDENTITY: Final = re.compile(r"(?<![0-9])[0-9](?:[ \u00a0-]?[0-9]){12}(?![0-9])")
"""A number of a Thai identity card, however it is grouped."""

PERSON: Final = re.compile(
    r"^(?:นางสาว|เด็กชาย|เด็กหญิง|น\.\s*ส\.|ด\.\s*ช\.|ด\.\s*ญ\.|นาย|นาง|mr\.?|mrs\.?|ms\.?|miss)\s*[ก-๙A-Za-z]{2,}\s+[ก-๙A-Za-z]{2,}$",
    re.IGNORECASE,
)
"""A title before two words."""

_MANY: Final = 0.2


def is_identity(text: str) -> bool:
    """Whether a cell holds a number of an identity card: thirteen digits of which the last is the right check digit.

    >>> is_identity("1 1007 00000 00 1"), is_identity("6351791655075.83"), is_identity("1100700000002")
    (True, False, False)
    """
    if len(text) < 13:
        return False
    plain = INVISIBLE.sub("", text).translate(THAI_DIGITS)
    match = IDENTITY.search(plain)
    if match is None or re.match(r"\.[0-9]", plain[match.end() :]):
        return False
    digits = [int(d) for d in re.sub(r"\D", "", match[0])]
    return digits[12] == (11 - sum(d * (13 - n) for n, d in enumerate(digits[:12])) % 11) % 10


def names_persons(cells: Sequence[str]) -> str | None:
    """What in a column names persons: ``13 digits``, ``title + name``, or None.

    Single amounts have the form of a card's number by chance, and clinics the names of their doctors; a column of them is
    another matter.

    >>> names_persons(["นายสมชาย ใจดี", "นางสมหญิง ใจงาม"]), names_persons(["เมือง", "บ้านนา"])
    ('title + name', None)
    """
    said = [c.strip() for c in cells if c.strip()]
    if not said:
        return None
    for shown, test in (("13 digits", is_identity), ("title + name", lambda c: PERSON.match(c) is not None)):
        if sum(map(test, said)) >= max(1, _MANY * len(said)):
            return shown
    return None
