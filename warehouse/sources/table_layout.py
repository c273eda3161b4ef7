"""What the lines of a table mean: where its header ends, which column says where and when, and what the others measure.

Pure functions over lines of text, as the confined reader hands them back. Nothing is opened, published or guessed in silence
here: what was taken for what stands in a `Layout`, which the importer shows before anything is published.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from geo.codes import (
    COUNTRY,
    INVISIBLE,
    THAI_DIGITS,
    CodeError,
    NameReading,
    abolished_areas,
    clean_name,
    level_of,
    official_areas,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
)
from warehouse.intake.text import join_header
from warehouse.schemas.cells import is_total, read_number, read_year

Lines = Sequence[Sequence[str]]

SEARCHED_ROWS: Final = 40
HEADER_ROWS: Final = 3
SAMPLE: Final = 300
AREA_COLUMNS: Final = 16  # places and times stand on the left
LEVELS: Final = ("province", "district", "subdistrict")

ROLES: Final = (
    "code", "code_province", "code_district", "code_subdistrict",
    "name", "name_province", "name_district", "name_subdistrict",
    "year", "category", "value", "skip",
)  # fmt: skip
"""What a column can be. ``code_*`` are parts of a split code; ``skip`` is not read."""

_WORDS: Final = {
    "province": "(?:province|changwat|prov|จังหวัด)",
    "district": "(?:district|amphoe|amphur|amp|อำเภอ|เขต|อำเภอเขต)",
    "subdistrict": "(?:subdistrict|tambon|tambol|tumbol|tumbon|tam|ตำบล|แขวง|ตำบลแขวง)",
}
_CODE_HEADING: Final = re.compile(
    r"(?:.*(?:code|id|geocode|รหัส).*|" + "|".join(f"(?:รหัส)?{w}(?:code|id)" for w in _WORDS.values()) + ")"
)
_NAME_TAIL: Final = "(?:name|nam)?(?:th|en|thai|eng|english|t|e)?"
_NAME_HEADINGS: Final = tuple(
    (level, re.compile(f"(?:ชื่อ)?{word}{_NAME_TAIL}")) for level, word in _WORDS.items()
)
_YEAR_HEADING: Final = re.compile(
    r".*(?:year|period|ปีงบประมาณ|ปีพศ|ปีคศ|ปีการ).*|ปี(?:ที่)?(?:สำรวจ|ข้อมูล|เพาะปลูก)?|(?:ปี)?(?:พศ|คศ)|yr"
)
_ORDINAL: Final = re.compile("(?:ลำดับ)?ที่|ลำดับ|no|#")  # numbers the rows and measures nothing
_REGION: Final = re.compile(
    r"ภาค(?:เหนือ|ใต้|กลาง|ตะวันออก|ตะวันตก|ตะวันออกเฉียงเหนือ|อีสาน).*|เหนือ|ใต้|กลาง|ตะวันออก|ตะวันตก|ตะวันออกเฉียงเหนือ|อีสาน"
    r"|(?:กรุงเทพ(?:ฯ|มหานคร)?และ)?ปริมณฑล|กรุงเทพ(?:ฯ|มหานคร)?และ(?:ปริมณฑล|\d?จังหวัด.*)|กรุงเทพมหานครปริมณฑล"
    r"|(?:greaterbangkok|bangkokandvicinit(?:y|ies)|vicinity)"
    r"|(?:central|north|northern|south|southern|east|eastern|west|western|northeast|northeastern)(?:region|plain)?"
)
_NOTE: Final = re.compile(
    r"^\s*(?:หมายเหตุ|ที่มา|แหล่งที่มา|แหล่งข้อมูล|note|notes|source|remark|[*†‡]|[0-9]+[/)]|:)", re.IGNORECASE
)
_UNIT_ROW: Final = re.compile(r"^\(?\s*(?:หน่วย|unit)\s*[:：]?\s*(.*?)\)?\s*$", re.IGNORECASE)
_BRACKET: Final = re.compile(r"[(\[]([^()\[\]]{1,40})[)\]]\s*$")
_EMBEDDED_YEAR: Final = re.compile(
    r"(?:^|[\s_\-–(/])(?:พ\.?ศ\.?\s*|ค\.?ศ\.?\s*|ปี\s*)?((?:24|25|26)\d{2}|(?:19|20)\d{2})(?:$|[\s_\-–)/])"
)
_SPAN: Final = re.compile(r"^\s*(?:ปี\s*)?(?:พ\.?ศ\.?\s*)?(\d{4})\s*[/–-]\s*(\d{2}|\d{4})\s*$")
_CODE_SHAPE: Final = re.compile(r"(?:TH)?\d{2}(?:\d{2}){0,4}")


class LayoutError(ValueError):
    """The lines are not a table that can be read.

    Attributes
    ----------
    code : str
        Key of the fault, such as ``table.no_area``.
    row : int or None
        Index into the lines.
    found, expected : str
    """

    def __init__(self, code: str, row: int | None, found: str, expected: str) -> None:
        self.code, self.row, self.found, self.expected = code, row, found, expected
        super().__init__(f"{code}: found {found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    position : int
        From 0.
    heading : str
        Its rows of the header, joined.
    role : str
        One of `ROLES`.
    measure : str
        Of a value column, the heading without its year.
    year : int or None
        Of a value column whose heading says so, common era.
    unit : str
        What the heading, or a row of units, says in brackets.
    """

    position: int
    heading: str
    role: str
    measure: str = ""
    year: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines mean.

    Attributes
    ----------
    first : int
        Index of the first line below the header.
    header : tuple of int
        Indices of the header's lines.
    columns : tuple of Column
    titles : tuple of str
        Texts above the header.
    unit : str
        Said once for the whole table.
    year : int or None
        The only year the titles name, common era.
    area : str or None
        Code of the one area that a table without a column of areas speaks of; its rows are then measures.
    """

    first: int
    header: tuple[int, ...]
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    unit: str = ""
    year: int | None = None
    area: str | None = None

    def of(self, *roles: str) -> tuple[Column, ...]:
        """Columns with one of these roles, from the left."""
        return tuple(c for c in self.columns if c.role in roles)

    @property
    def values(self) -> tuple[Column, ...]:
        """The columns that measure something."""
        return self.of("value")


# ------------------------------------------------------------------------------------------------------------
# Single cells


def key_of(text: str) -> str:
    """A heading as it is compared: lower case, Arabic digits, no blanks and no signs.

    >>> key_of(" PROV_CODE "), key_of("ปี พ.ศ.")
    ('provcode', 'ปีพศ')
    """
    plain = clean_name(INVISIBLE.sub("", text)).translate(THAI_DIGITS).casefold()
    return re.sub(r"[\s_\-–—.,:;/\\()\[\]*'\"]+", "", plain)


@lru_cache(maxsize=65_536)
def is_numeric(text: str) -> bool:
    """Whether a cell is a number, or says that there is none."""
    read = read_number(text, scientific=True, percent=True)
    return read.value is not None or read.fault == "missing"


def is_region(text: str) -> bool:
    """Whether a label is a region of the country: a row of these is between the areas, and is none.

    >>> is_region("ภาคใต้"), is_region("Greater Bangkok "), is_region("ภาค"), is_region("กลาง")
    (True, True, False, True)
    """
    return bool(_REGION.fullmatch(key_of(text)))


def is_note(text: str) -> bool:
    """Whether a line that begins like this stands below the table.

    >>> is_note("ที่มา : สำนักงานสถิติแห่งชาติ"), is_note("1/ ไม่รวม"), is_note("ยะลา")
    (True, True, False)
    """
    return bool(_NOTE.match(text))


@lru_cache(maxsize=65_536)
def area_like(text: str) -> bool:
    """Whether a cell names an area, a region or a total. Names alone: numbers that might be codes are looked at apart."""
    if not text.strip() or is_numeric(text):
        return False
    if is_region(text) or is_total(text) or read_name(text, "country").code:
        return True
    return any(read_name(text, level).candidates for level in LEVELS)


@lru_cache(maxsize=65_536)
def code_like(text: str) -> bool:
    """Whether a cell is the code of an area that is or was."""
    try:
        return read_code(text).code != ""
    except CodeError:
        return False


@lru_cache(maxsize=8192)
def heading_year(text: str) -> tuple[int | None, str]:
    """The year a heading names, common era, and the heading without it.

    Of a span the first year counts, and the whole span stays a part of nothing: ``2562/63`` is the crop year that began
    in 2562.

    >>> heading_year("รายได้ / 2558"), heading_year("population_nesdc_2024"), heading_year("2562/63"), heading_year("ชาย")
    ((2015, 'รายได้'), (2024, 'population nesdc'), (2019, ''), (None, 'ชาย'))
    """
    pieces = [piece.strip() for piece in text.split(" / ")]
    for at, piece in enumerate(pieces):
        year = read_year(piece).ce
        if year is None and (span := span_year(piece)) is not None:
            year = span
        if year is not None:
            return year, " / ".join(p for n, p in enumerate(pieces) if n != at and p)
    found = _EMBEDDED_YEAR.findall(text)
    if len(found) == 1 and (year := read_year(found[0]).ce) is not None:
        rest = _EMBEDDED_YEAR.sub(" ", text).replace("_", " ")
        return year, " ".join(rest.split()).strip(" /-–")
    return None, " ".join(text.split())


def span_year(text: str) -> int | None:
    """First year, common era, of a span of two years that follow each other.

    >>> span_year("2562/63"), span_year("2019-2020"), span_year("2562/70")
    (2019, 2019, None)
    """
    match = _SPAN.match(clean_name(text).translate(THAI_DIGITS))
    if match is None:
        return None
    first, second = match[1], match[2]
    if int(first[: 4 - len(second)] + second) != int(first) + 1 and not (
        second == "00" and first.endswith("99")
    ):
        return None
    return read_year(first).ce


def cell_year(text: str) -> int | None:
    """Year of a cell in a column of years, common era; a span of two counts as its first."""
    year = read_year(text).ce
    return year if year is not None else span_year(text)


def unit_of(heading: str) -> tuple[str, str]:
    """The unit in the last brackets of a heading, and the heading without it.

    >>> unit_of("รายได้เฉลี่ย (บาท/เดือน)"), unit_of("จำนวน / (คน)"), unit_of("male")
    (('บาท/เดือน', 'รายได้เฉลี่ย'), ('คน', 'จำนวน'), ('', 'male'))
    """
    match = _BRACKET.search(heading)
    if match is None:
        return "", heading
    return match[1].strip(), heading[: match.start()].strip().rstrip("/").strip() or heading


# ------------------------------------------------------------------------------------------------------------
# The header


def _sample(lines: Lines, at: int, start: int = 0) -> list[str]:
    cells = [line[at] for line in lines[start:] if at < len(line) and line[at].strip()]
    step = max(1, len(cells) // SAMPLE)
    return cells[::step]


def _share(cells: Sequence[str], test: object) -> float:
    return sum(map(test, cells)) / len(cells) if cells and callable(test) else 0.0


def _area_columns(lines: Lines, width: int) -> list[int]:
    """Columns whose cells are mostly names of areas, or codes under a heading that says so."""
    found = []
    for at in range(min(width, AREA_COLUMNS)):
        below = next((n for n, line in enumerate(lines[:SEARCHED_ROWS]) if _is_heading(line[at])), -1)
        headed, called = below >= 0, below >= 0 and _is_name_heading(lines[below][at])
        cells = _sample(lines, at, below + 1)
        shaped = [c for c in cells if _CODE_SHAPE.fullmatch(c.strip().removesuffix(".0"))]
        codes = _share(cells, code_like)
        lengths = Counter(len(c.strip().removesuffix(".0")) for c in shaped)
        bare = len(shaped) >= 3 and codes >= 0.9 and set(lengths) <= {4, 6}
        names = [c for c in cells if area_like(c)]
        if (headed and codes >= 0.2) or bare or (names and (called or len(names) >= 0.3 * len(cells))):
            found.append(at)
    return found


def _is_name_heading(cell: str) -> bool:
    return any(pattern.fullmatch(key_of(cell)) for _, pattern in _NAME_HEADINGS)


def _is_heading(cell: str) -> bool:
    return _is_name_heading(cell) or bool(_CODE_HEADING.fullmatch(key_of(cell)))


def _headed(lines: Lines, number: int, columns: Sequence[int]) -> bool:
    """Whether a line above already heads a column of areas and one of the line's numbers: the line itself is no heading then."""
    line = lines[number]
    counted = [at for at, cell in enumerate(line) if at not in columns and is_numeric(cell)]
    for above in lines[:number]:
        for at in columns:
            text = above[at]
            if not text.strip() or not line[at].strip() or _is_heading(line[at]):
                continue
            said = not is_numeric(text) and not area_like(text) and not is_note(text)
            if said and any(above[n].strip() and not is_numeric(above[n]) for n in counted):
                return True
    return False


def _is_data(line: Sequence[str], first: Sequence[str], columns: Sequence[int]) -> bool:
    """Whether a line above the first area is a row too: one that names an unknown area, or whose number has a fault."""
    labels = [line[at] for at in columns if line[at].strip()]
    others = [(at, cell) for at, cell in enumerate(line) if at not in columns and cell.strip()]
    if not labels or any(map(_is_heading, labels)):
        return False
    if any(area_like(label) or code_like(label) for label in labels):
        # An area whose number has a fault; a province in the corner above years is a heading.
        return any(re.search("[0-9๐-๙]", cell) and not _is_year_label(cell) for _, cell in others)
    numbers = [cell for at, cell in others if is_numeric(cell) and first[at].strip()]
    if not numbers or all(map(_is_year_label, numbers)):
        return False
    return len(numbers) < 2 or numbers != [str(n) for n in range(1, len(numbers) + 1)]


def _first_row(lines: Lines, columns: Sequence[int], counted: bool) -> int | None:
    """Index of the first line that speaks of an area."""
    for number, line in enumerate(lines[:SEARCHED_ROWS]):
        area = [at for at in columns if at < len(line) and (area_like(line[at]) or code_like(line[at]))]
        if not area:
            continue
        others = [cell for at, cell in enumerate(line) if at not in columns and cell.strip()]
        if (counted and sum(bool(cell.strip()) for cell in line) > 1) or any(
            is_numeric(cell) and not _is_year_label(cell) for cell in others
        ):
            return number
        if _headed(lines, number, area):
            return number
        if (
            any(map(is_numeric, others))
            and not any(_CODE_HEADING.fullmatch(key_of(line[at])) for at in area)
            and not all(map(_is_year_label, filter(is_numeric, others)))
        ):
            return number
    return None


def _is_year_label(text: str) -> bool:
    return cell_year(text) is not None


def _header_rows(lines: Lines, first: int) -> list[int]:
    """Indices of the header's lines above `first`, from the top."""
    rows: list[int] = []
    for number in range(first - 1, -1, -1):
        said = [at for at, cell in enumerate(lines[number]) if cell.strip()]
        if not said:
            continue
        only = lines[number][said[0]].strip() if len(said) == 1 else ""
        if len(rows) == HEADER_ROWS or any(len(lines[number][at]) > 200 for at in said):
            break
        if len(said) == 1 and (not rows or said[0] == 0 or _UNIT_ROW.match(only) or len(only) > 60):
            break
        rows.insert(0, number)
    if len(rows) > 1:
        # A row that only numbers the columns says nothing.
        cells = [lines[rows[-1]][at].strip(" ()") for at in range(len(lines[rows[-1]]))]
        said_last = [c for c in cells if c]
        if said_last == [str(n) for n in range(1, len(said_last) + 1)]:
            rows.pop()
    return rows


def _padded(lines: Lines) -> list[list[str]]:
    width = max((len(line) for line in lines), default=0)
    return [[*(c or "" for c in line), *([""] * (width - len(line)))] for line in lines]


def lay_out(lines: Lines, *, name: str = "", roles: Mapping[str, str] | None = None) -> Layout:
    """Find the header and say what each column is.

    Parameters
    ----------
    lines : sequence of sequences of str
        All rows with content, title rows and footnotes among them.
    name : str
        Name of the file, which may say of which area and year a table without such columns is.
    roles : mapping of heading to role, optional
        What somebody said of columns; wins over what is found.

    Returns
    -------
    Layout

    Raises
    ------
    LayoutError
        When no column names areas, no column measures anything, or there is no header.
    """
    table = _padded(lines)
    width = len(table[0]) if table else 0
    area_columns = _area_columns(table, width)
    numeric = any(
        _share(_sample(table, at), is_numeric) >= 0.5 for at in range(width) if at not in area_columns
    )
    first = _first_row(table, area_columns, counted=not numeric)
    if first is None:
        return _of_one_area(table, name)
    while first > 0 and _is_data(table[first - 1], table[first], area_columns):
        first -= 1
    header = _header_rows(table, first)
    if not header:
        raise LayoutError(
            "table.no_header", first, " | ".join(table[first][:6]), "1-3 rows of headings above"
        )
    headings = _unique(join_header([table[number] for number in header]))
    titles, unit = _titles(table[: header[0]])
    # A line of one cell is a footnote, or an area nothing is said of; neither says what a column is.
    body = [line for line in table[first:] if sum(bool(cell.strip()) for cell in line) > 1]
    columns = _roles(headings, body, roles or {})
    layout = Layout(first, tuple(header), tuple(columns), titles, unit, _title_year(titles))
    if not any(c.role.startswith(("code", "name")) for c in columns):
        raise LayoutError("table.no_area", header[-1], " | ".join(headings[:8]), "code / name")
    return layout


def _unique(headings: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    made = []
    for at, heading in enumerate(headings):
        text = " ".join(heading.split()) or f"#{at + 1}"
        seen[text] += 1
        made.append(text if seen[text] == 1 else f"{text} #{at + 1}")
    return made


def _titles(lines: Lines) -> tuple[tuple[str, ...], str]:
    titles: list[str] = []
    unit = ""
    for line in lines:
        for cell in line:
            text = " ".join(cell.split())
            match = _UNIT_ROW.match(text) if text else None
            if match is not None:
                unit = match[1].strip(" ()")
            elif text:
                titles.append(text)
    return tuple(titles), unit


def _title_year(titles: Sequence[str]) -> int | None:
    years = {year for title in titles for year in years_in(title)}
    return years.pop() if len(years) == 1 else None


def years_in(text: str) -> set[int]:
    """All years a text names, common era.

    >>> sorted(years_in("ปี 2531-2567")), years_in("gpp_2024_provinces")
    ([1988, 2024], {2024})
    """
    digits = re.findall(r"(?<!\d)\d{4}(?!\d)", text.translate(THAI_DIGITS))
    return {year for d in digits if (year := read_year(d).ce) is not None}


def _roles(headings: Sequence[str], body: Lines, said: Mapping[str, str]) -> list[Column]:
    width = len(headings)
    cells = [_sample(body, at) for at in range(width)]
    role: dict[int, str] = {at: said[h] for at, h in enumerate(headings) if h in said}
    open_columns = [at for at in range(width) if at not in role]
    keys = [key_of(heading) for heading in headings]
    codes = {
        at
        for at in open_columns
        if cells[at] and _CODE_HEADING.fullmatch(keys[at]) and _share(cells[at], _begins_like_code) >= 0.6
    }
    parts = _code_parts({at: keys[at] for at in codes}, cells)
    for at in open_columns:
        if at in parts:
            role[at] = parts[at]
        elif not cells[at]:
            role[at] = "skip"
    whole = {at: _code_width(cells[at]) for at in codes - parts.keys()}
    whole |= {
        at: _code_width(cells[at])
        for at in open_columns
        if at not in codes and at not in role and _bare_codes(cells[at])
    }
    real = {at: deep for at, deep in whole.items() if deep and _share(cells[at], code_like) >= 0.2}
    if real and "code" not in role.values():
        # The finest code, and of several the first: the others repeat it, or lead to another list.
        best = min(real, key=lambda at: (-real[at], at))
        role[best] = "code"
        if real[best] == 6:
            for at in parts:
                role[at] = "skip"
    for at in codes | real.keys():
        role.setdefault(at, "skip")
    for at in open_columns:
        if at in role:
            continue
        if _YEAR_HEADING.fullmatch(keys[at]) and _share(cells[at], _is_year_label) >= 0.5:
            # The one that needs no reading comes first: 2562.0 beside 2562/63.
            role[at] = "year"
            continue
        level = next((lv for lv, pattern in _NAME_HEADINGS if pattern.fullmatch(keys[at])), None)
        filled = sum(bool(line[at].strip()) for line in body)
        if _share(cells[at], is_numeric) >= 0.5:
            # A column of a few numbers is a slip of whoever kept the table, and codes measure nothing.
            slip = filled < 0.02 * len(body) or _codes_again(cells[at]) or _ORDINAL.fullmatch(keys[at])
            role[at] = "skip" if slip else "value"
        elif (
            level is not None
            and _share(cells[at], lambda c, lv=level: bool(read_name(c, lv).candidates)) >= 0.3
        ):
            role[at] = f"name_{level}"
        elif _share(cells[at], area_like) >= 0.3 and not _is_category(cells[at]):
            role[at] = "name"
        else:
            role[at] = "category" if _is_category(cells[at]) else "skip"
    _one_each(role, cells)
    return [_column(at, headings[at], role[at]) for at in range(width)]


def _column(at: int, heading: str, role: str) -> Column:
    if role != "value":
        return Column(at, heading, role)
    year, rest = heading_year(heading)
    unit, measure = unit_of(rest)
    return Column(at, heading, role, measure, year, unit)


def _code_width(cells: Sequence[str]) -> int:
    """Digits of most codes of a column; 0 where they have no common shape."""
    lengths = Counter(len(c.strip().strip("=\"'").removesuffix(".0").removeprefix("TH")) for c in cells)
    if not lengths:
        return 0
    most = max(lengths, key=lambda n: (n in (2, 4, 6, 8, 10), lengths[n]))
    return most if most in (2, 4, 6, 8, 10) else 0


def _begins_like_code(cell: str) -> bool:
    return cell.strip()[:1].isdigit() or code_like(cell)


def _codes_again(cells: Sequence[str]) -> bool:
    """Numbers that are all codes of districts, or all of subdistricts: of a thousand counts some would be none."""
    plain = [c.strip().removesuffix(".0") for c in cells]
    return len(plain) >= 8 and {len(c) for c in plain} in ({4}, {6}) and _share(plain, code_like) >= 0.95


def _bare_codes(cells: Sequence[str]) -> bool:
    """Codes under a heading that does not say so: all of four or six digits, none met twice."""
    plain = [c.strip().removesuffix(".0") for c in cells]
    return (
        len(plain) >= 3
        and {len(c) for c in plain} <= {4, 6}
        and len(set(plain)) == len(plain)
        and _share(plain, code_like) >= 0.95
    )


def _code_parts(keys: Mapping[int, str], cells: Sequence[Sequence[str]]) -> dict[int, str]:
    """Columns that hold a code in parts of two digits: where a district's code has two digits at most, it is a part."""
    named = {
        level: at
        for level, word in _WORDS.items()
        for at, key in keys.items()
        if re.fullmatch(f"(?:รหัส)?{word}(?:code|id|no)?|{word}รหัส", key)
    }
    short = {
        level: at
        for level, at in named.items()
        if all(len(c.strip().removesuffix(".0")) <= 2 for c in cells[at])
    }
    if "province" in short and "district" in short:
        return {at: f"code_{level}" for level, at in short.items()}
    return {}


def _is_category(cells: Sequence[str]) -> bool:
    """Few texts, met again and again."""
    distinct = {" ".join(c.split()) for c in cells}
    return 1 < len(distinct) <= 40 and len(cells) >= 2 * len(distinct)


def _one_each(role: dict[int, str], cells: Sequence[Sequence[str]]) -> None:
    """Of several columns of years or of names of one level the best is read; Thai and English names say the same."""
    for wanted in ("year", "name", *(f"name_{level}" for level in LEVELS)):
        same = [at for at, r in role.items() if r == wanted]
        if wanted == "year":
            same.sort(key=lambda at: (-_share(cells[at], lambda c: read_year(c).ce is not None), at))
        for at in same[1:]:
            role[at] = "skip"
    if any(r.startswith("name_") for r in role.values()):
        for at, r in role.items():
            if r == "name" and _share(cells[at], is_region) >= 0.5:
                role[at] = "skip"


def _of_one_area(table: Lines, name: str) -> Layout:
    """A table whose rows are measures and whose columns are years, of the one area its title names."""
    for number, line in enumerate(table[:SEARCHED_ROWS]):
        years = [at for at, cell in enumerate(line) if cell_year(cell) is not None]
        if len(years) < 2 or line[0].strip() == "" or 0 in years:
            continue
        titles, unit = _titles(table[:number])
        area = _area_in([*titles, name])
        if area is None:
            break
        columns = [Column(0, line[0].strip(), "category")]
        columns += [
            Column(at, line[at].strip(), "value", "", cell_year(line[at])) if at in years
            else Column(at, line[at].strip() or f"#{at + 1}", "skip")
            for at in range(1, len(line))
        ]  # fmt: skip
        return Layout(number + 1, (number,), tuple(columns), titles, unit, None, area)
    shown = " | ".join(cell for cell in (table[0] if table else [])[:8] if cell)
    raise LayoutError("table.no_area", 0 if table else None, shown, "area_code / จังหวัด")


def _area_in(texts: Sequence[str]) -> str | None:
    """The one area that titles name: the country, or a province with its word before it."""
    found: set[str] = set()
    for text in texts:
        plain = clean_name(text)
        if re.search("ทั่วราชอาณาจักร|ทั่วประเทศ|ทั้งประเทศ|whole kingdom|thailand", plain, re.IGNORECASE):
            found.add(COUNTRY)
        for word in re.findall(r"จังหวัด\s*([\u0e00-\u0e7f]+)", plain):
            if code := read_name(word, "province").code:
                found.add(code)
    return found.pop() if len(found) == 1 else None


# ------------------------------------------------------------------------------------------------------------
# Areas of rows


@dataclass(frozen=True, slots=True)
class Place:
    """What a row speaks of.

    Attributes
    ----------
    kind : str
        ``area``, ``region``, ``total``, ``note`` or ``wrong``.
    code : str or None
        Of an area in force, or of a municipality.
    was : str or None
        The abolished code that stands in the file, where it was mapped to its successor.
    fault : str or None
        Of a wrong row: ``unknown``, ``ambiguous``, ``abolished`` (no single successor), ``garbled``, ``village`` or ``code``.
    found, expected : str
        Of a wrong row.
    repairs : tuple of str
        As `geo.codes.REPAIRS`, and ``name_read``.
    differs : str or None
        The name in the file, where it is none of the names of the code.
    """

    kind: str
    code: str | None = None
    was: str | None = None
    fault: str | None = None
    found: str = ""
    expected: str = ""
    repairs: tuple[str, ...] = ()
    differs: str | None = None


def in_force(code: str) -> tuple[str | None, str]:
    """The area in force that a code stands for, and why there is none: `code` itself, or its one successor.

    >>> in_force("950101"), in_force("104701")[0], in_force("4311")[0]
    (('950101', ''), None, '3806')
    """
    known = abolished_areas().get(code)
    if known is None:
        return code, ""
    if len(known.successors) == 1:
        return in_force(known.successors[0])
    return None, ", ".join(known.successors) or "-"


@dataclass(slots=True)
class AreaReader:
    """Reads the area of one row after the other; a name without its parents is looked for in the parents last met.

    Parameters
    ----------
    layout : Layout
    levels : frozenset of str, optional
        Levels that the table's names speak of, by `levels_of`: a name of several levels is one of these. Where absent, the
        largest area of a name is taken.
    """

    layout: Layout
    levels: frozenset[str] | None = None
    _above: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def read(self, line: Sequence[str]) -> Place:
        """What a row speaks of; `line` has the layout's columns."""
        layout = self.layout
        cells = {c.role: line[c.position] for c in layout.columns if c.role.startswith(("code", "name"))}
        parts = [cells.get(f"code_{level}") for level in LEVELS]
        code = cells.get("code", "").strip()
        names = {role.removeprefix("name_"): text for role, text in cells.items() if role.startswith("name")}
        said = clean_name(
            next(
                (
                    names[n]
                    for n in ("subdistrict", "district", "province", "name")
                    if names.get(n, "").strip()
                ),
                "",
            )
        )
        if any(part is not None and part.strip() for part in parts):
            return self._by_code(parts, said, names)
        if code:
            return self._by_code(code, said, names)
        return self._by_names(names, said)

    def _by_code(self, code: object, said: str, names: Mapping[str, str]) -> Place:
        key = (repr(code), said)
        if key in self._known:
            return self._known[key]
        made = self._from_code(code, said, names)
        if len(self._known) < 100_000:
            self._known[key] = made
        return made

    def _from_code(self, code: object, said: str, names: Mapping[str, str]) -> Place:
        if isinstance(code, str) and not re.search("[0-9๐-๙]", code) and code.upper() != COUNTRY:
            return self._by_names({**names, "name": code}, clean_name(code))
        if isinstance(code, str) and code.strip("0. ") == "" and read_name(said, "country").code == COUNTRY:
            return Place("area", COUNTRY)
        shown = " | ".join(str(p or "") for p in code) if isinstance(code, list) else str(code)
        try:
            reading = read_code_parts(*code) if isinstance(code, list) else read_code(code)
        except CodeError as error:
            if is_total(said):
                return Place("total")
            return Place("wrong", fault="code", found=shown, expected=error.expected)
        if level_of(reading.code) == "village":
            return Place("wrong", fault="village", found=shown, expected="2, 4, 6")
        now, choices = in_force(reading.code)
        if now is None:
            return Place("wrong", fault="abolished", found=f"{reading.code} {said}".strip(), expected=choices)
        if now not in official_areas() and "abolished" in reading.repairs:
            return Place("wrong", fault="abolished", found=f"{reading.code} {said}".strip(), expected="-")
        was = reading.code if now != reading.code else None
        differs = None
        level = level_of(now)
        name = names.get(level, "") or names.get("name", "")
        if was is None and now in official_areas() and level != "country" and name.strip():
            fits = read_name(name, level, None if level == "province" else now[:-2]).candidates
            differs = None if now in fits else clean_name(name)
        repairs = tuple(r for r in reading.repairs if r not in ("abolished", "joined_parts", "number"))
        return Place("area", now, was, repairs=repairs, differs=differs)

    def _by_names(self, names: Mapping[str, str], said: str) -> Place:
        if not said:
            return Place("note")
        if is_note(said):
            return Place("note")
        if read_name(said, "country").code == COUNTRY:
            self._above.clear()
            return Place("area", COUNTRY)
        if is_total(said):
            return Place("total")
        alone = sum(bool(text.strip()) for text in names.values()) == 1
        if alone and is_region(said):
            return Place("region")
        given = {level: names[level] for level in LEVELS if names.get(level, "").strip()}
        if given:
            return self._inside(given)
        return self._anywhere(said)

    def _inside(self, given: Mapping[str, str]) -> Place:
        """A row that names the parents beside the area."""
        within: str | None = None
        for level, text in given.items():
            if level != list(given)[-1] and is_total(text):
                continue
            if is_total(text):
                return Place("total")
            reading = read_name(text, level, within)
            if reading.code is None:
                return self._missing(text, reading.candidates)
            within = reading.code
        return self._found(within or "", list(given.values())[-1])

    def _anywhere(self, said: str) -> Place:
        """A row that names its area alone: a province, or what lies in the areas named above it."""
        candidates: tuple[str, ...] = ()
        levels = self._possible(said)
        for level in levels:
            reading = self._near(said, level)
            if reading.code is not None and len(levels) == 1:
                return self._found(reading.code, said)
            candidates += tuple(c for c in reading.candidates if c not in candidates)
        if self.levels is None:
            return next(
                (
                    self._found(code, said)
                    for level in levels
                    if (code := self._near(said, level).code) is not None
                ),
                self._missing(said, candidates),
            )
        return self._missing(said, candidates)

    def _near(self, said: str, level: str) -> NameReading:
        """The area of this level and name, first among the areas named above."""
        above = self._above.get({"district": "province", "subdistrict": "district"}.get(level, ""))
        reading = read_name(said, level, above) if above is not None else None
        return reading if reading is not None and reading.code is not None else read_name(said, level)

    def _possible(self, said: str) -> tuple[str, ...]:
        """The levels this name may be of: one where the name itself or the rows around it decide, several where nothing does."""
        fit = name_levels(said)
        if self.levels is None or len(fit) < 2:
            return fit
        # A parent that the row stands below already is not named again: what follows is its part of the same name.
        fit = tuple(level for level in fit if not self._is_above(said, level)) or fit
        among = tuple(level for level in fit if level in self.levels)
        if "province" in fit and "subdistrict" not in self.levels and ("province" in among or not among):
            return ("province",)
        if "province" in fit and among and "province" not in among:
            return fit  # the sum of the rows below it, or one of them
        inside = tuple(level for level in among if self._lies_inside(said, level))
        return inside if len(among) > 1 and len(inside) == 1 else among or fit

    def _is_above(self, said: str, level: str) -> bool:
        return level in self._above and read_name(said, level).code == self._above[level]

    def _lies_inside(self, said: str, level: str) -> bool:
        above = self._above.get({"district": "province", "subdistrict": "district"}.get(level, ""))
        return above is not None and read_name(said, level, above).code is not None

    def _found(self, code: str, said: str) -> Place:
        now, choices = in_force(code)
        if now is None:
            return Place("wrong", fault="abolished", found=f"{code} {said}", expected=choices)
        level = level_of(now)
        self._above = {lv: c for lv, c in self._above.items() if LEVELS.index(lv) < LEVELS.index(level)}
        self._above[level] = now
        return Place("area", now, code if now != code else None, repairs=("name_read",))

    @staticmethod
    def _missing(text: str, candidates: Sequence[str]) -> Place:
        shown = clean_name(text)
        if candidates:
            listed = ", ".join(f"{c} {_name(c)}" for c in candidates[:6])
            return Place("wrong", fault="ambiguous", found=shown, expected=listed)
        return Place("wrong", fault="unknown", found=shown, expected=nearest(shown))


@lru_cache(maxsize=65_536)
def name_levels(text: str) -> tuple[str, ...]:
    """Levels that have an area of this name; a word before it decides.

    >>> name_levels("บันนังสตา"), name_levels("ต.บันนังสตา"), name_levels("ปัว")
    (('district', 'subdistrict'), ('subdistrict',), ('district', 'subdistrict'))
    """
    return tuple(level for level in LEVELS if read_name(text, level).candidates)


def levels_of(lines: Lines, layout: Layout) -> frozenset[str]:
    """Levels that the names of a table speak of: those of names that are of one level, or the one that all names share.

    >>> districts = [["เบตง"], ["ปัว"], ["เมืองยะลา"]]
    >>> sorted(levels_of(districts, Layout(1, (0,), (Column(0, "พื้นที่", "name"),))))
    ['district']
    """
    columns = layout.of("name", "code")
    texts = {clean_name(line[c.position]) for line in lines for c in columns if line[c.position].strip()}
    named = [fit for text in texts if not is_total(text) and not is_note(text) and (fit := name_levels(text))]
    alone = frozenset(fit[0] for fit in named if len(fit) == 1)
    if alone or not named:
        return alone
    shared = set(LEVELS).intersection(*map(set, named))
    return frozenset({"province"} if "province" in shared else shared)


def _name(code: str) -> str:
    area = official_areas().get(code)
    return area.name_th if area is not None else ""


@lru_cache(maxsize=2048)
def nearest(name: str) -> str:
    """Provinces and districts spelt most like a name, for a message.

    >>> nearest("ยะล้า").split(",")[0]
    'ยะลา'
    """
    import difflib

    wanted = plain_name(name)
    known = {
        plain_name(text): text
        for area in official_areas().values()
        if area.level in ("province", "district")
        for text in (area.name_th, area.name_en)
    }
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.75)
    return ", ".join(known[c] for c in close) or "77 provinces, 928 districts, 7,436 subdistricts"
