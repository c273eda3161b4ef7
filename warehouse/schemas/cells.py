"""One cell of text as a number or a year: what is read, what is repaired, what is turned away.

Every importer types its cells here, so that a count written ``๑,๒๓๔`` means the same in every source. A cell is either
read in the one way it can be meant (with the repairs it took), or it has a fault with a key of `FAULTS`; nothing is
guessed. Codes and names are read by `geo.codes`.

Notes
-----
Numbers are not normalised by NFKC: it would turn the footnote of ``1,234²`` into a digit. Only full-width and Thai
digits are digits here. Names are (`geo.codes.clean_name`), because sara am has two spellings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.codes import INVISIBLE, THAI_DIGITS, clean_name

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Era = Literal["be", "ce"]

BUDDHIST_ERA: Final = 543
#: Years that can be meant, by era; they do not overlap, so four digits always say which.
YEARS: Final[Mapping[Era, tuple[int, int]]] = MappingProxyType({"be": (2400, 2700), "ce": (1900, 2100)})
#: A double holds every whole number of this many digits exactly.
MAX_DIGITS: Final = 15

#: Fault of a cell -> what the sender can do, in Thai and English.
FAULTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "empty": (
            "ใส่ค่าตามไฟล์ต้นฉบับ ถ้าไม่มีข้อมูลให้ลบทั้งแถว",
            "put the value of the original file; if there is none, take the row out",
        ),
        "missing": (
            "ใส่ค่าตามไฟล์ต้นฉบับ ถ้าไม่มีข้อมูลให้ลบทั้งแถว",
            "put the value of the original file; if there is none, take the row out",
        ),
        "footnote": (
            "ย้ายเครื่องหมายเชิงอรรถออกจากช่องตัวเลข",
            "take the footnote mark out of the number's cell",
        ),
        "percent": (
            "คอลัมน์นี้ไม่ใช่ร้อยละ ใส่จำนวน หรือลบเครื่องหมาย %",
            "this column is not a percentage: put the number, or take the % sign away",
        ),
        "currency": ("ลบสัญลักษณ์หรือคำว่าบาทออกจากช่องตัวเลข", "take the currency sign or word out of the cell"),
        "decimal_comma": (
            "ใช้จุดเป็นทศนิยม และจุลภาคคั่นหลักพันทุกสามหลักเท่านั้น",
            "write the decimals after a point; a comma only groups thousands, three digits each",
        ),
        "scientific": (
            "บันทึกใหม่โดยตั้งรูปแบบช่องเป็นข้อความ โปรแกรมตารางย่อตัวเลขจนหลักหายไป",
            "save it again with the cells formatted as text: the spreadsheet shortened the number and lost digits",
        ),
        "formula": ("วางเป็นค่าแทนสูตร", "paste values instead of formulas"),
        "error_value": (
            "แก้สูตรที่ผิดพลาดในโปรแกรมตาราง แล้ววางเป็นค่า",
            "mend the failing formula, then paste values",
        ),
        "not_finite": ("แก้เป็นตัวเลขตามไฟล์ต้นฉบับ", "put the number of the original file"),
        "too_long": (
            "ตัวเลขยาวเกินกว่าจะเก็บได้ครบทุกหลัก ตรวจว่าเป็นรหัสที่อยู่ผิดคอลัมน์หรือไม่",
            "the number has more digits than can be kept exactly; is it a code in the wrong column?",
        ),
        "not_number": ("แก้เป็นตัวเลขตามไฟล์ต้นฉบับ", "put the number of the original file"),
    }
)

# What stands in place of a number where there is none.
_MISSING: Final = frozenset(
    {"na", "n/a", "n.a.", "na.", "nan", "null", "none", "-", "–", "—", "..", "...", "ไม่มีข้อมูล"}
)
_EDGE_BLANKS = " \t\r\n\v\f\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_STRIP = re.compile(f"^[{_EDGE_BLANKS}]+|[{_EDGE_BLANKS}]+$")
_FULL_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_MINUS: Final = str.maketrans("\u2212\u2012\u2013", "---")
_AS_TEXT = re.compile(r'^=\s*"([^"]*)"$')
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:([, \u00a0\u202f'])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_CURRENCY = re.compile(r"[฿$€£¥]|บาท|\bTHB\b|\bbaht\b", re.IGNORECASE)
_FOOTNOTE = re.compile(
    r"[+-]?[0-9][0-9.,]*[ \u00a0]*(?:[*†‡§¹²³⁰-₟]+|[0-9]?[)\]]|\([^)]*\)|\[[^\]]*\]|[/ ]?[a-zA-Z]{1,2})"
    r"|[*†‡§rpe]\s*[0-9][0-9.,]*"
)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9][0-9.,]*,[0-9.,]*")
_ERRORS: Final = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")


@dataclass(frozen=True, slots=True)
class Number:
    """A cell read as a number.

    Attributes
    ----------
    value : float or None
        None where the cell has no single reading.
    repairs : tuple of str
        How it was written oddly: ``blanks, invisible, full_width, thai_digits, thousands_separator, float, code_text``.
    fault : str or None
        Key of `FAULTS` where `value` is None.
    """

    value: float | None
    repairs: tuple[str, ...] = ()
    fault: str | None = None


@lru_cache(maxsize=65_536)
def read_number(text: str | None, *, scientific: bool = False, percent: bool = False) -> Number:
    """Read one cell as a number.

    Parameters
    ----------
    text : str or None
        The cell as it stands in the file.
    scientific : bool
        Whether ``1.5e-05`` is a number here. It is in a column of computed rates, and never in one of counts or codes,
        where it means that a spreadsheet dropped digits.
    percent : bool
        Whether a ``%`` sign may stand behind the number; it is then dropped.

    Examples
    --------
    >>> read_number(" ๑,๒๓๔ ").value
    1234.0
    >>> read_number("1,234*").fault, read_number("12,5").fault, read_number("1.1E+12").fault
    ('footnote', 'decimal_comma', 'scientific')
    """
    if text is None:
        return Number(None, (), "empty")
    repairs: list[str] = []
    plain = INVISIBLE.sub("", text)
    if plain != text:
        repairs.append("invisible")
    plain = _tidy(plain, repairs)
    match = _AS_TEXT.match(plain)
    if match:
        repairs.append("code_text")
        plain = _tidy(match[1], repairs)
    for step, table in (("full_width", _FULL_WIDTH), ("thai_digits", THAI_DIGITS)):
        changed = plain.translate(table)
        if changed != plain:
            repairs.append(step)
            plain = changed
    if not plain:
        return Number(None, (), "empty")
    if plain.casefold() in _MISSING:
        return Number(None, (), "missing")
    plain = plain.translate(_MINUS)
    if percent and plain.endswith("%"):
        plain = _tidy(plain[:-1], [])
        repairs.append("percent")
    if _GROUPED.fullmatch(plain):
        plain = re.sub("[, \u00a0\u202f']", "", plain)
        repairs.append("thousands_separator")
    if _PLAIN.fullmatch(plain):
        whole, point, fraction = plain.lstrip("+-").partition(".")
        if len(whole.lstrip("0")) > MAX_DIGITS:
            return Number(None, (), "too_long")
        if point and not fraction.strip("0"):
            repairs.append("float")
        return Number(float(plain), tuple(dict.fromkeys(repairs)))
    if scientific and _SCIENTIFIC.fullmatch(plain) and "," not in plain:
        value = float(plain)
        return Number(value, tuple(repairs)) if np.isfinite(value) else Number(None, (), "not_finite")
    return Number(None, (), _fault(plain))


def _tidy(text: str, repairs: list[str]) -> str:
    tidy = _STRIP.sub("", text)
    if tidy != text and "blanks" not in repairs:
        repairs.append("blanks")
    return tidy


def _fault(text: str) -> str:
    """What is wrong with a text that is no number; the first that fits."""
    if text.upper() in _ERRORS:
        return "error_value"
    if text.lower().lstrip("+-") in ("inf", "infinity", "∞"):
        return "not_finite"
    if text[:1] in "=@" or re.match(r"[+-][A-Za-z(]", text):
        return "formula"
    if _SCIENTIFIC.fullmatch(text):
        return "scientific"
    if "%" in text or "ร้อยละ" in text:
        return "percent"
    if _CURRENCY.search(text):
        return "currency"
    if _DECIMAL_COMMA.fullmatch(text):
        return "decimal_comma"
    if _FOOTNOTE.fullmatch(text):
        return "footnote"
    return "not_number"


@dataclass(slots=True)
class Numbers:
    """A column read as numbers.

    Attributes
    ----------
    values : array of float
        NaN where a cell has no reading.
    repairs : Counter
        How many cells took each repair.
    odd : array of int
        Positions, ascending, of cells that have no reading or may be out of their range.
    which : array of int
        For each of them, the place of its text in `written`. A column may be wrong from top to bottom with a few texts.
    written, kinds : list
        Texts, and the fault (key of `FAULTS`) of each or None.
    """

    values: Floats
    repairs: Counter[str] = field(default_factory=Counter)
    odd: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    which: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    written: list[str] = field(default_factory=list)
    kinds: list[str | None] = field(default_factory=list)

    @property
    def faults(self) -> dict[int, str]:
        """Position -> fault, of every cell that has one."""
        pairs = zip(self.odd.tolist(), self.which.tolist(), strict=True)
        return {at: fault for at, index in pairs if (fault := self.kinds[index]) is not None}

    @property
    def texts(self) -> dict[int, str]:
        """Position -> text, of every cell in `odd`."""
        pairs = zip(self.odd.tolist(), self.which.tolist(), strict=True)
        return {at: self.written[index] for at, index in pairs}

    def text(self, position: int) -> str | None:
        """The cell as written, where it is in `odd`."""
        at = int(np.searchsorted(self.odd, position))
        there = at < len(self.odd) and int(self.odd[at]) == position
        return self.written[int(self.which[at])] if there else None

    def positions(self, faults: Iterable[str]) -> Ints:
        """Where the cells with one of `faults` stand."""
        wanted = set(faults)
        chosen = np.array([kind in wanted for kind in self.kinds], dtype=bool)
        return self.odd[chosen[self.which]] if len(chosen) else self.odd


def numbers(
    column: pa.ChunkedArray | pa.Array, *, scientific: bool = False, percent: bool = False
) -> Numbers:
    """Read a column of text; see `read_number`. A column written as it should be costs one regular expression."""
    if isinstance(column, pa.Array):
        column = pa.chunked_array([column])
    # No exponent above zero: those may be infinite, and are looked at one by one.
    pattern = r"^[0-9]{1,12}(\.[0-9]+)?([eE]-[0-9]{1,3})?$" if scientific else "^[0-9]{1,12}$"
    target = pa.float64() if scientific else pa.int64()
    good = pc.fill_null(pc.match_substring_regex(column, pattern), False)
    if pc.all(good).as_py():
        return Numbers(np.asarray(pc.cast(column, target).to_numpy(), dtype=np.float64))
    keep = np.asarray(good.to_numpy(zero_copy_only=False), dtype=bool)
    result = Numbers(np.full(len(column), np.nan))
    result.values[keep] = pc.cast(column.filter(good), target).to_numpy()
    odd = np.flatnonzero(~keep)
    encoded = column.filter(pc.invert(good)).combine_chunks().dictionary_encode("encode")
    texts = encoded.dictionary.to_pylist()
    read = [read_number(text, scientific=scientific, percent=percent) for text in texts]
    which = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    result.values[odd] = np.array([np.nan if one.value is None else one.value for one in read])[which]
    for one, many in zip(read, np.bincount(which, minlength=len(read)).tolist(), strict=True):
        result.repairs.update(dict.fromkeys(one.repairs, many))
    doubtful = np.array(
        [one.value is None or one.value < 0 or not one.value.is_integer() for one in read], dtype=bool
    )
    result.odd, result.which = odd[doubtful[which]], which[doubtful[which]]
    result.written, result.kinds = [text or "" for text in texts], [one.fault for one in read]
    return result


# ------------------------------------------------------------------------------------------------------------
# Years


@dataclass(frozen=True, slots=True)
class Year:
    """A cell read as a year.

    Attributes
    ----------
    ce : int or None
        In the common era; None where the cell has no single reading.
    era : str or None
        ``be`` or ``ce``: which calendar the cell was written in.
    fault : str or None
        ``empty``, ``short`` (two digits: 67 may be 2567 or 1967), ``span`` (2562/63), ``era`` (the word says one calendar,
        the number another), ``range`` or ``not_year``.
    """

    ce: int | None
    era: Era | None = None
    repairs: tuple[str, ...] = ()
    fault: str | None = None


_ERA_WORDS: Final = (
    (re.compile(r"^(?:ปี\s*)?(?:พ\.?\s*ศ\.?|พุทธศักราช)\s*", re.IGNORECASE), "be"),
    (re.compile(r"^(?:ปี\s*)?(?:ค\.?\s*ศ\.?|คริสต์ศักราช)\s*", re.IGNORECASE), "ce"),
    (re.compile(r"^B\.?\s?E\.?\s*", re.IGNORECASE), "be"),
    (re.compile(r"^(?:A\.?\s?D\.?|C\.?\s?E\.?)\s*", re.IGNORECASE), "ce"),
    (re.compile(r"^ปี\s*"), None),
)


@lru_cache(maxsize=4096)
def read_year(text: str | None) -> Year:
    """Read one cell as a year of either calendar.

    Four digits decide by themselves: 2400-2700 is the Buddhist era, 1900-2100 the common one. Two digits do not.

    Examples
    --------
    >>> read_year("พ.ศ. ๒๕๖๑").ce, read_year("2018").ce
    (2018, 2018)
    >>> read_year("61").fault, read_year("2562/63").fault
    ('short', 'span')
    """
    written = clean_name(text or "")
    if not written:
        return Year(None, fault="empty")
    repairs: list[str] = [] if written == text else ["blanks"]
    plain = written.translate(THAI_DIGITS)
    if plain != written:
        repairs.append("thai_digits")
    said: str | None = None
    for pattern, era in _ERA_WORDS:
        rest = pattern.sub("", plain, count=1)
        if rest != plain:
            said, plain = era, rest
            repairs.append("era_word")
            break
    if re.fullmatch(r"[0-9]{4}\.0+", plain):
        plain = plain[:4]
        repairs.append("float")
    if re.fullmatch(r"[0-9]{1,2}", plain):
        return Year(None, fault="short")
    if re.fullmatch(r"[0-9]{4}\s*[/–-]\s*(?:[0-9]{2}|[0-9]{4})", plain):
        return Year(None, fault="span")
    if not re.fullmatch(r"[0-9]{4}", plain):
        return Year(None, fault="not_year")
    number = int(plain)
    for era_of, (first, last) in YEARS.items():
        if first <= number <= last:
            if said is not None and said != era_of:
                return Year(None, fault="era")
            return Year(number - (BUDDHIST_ERA if era_of == "be" else 0), era_of, tuple(repairs))
    return Year(None, fault="range")


def mixed_eras(texts: Iterable[str | None]) -> bool:
    """True when one column holds years of both calendars: whichever is meant, some rows would be 543 years off.

    Examples
    --------
    >>> mixed_eras(["2561", "2566"]), mixed_eras(["2561", "2018"])
    (False, True)
    """
    return len({year.era for year in map(read_year, texts) if year.era is not None}) > 1


# ------------------------------------------------------------------------------------------------------------
# Labels

_TOTALS: Final = frozenset(
    {
        "รวม", "รวมทั้งหมด", "รวมทั้งสิ้น", "ผลรวม", "ยอดรวม", "รวมยอด", "ทั้งหมด", "รวมทั้งประเทศ", "รวมจังหวัด",
        "รวมอำเภอ", "รวมตำบล", "total", "grandtotal", "subtotal", "sum", "alltotal", "totals",
    }
)  # fmt: skip
_LABEL_EDGES = re.compile(r"[\s:：.()*=-]+")
_GARBLED = re.compile("\ufffd|[\u0080-\u009f]|(?:[\u00a1-\u00ff]{2,})|^[?]{2,}$|[?]{3,}")
_THAI = re.compile("[\u0e01-\u0e3a\u0e40-\u0e4e]")


@lru_cache(maxsize=65_536)
def is_total(text: str | None) -> bool:
    """True when a label says that its row is the sum of the others.

    Only the whole label counts: รวมไทยพัฒนา is a subdistrict.

    Examples
    --------
    >>> is_total(" รวมทั้งหมด :"), is_total("Grand Total"), is_total("รวมไทยพัฒนา")
    (True, True, False)
    """
    if not text:
        return False
    return _LABEL_EDGES.sub("", clean_name(text)).casefold() in _TOTALS


@lru_cache(maxsize=65_536)
def is_garbled(text: str | None) -> bool:
    """True when a name lost its letters to a wrong encoding: ``¹èÒ¹`` for บ้าน, replacement characters, ``????``.

    Examples
    --------
    >>> is_garbled("¹èÒ¹"), is_garbled("บ้าน"), is_garbled("Café"), is_garbled("????")
    (True, False, False, True)
    """
    return bool(text) and _THAI.search(text or "") is None and _GARBLED.search(text or "") is not None
