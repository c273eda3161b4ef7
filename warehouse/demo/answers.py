"""From planned households to what they answer: the columns of `analytics.survey_columns`.

Every answer fits the plan: a household fails exactly the indicators planned for it under the rules of จปฐ plan 12, so nothing
of the counts is written down anywhere but in the answers themselves. Ages, incomes, disability and illness are plausible for
Thailand and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analytics.survey_columns import HOUSEHOLD, PERSON, Column
from warehouse.demo.land import Land
from warehouse.demo.plan import Homes, fails

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LINE_BAHT: Final = 38_000
"""Income a person and year below which a synthetic household fails indicator 22."""

_TYPES: Final = {"text": pa.string(), "integer": pa.int32(), "number": pa.float64(), "truth": pa.bool_()}
_OTHER_CARDS: Final = 9_639_745 / 35_475_245
"""Card holders among the surveyed who are not MPI-poor (guidance slides of fiscal year 2566)."""


def schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of a survey table; `year` is small, as in all tables of years."""
    return pa.schema([(c.name, pa.int16() if c.name == "year" else _TYPES[c.kind]) for c in columns])


HOUSEHOLDS: Final = schema(HOUSEHOLD)
PERSONS: Final = schema(PERSON)


@dataclass(slots=True)
class Members:
    """Persons of a province, household by household.

    Attributes
    ----------
    home : ndarray of int
        Position of the household.
    place : ndarray of int
        Position in the household, from 0.
    """

    home: Ints
    place: Ints


def members_of(homes: Homes) -> Members:
    """One row a member."""
    home = np.repeat(np.arange(len(homes)), homes.size)
    starts = np.cumsum(homes.size) - homes.size
    return Members(home, np.arange(len(home)) - starts[home])


def household_ids(province: str, year: int, count: int) -> pa.Array:
    """Keys that say themselves that they are synthetic: ``SYN-2566-41-0000001``."""
    numbers = pa.compute.utf8_lpad(pa.array(np.arange(1, count + 1)).cast(pa.string()), 7, "0")
    return pa.compute.binary_join_element_wise(f"SYN-{year + 543}-{province}", numbers, "-")


def households(homes: Homes, land: Land, province: str, year: int, rng: np.random.Generator) -> pa.Table:
    """The table of households."""
    count = len(homes)
    columns: dict[str, pa.Array] = {
        "household_id": household_ids(province, year, count),
        "area_code": pa.array(land.villages[homes.village].tolist(), pa.string()),
        "year": pa.array(np.full(count, year), pa.int16()),
        "weight": pa.array(homes.weight.astype(np.float64)),
        "stratum": pa.repeat(pa.scalar(province), count),
        "cluster": pa.array(land.villages[homes.village].tolist(), pa.string()),
    }
    for stem, items, number in (("food", 4, "04"), ("medicine", 4, "05"), ("tidy", 8, "11")):
        missed = fails(homes.failing, number)[:, None] & (rng.random((count, items)) < 0.35)
        nothing = fails(homes.failing, number) & ~missed.any(axis=1)
        missed[nothing, rng.integers(0, items, count)[nothing]] = True
        columns |= {f"{stem}_{i + 1}": pa.array(~missed[:, i]) for i in range(items)}
    shaky = fails(homes.failing, "08")
    insecure = shaky & (rng.random(count) < 0.4)
    columns["house_secure"] = pa.array(~insecure)
    columns["house_durable"] = pa.array(~(shaky & ~(insecure & (rng.random(count) < 0.6))))
    columns["drinking_water"] = pa.array(~fails(homes.failing, "09"))
    columns["domestic_water"] = pa.array(~fails(homes.failing, "10"))
    columns |= _income(homes, rng)
    return pa.table({name: columns[name] for name in HOUSEHOLDS.names}, schema=HOUSEHOLDS)


def _income(homes: Homes, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Four kinds of income in baht a year that come to the income the plan wants."""
    count = len(homes)
    poor, below = homes.primary >= 0, fails(homes.failing, "22")
    middle = np.where(poor, 52_000.0, 78_000.0)
    each = np.rint(middle * np.exp(0.45 * rng.standard_normal(count)) / 100) * 100
    # Above the line, and well away from it: nothing rests on rounding.
    each = np.where(below, LINE_BAHT * rng.uniform(0.3, 0.97, count), np.maximum(each, LINE_BAHT + 500))
    total = np.floor(each) * homes.size
    parts = rng.dirichlet([9.0, 2.0, 2.0, 1.0], count) * total[:, None]
    parts = np.floor(parts)
    parts[:, 0] += total - parts.sum(axis=1)
    names = ("income_main", "income_secondary", "income_other", "income_own_produce")
    return {name: pa.array(parts[:, i]) for i, name in enumerate(names)}


def persons(homes: Homes, province: str, year: int, ids: pa.Array, rng: np.random.Generator) -> pa.Table:
    """The table of persons, in the order of the households.

    Parameters
    ----------
    homes : Homes
    province : str
    year : int
        Common era.
    ids : pa.Array
        Of the households.
    rng : numpy.random.Generator
    """
    m = members_of(homes)
    count = len(m.home)

    def fail(number: str) -> Bools:
        found: Bools = fails(homes.failing, number)[m.home]
        return found

    # Who has to be there: somebody of working age, somebody old, then other grown-ups who hold cards, then children.
    worker = fails(homes.failing, "19") | fails(homes.failing, "20") | fails(homes.failing, "28")
    elder = fails(homes.failing, "21") | fails(homes.failing, "27")
    grown = np.maximum(np.maximum(homes.cards, worker.astype(np.int64) + elder), 1)
    is_worker = worker[m.home] & (m.place == 0)
    is_elder = elder[m.home] & (m.place == worker[m.home])
    age, next_place = _ages(homes, m, is_worker, is_elder, grown, rng), grown.copy()
    named: dict[str, Bools] = {}
    for number, low, high in (("01", 0, 1), ("15", 3, 5), ("16", 6, 14), ("17", 15, 16)):
        child = fail(number) & (m.place == next_place[m.home])
        age[child] = rng.integers(low, high + 1, count)[child]
        next_place += fails(homes.failing, number)
        named[number] = child

    def where(truth: Bools, asked: Bools) -> pa.Array:
        return pa.array(truth, mask=~asked)

    youth = (age >= 15) & (age <= 16)
    graduated = (youth & (rng.random(count) < 0.45) & ~is_worker) | named["17"]
    weights = np.rint(rng.normal(3_080, 330, count)).clip(2_500, 4_700)
    weights[named["01"]] = rng.integers(1_400, 2_480, count)[named["01"]]
    disabled = rng.random(count) < np.select([age < 15, age < 60], [0.004, 0.009], 0.032)
    # Whoever an indicator is failed by is there to be counted in it, not left out for a disability.
    disabled &= ~(is_worker | is_elder)
    helpless = disabled & (rng.random(count) < 0.35)
    needs_care = fail("28") & (m.place == 0)
    disabled |= needs_care
    old = age >= 60
    uncared = needs_care | (fail("27") & is_elder)
    student = (rng.random(count) < np.select([age < 15, age < 18, age < 23], [0.99, 0.85, 0.33], 0.0)) & (
        age >= 6
    )
    student &= ~is_worker & ~named["16"]
    idle = (fail("20") & is_worker) | (fail("21") & is_elder)
    works = (age >= 15) & ~student & ~helpless & ~idle
    still = fail("07") & (age >= 6) & ((m.place == 0) | (rng.random(count) < 0.5))
    columns: dict[str, pa.Array] = {
        "person_id": pa.compute.binary_join_element_wise(
            ids.take(pa.array(m.home)),
            pa.compute.utf8_lpad(pa.array(m.place + 1).cast(pa.string()), 2, "0"),
            "-",
        ),
        "household_id": ids.take(pa.array(m.home)),
        "year": pa.array(np.full(count, year), pa.int16()),
        "age": pa.array(age, pa.int32()),
        "sex": pa.array(
            np.where(rng.random(count) < np.where(old, 0.565, 0.508), "f", "m").tolist(), pa.string()
        ),
        "birth_weight_g": pa.array(weights.astype(np.int32), mask=age > 1),
        "exercises": where(~still, age >= 6),
        "in_preschool": where(~named["15"], (age >= 3) & (age <= 5)),
        "in_compulsory_school": where(~named["16"], (age >= 6) & (age <= 14)),
        "graduated_m3": pa.array(graduated),
        "continues_m4": where(~named["17"], graduated),
        "literate": where(~((fail("19") & is_worker) | (old & (rng.random(count) < 0.07))), (age >= 15)),
        "full_time_student": pa.array(student),
        "works": pa.array(works),
        "disabled": pa.array(disabled),
        "self_reliant": where(~helpless, disabled),
        "bedridden": pa.array(helpless & (rng.random(count) < 0.12)),
        "chronically_ill": pa.array(
            rng.random(count) < np.select([age < 15, age < 40, age < 60], [0.006, 0.025, 0.11], 0.31)
        ),
        "cared_for": where(~uncared, old | disabled),
        "welfare_card": pa.array(_cards(homes, m, age, rng)),
    }
    return pa.table({name: columns[name] for name in PERSONS.names}, schema=PERSONS)


def _ages(
    homes: Homes, m: Members, is_worker: Bools, is_elder: Bools, grown: Ints, rng: np.random.Generator
) -> Ints:
    """Completed years; children that indicators ask for are put in afterwards."""
    count = len(m.home)
    head = rng.normal(54, 14, count).clip(20, 96)
    partner = rng.normal(51, 15, count).clip(18, 94)
    adult = np.where(m.place == 0, head, partner)
    # Behind the couple come children, grown-up children and grandparents.
    kind = rng.random(count)
    other = np.select(
        [kind < 0.46, kind < 0.86],
        [rng.uniform(0, 18, count), rng.normal(34, 11, count).clip(18, 59)],
        rng.gamma(2.2, 6.0, count).clip(0, 36) + 60,
    )
    partners = (m.place == 1) & (rng.random(count) < 0.72)
    age = np.where((m.place == 0) | partners, adult, other)
    must = m.place < grown[m.home]
    age = np.where(must & (age < 18), adult, age)
    age = np.where(is_worker, rng.normal(43, 9, count).clip(18, 59), age)
    age = np.where(is_elder, rng.gamma(2.2, 4.6, count).clip(0, 36) + 60, age)
    found: Ints = np.floor(age).astype(np.int64)
    return found


def _cards(homes: Homes, m: Members, age: Ints, rng: np.random.Generator) -> Bools:
    """Who holds a card: in poor households as many as planned, of their grown-ups; elsewhere by chance."""
    count = len(m.home)
    poor = (homes.primary >= 0)[m.home]
    grown = age >= 18
    # Position of each grown-up in a random order of those of the household.
    order = np.lexsort((rng.random(count), ~grown, m.home))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = m.place  # places run from 0 within each household, and so do positions in the order
    chance = _OTHER_CARDS / max(float(grown.mean()), 0.01)
    found: Bools = grown & np.where(poor, rank < homes.cards[m.home], rng.random(count) < chance)
    return found
