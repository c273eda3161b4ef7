"""What the columns of a table of places mean: layouts agencies are known to send, guesses for any other, and mappings people write.

A mapping is a small TOML file: which heading is which role, what the agency's words for a grade stand for, and of which
kind the places are. What was guessed is shown in the import's report and can be saved, corrected and given back.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analytics.services import KINDS, UNKNOWN, load_services
from geo.codes import INVISIBLE, THAI_DIGITS, clean_name

ROLES: Final[tuple[str, ...]] = (
    "name_th",
    "name_en",
    "code",
    "longitude",
    "latitude",
    "area_code",
    "province_code",
    "district_code",
    "subdistrict_code",
    "province",
    "district",
    "subdistrict",
    "grade",
    "capacity",
    "status",
    "founded",
    "closed",
)
"""What a column can be."""

AREA_ROLES: Final = ("area_code", "province_code", "province", "district", "subdistrict")

_LEVEL: Final = {
    "province": "(?:province|prov|changwat|จังหวัด)",
    "district": "(?:district|amphoe|amphur|amp|อำเภอ|เขต|อำเภอเขต)",
    "subdistrict": "(?:subdistrict|tambon|tambol|tumbol|tam|ตำบล|แขวง|ตำบลแขวง)",
}
# The first pattern that fits a whole heading, as `heading_key` leaves it, says what the column is. A heading that fits nothing
# is not read.
_THING: Final = "(?:place|hospital|school|office|facility|health|hosp|hos|pcu)"
_PERSON: Final = (
    "ชื่อ(?:ของ)?(?:ผู้(?!ให้บริการ)|ผอ|ครู|อาจารย์|แพทย์|หมอ|นายแพทย์|ทันตแพทย์|เภสัช|พยาบาล|เจ้าหน้าที่|เจ้าของ|เจ้าอาวาส|หัวหน้า|ประธาน"
    "|นายก|กำนัน|ปลัด|นายอำเภอ|บุคลากร|นักเรียน|ผู้ป่วย|พนักงาน|บุคคล|คน)"
)
"""Names of people in the headings of tables of places, which the many words after ชื่อ would take for the name of the place."""

PERSON_HEADING: Final = re.compile(_PERSON)

_OWN_NAME: Final = re.compile(
    "ชื่อ(?:ไทย|ภาษาไทย|th|thai)?"
    "|ชื่อ(?:โรงเรียน|โรงพยาบาล|รพ|รร|สถานศึกษา|สถานพยาบาล|สถานบริการ|สถานที่|สถานี|หน่วยบริการ|หน่วยงาน|สำนักงาน)"
    "(?:สุขภาพ|สาธารณสุข)?(?:ไทย|ภาษาไทย|th|thai)?"
)
"""Headings that name the place itself; they come before any other that begins with the same word."""

_GUESSES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (
            "longitude",
            "(?:gps|point|coord|geo)?(?:lon|long|lng|longitude|ลองจิจูด|ลองติจูด|ลองกิจูด|ลองจิจุด)(?:deg|degree|wgs84|dd)?"
            "|(?:พิกัด|point|coord)?x(?:coord|utm)?|utm[xe]|easting|east|พิกัดตะวันออก|พิกัดลองจิจูด",
        ),
        (
            "latitude",
            "(?:gps|point|coord|geo)?(?:lat|latitude|ละติจูด|แลตติจูด|ละติจุด)(?:deg|degree|wgs84|dd)?"
            "|(?:พิกัด|point|coord)?y(?:coord|utm)?|utm[yn]|northing|north|พิกัดเหนือ|พิกัดละติจูด",
        ),
        *(
            (f"{level}_code", f"รหัส{word}|{word}(?:code|id|cd|pcode)|(?:code|id){word}")
            for level, word in _LEVEL.items()
        ),
        (
            "area_code",
            "(?:area|geo|admin|dopa|tis1099|dla)(?:area|geo)?code|ccaatt|dcode|รหัสพื้นที่|รหัสเขตการปกครอง",
        ),
        *((level, f"(?:ชื่อ)?{word}(?:name|th|nameth|thai|namt|nameen|en)?") for level, word in _LEVEL.items()),
        (
            "name_en",
            f"(?:name)?(?:en|eng|english)(?:name)?|{_THING}?nameen(?:g|glish)?|(?!{_PERSON})ชื่อ.*(?:อังกฤษ|en|eng)",
        ),
        ("code", f"{_THING}?(?:id|code|no)|hcode|hcode5|hcode9|pcu|รหัส.*"),
        (
            "name_th",
            f"(?:{_THING}|thai|th)?name(?:th|thai)?|(?!{_PERSON})ชื่อ.*|title|โรงพยาบาล|โรงเรียน|สถานศึกษา|หน่วยบริการ|หน่วยงาน",
        ),
        ("grade", f"{_THING}?(?:type|grade|level|lvl|class|category)|ประเภท.*|ระดับ.*|ชนิด.*"),
        (
            "capacity",
            "(?:num|no|number|total|active)?(?:of)?(?:bed|beds|student|students|pupil|pupils)|capacity|ความจุ"
            # Totals only: pupils of one sex, a class or the poor, or beds for so many people, are not what a place holds.
            "|(?:จำนวน)?เตียง(?:ที่ใช้จริง|เปิดจริง|ที่เปิดจริง|จริง|ตามกรอบ|ผู้ป่วยใน)?(?:รวม|ทั้งหมด|ทั้งสิ้น)?(?:เตียง)?"
            "|(?:จำนวน|รวม|ยอด|รวมจำนวน)?นักเรียน(?:รวม|ทั้งหมด|ทั้งสิ้น|รวมทั้งหมด|รวมทั้งสิ้น|ทุกชั้น|ทุกระดับ)*(?:คน)?",
        ),
        ("closed", "วันที่ปิด.*|(?:date)?closed(?:date)?|closedate"),
        ("founded", "(?:วันที่|วันเดือนปี)(?:ที่)?(?:ก่อตั้ง|จัดตั้ง|เปิด.*)|founded|opened|opendate"),
        ("status", "สถานะ(?:การใช้งาน|การดำเนินการ|การดำเนินงาน)?|status"),
    )
)

_UNITS: Final = (("pupils", "นักเรียน|student|pupil"), ("beds", "เตียง|bed"))


@dataclass(frozen=True, slots=True)
class Layout:
    """A table an agency is known to send.

    Attributes
    ----------
    id : str
    needs : tuple of str
        Headings, as `heading_key` leaves them, that only this table has together.
    kind : str
    columns : mapping
        Role to heading key, where guessing would take another; "" for a role nothing has.
    grades : mapping
        The agency's word to a grade, where `analytics.services.grade_of` would read another.
    code_width : int
        Digits of its codes, 0 where they vary; shorter ones have lost zeros.
    title_th, title_en : str
        What the source is called unless the person says otherwise; empty for the file's name.
    refused : bool
        Whether it is known to be no table of places.
    """

    id: str
    needs: tuple[str, ...]
    kind: str = "other"
    columns: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    code_width: int = 0
    title_th: str = ""
    title_en: str = ""
    refused: bool = False


LAYOUTS: Final = (
    Layout(
        "moph",
        ("รหัส5หลัก", "ประเภทหน่วยบริการสุขภาพ"),
        "health",
        {"code": "รหัส5หลัก", "name_th": "ชื่อ", "grade": "ประเภทหน่วยบริการสุขภาพ", "capacity": "เตียงที่ใช้จริง", "area_code": ""},
        code_width=5,
        title_th="ทะเบียนหน่วยบริการสุขภาพ กระทรวงสาธารณสุข",
        title_en="Register of health facilities, Ministry of Public Health",
    ),
    Layout(
        "obec",
        ("รหัสโรงเรียน10หลัก", "ระดับที่เปิดสอน"),
        "school",
        {"code": "รหัสโรงเรียน10หลัก", "grade": "ระดับที่เปิดสอน"},
        code_width=10,
        title_th="ทะเบียนโรงเรียน สพฐ.",
        title_en="Register of schools, Office of the Basic Education Commission",
    ),
    # The levels of this table are its makers' own: its "community" places have no beds, and most of its "general" ones have 30.
    Layout(
        "health_region",
        ("hoslvl", "sdoc", "dpopmoph"),
        "health",
        {"code": "id", "grade": "hoslvl", "capacity": "bed"},
        {"1-Community": "primary_care", "2-General": "public_hospital", "3-Regional": "regional_hospital"},
    ),
    Layout(
        "offices", ("entitytype", "geocode", "officetype"), "office", {"grade": "officetype", "area_code": "geocode"}
    ),
    Layout(
        "hospital_register",
        ("รหัสhcode", "ชนิดรพ"),
        "health",
        {
            "code": "รหัสhcode", "name_th": "ชื่อโรงพยาบาล", "name_en": "ชื่อรพภาษาอังกฤษ", "grade": "ชนิดรพ",
            "capacity": "จำนวนเตียงเปิดจริง", "status": "",
        },
        code_width=5,
    ),
    Layout("osm_counts", ("amenity", "layer", "provcode"), refused=True),
)  # fmt: skip
"""Tables that are recognised; the first whose headings are all there is meant."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What the columns of a table mean.

    Attributes
    ----------
    columns : mapping
        Role to heading as it stands in the file.
    kind : str or None
        None: told by the person or by the names of the places.
    grades : mapping
        The agency's words to grades.
    layout : Layout or None
        The known table it is.
    given : bool
        Whether a person said so.
    """

    columns: Mapping[str, str]
    kind: str | None = None
    grades: Mapping[str, str] = field(default_factory=dict)
    layout: Layout | None = None
    given: bool = False

    def toml(self) -> str:
        """The mapping as a file that can be changed and given back."""
        lines = ["# Columns of a table of places, for: daomap import places FILE --mapping THIS_FILE"]
        lines.append(f"# Roles: {', '.join(ROLES)}")
        if self.kind is not None:
            lines.append(f"kind = {_quoted(self.kind)}")
        lines += ["", "[columns]", *(f"{role} = {_quoted(name)}" for role, name in self.columns.items())]
        if self.grades:
            lines += ["", "[grades]", *(f"{_quoted(a)} = {_quoted(b)}" for a, b in self.grades.items())]
        return "\n".join(lines) + "\n"


class MappingError(ValueError):
    """A mapping that cannot be used.

    Attributes
    ----------
    key, found, expected : str
        Where, what stands there and what should.
    """

    def __init__(self, key: str, found: object, expected: str) -> None:
        self.key, self.found, self.expected = key, str(found), expected
        super().__init__(f"{key}: found {found!r}, expected {expected}")


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file.

    Raises
    ------
    MappingError
        When the file cannot be read or names a role, kind or grade there is not.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError("-", str(error).splitlines()[0][:80], "TOML (UTF-8)") from None
    if unknown := sorted(set(raw) - {"kind", "columns", "grades"}):
        raise MappingError(unknown[0], unknown[0], "kind, columns, grades")
    kind, columns, grades = raw.get("kind"), raw.get("columns", {}), raw.get("grades", {})
    if kind is not None and kind not in KINDS:
        raise MappingError("kind", kind, ", ".join(KINDS))
    for name, table in (("columns", columns), ("grades", grades)):
        if not isinstance(table, dict) or not all(isinstance(v, str) and v.strip() for v in table.values()):
            raise MappingError(name, type(table).__name__, f"[{name}] with texts")
    for role in columns:
        if role not in ROLES:
            raise MappingError(f"columns.{role}", role, ", ".join(ROLES))
    known = {UNKNOWN, *load_services().grades}
    for word, grade in grades.items():
        if grade not in known:
            raise MappingError(f"grades.{word}", grade, ", ".join(sorted(known)))
    return ColumnMapping(columns, kind, grades, given=True)


def heading_key(text: str) -> str:
    """A heading as it is compared: lower case, Arabic digits, without spaces and signs.

    Examples
    --------
    >>> heading_key(" รหัส ๕ หลัก"), heading_key("Office_Type")
    ('รหัส5หลัก', 'officetype')
    """
    plain = clean_name(INVISIBLE.sub("", text)).translate(THAI_DIGITS).casefold()
    return re.sub(r"[\s_\-–—.,:;/\\()\[\]*'\"]+", "", plain)


def guess_role(heading: str) -> str | None:
    """Role of a column by its heading alone.

    Examples
    --------
    >>> guess_role("ละติจูด"), guess_role("อำเภอ/เขต"), guess_role("รหัสตำบล"), guess_role("tel")
    ('latitude', 'district', 'subdistrict_code', None)
    """
    key = heading_key(heading)
    return next((role for role, pattern in _GUESSES if key and pattern.fullmatch(key)), None)


def guess(headings: Sequence[str]) -> ColumnMapping:
    """Mapping of a table from its headings: a known layout, completed by guesses. The first of several columns is taken."""
    keys = {heading_key(h): h for h in reversed(headings) if h}
    layout = next((one for one in LAYOUTS if all(need in keys for need in one.needs)), None)
    columns: dict[str, str] = {}
    fixed = layout.columns if layout is not None else {}
    for role, key in fixed.items():
        if key in keys:
            columns[role] = keys[key]
    # A column of whom a place belongs to may stand before that of its own name.
    for heading in sorted(headings, key=lambda h: _OWN_NAME.fullmatch(heading_key(h)) is None):
        meant = guess_role(heading)
        if (
            meant is not None
            and meant not in columns
            and meant not in fixed
            and heading not in columns.values()
        ):
            columns[meant] = heading
    ordered: dict[str, str] = {role: columns[role] for role in ROLES if role in columns}
    return ColumnMapping(ordered, layout.kind if layout else None, layout.grades if layout else {}, layout)


def usable(columns: Mapping[str, str]) -> bool:
    """Whether places can be made of these columns: something to call one by, and something to say where it is."""
    called = any(role in columns for role in ("name_th", "name_en", "code"))
    located = "longitude" in columns and "latitude" in columns
    return called and (located or any(role in columns for role in AREA_ROLES))


def capacity_unit(heading: str, kind: str) -> str:
    """What a column of capacity counts.

    Examples
    --------
    >>> capacity_unit("จำนวนเตียงเปิดจริง", "other"), capacity_unit("capacity", "school")
    ('beds', 'pupils')
    """
    key = heading_key(heading)
    return next(
        (unit for unit, words in _UNITS if re.search(words, key)), load_services().kinds[kind].capacity_unit
    )


def _quoted(text: str) -> str:
    # TOML's basic strings are JSON's, except that the delete character has to be escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
