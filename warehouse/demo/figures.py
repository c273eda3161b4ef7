"""The figures of the synthetic country: counted from its persons by the rules of the survey, and checked like TPMAP's files.

Nothing is taken from the plan of the country. The answers are read, :mod:`analytics.deprivation_rules` says what each household
fails, :mod:`analytics.alkire_foster` counts profiles, and the counts go through the checks that an import of TPMAP goes through.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.alkire_foster import profiles
from analytics.catalogue import DIMENSIONS, MPI_INDICATORS
from analytics.deprivation_rules import deprivations
from analytics.mpi_specs import load_spec
from analytics.survey_columns import DEPRIVATIONS, FAIL, NOT_APPLICABLE
from warehouse.demo.answers import LINE_BAHT
from warehouse.report import ImportReport
from warehouse.sources.tpmap import checked_counts
from warehouse.sources.tpmap_checks import Layer, Tally
from warehouse.sources.tpmap_layout import (
    ALL_NUMBERS,
    BUDDHIST_ERA,
    COMMON,
    COMMON_COLUMNS,
    DIMENSION_COLUMNS,
    FULL,
    HAPPINESS,
    HOUSEHOLDS,
    MASKS,
    POOR,
    POOR_COLUMNS,
    POOR_HOUSEHOLDS,
    RATE,
    REGISTERED,
    SURVEYED,
    TARGET,
)

SPEC: Final = "tpmap12"
WIDTHS: Final = {"country": 0, "province": 2, "district": 4, "subdistrict": 6, "village": 8}
Numbers = pd.DataFrame


def source_id(year: int) -> str:
    """The source of the figures of a year (common era)."""
    return f"synthetic-survey-{year + BUDDHIST_ERA}"


class Counted(NamedTuple):
    """What the persons of a year come to.

    Attributes
    ----------
    levels : dict of str to DataFrame
        By level, index the area codes: ``households``, ``poor_households``, ``persons``, ``poor``, ``registered``, ``target``,
        ``elderly``, ``disabled``, ``ill``, ``card``, ``youth`` (15 to 24 years), ``asked_NN`` and ``failing_NN`` (persons of
        households an indicator applies to, and of those that fail it), ``target_NN``, and ``cell_<mask>``: card holders
        failing exactly these dimensions.
    profiles : DataFrame
        ``area_code, subgroup, profile, missing, persons, weight`` of the districts, as
        `warehouse.sources.mpi.profiles_batch` takes them.
    """

    levels: dict[str, Numbers]
    profiles: Numbers


def count_people(people: Path, year: int, *, memory_mb: int = 1024, villages: bool = False) -> Counted:
    """Count the persons of a year.

    Parameters
    ----------
    people : Path
        The folder that `warehouse.demo.people.write_people` filled.
    year : int
        Common era.
    memory_mb : int
        What the database may use; more goes to disk.
    villages : bool
        Count villages as well.

    Returns
    -------
    Counted
    """
    connection = ibis.duckdb.connect(threads=2, memory_limit=f"{memory_mb}MB")
    try:
        finest = "village" if villages else "subdistrict"
        counts, counted = _counts(connection, people, year, WIDTHS[finest])
    finally:
        connection.disconnect()
    found = {finest: counts}
    levels = list(WIDTHS)
    for level in reversed(levels[: levels.index(finest)]):
        parent = counts.index.str[: WIDTHS[level]] if WIDTHS[level] else pd.Index(["TH"] * len(counts))
        found[level] = counts.groupby(parent).sum()
    counted["area_code"] = counted["area_code"].str[: WIDTHS["district"]]
    keys = ["area_code", "profile", "missing"]
    rows = counted.groupby(keys, as_index=False)[["persons", "weight"]].sum().assign(subgroup="")
    return Counted(found, rows)


def _counts(connection: Any, people: Path, year: int, width: int) -> tuple[Numbers, Numbers]:
    persons = connection.read_parquet(str(people / "persons" / f"{year}-*.parquet"))
    households = connection.read_parquet(str(people / "households" / f"{year}-*.parquet"))
    households = households.mutate(area_code=households.area_code[:width])
    table = deprivations(persons, households, year=year, income_line=LINE_BAHT)
    table = connection.create_table("deprivation", table.mutate(weight=table.weight.cast("int64")))
    spec = load_spec(SPEC)
    states = {n: table[f"ind{n}"] for n in DEPRIVATIONS}
    asked = table.group_by("area_code").aggregate(
        elderly=table.weight.sum(where=table.age_group == "60+"),
        disabled=table.weight.sum(where=table.disabled),
        card=table.weight.sum(where=table.welfare_card),
        **{f"asked_{n}": table.weight.sum(where=state != NOT_APPLICABLE) for n, state in states.items()},
    )
    poor = reduce(or_, (state == FAIL for state in states.values()))
    homes = table.group_by(["area_code", "household_id"]).aggregate(
        weight=table.weight.max(), poor=poor.max()
    )
    homes = homes.group_by("area_code").aggregate(
        households=homes.weight.sum(), poor_households=homes.weight.sum(where=homes.poor)
    )
    living = persons.join(households, "household_id")
    others = living.group_by("area_code").aggregate(
        ill=living.weight.sum(where=living.chronically_ill),
        youth=living.weight.sum(where=(living.age >= 15) & (living.age <= 24)),
    )
    frames = [_by_area(asked), _by_area(homes), _by_area(others)]
    counted = profiles(table, spec, by=("area_code", "welfare_card")).execute()
    frames.append(_of_profiles(counted, [i.column for i in spec.indicators]))
    return pd.concat(frames, axis=1).fillna(0.0).astype(float).sort_index(), counted


def _by_area(table: Any) -> Numbers:
    frame: Numbers = table.execute().set_index("area_code")
    return frame


def _of_profiles(counted: Numbers, columns: list[str]) -> Numbers:
    """Everything that rests on who is deprived in what, from the persons of each profile."""
    profile = counted["profile"].to_numpy(np.int64)
    weight = counted["weight"].to_numpy(float)
    card = counted["welfare_card"].to_numpy(bool)
    bit = {n: (profile >> columns.index(f"ind{n}")) & 1 for n in DEPRIVATIONS}
    mask = sum(
        np.maximum.reduce([bit[n] for n in DEPRIVATIONS if MPI_INDICATORS[n] == d])
        << (len(DIMENSIONS) - 1 - k)
        for k, d in enumerate(DIMENSIONS)
    )
    poor = np.asarray(mask) > 0
    values = {
        "persons": weight,
        "poor": weight * poor,
        "registered": weight * (poor & card),
        "target": weight * (poor & card),
        **{f"failing_{n}": weight * on for n, on in bit.items()},
        **{f"target_{n}": weight * (on == 1) * card for n, on in bit.items()},
        **{f"cell_{m}": weight * card * (np.asarray(mask) == int(m, 2)) for m in MASKS},
    }
    return pd.DataFrame(values).groupby(counted["area_code"].to_numpy()).sum()


def tpmap_layers(counts: Mapping[str, Numbers]) -> dict[str, dict[str, Layer]]:
    """The counts as TPMAP's files would hold them, so that its checks can read them.

    Parameters
    ----------
    counts : mapping of level to DataFrame
        As `count_people` gives them; villages get no overlaps.
    """
    return {
        level: {
            COMMON: _layer(level, COMMON, _common(frame)),
            **{
                mask: _layer(level, mask, _poor(frame, mask))
                for mask in (MASKS if level != "village" else (FULL,))
            },
        }
        for level, frame in counts.items()
    }


def _layer(level: str, mask: str, frame: Numbers) -> Layer:
    count = len(frame)
    return Layer(
        level,
        mask,
        [f"{level}_{mask}"],
        np.array(frame.index, dtype=str),
        np.zeros(count, dtype=np.int64),
        np.arange(1, count + 1),
        {str(name): frame[name].to_numpy(float) for name in frame.columns},
    )


def _common(counts: Numbers) -> Numbers:
    columns = {
        HOUSEHOLDS: counts["households"],
        SURVEYED: counts["persons"],
        "MOF_REG_CNT": counts["card"],
        "MOF_VAL_CNT": counts["card"],
        "ELDERLY_CNT": counts["elderly"],
        "DISABLED_CNT": counts["disabled"],
        "CHRONICPATIENT_CNT": counts["ill"],
        HAPPINESS: pd.Series(np.nan, index=counts.index),  # nobody was asked
    }
    for n in ALL_NUMBERS:
        known = f"{n:02d}" in DEPRIVATIONS
        columns[f"indicator{n}.ALL"] = (
            counts[f"asked_{n:02d}"] if known else pd.Series(0.0, index=counts.index)
        )
        columns[f"indicator{n}.CNT"] = (
            counts[f"failing_{n:02d}"] if known else pd.Series(0.0, index=counts.index)
        )
    return pd.DataFrame(columns)[list(COMMON_COLUMNS)]


def _poor(counts: Numbers, mask: str) -> Numbers:
    """One of the 31 files: only those who fail one of the dimensions switched on."""
    on = [m for m in MASKS if int(m, 2) & int(mask, 2)]
    target = counts[[f"cell_{m}" for m in on]].sum(axis=1)
    whole = mask == FULL
    nothing = pd.Series(0.0, index=counts.index)
    unknown = pd.Series(np.nan, index=counts.index)
    columns = {
        POOR_HOUSEHOLDS: counts["poor_households"] if whole else unknown,
        POOR: counts["poor"] if whole else unknown,
        REGISTERED: counts["registered"] if whole else unknown,
        TARGET: target,
        RATE: 100.0 * target / counts["persons"],
    }
    for k, dimension in enumerate(DIMENSIONS):
        cells = [f"cell_{m}" for m in MASKS if m[k] == "1"]
        columns[DIMENSION_COLUMNS[dimension]] = counts[cells].sum(axis=1) if mask[k] == "1" else nothing
    for n in ALL_NUMBERS:
        number = f"{n:02d}"
        shown = number in DEPRIVATIONS and mask[DIMENSIONS.index(MPI_INDICATORS[number])] == "1"
        columns[f"poor.JPT.MOFval.ind{n}.CNT"] = counts[f"target_{number}"] if shown else nothing
    return pd.DataFrame(columns)[list(POOR_COLUMNS)]


def observations(counts: Mapping[str, Numbers], year: int, report: ImportReport) -> pa.Table:
    """Checked counts as observations of the synthetic survey; failures go into the report as rejections.

    Parameters
    ----------
    counts : mapping of level to DataFrame
    year : int
        Common era.
    report : ImportReport
    """
    tally = Tally(report)
    table = checked_counts(year + BUDDHIST_ERA, tpmap_layers(counts), source_id(year), tally)
    report.checks = [*report.checks, *tally.checks()]
    return table
