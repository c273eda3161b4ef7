"""Area codes and names: the official list, and readers for what people write instead of it.

A code is text, always: ``TH`` (country), 2 digits (province), 4 (district), 6 (subdistrict), 8 (village); the
parent of a code is its prefix. Files hold them as numbers, floats, spreadsheet formulas, in Thai digits, with
zero-width spaces. The readers here accept what has one possible meaning, name every repair they made, and
refuse the rest: they never guess.

>>> read_code("TH3401")
CodeReading(code='3401', repairs=('th_prefix',))
>>> read_name("จ.บึงกาฬ", "province").code
'38'
"""

from __future__ import annotations

import math
import numbers
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

import geothai
from geothai import abolished as geothai_abolished

LEVELS: Final = ("country", "province", "district", "subdistrict", "village")
"""Levels from the largest area to the smallest."""

COUNTRY: Final = "TH"
"""Code of the whole country."""

REGIONS: Final = ("bangkok", "central", "north", "northeast", "south")
"""The five regions of the National Statistical Office."""

_WIDTHS: Final = {"province": 2, "district": 4, "subdistrict": 6, "village": 8}
_LEVEL_OF_WIDTH: Final = {width: level for level, width in _WIDTHS.items()}
_RANK: Final = {level: rank for rank, level in enumerate(LEVELS)}

REPAIRS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "abolished": ("รหัสหรือชื่อที่ยกเลิกแล้ว", "abolished code or name"),
        "case": ("ตัวพิมพ์เล็ก", "lower case"),
        "excel_formula": ('รูปแบบ ="…" ของสเปรดชีต', 'spreadsheet ="…" form'),
        "float": ("ตัวเลขทศนิยมที่เป็นจำนวนเต็ม", "whole number written as a float"),
        "full_width": ("อักขระเต็มความกว้าง", "full-width characters"),
        "invisible": ("อักขระที่มองไม่เห็น", "invisible characters"),
        "joined_parts": ("รวมรหัสจากหลายคอลัมน์", "code joined from several columns"),
        "name_in_parent": ("ชื่อพื้นที่แม่อยู่ในช่องเดียวกัน", "the parent's name stands in the same cell"),
        "name_prefix": ("คำนำหน้าชื่อ เช่น จ. อ. ต.", "level word before or after the name"),
        "number": ("รหัสเก็บเป็นตัวเลข", "code stored as a number"),
        "padded": ("เติมศูนย์ข้างหน้า", "leading zero restored"),
        "quotes": ("เครื่องหมายคำพูด", "quotation marks"),
        "spelling": ("สะกดต่างจากชื่อทางการ", "spelt differently from the official name"),
        "th_prefix": ("นำหน้าด้วย TH", "TH before the code"),
        "thai_digits": ("เลขไทย", "Thai digits"),
        "thai_marks": ("ลำดับสระหรือวรรณยุกต์", "order of Thai vowels or tone marks"),
        "village_suffix": ("รหัสหมู่บ้าน 10 หลัก ตัดเหลือ 8 หลัก", "10-digit village id cut to 8 digits"),
        "whitespace": ("ช่องว่างเกิน", "superfluous spaces"),
    }
)
"""Every repair key of this module with its Thai and English description."""


class CodeError(ValueError):
    """A code that cannot be read in exactly one way.

    Parameters
    ----------
    found : object
        What stands in the file.
    expected : str
        What should stand there, in English.

    Attributes
    ----------
    found : str
    expected : str
    """

    def __init__(self, found: object, expected: str) -> None:
        self.found = found if isinstance(found, str) else repr(found)
        self.expected = expected
        super().__init__(f"area code: found {self.found!r}, expected {expected}")

    def __reduce__(self) -> tuple[type[CodeError], tuple[str, str]]:
        # ValueError would rebuild itself from the message alone when a worker process hands the error back.
        return type(self), (self.found, self.expected)


@dataclass(frozen=True, slots=True)
class Area:
    """One administrative area.

    Attributes
    ----------
    code : str
        ``TH``, or 2, 4, 6 or 8 digits.
    level : str
        One of `LEVELS`.
    parent : str or None
        Code of the area it lies in; None for the country.
    name_th, name_en : str
        Names without จ./อ./ต./เขต/แขวง or their English counterparts.
    kind : str
        ``official``, ``municipal`` (TPMAP's 51-99, no polygon), ``abolished`` or ``village``.
    region : str or None
        One of `REGIONS`; None for the country.
    """

    code: str
    level: str
    parent: str | None
    name_th: str
    name_en: str
    kind: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Abolished:
    """An area that no longer exists.

    Attributes
    ----------
    area : Area
        With ``kind="abolished"``.
    successors : tuple of str
        Codes of the areas that took its place; empty when nobody recorded them.
    abolished_on : str
        ISO date.
    basis : str or None
        ``notice`` (a published notice says so), ``name`` (the one area of that name, likely but not proven),
        or None.
    """

    area: Area
    successors: tuple[str, ...]
    abolished_on: str
    basis: str | None


@dataclass(frozen=True, slots=True)
class CodeReading:
    """A code as read, and the keys of `REPAIRS` that reading it took."""

    code: str
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameReading:
    """What a name may stand for.

    Attributes
    ----------
    code : str or None
        The area, when exactly one fits.
    candidates : tuple of str
        Codes of every area that fits, sorted.
    repairs : tuple of str
        Keys of `REPAIRS`.
    """

    code: str | None
    candidates: tuple[str, ...]
    repairs: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------------------
# Shapes of codes


def level_of(code: str) -> str:
    """Level of a code, told by its shape alone.

    Parameters
    ----------
    code : str
        A code in official form.

    Returns
    -------
    str
        One of `LEVELS`.

    Raises
    ------
    CodeError
        For anything but ``TH`` or 2, 4, 6 or 8 ASCII digits.

    Examples
    --------
    >>> level_of("TH"), level_of("34"), level_of("340101")
    ('country', 'province', 'subdistrict')
    """
    if code == COUNTRY:
        return "country"
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) in _LEVEL_OF_WIDTH:
        return _LEVEL_OF_WIDTH[len(code)]
    raise CodeError(code, "TH or 2, 4, 6 or 8 digits")


def parent_of(code: str) -> str | None:
    """Code of the area a code lies in; None for the country.

    Raises
    ------
    CodeError
        As `level_of`.

    Examples
    --------
    >>> parent_of("340101"), parent_of("34"), parent_of("TH")
    ('3401', 'TH', None)
    """
    level = level_of(code)
    if level == "country":
        return None
    return COUNTRY if level == "province" else code[:-2]


def region_of(code: str) -> str | None:
    """Region of the National Statistical Office a code lies in; None for the country.

    Raises
    ------
    CodeError
        As `level_of`, and for a province that does not exist.

    Examples
    --------
    >>> region_of("10"), region_of("110101"), region_of("38"), region_of("TH")
    ('bangkok', 'central', 'northeast', None)
    """
    if level_of(code) == "country":
        return None
    if code[:2] not in _province_codes():
        raise CodeError(code, "a code that starts with one of the 77 province codes")
    return _region(code)


def _region(code: str) -> str:
    if code.startswith("10"):
        return "bangkok"
    return {"3": "northeast", "4": "northeast", "5": "north", "6": "north", "8": "south", "9": "south"}.get(
        code[0], "central"
    )


# ------------------------------------------------------------------------------------------------------------
# The official list


@cache
def _province_codes() -> frozenset[str]:
    return frozenset(p.code for p in geothai.provinces())


@cache
def official_areas() -> Mapping[str, Area]:
    """The areas in force: the country, 77 provinces, 928 districts and 7,436 subdistricts.

    Returns
    -------
    mapping of str to Area
        Read-only, in the order country, provinces, districts, subdistricts, each sorted by code.

    Examples
    --------
    >>> areas = official_areas()
    >>> len(areas), areas["1001"].name_th
    (8442, 'พระนคร')
    """
    areas = [Area(COUNTRY, "country", None, "ประเทศไทย", "Thailand", "official", None)]
    provinces = geothai.provinces()
    districts = [d for p in provinces for d in geothai.districts(p.code)]
    subdistricts = [s for d in districts for s in geothai.subdistricts(d.code)]
    areas += [_official(p.code, p.name_th, p.name_en) for p in provinces]
    areas += [_official(d.code, d.name_th, d.name_en) for d in districts]
    areas += [_official(s.code, s.name_th, s.name_en) for s in subdistricts]
    return MappingProxyType({area.code: area for area in areas})


def _official(code: str, name_th: str, name_en: str, kind: str = "official") -> Area:
    return Area(
        code, level_of(code), parent_of(code), bare_name(name_th), bare_name(name_en), kind, _region(code)
    )


@cache
def abolished_areas() -> Mapping[str, Abolished]:
    """Districts and subdistricts that were abolished, by code.

    Returns
    -------
    mapping of str to Abolished
        Read-only, sorted by code. None of the codes is in `official_areas`.

    Examples
    --------
    >>> abolished_areas()["104701"].successors
    ('104702', '104703')
    """
    return MappingProxyType(
        {
            a.code: Abolished(
                _official(a.code, a.name_th, a.name_en or a.name_th, "abolished"),
                a.successors,
                a.abolished_on,
                a.successors_basis,
            )
            for a in geothai_abolished.abolished_areas()
        }
    )


def _is_municipal(code: str) -> bool:
    return len(code) == 6 and code[4:] >= "51" and _district_exists(code[:4])


def _district_exists(code: str) -> bool:
    return code in official_areas() or code in abolished_areas()


def village_name(code: str) -> str:
    """What a village without a name is called: by its number.

    Examples
    --------
    >>> village_name("95010203")
    'หมู่ที่ 3'
    """
    return f"หมู่ที่ {int(code[6:])}"


def municipal_area(code: str) -> Area:
    """The area TPMAP files under a subdistrict code that ends in 51-99: people of a municipality in a
    district.

    Parameters
    ----------
    code : str
        Six digits; the last two are 51-99, the first four a known district.

    Returns
    -------
    Area
        With ``kind="municipal"``. TPMAP does not say which municipality it is, so neither does the name.

    Raises
    ------
    CodeError
        For any other code.

    Examples
    --------
    >>> municipal_area("950151").name_th
    'เขตเทศบาลในอำเภอเมืองยะลา (รหัส 51)'
    """
    if level_of(code) != "subdistrict" or not _is_municipal(code):
        raise CodeError(code, "a known district followed by 51-99")
    district = official_areas().get(code[:4]) or abolished_areas()[code[:4]].area
    word = "เขต" if code.startswith("10") else "อำเภอ"
    return Area(
        code=code,
        level="subdistrict",
        parent=code[:4],
        name_th=f"เขตเทศบาลใน{word}{district.name_th} (รหัส {code[4:]})",
        name_en=f"Municipality in {district.name_en} (code {code[4:]})",
        kind="municipal",
        region=_region(code),
    )


# ------------------------------------------------------------------------------------------------------------
# Reading codes

# Zero-width and direction marks, soft hyphen, byte order mark: seen in pasted text, never part of a code or a
# name.
INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
THAI_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_EXCEL = re.compile(r'^=\s*"([^"]*)"$')
_QUOTES = (('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("«", "»"))
_WHOLE_FLOAT = re.compile(r"^([0-9]+)\.0*$")


def read_code(text: object, level: str | None = None) -> CodeReading:
    """Read an area code as people and spreadsheets write it.

    Parameters
    ----------
    text : object
        Text, or a Python or NumPy integer or float.
    level : str, optional
        The level the code must have. Without it the length decides.

    Returns
    -------
    CodeReading
        The code in official form: it is official, abolished (noted as repair ``abolished``), municipal (51-99
        under a known district) or a village of one of these.

    Raises
    ------
    CodeError
        When there is no single reading: empty, fractions, scientific notation, several codes, a length no
        level has, a level other than the one asked for, or an area nobody ever registered.

    Examples
    --------
    >>> read_code(302009.0)
    CodeReading(code='302009', repairs=('float',))
    >>> read_code('="๓๔๐๑๐๑"').repairs
    ('excel_formula', 'thai_digits')
    >>> read_code("9501020101")
    CodeReading(code='95010201', repairs=('village_suffix',))
    >>> read_code("340", level="district")
    Traceback (most recent call last):
    ...
    geo.codes.CodeError: area code: found '340', expected 4 digits (district)
    """
    _known_level(level)
    digits, repairs = _digits(text)
    if digits == COUNTRY:
        if level not in (None, "country"):
            raise CodeError(text, _shape(level))
        return CodeReading(COUNTRY, repairs)
    if len(digits) == 10 and level in (None, "village"):
        # TPMAP numbers the clusters of a village: two more digits that no other source has.
        digits, repairs = digits[:8], (*repairs, "village_suffix")
    if len(digits) not in _LEVEL_OF_WIDTH or (level is not None and level_of(digits) != level):
        raise CodeError(text, _shape(level))
    if _abolished_or_unknown(digits, text):
        repairs = (*repairs, "abolished")
    return CodeReading(digits, repairs)


def _known_level(level: str | None) -> None:
    if level is not None and level not in LEVELS:
        raise ValueError(f"level: found {level!r}, expected one of {', '.join(LEVELS)}")


def _shape(level: str | None) -> str:
    if level is None:
        return "TH or 2, 4, 6 or 8 digits"
    return f"{COUNTRY} (country)" if level == "country" else f"{_WIDTHS[level]} digits ({level})"


def _abolished_or_unknown(code: str, found: object) -> bool:
    """True for an abolished code, False for one in force; CodeError for one that never was."""
    if code[:2] not in _province_codes():
        raise CodeError(found, f"a known province: {code[:2]} is none of the 77 province codes")
    if len(code) == 2:
        return False
    if not _district_exists(code[:4]):
        raise CodeError(found, f"a known district: {code[:4]} is neither in force nor abolished")
    if len(code) == 4:
        return code not in official_areas()
    subdistrict = code[:6]
    if subdistrict in official_areas():
        return False
    # DOPA once used 51-99 for areas of its own, dropped in 2006. In every file of today they are
    # municipalities.
    if _is_municipal(subdistrict):
        return code[:4] not in official_areas()
    if subdistrict in abolished_areas():
        return True
    raise CodeError(
        found, f"a known subdistrict: {subdistrict} is neither in force, abolished nor municipal (51-99)"
    )


def _digits(found: object) -> tuple[str, tuple[str, ...]]:
    """The digits (or ``TH``) in a cell, with the repairs it took, in the order they were made."""
    if isinstance(found, bool) or not isinstance(found, str | numbers.Real):
        raise CodeError(found, "an area code")
    if isinstance(found, numbers.Integral):
        return str(int(found)), ("number",)
    if not isinstance(found, str):
        value = float(found)
        if not math.isfinite(value) or value != math.floor(value) or value < 0:
            raise CodeError(found, "an area code, not a fraction or an empty number")
        return str(int(value)), ("float",)

    repairs: list[str] = []

    def step(key: str, before: str, after: str) -> str:
        if before != after and key not in repairs:
            repairs.append(key)
        return after

    text = step("invisible", found, INVISIBLE.sub("", found))
    text = step("whitespace", text, text.strip())
    text = step("full_width", text, text.translate(_FULL_WIDTH))
    if match := _EXCEL.match(text):
        text = step("excel_formula", text, match[1])
    for opening, closing in _QUOTES:
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            text = step("quotes", text, text[1:-1])
    if text.startswith("'"):  # the mark that tells a spreadsheet "this is text"
        text = step("quotes", text, text[1:])
    text = step("whitespace", text, text.strip())
    text = step("thai_digits", text, text.translate(THAI_DIGITS))
    if not text:
        raise CodeError(found, "an area code, not an empty cell")
    if text.upper() == COUNTRY:
        return step("case", text, COUNTRY), tuple(repairs)
    if text[:2].upper() == COUNTRY:
        text = step("th_prefix", text, text[2:].lstrip(" \u00a0-_"))
    if match := _WHOLE_FLOAT.match(text):
        text = step("float", text, match[1])
    if not (text.isascii() and text.isdigit()):
        raise CodeError(found, "one area code: digits only, or TH and digits")
    return text, tuple(repairs)


def read_code_parts(province: object, district: object = None, subdistrict: object = None) -> CodeReading:
    """Read a code that a file splits over two or three columns, usually without leading zeros.

    Parameters
    ----------
    province, district, subdistrict : object
        One cell each, as for `read_code`. None, an empty cell or NaN ends the code; a cell that already holds
        the whole code down to its level (``3401`` beside ``34``) is taken when it agrees with the cells
        before it.

    Returns
    -------
    CodeReading

    Raises
    ------
    CodeError
        For a part of more than two digits that does not repeat its parent, a subdistrict without a district,
        or an unknown area.

    Examples
    --------
    >>> read_code_parts(34, 1, 5)
    CodeReading(code='340105', repairs=('number', 'padded', 'joined_parts'))
    >>> read_code_parts("50.0", "5.0").code
    '5005'
    """
    code = ""
    repairs: list[str] = []
    given = [None if _blank(part) else part for part in (province, district, subdistrict)]
    for depth, part in enumerate(given):
        if part is None:
            if any(later is not None for later in given[depth:]):
                raise CodeError(_cells(given), "no empty column before a filled one")
            break
        digits, found = _digits(part)
        repairs += found
        if depth and len(digits) == len(code) + 2 and digits.startswith(code):
            code = digits
            continue
        if not 1 <= len(digits) <= 2 or (depth == 0 and len(digits) != 2):
            raise CodeError(
                _cells(given), "two digits in each column (one where a zero was lost below the province)"
            )
        if len(digits) == 1:
            repairs.append("padded")
        code += digits.zfill(2)
    if not code:
        raise CodeError(_cells(given), "a province code in the first column")
    if len(code) > 2:
        repairs.append("joined_parts")
    if _abolished_or_unknown(code, _cells(given)):
        repairs.append("abolished")
    return CodeReading(code, tuple(dict.fromkeys(repairs)))


def _blank(part: object) -> bool:
    if part is None or (isinstance(part, str) and not INVISIBLE.sub("", part).strip()):
        return True
    return isinstance(part, numbers.Real) and math.isnan(float(part))


def _cells(parts: Iterable[object]) -> str:
    return " | ".join("" if part is None else str(part) for part in parts)


# ------------------------------------------------------------------------------------------------------------
# Names

_TONES = "\u0e48-\u0e4b"
_VOWELS = "\u0e31\u0e34-\u0e3a\u0e47"
# NFKC tears sara am into nikhahit and sara aa; a tone mark may stand before, between or after the pieces.
_SARA_AM = re.compile(f"([{_TONES}]?)\u0e4d([{_TONES}]?)\u0e32")
_AM_THEN_TONE = re.compile(f"\u0e33([{_TONES}])")
_TONE_THEN_VOWEL = re.compile(f"([{_TONES}])([{_VOWELS}])")
_REPEATED_MARK = re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1+")
_SPACES = re.compile(r"\s+")

# Single letters count as "province", "district", "subdistrict" only with a dot or a space behind: อ่างทอง
# starts with อ too. # จ.ป.ร. is a subdistrict (the initials of King Rama V) and no province.
_PREFIXES: Final = (
    (
        "district",
        re.compile(
            r"^(?:กิ่ง\s*อำเภอ|กิ่ง\s*อ\.|อำเภอ|เขต|อ\.|ข\.|อ\s+|(?:king\s+)?amph(?:oe|ur)\s+|khet\s+)\s*", re.I
        ),
    ),
    ("subdistrict", re.compile(r"^(?:ตำบล|แขวง|ต\.|ขว\.|ต\s+|tambo[nl]\s+|khwaeng\s+)\s*", re.I)),
    ("province", re.compile(r"^(?:จังหวัด|จ\.(?!\s*ป\.)|จ\s+|changwat\s+)\s*", re.I)),
)
_SUFFIXES: Final = (
    ("subdistrict", re.compile(r"\s+sub-?\s?district$", re.I)),
    ("district", re.compile(r"\s+district$", re.I)),
    ("province", re.compile(r"\s+province$", re.I)),
)
# Only Bangkok has khet and khwaeng: แขวงบางนา is not the tambon of that name in Ayutthaya.
_BANGKOK_WORD = re.compile(r"^(?:เขต|แขวง|ข\.|ขว\.|khet\s|khwaeng\s)", re.I)
_SEPARATORS = re.compile(r"[\s\-‐-―_.,'’‘`\"/()ฯ]+")


@lru_cache(maxsize=32_768)
def clean_name(name: str) -> str:
    """A name as it should be shown: NFKC, visible characters only, single spaces, Thai marks in one order.

    Sara am stays one character, although NFKC splits it.

    Examples
    --------
    >>> clean_name(" น้ํา\\u200bพอง ") == "น้ำพอง"
    True
    """
    text = unicodedata.normalize("NFKC", INVISIBLE.sub("", name))
    text = _SARA_AM.sub("\\1\\2\u0e33", text)
    text = _AM_THEN_TONE.sub("\\1\u0e33", text)
    text = text.replace("\u0e40\u0e40", "\u0e41")  # two sara e look like one sara ae
    text = _TONE_THEN_VOWEL.sub(r"\2\1", text)
    text = _REPEATED_MARK.sub(r"\1", text)
    return _SPACES.sub(" ", text).strip()


@lru_cache(maxsize=32_768)
def _split_prefix(name: str) -> tuple[str, str | None]:
    """Cleaned name without its level word, and the level that word names (None without one)."""
    text = clean_name(name)
    for level, pattern in _PREFIXES:
        rest = pattern.sub("", text, count=1)
        if rest and rest != text:
            return rest, level
    for level, pattern in _SUFFIXES:
        rest = pattern.sub("", text)
        if rest and rest != text:
            return rest, level
    return text, None


def bare_name(name: str) -> str:
    """A name fit to be shown, without the word for its level.

    Examples
    --------
    >>> bare_name("เขตพระนคร"), bare_name("อ. เกาะพะงัน"), bare_name("Yala Province")
    ('พระนคร', 'เกาะพะงัน', 'Yala')
    """
    return _split_prefix(name)[0]


@lru_cache(maxsize=32_768)
def plain_name(name: str) -> str:
    """A name in the form that is compared: bare, lower case, without spaces, hyphens, dots or brackets.

    Examples
    --------
    >>> plain_name("จังหวัด บึงกาฬ"), plain_name("Phang-nga") == plain_name("PHANGNGA")
    ('บึงกาฬ', True)
    """
    return _key(bare_name(name))


def _key(text: str) -> str:
    return _SEPARATORS.sub("", text.casefold())


# Spellings met in published tables that differ from the official one by more than spaces and hyphens.
_PROVINCE_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "10": (
        "กทม",
        "กรุงเทพ",
        "bangkokmetropolis",
        "bangkokmetropolitan",
        "krungthep",
        "krungthepmahanakhon",
        "bkk",
    ),
    "14": ("อยุธยา", "ayutthaya", "ayuthaya", "ayudhya", "phranakhonsiayudhya", "phranakhonsriayutthaya"),
    "20": ("cholburi",),
    "23": ("trad",),
    "24": ("chachoengsoa", "chachoengsau"),
    "27": ("srakaeo", "sakaew", "srakaew"),
    "30": ("โคราช", "korat", "khorat", "nakhonrajsima"),
    "31": ("burirum",),
    "33": ("srisaket", "srisaked"),
    "34": ("ubonrajathani", "ubonratchathanee"),
    "37": ("amnatcharoern", "amnajcharoen"),
    "38": ("bungkan", "buengkarn", "bungkarn", "beungkan"),
    "39": ("nongbualamphoo", "nongbualumphu", "nongbualampoo", "nongbuarampu"),
    "44": ("mahasarakam", "mahasarakarm"),
    "50": ("chiengmai",),
    "54": ("prae", "phrea"),
    "57": ("chiengrai",),
    "58": ("maehongsorn",),
    "65": ("pitsanulok", "phisanulok"),
    "66": ("pichit",),
    "67": ("petchabun", "phetchaboon"),
    "70": ("rajburi",),
    "76": ("petchaburi", "phetburi"),
    "77": ("prachuapkhirikhun", "prachuabkhirikhan"),
    "80": ("nakhonsrithammarat", "nakornsithammarat"),
    "82": ("pangnga",),
    "84": ("suratthanee",),
    "91": ("satul",),
    "93": ("patthalung", "phattalung"),
}
_COUNTRY_ALIASES: Final = (
    "ไทย", "ทั่วประเทศ", "ทั้งประเทศ", "รวมทั้งประเทศ", "ทั่วราชอาณาจักร", "ราชอาณาจักรไทย",
    "wholekingdom", "kingdomofthailand", "wholecountry",
)  # fmt: skip
_DISTRICT_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "1008": ("ป้อมปราบ",),
    "1039": ("watthana", "wattana"),
}
_CAPITAL_WORDS: Final = frozenset({"เมือง", "mueang", "muang"})
_BRACKETS = re.compile(r"[()]")


def _aliases(area: Area) -> tuple[str, ...]:
    if area.level == "country":
        return _COUNTRY_ALIASES
    if area.level == "province":
        return _PROVINCE_ALIASES.get(area.code, ())
    aliases = _DISTRICT_ALIASES.get(area.code, ()) if area.level == "district" else ()
    if area.level == "district" and area.name_en.startswith("Mueang "):
        aliases += ("muang" + _key(area.name_en[len("Mueang ") :]),)
    if "(" in area.name_th:
        # "ปอภาร (ปอพาน)": the list gives both spellings in one name.
        aliases += tuple(_key(part) for part in _BRACKETS.split(area.name_th) if part.strip())
    return aliases


@cache
def _names(level: str, kind: str) -> Mapping[str, Mapping[str, bool]]:
    """Key -> {code: spelt as in the list} for one level, of the areas in force or of the abolished ones."""
    index: dict[str, dict[str, bool]] = {}
    areas = official_areas().values() if kind == "official" else (a.area for a in abolished_areas().values())
    for area in areas:
        if area.level != level:
            continue
        for alias in _aliases(area):
            index.setdefault(alias, {})[area.code] = False
        for name in (area.name_th, area.name_en):
            index.setdefault(_key(name), {})[area.code] = True
    return index


_PARENT_IN_NAME: Final = {
    "district": re.compile(r"^(?P<name>.+?)(?:[\s,]*จังหวัด|[\s,]+จ\.)\s*(?P<province>.+)$"),
    "subdistrict": re.compile(
        r"^(?P<name>.+?)(?:[\s,]*(?:กิ่งอำเภอ|อำเภอ)|[\s,]+(?:อ\.|เขต))\s*(?P<district>.+?)"
        r"(?:(?:[\s,]*จังหวัด|[\s,]+จ\.)\s*(?P<province>.+))?$"
    ),
}


def read_name(name: object, level: str, within: str | None = None) -> NameReading:
    """Find the area a name stands for.

    Parameters
    ----------
    name : object
        Text, Thai or English, with or without จ./อ./ต./เขต/แขวง, "Changwat" or "Province"; a district or
        subdistrict may carry its parents ("อ.เมือง จ.ยะลา").
    level : str
        One of `LEVELS`. A village has no official name list: nothing is found.
    within : str, optional
        Code of an area it must lie in.

    Returns
    -------
    NameReading
        ``code`` is None when no area or more than one fits; an abolished area is found only where no area in
        force fits.

    Raises
    ------
    ValueError
        For an unknown level.
    CodeError
        For a `within` that is no code.

    Examples
    --------
    >>> read_name("Bungkan", "province")
    NameReading(code='38', candidates=('38',), repairs=('spelling',))
    >>> read_name("อำเภอเมือง", "district", within="95").code
    '9501'
    >>> read_name("วังทอง", "subdistrict").code is None
    True
    """
    _known_level(level)
    prefix = "" if within in (None, COUNTRY) else within or ""
    if prefix:
        level_of(prefix)
    if not isinstance(name, str):  # an empty cell, which pandas makes a float
        return NameReading(None, ())
    repairs: list[str] = []
    visible = INVISIBLE.sub("", name)
    if visible != name:
        repairs.append("invisible")
    if _SPACES.sub(" ", visible).strip() != visible:
        repairs.append("whitespace")
    cleaned = clean_name(name)
    if cleaned != _SPACES.sub(" ", visible).strip():
        repairs.append("thai_marks")

    match = _PARENT_IN_NAME[level].match(cleaned) if level in _PARENT_IN_NAME else None
    if match:
        scope = _scope_of(match.groupdict(), prefix)
        if scope is not None:
            cleaned, prefix = match["name"], scope
            repairs.append("name_in_parent")

    bare, word = _split_prefix(cleaned)
    if word is not None:
        repairs.append("name_prefix")
        if word != level:
            # "จ.ยะลา" in a column of districts is not the district of that name.
            return NameReading(None, (), tuple(repairs))
        if not prefix and _BANGKOK_WORD.match(cleaned):
            prefix = "10"
    key = _key(bare)
    if not key or level == "village":
        return NameReading(None, (), tuple(repairs))

    if level == "district" and key in _CAPITAL_WORDS:
        hits = {
            a.code: True
            for a in official_areas().values()
            if a.level == "district"
            and a.code.endswith("01")
            and not a.code.startswith("10")
            and a.code.startswith(prefix)
        }
    else:
        hits = {
            c: exact
            for c, exact in _names(level, "official").get(key, {}).items()
            if c.startswith(prefix) or not prefix
        }
    if not hits:
        hits = {
            c: exact for c, exact in _names(level, "abolished").get(key, {}).items() if c.startswith(prefix)
        }
        if hits:
            repairs.append("abolished")
    # A name that is one area's own and another's nickname means the former.
    own = {c for c, exact in hits.items() if exact}
    if not own and hits:
        repairs.append("spelling")
    candidates = tuple(sorted(own or hits))
    return NameReading(candidates[0] if len(candidates) == 1 else None, candidates, tuple(repairs))


def _scope_of(parts: Mapping[str, str | None], prefix: str) -> str | None:
    """Code of the area the parents in an address name, inside `prefix`; None when they name none or
    contradict it."""
    scope = prefix
    for level in ("province", "district"):
        name = parts.get(level)
        if not name:
            continue
        inside = scope[:2] if level == "district" else None
        code = read_name(name, level, within=inside or None).code
        if code is None or not (code.startswith(scope) or scope.startswith(code)):
            return None
        scope = max(scope, code, key=len)
    return scope


# ------------------------------------------------------------------------------------------------------------
# Searching


class AreaIndex:
    """Areas prepared for searching, for a picker that answers at every keystroke.

    Parameters
    ----------
    areas : iterable of Area, or mapping with Area values
        In the order ties are to be listed. Building takes some 20 ms for 9,000 areas; keep the index.
    """

    def __init__(self, areas: Iterable[Area] | Mapping[str, Area]) -> None:
        listed = list(areas.values()) if isinstance(areas, Mapping) else list(areas)
        # Higher levels first; sorting is stable, so within a level the given order stays.
        self._areas: tuple[Area, ...] = tuple(sorted(listed, key=lambda a: _RANK.get(a.level, len(_RANK))))
        self._keys: list[tuple[str, ...]] = [
            tuple(dict.fromkeys((_key(a.name_th), _key(a.name_en), *_aliases(a)))) for a in self._areas
        ]
        # One string to look into instead of several; the line break keeps a query from matching across two
        # names.
        self._joined: list[str] = ["\n".join(keys) for keys in self._keys]
        self._own_names: dict[str, str] = {
            a.code: joined for a, joined in zip(self._areas, self._joined, strict=True)
        }

    def __len__(self) -> int:
        return len(self._areas)

    def search(self, text: str, limit: int = 12) -> list[Area]:
        """Areas whose name or code fits, best first.

        Parameters
        ----------
        text : str
            Thai or English name or part of one, a code or its beginning; a level word (``อ.``, ``ตำบล``,
            ``Changwat``) keeps to that level, and further words must be in the name of an area above
            (``วังทอง พิษณุโลก``).
        limit : int
            Most areas returned.

        Returns
        -------
        list of Area
            Exact matches, then names that start with the text, then names that contain it; higher levels
            first.

        Examples
        --------
        >>> [a.code for a in AreaIndex(official_areas()).search("ยะลา", 3)]
        ['95', '950106', '9501']
        """
        cleaned = clean_name(text)
        if not cleaned or limit <= 0:
            return []
        code = cleaned.translate(THAI_DIGITS).upper()
        code = code if code == COUNTRY else code.removeprefix(COUNTRY).strip()
        if code == COUNTRY or (code.isascii() and code.isdigit()):
            found = [a for a in self._areas if a.code == code]
            found += [a for a in self._areas if a.code != code and a.code.startswith(code)]
            if found:
                return found[:limit]
        bare, level = _split_prefix(cleaned)
        found = self._by_name(_key(bare), level, ())
        if level is not None and not found:
            found = self._by_name(_key(cleaned), None, ())
        if len(found) < limit and " " in bare:
            first, *others = bare.split(" ")
            above = tuple(_key(_split_prefix(word)[0]) for word in others)
            known = {a.code for a in found}
            found += [a for a in self._by_name(_key(first), level, above) if a.code not in known]
        return found[:limit]

    def _by_name(self, key: str, level: str | None, above: tuple[str, ...]) -> list[Area]:
        if not key:
            return []
        exact: list[Area] = []
        starts: list[Area] = []
        inside: list[Area] = []
        for area, keys, joined in zip(self._areas, self._keys, self._joined, strict=True):
            if key not in joined or (level is not None and area.level != level):
                continue
            if above and not all(word in self._above(area) for word in above):
                continue
            if key in keys:
                exact.append(area)
            elif any(k.startswith(key) for k in keys):
                starts.append(area)
            else:
                inside.append(area)
        return exact + starts + inside

    def _above(self, area: Area) -> str:
        names = []
        parent = area.parent
        while parent is not None and parent != COUNTRY:
            names.append(self._own_names.get(parent, ""))
            parent = parent[:-2] or None
        return "\n".join(names)


@cache
def _official_index() -> AreaIndex:
    return AreaIndex(official_areas())


def search(
    text: str, areas: AreaIndex | Iterable[Area] | Mapping[str, Area] | None = None, limit: int = 12
) -> list[Area]:
    """Search areas by name or code; see `AreaIndex.search`.

    Parameters
    ----------
    text : str
    areas : AreaIndex, iterable of Area, mapping with Area values, or None
        What to search; None for the official areas. Anything but an index or None is indexed anew at every
        call.
    limit : int

    Returns
    -------
    list of Area

    Examples
    --------
    >>> [a.name_en for a in search("อ.บึงกาฬ", limit=2)]
    ['Mueang Bueng Kan']
    """
    if areas is None or areas is official_areas():
        index = _official_index()
    elif isinstance(areas, AreaIndex):
        index = areas
    else:
        index = AreaIndex(areas)
    return index.search(text, limit)
