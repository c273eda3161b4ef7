"""Which counts of one area hang together, and how: what an attacker may take for granted."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.catalogue import DIMENSIONS, MASKS, MPI_INDICATORS

APPLICABLE: Final = "applicable_ind"
"""Prefix under which the denominators of ``failing_indNN`` take part: they are counts, and published too."""

LEVELS: Final = ("country", "province", "district", "subdistrict", "village")

FINEST: Final = {"overlap_cell_": "country", "overlap_": "province"}
"""Prefix of a breakdown to the finest level it is offered at, where that is not the finest of all.

The 31 overlap cells tie all five dimensions together; below the country nearly each area has a cell of one to four
persons, and keeping those hidden would hide the dimensions themselves.
"""


RESTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "rest_urgent_no_card": ("t_group_urgent", ("t_group_urgent_card",)),
    "rest_not_urgent": ("t_group_persons", ("t_group_urgent",)),
    "rest_not_vulnerable": ("t_group_persons", ("t_group_vulnerable",)),
    "rest_not_missed": ("t_group_persons", ("t_group_missed",)),
    "rest_no_card": (
        "t_group_persons",
        ("t_group_urgent_card", "t_group_card_not_poor", "t_group_card_no_data"),
    ),
    "rest_neither": ("t_group_persons", ("t_group_urgent", "t_group_card_not_poor", "t_group_card_no_data")),
}
"""Groups that nobody publishes and everybody can work out: a whole, less the parts that exclude each other.

They take part as counts, so that a small one keeps something hidden of what it follows from; they are never shown themselves.
"""

_FEW: Final = 12  # columns up to which every sum is tried
_ENOUGH: Final = 8  # areas of which one may be a misprint
_PATTERNS: Final = 40  # sets of columns that areas have, the commonest
_DRAWS: Final = 24  # one of these misses a single misprint, nearly surely
_ZERO: Final = 1e-11
_NEAR: Final = 1e-8

Floats = npt.NDArray[np.float64]


class DependentError(ValueError):
    """Counts follow from each other in a way that nobody stated."""


def is_offered(indicator: str, level: str, finest: str = "subdistrict") -> bool:
    """Whether an indicator of a protected source is offered at a level at all.

    Parameters
    ----------
    indicator, level : str
    finest : str
        Finest level of the source.

    Examples
    --------
    >>> is_offered("target_poor", "subdistrict"), is_offered("overlap_3", "district")
    (True, False)
    """
    for prefix, most in FINEST.items():
        if indicator.startswith(prefix):
            finest = min(finest, most, key=LEVELS.index)
            break
    return LEVELS.index(level) <= LEVELS.index(finest)


@dataclass(frozen=True, slots=True)
class Relation:
    """A statement ``sum(coefficient x count) = 0`` or ``<= 0`` about the counts of one area.

    It is used in the areas where all its counts are present and the true numbers obey it; where they do not,
    an attacker who believed it would be misled and not helped.

    Attributes
    ----------
    parts : mapping of str to int
        Indicator to coefficient.
    equal : bool
        Whether the sum is exactly zero, or at most zero.
    """

    parts: Mapping[str, int]
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """What the published counts of one source have to do with each other.

    That children sum to their parent needs no mention: it is tried for every count in every area.

    Attributes
    ----------
    relations : tuple of Relation
        Statements inside an area.
    groups : tuple of (str, str)
        Pairs (part, whole) whose equality says something of every member of the group: "all here are poor".
    """

    relations: tuple[Relation, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()

    def within(self, indicators: Collection[str]) -> Structure:
        """Return the part that speaks of these indicators only."""
        have = set(indicators)
        return Structure(
            tuple(r for r in self.relations if have.issuperset(r.parts)),
            tuple(pair for pair in self.groups if have.issuperset(pair)),
        )


def tpmap_structure() -> Structure:
    """Return what is known of TPMAP's counts, each relation tried on the files of B.E. 2561 and 2566."""
    relations: list[Relation] = []

    def most(part: str, whole: str) -> None:
        relations.append(Relation({part: 1, whole: -1}))

    def covered(whole: str, parts: Collection[str]) -> None:
        """Say that a union is at least each of its parts and at most their sum."""
        relations.append(Relation({whole: 1} | dict.fromkeys(parts, -1)))
        for part in parts:
            most(part, whole)

    def sums(total: str, parts: Collection[str]) -> None:
        relations.append(Relation({total: 1} | dict.fromkeys(parts, -1), equal=True))

    covered("target_poor", [f"target_{d}" for d in DIMENSIONS])
    for dimension in DIMENSIONS:
        covered(
            f"target_{dimension}", [f"target_ind{n}" for n, d in MPI_INDICATORS.items() if d == dimension]
        )
    covered("mpi_poor", [f"failing_ind{n}" for n in MPI_INDICATORS])
    for number in MPI_INDICATORS:
        most(f"target_ind{number}", f"failing_ind{number}")
        most(f"failing_ind{number}", f"{APPLICABLE}{number}")
        most(f"{APPLICABLE}{number}", "surveyed_persons")
    for part, whole in (
        ("target_poor", "mpi_poor_registered"), ("target_poor", "welfare_verified"),
        ("mpi_poor_registered", "mpi_poor"), ("mpi_poor_registered", "welfare_registered"),
        ("mpi_poor", "surveyed_persons"), ("mpi_poor_households", "mpi_poor"),
        ("mpi_poor_households", "households"), ("households", "surveyed_persons"),
        ("welfare_verified", "welfare_registered"), ("welfare_registered", "surveyed_persons"),
        ("elderly", "surveyed_persons"), ("disabled", "surveyed_persons"),
        ("chronically_ill", "surveyed_persons"),
    ):  # fmt: skip
        most(part, whole)

    cells = {mask: f"overlap_cell_{mask}" for mask in MASKS}
    exactly = {k: f"overlap_{k}" for k in range(1, len(DIMENSIONS) + 1)}
    sums("target_poor", list(cells.values()))
    for place, dimension in enumerate(DIMENSIONS):
        sums(f"target_{dimension}", [cell for mask, cell in cells.items() if mask[place] == "1"])
    for k, name in exactly.items():
        sums(name, [cell for mask, cell in cells.items() if mask.count("1") == k])
    # The five totals speak of the dimensions even where the 31 cells are not published.
    sums("target_poor", list(exactly.values()))
    mean = {f"target_{d}": 1 for d in DIMENSIONS} | {name: -k for k, name in exactly.items()}
    relations.append(Relation(mean, equal=True))

    groups = (
        ("target_poor", "surveyed_persons"), ("mpi_poor", "surveyed_persons"),
        ("mpi_poor_households", "households"), ("welfare_registered", "surveyed_persons"),
        ("disabled", "surveyed_persons"), ("chronically_ill", "surveyed_persons"),
        *((f"failing_ind{n}", f"{APPLICABLE}{n}") for n in MPI_INDICATORS),
    )  # fmt: skip
    return Structure(tuple(relations), groups)


def neet_structure() -> Structure:
    """Return what is known of counts of young people who are NEET: they and the sample are among the young people."""
    return Structure(
        (Relation({"neet": 1, "youth_15_24": -1}), Relation({"neet_sample": 1, "youth_15_24": -1})),
        (("neet", "youth_15_24"),),
    )


def target_group_structure() -> Structure:
    """Return what is known of the target groups counted from household files, and of the `RESTS` that follow from them."""
    sums = [
        Relation({whole: 1, rest: -1} | dict.fromkeys(parts, -1), equal=True)
        for rest, (whole, parts) in RESTS.items()
    ]
    fewer = Relation({"t_group_vulnerable_households": 1, "t_group_vulnerable": -1})
    # Where a group is all of its whole, its number says of everybody there that they belong to it.
    pairs = {(part, whole) for whole, parts in RESTS.values() for part in parts}
    return Structure((*sums, fewer), tuple(sorted(pairs)))


def known_structure() -> Structure:
    """Return everything that is known of the counts of any source; a table uses the part that speaks of its columns."""
    parts = (tpmap_structure(), neet_structure(), target_group_structure())
    return Structure(
        tuple(relation for part in parts for relation in part.relations),
        tuple(pair for part in parts for pair in part.groups),
    )


def found_structure(table: pd.DataFrame, groups: Collection[tuple[str, str]] = ()) -> Structure:
    """Return what the counts of a table nobody described have to do with each other, as far as their numbers tell.

    Parameters
    ----------
    table : DataFrame
        One row an area, one column a count, NaN where there is no data.
    groups : collection of (str, str)
        Pairs (part, whole) that somebody declared.

    Returns
    -------
    Structure
        Which columns are the sum of others, and of few columns also that one is hardly ever above another: whatever holds in
        most areas that have these counts, an attacker may take for granted in those where it is true.

    Raises
    ------
    DependentError
        When a column follows from the others in a way that is none of these.
    """
    columns = [str(name) for name in table.columns]
    if len(columns) < 2:
        return Structure((), tuple(groups))
    values = {name: table[name].to_numpy(dtype=float) for name in columns}
    filled = [name for name in columns if np.nan_to_num(values[name]).any()]
    nothing = np.zeros(len(table))
    sums: list[Relation] = []
    for total in filled:
        others = [name for name in filled if name != total]
        sizes = [n for n in range(2, len(others) + 1) if len(columns) <= _FEW or n in (2, len(others))]
        for parts in (p for size in sizes for p in itertools.combinations(others, size)):
            if _mostly_sum(values[total], sum((values[p] for p in parts), start=nothing)):
                sums.append(Relation({total: 1} | dict.fromkeys(parts, -1), equal=True))
    _refuse_other_dependence(table[filled], sums, few=len(columns) <= _FEW)
    most = [
        Relation({part: 1, rest: -1})
        for part, rest in itertools.permutations(filled, 2)
        if len(columns) <= _FEW and _mostly_below(values[part], values[rest])
    ]
    return Structure((*sums, *most), tuple(groups))


def _mostly_sum(total: Floats, summed: Floats) -> bool:
    """Whether most areas that have all these counts obey: one misprint elsewhere tells nobody less about the others.

    Areas where nothing was counted are not asked, unless all the others obey anyway.
    """
    there = ~(np.isnan(total) | np.isnan(summed))
    some = there & ((total != 0) | (summed != 0))
    obey = int((total[some] == summed[some]).sum())
    return obey > 0 and int(there.sum()) >= 2 and 2 * obey > int(some.sum())


def _mostly_below(part: Floats, rest: Floats) -> bool:
    """Whether one count is above another in hardly any area: of two columns without a bond half of them would be."""
    there = ~(np.isnan(part) | np.isnan(rest))
    areas, above = int(there.sum()), int((part[there] > rest[there]).sum())
    return areas >= 2 and above <= max(areas // 20, int(areas >= _ENOUGH))


def _refuse_other_dependence(table: pd.DataFrame, sums: Collection[Relation], *, few: bool) -> None:
    """Look for columns that follow from others in a way no sum says.

    Tried on the areas that have the same columns, and on draws of them: what holds in most areas is known of them, whatever one
    misprint says.

    Raises
    ------
    DependentError
    """
    present = table.notna()
    patterns = present.value_counts().index[:_PATTERNS]
    dice = np.random.default_rng(0)
    for chosen in dict.fromkeys([(True,) * len(table.columns), *(tuple(map(bool, p)) for p in patterns)]):
        names = [str(name) for name, on in zip(table.columns, chosen, strict=True) if on]
        rows = table[names].dropna()
        rows = rows[(rows != 0).any(axis=1)]
        names = [name for name in names if rows[name].any()]
        # Of fewer areas than counts every count follows from the others: of few counts all sums were tried, so that says
        # nothing.
        enough = len(rows) > len(names) or (not few and all(chosen))
        if len(names) < 2 or len(rows) < 2 or not enough:
            continue
        size = rows[names].max()
        scaled = (rows[names] / size).to_numpy(dtype=float)
        told = np.array(
            [
                [relation.parts.get(name, 0) * size[name] for name in names]
                for relation in sums
                if set(relation.parts) <= set(names)
            ]
        ).reshape(-1, len(names))
        told = told / np.abs(told).max(axis=1, keepdims=True)
        explained = int(np.linalg.matrix_rank(told, tol=_ZERO)) if len(told) else 0
        drawn = max(len(names) + 1, min(len(scaled) - 1, 2 * len(names)))
        draws = [np.arange(len(scaled))]
        if len(scaled) > drawn:
            draws += [dice.choice(len(scaled), drawn, replace=False) for _ in range(_DRAWS)]
        for draw in draws:
            _, strength, axes = np.linalg.svd(scaled[draw], full_matrices=len(draw) < len(names))
            strength = np.append(strength, np.zeros(len(names) - len(strength)))
            null = axes[strength <= strength[0] * _ZERO]
            if not len(null) or 2 * int((np.abs(scaled @ null.T) < _ZERO).all(axis=1).sum()) <= len(scaled):
                continue
            free = int(np.linalg.matrix_rank(np.vstack([told, null]), tol=_NEAR)) - explained
            if free > 0:
                raise DependentError(f"{free} of {len(names)} counts follow from the others")


def counts_table(observations: pd.DataFrame, counts: Collection[str]) -> pd.DataFrame:
    """Lay the observations of one source and year out as the table :func:`protect` reads.

    Parameters
    ----------
    observations : DataFrame
        Columns ``area_code``, ``indicator``, ``value`` and, where there is one, ``denominator``.
    counts : collection of str
        Indicators that are counts; all else is left out.

    Returns
    -------
    DataFrame
        One row an area, one column a count, NaN where there is no data. The denominators of ``failing_indNN``
        stand under ``applicable_indNN``: a group of three persons is as small as three poor. So do the `RESTS` of target groups.
    """
    rows = observations[observations["indicator"].isin(set(counts))]
    table = rows.pivot(index="area_code", columns="indicator", values="value")
    failing = rows[rows["indicator"].str.startswith("failing_ind")]
    if "denominator" in failing and len(failing):
        below = failing.pivot(index="area_code", columns="indicator", values="denominator")
        below.columns = [APPLICABLE + name.removeprefix("failing_ind") for name in below.columns]
        table = table.join(below.dropna(axis="columns", how="all"))
    for rest, (whole, members) in RESTS.items():
        if {whole, *members} <= set(table.columns):
            left = table[whole] - table[list(members)].sum(axis="columns", skipna=False)
            # A table of the same names that means something else may have more in a part than in the whole.
            table[rest] = left.where(left >= 0)
    return table.sort_index().sort_index(axis="columns")
