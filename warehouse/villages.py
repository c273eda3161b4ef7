"""Villages for readers: where they lie, how กชช.2ค scores them, and what that makes of the areas above them.

Reached as `Warehouse.villages`. Scores say what a village has and lacks; they count no persons.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from analytics.village_specs import NOT_APPLICABLE, Spec, read_spec
from analytics.villages import standing
from geo.codes import COUNTRY, village_name
from warehouse.report import QueryError

if TYPE_CHECKING:
    from warehouse.query import Warehouse

POINT_COLUMNS: Final = ("code", "name_th", "longitude", "latitude", "source_id", "how", "confidence")
"""Columns of `Villages.points`, in order; longitude and latitude in degrees (EPSG:4326)."""

LEVEL: Final = "level"
"""The measure that is a village's level; other measures are the ids of indicators and domains."""

KNOWN_VILLAGES: Final = """
SELECT v.code FROM area v LEFT JOIN area p ON p.code = left(v.code, 6)
WHERE v.level = 'village' AND coalesce(p.kind, '') <> 'municipal' AND ($within = 'TH' OR starts_with(v.code, $within))
"""
"""Villages that a survey could have scores of, in any order: not the communities of towns, which it does not visit."""

_KEPT: Final = 12
_STANDING = """
SELECT code, count(*) FILTER (score = 1) AS severe, count(*) FILTER (score = 2) AS some,
       count(*) FILTER (score = 3) AS fine, count(*) FILTER (score = 0) AS not_applicable
FROM village_score
WHERE spec = $spec AND year = $year AND ($within = 'TH' OR starts_with(code, $within))
  AND list_contains($indicators::VARCHAR[], indicator)
GROUP BY code ORDER BY code
"""
_WORST = """
SELECT code, min(score) FILTER (score > 0) AS worst, count(*) AS answered
FROM village_score
WHERE spec = $spec AND year = $year AND ($within = 'TH' OR starts_with(code, $within))
  AND list_contains($indicators::VARCHAR[], indicator)
GROUP BY code ORDER BY code
"""
_COVERAGE = f"""
WITH scored AS (
    SELECT DISTINCT code FROM village_score
    WHERE spec = $spec AND year = $year AND ($within = 'TH' OR starts_with(code, $within))
      AND list_contains($indicators::VARCHAR[], indicator)
), known AS ({KNOWN_VILLAGES} UNION SELECT code FROM scored)
SELECT (SELECT count(*) FROM scored), (SELECT count(*) FROM known)
"""
_POINTS = """
SELECT code, name_th, longitude, latitude, source_id, how, confidence FROM village_point
WHERE $within = 'TH' OR starts_with(code, $within) ORDER BY code
"""


@dataclass(frozen=True, slots=True)
class Round:
    """One survey: the scores of a year by a specification.

    Attributes
    ----------
    spec : Spec
        As it was when the scores were read.
    year : int
        Common era.
    villages : int
        With any score.
    source_id : str
    """

    spec: Spec
    year: int
    villages: int
    source_id: str

    @property
    def key(self) -> str:
        """Id of the round in an address."""
        return f"{self.spec.id}-{self.year}"


class Villages:
    """Villages of one snapshot.

    Parameters
    ----------
    house : Warehouse

    Raises
    ------
    QueryError
        From every method, for an area, round or measure the snapshot does not have.
    StoreError
        When a file is not as it was published.

    Notes
    -----
    Safe to share between threads. Frames returned are the caller's own. A snapshot made before there were villages has none.
    """

    def __init__(self, house: Warehouse) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[object, ...], pd.DataFrame] = OrderedDict()

    @cached_property
    def _tables(self) -> frozenset[str]:
        rows = self._house._rows(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'village_')"
        )
        return frozenset(str(name) for (name,) in rows)

    def _kept(self, key: tuple[object, ...], work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The answer to a question, from memory where it was asked before."""
        with self._lock:
            frame = self._answers.get(key)
        if frame is None:
            frame = work()
        with self._lock:
            self._answers[key] = frame
            self._answers.move_to_end(key)
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        return frame.copy()

    # -- where they lie -----------------------------------------------------

    def points(self, within: str = COUNTRY) -> pd.DataFrame:
        """Villages with a place on the map, one row a village, by code.

        Parameters
        ----------
        within : str
            Only villages inside this area.

        Returns
        -------
        DataFrame
            `POINT_COLUMNS`. ``how`` says what led from the file's row to the village: ``code`` (an official code),
            ``position`` (the name, inside the subdistrict the point lies in) or ``name`` (the name, inside the subdistrict
            the file names). ``confidence`` is a grade from 0 to 1 and no probability.
        """
        self._house.area(within)
        if "village_point" not in self._tables:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in POINT_COLUMNS})
        return self._kept(("points", within), lambda: self._house._table(_POINTS, {"within": within}))

    # -- what they lack -------------------------------------------------------

    @cached_property
    def rounds(self) -> tuple[Round, ...]:
        """Surveys with scores, the newest first."""
        if "village_score" not in self._tables:
            return ()
        entries = {
            str(spec): str(text) for spec, text in self._house._rows("SELECT spec, entry FROM village_spec")
        }
        specs = {spec: read_spec(text, f"{spec}.toml") for spec, text in entries.items()}
        listed = [f"{spec.id} {indicator.id}" for spec in specs.values() for indicator in spec.indicators]
        rows = self._house._rows(
            """
            SELECT spec, year, count(DISTINCT code) FILTER (list_contains($listed::VARCHAR[], spec || ' ' || indicator)),
                   min(source_id)
            FROM village_score GROUP BY spec, year ORDER BY year DESC, spec
            """,
            {"listed": listed},
        )
        return tuple(Round(specs[str(s)], int(y), int(n), str(source)) for s, y, n, source in rows)

    def round(self, spec: str, year: int) -> Round:
        """The survey of a year by a specification."""
        for found in self.rounds:
            if (found.spec.id, found.year) == (spec, year):
                return found
        raise QueryError(
            f"ไม่มีคะแนนหมู่บ้านของ {spec!r} ปี {year + 543}", f"no scores of villages by {spec!r} in {year}"
        )

    def standing(self, spec: str, year: int, within: str = COUNTRY) -> pd.DataFrame:
        """How the villages inside an area stand: `analytics.villages.standing`, by code."""
        found = self.round(spec, year)
        self._house.area(within)
        # A corrected specification may have dropped indicators that the scores still have.
        ids = [indicator.id for indicator in found.spec.indicators]
        given = {"spec": spec, "year": year, "within": within, "indicators": ids}
        return self._kept(
            ("standing", spec, year, within),
            lambda: standing(found.spec, self._house._table(_STANDING, given)),
        )

    def coverage(self, spec: str, year: int, within: str = COUNTRY) -> tuple[int, int]:
        """Villages inside an area with a score in a round, and all that are known there."""
        ids = [indicator.id for indicator in self.round(spec, year).spec.indicators]
        self._house.area(within)
        [(scored, known)] = self._house._rows(
            _COVERAGE, {"spec": spec, "year": year, "within": within, "indicators": ids}
        )
        return int(scored), int(known)

    def classed(self, spec: str, year: int, measure: str, within: str = COUNTRY) -> pd.DataFrame:
        """One class a village.

        Parameters
        ----------
        measure : str
            `LEVEL`, or the id of a domain or an indicator of the specification.

        Returns
        -------
        DataFrame
            ``code`` and ``k``: level or worst score, 1 to 3; 0 where nothing of the measure applies; NaN where it is not
            certain, because a score is missing.
        """
        found = self.round(spec, year)
        if measure == LEVEL:
            return self.standing(spec, year, within)[["code", "level"]].rename(columns={"level": "k"})
        ids = [i.id for i in found.spec.indicators if measure in (i.id, i.domain)]
        if not ids:
            raise QueryError(f"ไม่รู้จักตัวชี้วัดหมู่บ้าน {measure!r}", f"unknown measure of villages {measure!r}")
        self._house.area(within)
        given = {"spec": spec, "year": year, "within": within, "indicators": ids}

        def work() -> pd.DataFrame:
            rows = self._house._table(_WORST, given)
            worst = rows["worst"].to_numpy(dtype=float, na_value=float(NOT_APPLICABLE))
            certain = (rows["answered"].to_numpy() == len(ids)) | (worst == 1)
            return pd.DataFrame({"code": rows["code"], "k": np.where(certain, worst, np.nan)})

        return self._kept(("classed", spec, year, measure, within), work)

    def scores(self, spec: str, year: int, code: str) -> dict[str, int]:
        """Scores of one village by indicator; an indicator without a score is not among them."""
        rows = self._house._rows(
            "SELECT indicator, score FROM village_score WHERE spec = ? AND year = ? AND code = ?",
            [spec, year, code],
        )
        return {str(indicator): int(score) for indicator, score in rows}

    def point(self, code: str) -> dict[str, Any] | None:
        """The point of one village, with the columns `POINT_COLUMNS`; None where it has none."""
        if "village_point" not in self._tables:
            return None
        found = self._house._table(
            """
            SELECT code, name_th, longitude, latitude, source_id, how, confidence FROM village_point WHERE code = ?
            """,
            [code],
        )
        return None if found.empty else {str(k): v for k, v in found.iloc[0].items()}

    def names(self) -> dict[str, str]:
        """Code to Thai name of every village that has a name of its own, by code."""
        rows = self._house._rows("SELECT code, name_th FROM area WHERE level = 'village' ORDER BY code")
        return {str(code): str(name) for code, name in rows if name != village_name(str(code))}
