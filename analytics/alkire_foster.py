"""The Alkire-Foster engine: from a table of deprivations to measures of poverty for every area and subgroup.

A table of deprivations has a row a person (or a row a household, with the number of its members as weight), a column an
indicator as a specification names them (:mod:`analytics.mpi_specs`), and columns to group by. The way is in two steps:

1. :func:`profiles` groups the rows, on any engine Ibis speaks to, by area and *profile*: one whole number whose bits are the
   deprivations. 36 million persons become some hundred thousand rows, and nothing of the M0 family is lost.
2. :func:`measures` works out H, A, M0 and the others from profiles with any k and any weights, fast enough for a slider.

Standard errors, and the measures of gaps (M1, M2), which need achievements, come from :func:`estimate`; differences between years
from :func:`changes`. Methods and formulas: ``docs/mpi.md``.

Nothing here imports Ibis before a table is grouped, so a screen that reads stored profiles does not wait for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analytics.mpi_expression import TableError, known_states, need_columns
from analytics.mpi_inference import Bootstrap, Design, changes, estimate
from analytics.mpi_measures import (
    Scored,
    coded,
    divide,
    long_form,
    names_of_totals,
    person_values,
    ratios,
    scored,
)
from analytics.mpi_specs import MpiSpec, Number

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "Bootstrap",
    "Design",
    "ProfileCounts",
    "TableError",
    "changes",
    "count_profiles",
    "decomposition",
    "estimate",
    "measures",
    "missing_cost",
    "profiles",
    "roll_up",
]

PROFILE = ("profile", "missing", "persons", "weight")
"""Columns of a table of profiles besides those it is grouped by."""


def profiles(
    table: ir.Table, spec: MpiSpec, by: Sequence[str] = ("area_code",), *, weight: str = "weight"
) -> ir.Table:
    """Count the persons of each profile in each group: one pass, one grouping by a packed whole number.

    Parameters
    ----------
    table : ibis.Table
        Rows with the columns of `spec` and `by`. In a column of states 0 is not deprived, 1 deprived, 2 not applicable; null
        and whatever else stands there are missing.
    spec : MpiSpec
        Its weights and k play no part: profiles serve them all.
    by : sequence of str
        Columns to group by, such as ``area_code``, ``year``, ``sex``.
    weight : str
        Column of weights, used where the table has it; a row without a weight weighs nothing. Weights of whole numbers
        (members of a household) are added up exactly.

    Returns
    -------
    ibis.Table
        The columns `by`; ``profile``, bit i set where deprived in ``spec.indicators[i]``; ``missing``, bit i set where that is
        not known; ``persons``, rows; ``weight``, their sum of weights, the same as ``persons`` without a column of weights.

    Raises
    ------
    TableError
        When a column is missing, or `by` asks for a name that the result itself has.
    """
    if taken := sorted(set(by) & set(PROFILE)):
        raise TableError("by", ", ".join(taken), f"columns not called {', '.join(PROFILE)}")
    need_columns(table, (*spec.columns, *by))
    # Half the width groups faster, and seventeen indicators fit.
    kind = "int32" if len(spec.indicators) < 31 else "int64"
    weights = {weight: table[weight]} if weight in table.columns else {}
    packed = table.select(*by, **weights, **_packed(table, spec, kind))
    grouped = packed.group_by([*by, "profile", "missing"]).aggregate(
        persons=packed.count(), **({"weight": _sum(packed[weight])} if weights else {})
    )
    return grouped.select(
        *by,
        profile=grouped["profile"].cast("int64"),
        missing=grouped["missing"].cast("int64"),
        persons=grouped["persons"].cast("int64"),
        weight=grouped["weight" if weights else "persons"].cast(
            "int64" if not weights or table[weight].type().is_integer() else "float64"
        ),
    )


def _sum(column: Any) -> Any:
    return (column if column.type().is_integer() else column.cast("float64")).fill_null(0).sum()


def _packed(table: ir.Table, spec: MpiSpec, kind: str) -> dict[str, Any]:
    """Two whole numbers a row: bits of deprivations, and bits of missing values."""
    import ibis

    states = known_states(table, spec)
    nothing = ibis.literal(0, kind)
    profile: Any = nothing
    missing: Any = nothing
    everything: Any = None
    for n, (deprived, known) in enumerate(states):
        bit = ibis.literal(1 << n, kind)
        # A comparison with null is null and takes the second branch.
        profile = profile + deprived.ifelse(bit, nothing)
        missing = missing + known.ifelse(nothing, bit)
        everything = known if everything is None else everything & known
    # Most rows lack nothing, and engines work out a branch for the rows that take it only.
    return {
        "profile": profile.cast(kind),
        "missing": everything.ifelse(nothing, missing).cast(kind),
    }


@dataclass(frozen=True, slots=True)
class ProfileCounts:
    """Profiles made ready for many settings of k and weights.

    Attributes
    ----------
    groups : DataFrame, one row a group
        The columns profiles were grouped by, in order of their values.
    profile, missing : ndarray of int64, shape (profiles,)
        Distinct pairs.
    persons, weight : scipy.sparse.csr_array, shape (groups, profiles)
        Rows, and sums of weights (int64 where they are whole numbers).
    """

    groups: pd.DataFrame
    profile: npt.NDArray[np.int64]
    missing: npt.NDArray[np.int64]
    persons: sparse.csr_array
    weight: sparse.csr_array

    def totals(
        self, s: Scored, spec: MpiSpec, wanted: Collection[str]
    ) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.int64]]:
        """Totals of each group, weighted; and the rows kept, which are not."""
        values = person_values(s, spec, wanted)
        made = {name: self.weight @ value for name, value in values.items()}
        return made, self.persons @ s.kept.astype(np.int64)


def count_profiles(table: ir.Table | pd.DataFrame | ProfileCounts) -> ProfileCounts:
    """Make profiles ready for :func:`measures`; worth doing once where many settings are tried.

    Parameters
    ----------
    table : ibis.Table or DataFrame
        As :func:`profiles` returns it. Repeated rows are added up.

    Raises
    ------
    TableError
        When one of the columns `PROFILE` is missing, or persons or weights are below 0 or no numbers.
    """
    if isinstance(table, ProfileCounts):
        return table
    need_columns(table, PROFILE)
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    row, groups = coded(frame, [c for c in frame.columns if c not in PROFILE])
    column, pairs = coded(frame, ("profile", "missing"))
    shape = (len(groups), len(pairs))

    def matrix(name: str) -> sparse.csr_array:
        numbers = frame[name].to_numpy()
        numbers = numbers.astype(np.int64 if numbers.dtype.kind in "iu" else np.float64)
        if not (np.isfinite(numbers) & (numbers >= 0)).all():
            raise TableError(name, "a number below 0, or none", "numbers from 0")
        return sparse.coo_array((numbers, (row, column)), shape=shape).tocsr()

    return ProfileCounts(
        groups,
        pairs["profile"].to_numpy(dtype=np.int64),
        pairs["missing"].to_numpy(dtype=np.int64),
        matrix("persons"),
        matrix("weight"),
    )


def measures(
    table: ir.Table | pd.DataFrame | ProfileCounts,
    spec: MpiSpec,
    k: Number | None = None,
    weights: Mapping[str, Number] | None = None,
    *,
    only: Collection[str] | None = None,
) -> pd.DataFrame:
    """Work out the M0 family from profiles.

    Parameters
    ----------
    table : ibis.Table, DataFrame or ProfileCounts
        As of :func:`profiles` or :func:`count_profiles`.
    spec : MpiSpec
    k, weights : optional
        Instead of the specification's (:meth:`MpiSpec.with_k`, :meth:`MpiSpec.with_weights`).
    only : collection of str, optional
        Measures wanted; all of `MEASURES` by default.

    Returns
    -------
    DataFrame
        The columns of the groups, then ``measure``, ``indicator`` (id of an indicator or, in ``dimension_...``, of a dimension;
        empty for the others), ``value`` and ``n``, the rows it rests on. ``n`` and ``poor`` are weighted numbers of persons;
        ``contribution_percent`` and ``dimension_percent`` per cent of M0; all others shares from 0 to 1, of the weighted persons
        kept. NaN: a share of nobody.

    Raises
    ------
    TableError
        On missing columns and unknown measures.
    SpecError
        On a k or weights that cannot be.
    """
    spec = _adjusted(spec, k, weights)
    counts = count_profiles(table)
    wanted = ratios(spec, only=only)
    totals, n = counts.totals(scored(counts.profile, counts.missing, spec), spec, names_of_totals(wanted))
    values = [divide(totals[r.top], totals[r.bottom] if r.bottom else None, r.scale) for r in wanted]
    stacked = np.array(values).reshape(len(wanted), len(counts.groups))
    return long_form(counts.groups, wanted, {"value": stacked}, n)


def _adjusted(spec: MpiSpec, k: Number | None, weights: Mapping[str, Number] | None) -> MpiSpec:
    if weights is not None:
        spec = spec.with_weights(weights)
    return spec if k is None else spec.with_k(k)


def decomposition(
    table: ir.Table | pd.DataFrame | ProfileCounts,
    spec: MpiSpec,
    k: Number | None = None,
    weights: Mapping[str, Number] | None = None,
) -> pd.DataFrame:
    """What each group adds to the M0 of them all.

    Returns
    -------
    DataFrame
        One row a group: its columns; ``population``, weighted persons kept; ``population_share``, 0 to 1; ``M0``;
        ``contribution_absolute``, ``population_share * M0``; ``contribution_percent`` of the whole M0. The last two rest on sums
        over persons, not on rounded shares, and add up to M0 and to 100.
    """
    spec = _adjusted(spec, k, weights)
    counts = count_profiles(table)
    totals, _ = counts.totals(scored(counts.profile, counts.missing, spec), spec, ("persons", "score"))
    persons, score = totals["persons"], totals["score"]
    scale = ratios(spec, only=("M0",))[0].scale
    everybody, whole = persons.sum(), score.sum()
    made = counts.groups.copy()
    made["population"] = persons
    made["population_share"] = divide(persons, np.full(len(persons), everybody), 1.0)
    made["M0"] = divide(score, persons, scale)
    made["contribution_absolute"] = divide(score, np.full(len(persons), everybody), scale)
    made["contribution_percent"] = divide(score, np.full(len(persons), whole), 100.0)
    return made


def missing_cost(table: ir.Table | pd.DataFrame | ProfileCounts, spec: MpiSpec) -> pd.DataFrame:
    """What missing values cost, under the rule of the specification.

    Returns
    -------
    DataFrame
        For each group a row an indicator and one with an empty ``indicator`` for any of them: ``rows`` and ``weight`` with the
        value missing, ``rows_share`` and ``weight_share`` of all rows, 0 to 1, and ``left_out``, rows that the rule leaves out.
    """
    counts = count_profiles(table)
    s = scored(counts.profile, counts.missing, spec)
    lacking = np.column_stack([~s.known.all(axis=1), ~s.known]).astype(np.int64)
    gone = lacking * (~s.kept)[:, None]
    rows, weight = counts.persons @ lacking, counts.weight @ lacking
    all_rows = counts.persons.sum(axis=1)[:, None] + np.zeros_like(rows)
    all_weight = counts.weight.sum(axis=1)[:, None] + np.zeros_like(weight)
    many = lacking.shape[1]
    made = counts.groups.iloc[np.repeat(np.arange(len(counts.groups)), many)].reset_index(drop=True)
    made["indicator"] = ["", *(i.id for i in spec.indicators)] * len(counts.groups)
    made["rows"] = rows.reshape(-1)
    made["rows_share"] = divide(rows, all_rows, 1.0).reshape(-1)
    made["weight"] = weight.reshape(-1)
    made["weight_share"] = divide(weight, all_weight, 1.0).reshape(-1)
    made["left_out"] = (counts.persons @ gone).reshape(-1)
    return made


def roll_up(table: pd.DataFrame, length: int, column: str = "area_code") -> pd.DataFrame:
    """Profiles of larger areas from those of smaller ones: profiles add up.

    Parameters
    ----------
    table : DataFrame
        As :func:`profiles` returns it, collected.
    length : int
        Digits of the larger areas' codes: 2 province, 4 district, 6 subdistrict; 0 is the country, ``TH``.
    column : str
        Column of area codes.

    Returns
    -------
    DataFrame
        The same columns.

    Raises
    ------
    TableError
        When a code is shorter than `length`.
    """
    codes = table[column].astype("str")
    if (codes.str.len() < length).any():
        short = codes[codes.str.len() < length].iloc[0]
        raise TableError(column, short, f"codes of {length} digits or more")
    larger = table.assign(**{column: codes.str[:length] if length else "TH"})
    keys = [c for c in table.columns if c not in ("persons", "weight")]
    return larger.groupby(keys, sort=True, dropna=False, observed=True, as_index=False)[
        ["persons", "weight"]
    ].sum()
