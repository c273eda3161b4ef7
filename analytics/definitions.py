"""Definition versions, and the rule that a change is shown only inside one of them.

1,025,782 target poor in B.E. 2565 and 655,365 in B.E. 2566 are different things: the first counts MPI-poor
card holders, the second the MPI-poor with or without a card. Nothing in the numbers shows it, so every
observation carries the version it was counted under, and :func:`comparable` decides from the versions, never
from the values.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from analytics.catalogue import IMPORTED, load_catalogue

BUDDHIST_ERA: Final = 543
"""Years between the common and the Buddhist era: B.E. 2561 is 2018."""

UNVERIFIED: Final = "unverified-"
"""Beginning of the id of a definition nobody has written down yet."""

AS_IMPORTED: Final = "imported-"
"""Beginning of the id under which the years of an imported indicator stand that were said to be counted alike."""

DEFINITIONS_FILE: Final = Path(__file__).with_name("definitions.toml")


class DefinitionError(ValueError):
    """The definitions file breaks a rule, or an id names no definition.

    Attributes
    ----------
    entry, key : str
        Where.
    found, expected : str
        What stands there and what should.
    """

    def __init__(self, entry: str, key: str, found: object, expected: str) -> None:
        self.entry, self.key, self.found, self.expected = entry, key, str(found), expected
        super().__init__(f"definition {entry!r}, key {key!r}: found {found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Definition:
    """One way of counting a measure, in force for a run of years.

    Attributes
    ----------
    id : str
    measure : str
        Family of indicators that are counted together, such as ``target``.
    indicators : tuple of str
        Ids, or beginnings followed by ``*``.
    first_year, last_year : int
        Common era, both included.
    text_th, text_en : str
        What is counted.
    source : str
        Who says so.
    confidence : str
        ``A`` official or recomputed exactly, ``B`` secondary or derived, ``-`` nobody knows yet.
    by_source : bool
        Sources of one year differ in it, so no year decides: an importer names it row by row.
    """

    id: str
    measure: str
    indicators: tuple[str, ...]
    first_year: int
    last_year: int
    text_th: str
    text_en: str
    source: str
    confidence: str
    by_source: bool = False

    @property
    def verified(self) -> bool:
        """Whether somebody wrote this version down with a source."""
        return not self.id.startswith(UNVERIFIED)

    def covers(self, indicator: str, year: int) -> bool:
        """Tell whether this version is the one of `indicator` in `year` (common era)."""
        return not self.by_source and self.first_year <= year <= self.last_year and self.names(indicator)

    def names(self, indicator: str) -> bool:
        """Tell whether `indicator` belongs to this version, in whatever year."""
        return any(
            indicator.startswith(pattern[:-1]) if pattern.endswith("*") else indicator == pattern
            for pattern in self.indicators
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two years of an indicator may be set against each other.

    Attributes
    ----------
    ok : bool
        False: show both numbers and both definitions, no difference and no arrow.
    definition_a, definition_b : str
        Definition ids of the two years.
    reason_th, reason_en : str
        Why, in one sentence.
    """

    ok: bool
    definition_a: str
    definition_b: str
    reason_th: str
    reason_en: str

    @property
    def definitions(self) -> tuple[str, str]:
        """Both definition ids."""
        return (self.definition_a, self.definition_b)


@dataclass(frozen=True, slots=True)
class Change:
    """A change from a first value to a second.

    Attributes
    ----------
    absolute : float
        Second minus first, in the unit of the indicator (percentage points for a percentage).
    relative : float or None
        100 x absolute / first, in percent; None when the first value is not positive.
    """

    absolute: float
    relative: float | None


def read_definitions(text: str) -> Mapping[str, Definition]:
    """Read and check definition versions.

    Parameters
    ----------
    text : str
        TOML, in the shape described at the head of ``definitions.toml``.

    Returns
    -------
    mapping of str to Definition
        By id, in the order of the file.

    Raises
    ------
    DefinitionError
        On an unknown, missing or ill-typed key, a repeated id, years out of order, a name that no indicator
        of the catalogue bears, and two versions that cover the same indicator in the same year.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError("the file", "TOML", str(error), "readable TOML") from error
    rows = tables.get("definition")
    if set(tables) != {"definition"} or not isinstance(rows, list):
        raise DefinitionError("the file", "definition", sorted(tables), "only [[definition]] tables")
    found: dict[str, Definition] = {}
    for position, row in enumerate(rows):
        made = _definition(row, str(row.get("id", position + 1)))
        if made.id in found or made.id.startswith(UNVERIFIED):
            raise DefinitionError(made.id, "id", made.id, f"an id no other has, not beginning {UNVERIFIED!r}")
        for pattern in made.indicators:
            if not any(_matches(pattern, name) for name in load_catalogue()):
                raise DefinitionError(made.id, "indicators", pattern, "a name the catalogue bears")
        for other in found.values():
            shared = [n for n in load_catalogue() if made.names(n) and other.names(n)]
            told_by_year = not (made.by_source and other.by_source)
            if (
                shared
                and told_by_year
                and made.first_year <= other.last_year
                and other.first_year <= made.last_year
            ):
                raise DefinitionError(
                    made.id, "years", (made.first_year, made.last_year), f"years apart from {other.id!r}"
                )
            if shared and made.measure != other.measure:
                raise DefinitionError(made.id, "measure", made.measure, other.measure)
        found[made.id] = made
    return MappingProxyType(found)


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _definition(row: Mapping[str, Any], entry: str) -> Definition:
    known = {field.name for field in fields(Definition)} - {"first_year", "last_year"} | {"years"}
    other = {"indicators", "years", "by_source"}
    for key in row:
        if key not in known:
            raise DefinitionError(entry, key, key, f"one of {sorted(known)}")
    for key in sorted(known - other):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise DefinitionError(entry, key, row.get(key), "text")
    if row["confidence"] not in {"A", "B"}:
        raise DefinitionError(entry, "confidence", row["confidence"], "A or B")
    names = row.get("indicators")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DefinitionError(entry, "indicators", names, "a list of ids or beginnings")
    years = row.get("years")
    if not isinstance(years, list) or len(years) != 2 or any(type(year) is not int for year in years):
        raise DefinitionError(entry, "years", years, "[first, last] in the common era")
    if not 1900 <= years[0] <= years[1] <= 2200:
        raise DefinitionError(entry, "years", years, "first not after last, common era (2018, not 2561)")
    by_source = row.get("by_source", False)
    if not isinstance(by_source, bool):
        raise DefinitionError(entry, "by_source", by_source, "true or false")
    texts = {key: row[key] for key in known - other}
    return Definition(
        indicators=tuple(names), first_year=years[0], last_year=years[1], by_source=by_source, **texts
    )


@cache
def load_definitions() -> Mapping[str, Definition]:
    """Return every written definition version by id (read once a process).

    Raises
    ------
    DefinitionError
        When the file breaks a rule.

    Examples
    --------
    >>> load_definitions()["nesdc-gpp"].first_year
    2024
    """
    return read_definitions(DEFINITIONS_FILE.read_text(encoding="utf-8"))


def definition_for(indicator: str, year: int) -> str:
    """Return the id of the definition an indicator was counted under in a year.

    Parameters
    ----------
    indicator : str
        Id in the catalogue; an id the catalogue lacks is answered too.
    year : int
        Common era.

    Returns
    -------
    str
        Where nobody has written down what the year counts, ``unverified-<measure>-<Buddhist year>``:
        importing a new year never fails for want of a definition, but its numbers compare with nothing. Of an imported
        indicator whose years were said to be counted alike, ``imported-<indicator>``.

    Examples
    --------
    >>> definition_for("target_poor", 2018)
    'target-plan12-card1'
    >>> definition_for("target_poor", 2025)
    'unverified-target-2568'
    """
    if indicator.startswith(tuple(IMPORTED)):
        entry = load_catalogue().get(indicator)
        alike = entry is not None and entry.comparable
        return f"{AS_IMPORTED}{indicator}" if alike else f"{UNVERIFIED}{indicator}-{year + BUDDHIST_ERA}"
    return _written_for(indicator, year)


@lru_cache(maxsize=8192)
def _written_for(indicator: str, year: int) -> str:
    measure = indicator
    for definition in load_definitions().values():
        if definition.covers(indicator, year):
            return definition.id
        if definition.names(indicator):
            measure = definition.measure
    return f"{UNVERIFIED}{measure}-{year + BUDDHIST_ERA}"


def definition(definition_id: str) -> Definition:
    """Return a definition version by id, those of :func:`definition_for` that nobody wrote included.

    Raises
    ------
    DefinitionError
        When the id is neither written nor of the ``unverified-`` shape.

    Examples
    --------
    >>> definition("unverified-target-2568").first_year
    2025
    """
    written = load_definitions().get(definition_id)
    if written is not None:
        return written
    if definition_id.startswith(AS_IMPORTED):
        name = definition_id.removeprefix(AS_IMPORTED)
        return Definition(
            id=definition_id,
            measure=name,
            indicators=(name,),
            first_year=1900,
            last_year=2200,
            text_th="ตามที่แหล่งข้อมูลกำหนด ผู้นำเข้ายืนยันว่าทุกปีนับแบบเดียวกัน",
            text_en="As its source defines it; whoever imported it said that all years are counted alike.",
            source="-",
            confidence="-",
            by_source=True,
        )
    measure, _, year_be = definition_id.removeprefix(UNVERIFIED).rpartition("-")
    if (
        not definition_id.startswith(UNVERIFIED)
        or not measure
        or not year_be.isascii()
        or not year_be.isdigit()
    ):
        raise DefinitionError(definition_id, "id", definition_id, f"one of {sorted(load_definitions())}")
    year = int(year_be) - BUDDHIST_ERA
    patterns = {
        p for known in load_definitions().values() if known.measure == measure for p in known.indicators
    }
    return Definition(
        id=definition_id,
        measure=measure,
        indicators=tuple(sorted(patterns)) or (measure,),
        first_year=year,
        last_year=year,
        text_th=f"ยังไม่ทราบนิยามของปี {year_be} จึงไม่เทียบกับปีอื่น",
        text_en=f"The definition used in {year} is not known yet, so it is compared with no other year.",
        source="-",
        confidence="-",
    )


def comparable(indicator: str, year_a: int, year_b: int) -> Comparison:
    """Tell whether a change of an indicator between two years may be shown.

    Parameters
    ----------
    indicator : str
        Id in the catalogue.
    year_a, year_b : int
        Common era.

    Returns
    -------
    Comparison
        ``ok`` only when both years stand under one definition version and the indicator compares over
        years at all. An indicator that the catalogue lacks goes by its definitions alone, and having none it
        compares with no other year.

    Examples
    --------
    >>> comparable("target_poor", 2018, 2022).ok
    True
    >>> comparable("target_poor", 2022, 2023).ok
    False
    """
    a, b = definition_for(indicator, year_a), definition_for(indicator, year_b)
    be_a, be_b = year_a + BUDDHIST_ERA, year_b + BUDDHIST_ERA
    entry = load_catalogue().get(indicator)
    if year_a == year_b:
        return Comparison(True, a, b, "ปีเดียวกัน", "The same year.")
    if entry is not None and entry.theme == "light":
        return Comparison(
            False,
            a,
            b,
            "แสงกลางคืนเทียบข้ามปีบนหน้าแสงกลางคืน ซึ่งตรวจผลิตภัณฑ์ เครื่องวัด และพื้นหลังก่อน",
            "Night light is compared on its own page, which looks at product, sensor and background first.",
        )
    if entry is not None and not entry.comparable:
        return Comparison(
            False,
            a,
            b,
            f"{entry.short_th}เป็นอันดับเทียบกับพื้นที่อื่นภายในปีเดียวกัน จึงไม่เทียบข้ามปี",
            f"{entry.short_en} rank areas within one year and are not compared between years.",
        )
    if a == b:
        return Comparison(
            True,
            a,
            b,
            f"ปี {be_a} และ {be_b} ใช้นิยามเดียวกัน",
            f"{year_a} and {year_b} use the same definition.",
        )
    unknown = [year for year, name in ((year_a, a), (year_b, b)) if name.startswith(UNVERIFIED)]
    if unknown:
        listed_be = " และ ".join(str(year + BUDDHIST_ERA) for year in unknown)
        listed = " and ".join(map(str, unknown))
        return Comparison(
            False,
            a,
            b,
            f"ยังไม่ทราบนิยามของปี {listed_be} จึงไม่เทียบกัน",
            f"The definition of {listed} is not known yet, so the years are not compared.",
        )
    return Comparison(
        False,
        a,
        b,
        f"ปี {be_a} และ {be_b} ใช้นิยามต่างกัน จึงแสดงทั้งสองค่าพร้อมนิยาม แต่ไม่คำนวณการเปลี่ยนแปลง",
        f"{year_a} and {year_b} use different definitions: both numbers stand with theirs, without a change.",
    )


def change(value_a: float | None, value_b: float | None, comparison: Comparison) -> Change | None:
    """Return the change from `value_a` to `value_b`, or None where none may be shown.

    Parameters
    ----------
    value_a, value_b : float or None
        Values of the first and the second year, in the indicator's unit. None and NaN are no data.
    comparison : Comparison
        What :func:`comparable` said of the two years.

    Examples
    --------
    >>> change(4.0, 3.0, comparable("target_poor_rate", 2018, 2022))
    Change(absolute=-1.0, relative=-25.0)
    >>> change(4.0, 3.0, comparable("target_poor_rate", 2018, 2023)) is None
    True
    """
    if not comparison.ok or value_a is None or value_b is None:
        return None
    if not (math.isfinite(value_a) and math.isfinite(value_b)):
        return None
    absolute = float(value_b) - float(value_a)
    return Change(absolute, 100 * absolute / float(value_a) if value_a > 0 else None)
