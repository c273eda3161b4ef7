"""The synthetic persons as files: province by province, so that the country never has to fit into memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.catalogue import DIMENSIONS
from warehouse.demo.answers import households, persons
from warehouse.demo.identities import identities
from warehouse.demo.land import land_of
from warehouse.demo.logbook import logbook
from warehouse.demo.plan import Homes, plan
from warehouse.demo.targets import PUBLISHED_YEAR, Targets, province_codes, province_targets

YEARS: Final = (2022, 2023)
"""Years of the synthetic surveys, common era: one for change, and the one whose published figures are hit."""
FOLDERS: Final = ("households", "persons", "identities", "logbook")
ROWS: Final = 131_072
"""Rows of a group in a file: what a reader holds at a time."""
_MARK: Final = {"daomap": "synthetic"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One figure of a province beside what the persons come to.

    Attributes
    ----------
    province : str
    year : int
        Common era.
    figure : str
        `persons`, `households`, `poor`, `poor_households`, `target` or a dimension.
    wanted, made : int
    published : bool
        Whether somebody published it; otherwise it is worked out or invented.
    """

    province: str
    year: int
    figure: str
    wanted: int
    made: int
    published: bool


@dataclass(frozen=True, slots=True)
class PeopleReport:
    """What was written.

    Attributes
    ----------
    folder : Path
    seed : int
    scale : float
    persons, households : int
        Rows of all years.
    provinces : tuple of str
        Written, two digits each.
    hits : tuple of Hit
        Every figure of every province.
    """

    folder: Path
    seed: int
    scale: float
    persons: int
    households: int
    provinces: tuple[str, ...]
    hits: tuple[Hit, ...]

    @property
    def missed(self) -> tuple[Hit, ...]:
        """Figures that the weighted persons do not come to; none, unless the rules of the plan have a fault."""
        return tuple(hit for hit in self.hits if hit.wanted != hit.made)


def write_people(
    out: Path,
    *,
    seed: int,
    scale: float,
    years: Sequence[int] = YEARS,
    provinces: Collection[str] | None = None,
    with_identities: bool = True,
    progress: Callable[[float], None] | None = None,
) -> PeopleReport:
    """Write the synthetic country: persons and households in the columns of `analytics.survey_columns`.

    Parameters
    ----------
    out : Path
        Gets the folders ``households``, ``persons``, ``identities`` and ``logbook``, each with a file
        ``<year>-<province>.parquet`` a year and province. Folders of these names that are there are replaced.
    seed : int
        The same seed, scale and provinces make the same bytes.
    scale : float
        Rows for each surveyed person, above 0 and up to 1. At 1 a row is a person (36.1 million a year); below it the
        poor are thinned less than the others and the column ``weight`` of the households makes up for it, so that every
        weighted figure stays what it is. The smallest country has some 5,000 persons a year.
    years : sequence of int
        Common era. Figures are published for `PUBLISHED_YEAR`; every other year is invented.
    provinces : collection of str, optional
        Two-digit codes; default all 76 of the survey.
    with_identities : bool
        Whether names, citizen ids and house numbers are written.
    progress : callable, optional
        Called with the part done, 0 to 1.

    Returns
    -------
    PeopleReport

    Raises
    ------
    ValueError
        For a scale, year or province that cannot be.
    """
    wanted = tuple(sorted(provinces if provinces is not None else province_codes()))
    unknown = sorted(set(wanted) - set(province_codes()))
    if not 0 < scale <= 1:
        raise ValueError(f"scale: found {scale}, expected more than 0 and at most 1")
    if unknown or not wanted:
        raise ValueError(
            f"provinces: found {', '.join(unknown) or 'none'}, expected codes of the 76 of the survey"
        )
    if seed < 0:
        raise ValueError(f"seed: found {seed}, expected 0 or more")
    if not years or not all(1990 <= year <= 2100 for year in years):
        raise ValueError(f"years: found {list(years)}, expected years of the common era")
    for name in FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
        if with_identities or name != "identities":
            (out / name).mkdir(parents=True)
    rows, homes_rows, hits = 0, 0, []
    for number, year in enumerate(sorted(set(years))):
        targets = province_targets(year, seed)
        for at, province in enumerate(wanted):
            land = land_of(province, seed)
            rng = np.random.default_rng([seed, 3, year, int(province)])
            homes = plan(targets[province], land, scale, rng)
            hits.extend(_hits(homes, targets[province], year))
            name = f"{year}-{province}.parquet"
            table = households(homes, land, province, year, rng)
            people = persons(homes, province, year, table.column("household_id").combine_chunks(), rng)
            _write(out / "households" / name, table)
            _write(out / "persons" / name, people)
            _write(out / "logbook" / name, logbook(homes, table, rng))
            if with_identities:
                _write(out / "identities" / name, identities(people, table, province, year, rng))
            rows, homes_rows = rows + people.num_rows, homes_rows + table.num_rows
            if progress is not None:
                progress((number + (at + 1) / len(wanted)) / len(set(years)))
    return PeopleReport(out, seed, scale, rows, homes_rows, wanted, tuple(hits))


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(
        table.replace_schema_metadata(_MARK),
        path,
        compression="zstd",
        row_group_size=ROWS,
    )


def _hits(homes: Homes, t: Targets, year: int) -> list[Hit]:
    poor = homes.primary >= 0
    made: Mapping[str, int] = {
        "persons": int(homes.weight @ homes.size),
        "households": int(homes.weight.sum()),
        "poor": int((homes.weight * homes.size)[poor].sum()),
        "poor_households": int(homes.weight[poor].sum()),
        "target": int((homes.weight * homes.cards)[poor].sum()),
    } | {
        name: int((homes.weight * homes.cards)[homes.dimensions[:, k]].sum())
        for k, name in enumerate(DIMENSIONS)
    }
    want: Mapping[str, int] = {
        name: getattr(t, name) for name in ("persons", "households", "poor", "poor_households", "target")
    } | dict(zip(DIMENSIONS, t.dimensions, strict=True))
    known = year == PUBLISHED_YEAR
    return [
        Hit(
            t.province,
            year,
            name,
            want[name],
            made[name],
            known and ("dimensions" if name in DIMENSIONS else name) not in t.derived,
        )
        for name in want
    ]
