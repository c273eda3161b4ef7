"""Profiles of deprivation for readers: how many persons of an area are deprived in which set of indicators.

Reached as `Warehouse.mpi`. From profiles follow H, A, M0 and contributions at every cut-off and set of weights, so that nobody has
to look at a person again. They come from computed indices that were imported, and, without a copy, from TPMAP's published
overlap: its 31 cells are the profiles of a specification whose indicators are the five dimensions.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from analytics.catalogue import MASKS
from geo.codes import level_of, official_areas
from warehouse.report import QueryError

if TYPE_CHECKING:
    from analytics.alkire_foster import ProfileCounts
    from analytics.mpi_specs import MpiSpec
    from warehouse.query import Warehouse

OVERLAP: Final = "tpmap_dimensions"
"""Key of the edition that TPMAP's overlap makes, and id of its specification."""

COLUMNS: Final = ("area_code", "profile", "missing", "persons", "rows")
"""Columns of `Mpi.profiles`, in order."""

WANTED: Final = (
    "n", "poor", "H", "A", "M0", "uncensored", "censored", "contribution_percent", "dimension_percent",
)  # fmt: skip
LEVELS: Final = ("country", "province", "district", "subdistrict")
WIDTH: Final[Mapping[str, int]] = {"province": 2, "district": 4, "subdistrict": 6}
_KEPT: Final = 12

_EDITIONS = """
SELECT p.source_id, p.spec, p.year, any_value(p.level), any_value(e.entry), any_value(s.kind),
       list_sort(list(DISTINCT p.subgroup))
FROM mpi_profile p
JOIN mpi_spec e ON e.source_id = p.source_id AND e.spec = p.spec
JOIN source s ON s.source_id = p.source_id
GROUP BY p.source_id, p.spec, p.year ORDER BY p.source_id, p.spec, p.year
"""
_AREAS = """
SELECT DISTINCT area_code FROM mpi_profile WHERE source_id = $source AND spec = $spec AND year = $year AND subgroup = ''
"""
_OVERLAPS = """
SELECT o.year, o.level, any_value(o.source_id), any_value(s.kind)
FROM observation o JOIN source s USING (source_id)
WHERE starts_with(o.indicator, 'overlap_cell_') AND o.preferred AND o.level IN ('country', 'province', 'district', 'subdistrict')
GROUP BY o.year, o.level ORDER BY o.year, o.level
"""
# One list an area: a row a profile would be over a million of the country's subdistricts.
_PROFILES = """
SELECT code AS area_code, list(profile) AS profile, list(missing) AS missing, list(persons) AS persons,
       list(rows) AS rows
FROM (
    SELECT CASE WHEN $width = 0 THEN 'TH' ELSE left(area_code, $width) END AS code, profile, missing,
           sum(persons) AS persons, sum(rows)::BIGINT AS rows
    FROM mpi_profile
    WHERE source_id = $source AND year = $year AND subgroup = $subgroup
      AND ($within = 'TH' OR starts_with(area_code, $within))
    GROUP BY ALL ORDER BY ALL
)
GROUP BY code ORDER BY code
"""
# Areas all of whose cells are there and shown, out of the persons of the same source.
_CELLS = """
SELECT area_code, indicator, value, denominator
FROM observation
WHERE starts_with(indicator, 'overlap_cell_') AND preferred AND level = $level AND year = $year
  AND ($within = 'TH' OR starts_with(area_code, $within)) AND value IS NOT NULL AND denominator IS NOT NULL
ORDER BY area_code, indicator
"""


def upper_areas(codes: Iterable[str], finest: str) -> dict[str, frozenset[str]]:
    """Areas above the finest level that profiles may be added up to.

    Parameters
    ----------
    codes : iterable of str
        Areas with profiles.
    finest : str
        Their level.

    Returns
    -------
    dict of str to frozenset of str
        By level: the areas `warehouse.derive.SUM_COVERAGE` of whose official children are there, level by level as for every
        other sum. A survey of one province is no figure of the country.
    """
    from warehouse.derive import SUM_COVERAGE

    official = official_areas().values()
    here = frozenset(codes)
    found: dict[str, frozenset[str]] = {}
    for level in reversed(LEVELS[: LEVELS.index(finest)]):
        below = LEVELS[LEVELS.index(level) + 1]
        children = [(area.parent, area.code in here) for area in official if area.level == below]
        every = Counter(parent for parent, _ in children)
        known = Counter(parent for parent, there in children if there)
        here = frozenset(str(p) for p, n in every.items() if known[p] >= SUM_COVERAGE * n)
        found[level] = here
    return found


@dataclass(frozen=True, slots=True)
class Question:
    """Areas, and the cut-off and weights they are measured by.

    Attributes
    ----------
    key : str
        Of an edition.
    level, within : str
        Areas of `level` inside `within`.
    year : int
        Common era.
    cut, weights
        As for `adjusted`.
    """

    key: str
    level: str
    within: str
    year: int
    cut: int | None = None
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """One computed index: a specification and the years there are profiles of.

    Attributes
    ----------
    key : str
        In an address: the source's id, or `OVERLAP`.
    levels : mapping of int to tuple of str
        Levels with profiles, by year of the common era, from the country down; those above the finest where enough of the areas
        below are there.
    sources : mapping of int to str
        Source id by year.
    subgroups : tuple of str
        Such as ``sex=f``; without the empty one that stands for everybody.
    made_up : bool
        Whether a source of it is synthetic or modelled.
    """

    key: str
    spec: MpiSpec
    levels: Mapping[int, tuple[str, ...]]
    sources: Mapping[int, str]
    subgroups: tuple[str, ...]
    made_up: bool

    @property
    def years(self) -> tuple[int, ...]:
        """Ascending."""
        return tuple(sorted(self.levels))


class Mpi:
    """Profiles of deprivation of one snapshot.

    Parameters
    ----------
    house : Warehouse

    Raises
    ------
    QueryError
        From every method, for an edition, year, level or area the snapshot does not have.
    StoreError
        When a file is not as it was published.

    Notes
    -----
    Safe to share between threads. Frames returned are the caller's own. A snapshot made before there were profiles has those of
    TPMAP's overlap alone.
    """

    def __init__(self, house: Warehouse) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._sums: dict[tuple[str, str, int], dict[str, frozenset[str]]] = {}
        self._counts: OrderedDict[tuple[object, ...], ProfileCounts] = OrderedDict()

    @cached_property
    def editions(self) -> tuple[Edition, ...]:
        """What there is: computed indices by source, and TPMAP's overlap last."""
        # The specifications are read from TOML: not before a page asks for them.
        from analytics.mpi_specs import load_spec, read_spec
        from warehouse.pairing import MADE_UP

        found: dict[tuple[str, str], Edition] = {}
        if self._house._rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'mpi_profile'"):
            for source, spec, year, level, entry, kind, subgroups in self._house._rows(_EDITIONS):
                before = found.get((source, spec))
                sums = upper_areas(self._areas(source, spec, int(year)), level)
                self._sums[source, spec, int(year)] = sums
                levels = tuple(one for one in LEVELS if one == level or sums.get(one))
                names = tuple(s for s in subgroups if s)
                found[source, spec] = Edition(
                    source,
                    read_spec(entry, f"{spec}.toml") if before is None else before.spec,
                    {**(before.levels if before else {}), int(year): levels},
                    {**(before.sources if before else {}), int(year): source},
                    tuple(dict.fromkeys([*(before.subgroups if before else ()), *names])),
                    kind in MADE_UP,
                )
        made = list(found.values())
        overlaps = self._house._rows(_OVERLAPS)
        if overlaps:
            by_year: dict[int, set[str]] = {}
            for year, level, _, _ in overlaps:
                by_year.setdefault(int(year), set()).add(level)
            made.append(
                Edition(
                    OVERLAP,
                    load_spec(OVERLAP),
                    {year: tuple(x for x in LEVELS if x in have) for year, have in by_year.items()},
                    {int(year): str(source) for year, _, source, _ in overlaps},
                    (),
                    any(kind in MADE_UP for _, _, _, kind in overlaps),
                )
            )
        return tuple(made)

    def _areas(self, source: str, spec: str, year: int) -> list[str]:
        """Areas of the finest level that everybody's profiles are of."""
        rows = self._house._rows(_AREAS, {"source": source, "spec": spec, "year": year})
        return [str(code) for (code,) in rows]

    def edition(self, key: str) -> Edition:
        """One edition by its key."""
        for found in self.editions:
            if found.key == key:
                return found
        raise QueryError(f"ไม่มีดัชนี {key!r} ในชุดข้อมูล", f"no index {key!r} in the snapshot")

    def profiles(self, key: str, level: str, within: str, year: int, subgroup: str = "") -> pd.DataFrame:
        """Persons by area and profile.

        Parameters
        ----------
        key : str
            Of an edition.
        level : str
            Of the areas: country, province, district or subdistrict.
        within : str
            Only areas inside this one; itself when it is of the level asked for.
        year : int
            Common era.
        subgroup : str
            One of the edition's, or empty for everybody.

        Returns
        -------
        DataFrame
            `COLUMNS`, by area and profile. Bit i of ``profile`` is set where the persons are deprived in the i-th indicator of
            the specification, of ``missing`` where nobody knows. Everybody is in it: those deprived in nothing have the profile
            0. ``persons`` are those they stand for, ``rows`` those that were asked. An area whose numbers are not all known is
            left out.
        """
        edition = self.edition(key)
        self._house.area(within)
        if level not in edition.levels.get(year, ()):
            raise QueryError(
                f"ไม่มีรูปแบบการขาดแคลนของ {key!r} ปี {year + 543} ระดับ {level}",
                f"no profiles of {key!r} in {year} at level {level}",
            )
        if key == OVERLAP:
            return self._overlap(level, within, year)
        given = {
            "source": edition.sources[year],
            "year": year,
            "subgroup": subgroup,
            "within": within,
            "width": WIDTH.get(level, 0),
        }
        if level_of(within) in WIDTH and WIDTH.get(level, 0) < WIDTH[level_of(within)]:
            raise QueryError(f"{within} อยู่ใต้ระดับ {level}", f"{within} lies below the level {level}")
        lists = self._house._table(_PROFILES, given)
        sums = self._sums[edition.sources[year], edition.spec.id, year]
        if level in sums:
            lists = lists[lists["area_code"].isin(sums[level])]
        sizes = [len(row) for row in lists["profile"]]
        columns = {"area_code": np.repeat(lists["area_code"].to_numpy(dtype=object), sizes)}
        for name, kind in (
            ("profile", np.int64), ("missing", np.int64), ("persons", np.float64), ("rows", np.int64),
        ):  # fmt: skip
            parts = [np.asarray(row, dtype=kind) for row in lists[name]]
            columns[name] = np.concatenate(parts) if parts else np.empty(0, dtype=kind)
        return pd.DataFrame(columns)

    def _overlap(self, level: str, within: str, year: int) -> pd.DataFrame:
        rows = self._house._table(_CELLS, {"level": level, "within": within, "year": year})
        cells = rows.pivot(index="area_code", columns="indicator", values="value")
        cells = cells.reindex(columns=[f"overlap_cell_{mask}" for mask in MASKS]).dropna()
        whole = rows.groupby("area_code")["denominator"].agg(["min", "max"]).reindex(cells.index)
        counts = cells.to_numpy(dtype=np.float64)
        nobody = whole["max"].to_numpy(dtype=np.float64) - counts.sum(axis=1)
        # Cells of one edition have the same persons; a corrected file of a part of them would not.
        sound = (whole["min"] == whole["max"]).to_numpy() & (nobody >= 0)
        # The first letter of a mask is the first dimension, and the first dimension the lowest bit.
        profiles = np.array([0, *(int(mask[::-1], 2) for mask in MASKS)], dtype=np.int64)
        order = np.argsort(profiles)
        table = np.column_stack([nobody, counts])[sound][:, order]
        codes = cells.index.to_numpy(dtype=object)[sound]
        return pd.DataFrame(
            {
                "area_code": np.repeat(codes, len(profiles)),
                "profile": np.tile(profiles[order], len(codes)),
                "missing": np.zeros(table.size, dtype=np.int64),
                "persons": table.ravel(),
                "rows": table.ravel().astype(np.int64),
            }
        )

    def counts(self, key: str, level: str, within: str, year: int) -> ProfileCounts:
        """The persons of `profiles`, everybody, ready for many cut-offs and weights; kept."""
        from analytics.alkire_foster import count_profiles

        wanted = (key, level, within, year)
        with self._lock:
            known = self._counts.get(wanted)
        if known is None:
            rows = self.profiles(key, level, within, year)
            known = count_profiles(rows.rename(columns={"rows": "persons", "persons": "weight"}))
        with self._lock:
            self._counts[wanted] = known
            self._counts.move_to_end(wanted)
            while len(self._counts) > _KEPT:
                self._counts.popitem(last=False)
        return known

    def measures(self, question: Question) -> pd.DataFrame:
        """Measures of areas under a cut-off and weights.

        Returns
        -------
        DataFrame
            One row an area, by code as the index; columns are pairs of `analytics.mpi_measures.MEASURES` and the id of an
            indicator or a dimension, empty where the measure has none. Shares from 0 to 1.
        """
        from analytics.alkire_foster import measures
        from analytics.mpi_measures import ratios

        spec = self.adjusted(question)
        counts = self.counts(question.key, question.level, question.within, question.year)
        long = measures(counts, spec, only=WANTED)
        wide = long.pivot(index="area_code", columns=["measure", "indicator"], values="value").sort_index()
        # Also where no area is there.
        every = [(r.measure, r.indicator) for r in ratios(spec, only=WANTED)]
        return wide.reindex(columns=pd.MultiIndex.from_tuples(every, names=wide.columns.names))

    def missing(self, key: str, level: str, within: str, year: int) -> pd.DataFrame:
        """What missing answers cost in areas, under the rule of the edition's specification.

        Returns
        -------
        DataFrame
            One row an area, by code as the index: ``asked``, persons in the profiles; ``rows``, those of them with an answer
            missing in any indicator; ``left_out``, those whom the rule leaves out of every measure.
        """
        from analytics.alkire_foster import missing_cost

        counts = self.counts(key, level, within, year)
        cost = missing_cost(counts, self.edition(key).spec)
        cost = cost[cost["indicator"] == ""].set_index("area_code")[["rows", "left_out"]]
        asked = pd.Series(counts.persons.sum(axis=1), index=counts.groups["area_code"])
        return cost.assign(asked=asked.reindex(cost.index))

    def adjusted(self, question: Question) -> MpiSpec:
        """The specification of an edition with the cut-off and the weights asked for."""
        spec = self.edition(question.key).spec
        return adjusted(spec, question.cut, question.weights)


def adjusted(spec: MpiSpec, cut: int | None, weights: tuple[int, ...]) -> MpiSpec:
    """A specification with another cut-off and other weights.

    Parameters
    ----------
    spec : MpiSpec
    cut : int or None
        In percent of all weights, 0 is the union; None leaves the specification's own.
    weights : tuple of int
        Of all dimensions, or else of all indicators, in their order; empty leaves the specification's own.

    Raises
    ------
    QueryError
        When there are neither as many weights as dimensions nor as many as indicators, or all are 0.
    """
    from analytics.spec_tables import SpecError

    ids = next(
        (
            [one.id for one in group]
            for group in (spec.dimensions, spec.indicators)
            if len(group) == len(weights)
        ),
        None,
    )
    if weights and (ids is None or not any(weights)):
        raise QueryError(
            f"พบน้ำหนัก {len(weights)} ค่า ควรมี {len(spec.dimensions)} หรือ {len(spec.indicators)} ค่า และไม่เป็นศูนย์ทั้งหมด",
            f"found {len(weights)} weights, expected {len(spec.dimensions)} or {len(spec.indicators)}, not all of them 0",
        )
    try:
        if ids is not None and weights:
            spec = spec.with_weights(dict(zip(ids, weights, strict=True)))
        if cut is not None:
            spec = spec.with_k("union" if cut == 0 else Fraction(cut, 100))
    except SpecError as error:
        raise QueryError(error.text("th"), error.text("en")) from error
    return spec
