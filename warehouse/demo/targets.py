"""What the synthetic provinces have to add up to: published figures in one year, invented ones in every other."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from analytics.catalogue import DIMENSIONS
from geo.codes import official_areas
from warehouse.sources.figures import FIGURES

PUBLISHED_YEAR: Final = 2023
"""TPMAP B.E. 2566 in the common era: the year whose province figures are hit."""

BUENG_KAN: Final = "38"
_NEIGHBOURS: Final = ("43", "47", "48")
_BANGKOK: Final = "10"
_BUDDHIST_ERA: Final = 543


@dataclass(frozen=True, slots=True)
class Targets:
    """Counts of one province and year that the synthetic persons have to come to.

    Attributes
    ----------
    province : str
        Two digits.
    persons, households : int
        Surveyed.
    poor, poor_households : int
        MPI-poor, with or without a card.
    target : int
        MPI-poor persons who hold a verified card.
    dimensions : tuple of int
        Those of `target` in households failing each dimension, in the order of `analytics.catalogue.DIMENSIONS`.
    derived : frozenset of str
        Fields that nobody published: worked out or invented.
    """

    province: str
    persons: int
    households: int
    poor: int
    poor_households: int
    target: int
    dimensions: tuple[int, ...]
    derived: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        largest, total = max(self.dimensions), sum(self.dimensions)
        if not (
            largest <= self.target <= min(total, self.poor)
            and self.poor_households <= self.poor <= self.persons
            and self.poor_households < self.households <= self.persons
        ):
            raise ValueError(f"province {self.province}: found figures that no persons can have, {self}")


def apportion(total: int, shares: np.ndarray, minimum: int = 0) -> np.ndarray:
    """Divide a whole number by shares, largest remainders first.

    Parameters
    ----------
    total : int
    shares : ndarray of float, shape (n,)
        Not negative, not all zero.
    minimum : int
        What everybody gets before the rest is divided.

    Returns
    -------
    ndarray of int64, shape (n,)
        Adds up to `total`.

    Examples
    --------
    >>> apportion(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    left = total - minimum * len(shares)
    if left < 0:
        raise ValueError(f"found {total} to divide among {len(shares)}, expected at least {minimum} for each")
    exact = left * (shares / shares.sum())
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: left - int(parts.sum())]] += 1
    found: np.ndarray = parts + minimum
    return found


def province_codes() -> tuple[str, ...]:
    """The 76 provinces of the survey: Bangkok is not visited by จปฐ and stays without data."""
    codes = (a.code for a in official_areas().values() if a.level == "province" and a.code != _BANGKOK)
    return tuple(sorted(codes))


@lru_cache(maxsize=8)
def province_targets(year: int, seed: int) -> dict[str, Targets]:
    """Targets of all 76 provinces in a year.

    Parameters
    ----------
    year : int
        Common era. In `PUBLISHED_YEAR` they are the published figures, and Bueng Kan, which has none, is what the country
        has more than the others, with card holders and dimensions in the proportions of its three neighbours. Households
        were published for the country only: they are divided by the persons a household had in B.E. 2561. In other years
        everything is invented from the published year and the seed.
    seed : int

    Returns
    -------
    dict of str to Targets
    """
    published = _published()
    if year == PUBLISHED_YEAR:
        return published
    return {code: _invented(found, year, seed) for code, found in published.items()}


def _rows(name: str) -> list[dict[str, str]]:
    with (FIGURES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def _published() -> dict[str, Targets]:
    year_be = str(PUBLISHED_YEAR + _BUDDHIST_ERA)
    provinces = _rows("tpmap_province.csv")
    here = {r["area_code"]: r for r in provinces if r["year_be"] == year_be}
    before = {r["area_code"]: r for r in provinces if r["year_be"] == "2561"}
    country = {r["indicator"]: int(r["value"]) for r in _rows("tpmap_country.csv") if r["year_be"] == year_be}

    def told(column: str) -> dict[str, int]:
        return {code: int(row[column]) for code, row in here.items()}

    persons, poor, poor_homes = told("surveyed_persons"), told("mpi_poor_persons"), told("poor_households")
    target = told("target_poor_persons")
    dimensions = {code: [int(row[f"target_{d}"]) for d in DIMENSIONS] for code, row in here.items()}
    for column, whole in (
        (persons, "surveyed_persons"),
        (poor, "mpi_poor"),
        (poor_homes, "mpi_poor_households"),
    ):
        column[BUENG_KAN] = country[whole] - sum(column.values())
    share = poor[BUENG_KAN] / sum(poor[code] for code in _NEIGHBOURS)
    dimensions[BUENG_KAN] = [
        round(share * sum(dimensions[code][k] for code in _NEIGHBOURS)) for k in range(len(DIMENSIONS))
    ]
    target[BUENG_KAN] = round(share * sum(target[code] for code in _NEIGHBOURS))
    codes = province_codes()
    size = {c: float(before[c]["surveyed_persons"]) / float(before[c]["surveyed_households"]) for c in codes}
    homes = apportion(country["households"], np.array([persons[c] / size[c] for c in codes]))
    everything = frozenset({"persons", "households", "poor", "poor_households", "target", "dimensions"})
    return {
        code: Targets(
            code,
            persons[code],
            int(number),
            poor[code],
            poor_homes[code],
            target[code],
            tuple(dimensions[code]),
            everything if code == BUENG_KAN else frozenset({"households"}),
        )
        for code, number in zip(codes, homes, strict=True)
    }


def _invented(base: Targets, year: int, seed: int) -> Targets:
    """A year nobody published: the published one, moved by chance, poorer the longer ago."""
    rng = np.random.default_rng([seed, year, int(base.province)])
    gap = PUBLISHED_YEAR - year
    poorer = float(np.exp(0.12 * gap + 0.18 * rng.standard_normal()))
    persons = round(base.persons * (1 + 0.004 * rng.standard_normal()))
    households = round(base.households * (1 - 0.005 * gap))
    poor = min(round(base.poor * poorer), persons // 3)
    poor_households = max(1, min(round(base.poor_households * poor / base.poor), poor))
    target = min(round(base.target * poor / base.poor * float(np.exp(0.05 * rng.standard_normal()))), poor)
    tilt = np.exp(0.15 * rng.standard_normal(len(DIMENSIONS)))
    wanted = np.array(base.dimensions, dtype=float) * tilt
    # The sum of the dimensions keeps its proportion to the union: nobody fails more of them than before, on average.
    total = max(target, round(target * sum(base.dimensions) / max(base.target, 1)))
    dimensions = np.minimum(apportion(total, wanted), target)
    short = target - int(dimensions.sum())
    if short > 0:
        dimensions[int(np.argmin(dimensions))] += short
    return Targets(
        base.province,
        persons,
        households,
        poor,
        poor_households,
        target,
        tuple(int(n) for n in dimensions),
        frozenset({"persons", "households", "poor", "poor_households", "target", "dimensions"}),
    )
