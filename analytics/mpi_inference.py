"""Estimates from surveys with their standard errors, and changes between years.

Every measure is a ratio of two totals, so all that is needed of the data are the totals of each primary sampling unit: one
grouping on the database, and from there on small matrices.

*Linearised* (Taylor): of a ratio ``R = Y / X`` a unit i of stratum h contributes ``z_hi = (y_hi - R x_hi) / X``, and

    var(R) = sum_h  n_h / (n_h - 1)  sum_i (z_hi - mean_h)^2 ,

units without a row of the subgroup counting as 0, so that the size of a subgroup is taken as the random thing it is. No correction
for finite populations. *Bootstrap*: ``n_h - 1`` of the ``n_h`` units of each stratum drawn with replacement and scaled by
``n_h / (n_h - 1)`` (Rao and Wu), percentile intervals. A census has no sampling error and gets none.

Sources: Wolter, K. (2007), Introduction to Variance Estimation, ch. 6; Rao, J., Wu, C. (1988), Resampling inference with complex
survey data, *J. Am. Stat. Assoc.* 83: 231-241; Korn, E., Graubard, B. (1999), Analysis of Health Surveys, ch. 3 (logit intervals);
Alkire, S. et al. (2015), Multidimensional Poverty Measurement and Analysis, ch. 9 (changes).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from analytics.mpi_expression import TableError, need_columns, total_expressions
from analytics.mpi_measures import (
    GAP_MEASURES,
    Floats,
    Ratio,
    coded,
    divide,
    long_form,
    names_of_totals,
    ratios,
)
from analytics.mpi_specs import MpiSpec, Number

if TYPE_CHECKING:
    import ibis.expr.types as ir

Interval = Literal["logit", "normal", "wilson"]
_ROW: Final = "daomap_row"


@dataclass(frozen=True, slots=True)
class Design:
    """How a sample was drawn.

    Attributes
    ----------
    stratum : str, sequence of str, or None
        Column or columns whose values together are a stratum; None: one stratum.
    cluster : str or None
        Column of primary sampling units, numbered within strata; None: every row is drawn by itself.
    weight : str or None
        Column of weights; None: all weigh the same.
    single : {"centre", "certainty", "error"}
        What a stratum with one unit adds: the square of its distance from the mean of all units, which errs on the safe side;
        nothing; or a refusal. How many there are is told in any case. A bootstrap cannot draw such a stratum again: it keeps
        it as it is under "certainty" and refuses it otherwise.
    """

    stratum: str | Sequence[str] | None = "stratum"
    cluster: str | None = "cluster"
    weight: str | None = "weight"
    single: Literal["centre", "certainty", "error"] = "centre"

    @property
    def strata(self) -> tuple[str, ...]:
        """Columns of the stratum."""
        if self.stratum is None:
            return ()
        return (self.stratum,) if isinstance(self.stratum, str) else tuple(self.stratum)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Replicates of the sample instead of linearisation; the same seed gives the same numbers."""

    replicates: int = 1000
    seed: int = 20


def estimate(
    table: ir.Table,
    spec: MpiSpec,
    by: Sequence[str] = (),
    k: Number | None = None,
    weights: Mapping[str, Number] | None = None,
    *,
    design: Design | None = None,
    bootstrap: Bootstrap | None = None,
    interval: Interval = "logit",
    confidence: float = 0.95,
    only: Collection[str] | None = None,
) -> pd.DataFrame:
    """Work out measures straight from rows, with standard errors where the rows are a sample.

    Parameters
    ----------
    table : ibis.Table
        States, or achievements where the specification has cut-offs.
    spec : MpiSpec
    by : sequence of str
        Columns of areas and subgroups; none: one result for all.
    k, weights : optional
        Instead of the specification's.
    design : Design, optional
        How the sample was drawn. None: a census, which has no sampling error; a column ``weight`` is used if there is one.
    bootstrap : Bootstrap, optional
        Instead of linearised errors; needs a design.
    interval : {"logit", "normal", "wilson"}
        For shares, with linearised errors: ``logit`` is symmetric on the scale of the logit and stays between 0 and 1;
        ``normal`` is value -+ q se; ``wilson`` is Wilson's with the effective sample size ``p (1 - p) / se^2``. q is of Student's
        t with units - strata degrees of freedom. A share of exactly 0 or 1 gets Wilson's interval for as many rows as there
        are units, unless ``normal`` is asked for. Numbers of persons get the normal one.
    confidence : float
    only : collection of str, optional
        Measures wanted; with those of gaps where every indicator has a cut-off.

    Returns
    -------
    DataFrame
        As of :func:`analytics.alkire_foster.measures`, with ``se``, ``low`` and ``high`` in the unit of ``value``, ``df``, and
        the ``strata``, ``clusters`` and ``single_strata`` (those of one unit) in which the group has rows; NaN and 0 for a census.
        Errors and intervals are NaN where ``df`` is 0: whose strata have one unit each tell nothing of chance.

    Raises
    ------
    TableError
        On missing columns, and on a stratum of one unit where the design refuses it or a bootstrap cannot centre it.
    SpecError
        On a k or weights that cannot be.
    """
    if weights is not None:
        spec = spec.with_weights(weights)
    if k is not None:
        spec = spec.with_k(k)
    wanted = ratios(spec, gaps=spec.has_gaps or bool(set(only or ()) & set(GAP_MEASURES)), only=only)
    names = names_of_totals(wanted)
    if design is None:
        if bootstrap is not None:
            raise TableError("bootstrap", "no design", "a design: what is drawn again must be known")
        need_columns(table, (*spec.columns, *by))
        weight = "weight" if "weight" in table.columns else None
        frame = _sorted(total_expressions(table, spec, by, names, weight).to_pandas(), by)
        values = [
            divide(frame[r.top], None if r.bottom is None else frame[r.bottom], r.scale) for r in wanted
        ]
        point = np.array(values).reshape(len(wanted), len(frame))
        gone, zero = np.full(point.shape, np.nan), np.zeros(point.shape, dtype=np.int64)
        columns = {"value": point, "se": gone, "low": gone, "high": gone, "df": gone}
        counts = {"strata": zero, "clusters": zero, "single_strata": zero}
        return long_form(frame[list(by)], wanted, columns | counts, frame["kept"].to_numpy(np.int64))
    units = _units(table, spec, by, names, design)
    factors = None if bootstrap is None else _draws(units, bootstrap, design)
    results = [
        _of_group(units, rows, wanted, design, factors, interval, confidence) for rows in units.rows_of_groups
    ]
    stacked = {
        name: np.array([r[name] for r in results]).reshape(len(results), len(wanted)).T for name in _COLUMNS
    }
    kept = np.array([units.kept[rows].sum() for rows in units.rows_of_groups], dtype=np.int64)
    return long_form(units.groups, wanted, stacked, kept)


_COLUMNS: Final = ("value", "se", "low", "high", "df", "strata", "clusters", "single_strata")


def _sorted(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    return frame.sort_values(list(by), ignore_index=True) if by else frame


@dataclass(frozen=True, slots=True)
class _Units:
    """Totals of each sampling unit in each group.

    Attributes
    ----------
    groups : DataFrame
    rows_of_groups : list of ndarray of int
        Positions in `unit`, `totals` and `kept` of each group.
    unit : ndarray of int, shape (rows,)
    totals : dict of str to ndarray, shape (rows,)
    kept : ndarray of int, shape (rows,)
    stratum_of : ndarray of int, shape (units,)
    size_of : ndarray of int, shape (strata,)
        Units of each stratum.
    """

    groups: pd.DataFrame
    rows_of_groups: list[npt.NDArray[np.intp]]
    unit: npt.NDArray[Any]
    totals: dict[str, Floats]
    kept: npt.NDArray[np.int64]
    stratum_of: npt.NDArray[np.intp]
    size_of: npt.NDArray[np.int64]


def _units(table: Any, spec: MpiSpec, by: Sequence[str], names: Sequence[str], design: Design) -> _Units:
    cluster = design.cluster
    need_columns(table, (*spec.columns, *by, *design.strata, *filter(None, (cluster, design.weight))))
    if cluster is None:
        import ibis

        cluster = _ROW
        table = table.mutate(**{_ROW: ibis.row_number()})
    keys = tuple(dict.fromkeys((*by, *design.strata, cluster)))
    frame = _sorted(total_expressions(table, spec, keys, names, design.weight).to_pandas(), keys)
    code, groups = coded(frame, by)
    unit, _ = coded(frame, (*design.strata, cluster))
    strata, _ = coded(frame, design.strata)
    stratum_of = np.zeros(unit.max(initial=-1) + 1, dtype=np.intp)
    stratum_of[unit] = strata
    size_of = np.bincount(stratum_of).astype(np.int64)
    if design.single == "error" and (size_of == 1).any():
        name = frame.loc[np.flatnonzero(size_of[strata] == 1)[0], list(design.strata)].to_dict()
        raise TableError(
            "stratum",
            f"one unit in {(size_of == 1).sum()} strata, such as {name}",
            "two units or more in each",
        )
    return _Units(
        groups,
        [np.flatnonzero(code == g) for g in range(len(groups))],
        unit,
        {name: frame[name].to_numpy(dtype=np.float64) for name in names},
        frame["kept"].to_numpy(dtype=np.int64),
        stratum_of,
        size_of,
    )


def _draws(units: _Units, bootstrap: Bootstrap, design: Design) -> Floats:
    """Factors of the units in each replicate, shape (replicates, units)."""
    if design.single != "certainty" and (units.size_of == 1).any():
        raise TableError(
            "bootstrap",
            f"one unit in {(units.size_of == 1).sum()} strata",
            'two units or more in each, linearised errors, or single="certainty"',
        )
    random = np.random.default_rng(bootstrap.seed)
    factors = np.ones((bootstrap.replicates, len(units.stratum_of)))
    for stratum, size in enumerate(units.size_of):
        if size > 1:
            times = random.multinomial(size - 1, np.full(size, 1.0 / size), size=bootstrap.replicates)
            factors[:, units.stratum_of == stratum] = times * (size / (size - 1))
    return factors


def _of_group(
    units: _Units,
    rows: npt.NDArray[np.intp],
    wanted: Sequence[Ratio],
    design: Design,
    factors: Floats | None,
    interval: Interval,
    confidence: float,
) -> dict[str, Floats]:
    """Columns of the result for one group, an entry a ratio."""
    many = len(wanted)
    one = np.ones(len(rows))
    top = np.array([units.totals[r.top][rows] for r in wanted])
    bottom = np.array([one if r.bottom is None else units.totals[r.bottom][rows] for r in wanted])
    counted = np.array([r.bottom is None for r in wanted])
    scale = np.array([r.scale for r in wanted])
    ceiling = np.array([100.0 if r.measure.endswith("_percent") else 1.0 for r in wanted])
    whole = np.where(counted, 1.0, bottom.sum(axis=1))
    ratio = divide(top.sum(axis=1), whole, 1.0)
    unit = units.unit[rows]
    strata = np.unique(units.stratum_of[unit])
    sizes = units.size_of[strata]
    df = float(sizes.sum() - len(strata))
    if factors is None:
        pull = np.where(counted, 0.0, ratio)[:, None] * bottom
        with np.errstate(invalid="ignore", divide="ignore"):
            se = _linearised(units, unit, (top - pull) / whole[:, None], strata, design)
        share = scale / ceiling
        low, high = _interval(
            ratio * share, se * share, counted, df, float(sizes.sum()), interval, confidence
        )
        low, high = low / share, high / share
    else:
        drawn = factors[:, unit]
        again = drawn @ top.T
        below = np.where(counted, 1.0, drawn @ bottom.T)
        replicates = np.divide(again, below, out=np.full(again.shape, np.nan), where=below > 0)
        usable = ~np.isnan(ratio)
        se, low, high = (np.full(many, np.nan) for _ in range(3))
        se[usable] = np.nanstd(replicates[:, usable], axis=0, ddof=1)
        tail = (1.0 - confidence) / 2.0
        low[usable], high[usable] = np.nanquantile(replicates[:, usable], [tail, 1.0 - tail], axis=0)
    if df < 1:
        # One unit a stratum: nothing was drawn that could have differed, and an error of 0 would be called certainty.
        se, low, high = (np.full(many, np.nan) for _ in range(3))
    return {
        "value": ratio * scale,
        "se": se * scale,
        "low": low * scale,
        "high": high * scale,
        "df": np.full(many, df),
        "strata": np.full(many, len(strata)),
        "clusters": np.full(many, len(np.unique(unit))),
        "single_strata": np.full(many, (sizes == 1).sum()),
    }


def _linearised(
    units: _Units, unit: npt.NDArray[Any], z: Floats, strata: npt.NDArray[np.intp], design: Design
) -> Floats:
    """Standard errors from contributions, shape (ratios, units of the group); absent units contribute 0.

    Units of other groups are absent too and count in the mean of all units.
    """
    of = np.searchsorted(strata, units.stratum_of[unit])
    size = units.size_of[strata].astype(np.float64)
    variance = np.zeros(len(z))
    centre = z.sum(axis=1) / max(len(units.stratum_of), 1)
    for n, contribution in enumerate(z):
        sums = np.bincount(of, weights=contribution, minlength=len(strata))
        squares = np.bincount(of, weights=contribution**2, minlength=len(strata))
        alone = size == 1
        several = np.where(alone, 2.0, size)
        inside = several / (several - 1.0) * (squares - sums**2 / size)
        lonely = (sums - centre[n]) ** 2 if design.single == "centre" else np.zeros_like(sums)
        variance[n] = np.where(alone, lonely, inside).sum()
    # Rounding may leave a hair below 0 where all units are alike.
    return cast(Floats, np.sqrt(np.where(variance < 0, 0.0, variance)))


def _interval(
    p: Floats,
    se: Floats,
    counted: npt.NDArray[np.bool_],
    df: float,
    units: float,
    interval: Interval,
    confidence: float,
) -> tuple[Floats, Floats]:
    if df < 1:
        gone = np.full(p.shape, np.nan)
        return gone, gone.copy()
    q = float(special.stdtrit(df, 0.5 + confidence / 2.0))
    low, high = p - q * se, p + q * se
    if interval == "normal":
        return low, high
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = ~counted & (p > 0) & (p < 1)
        edge = ~counted & ((p <= 0) | (p >= 1))
        if interval == "logit":
            middle, reach = np.log(p / (1 - p)), q * se / (p * (1 - p))
            low = np.where(inner, 1 / (1 + np.exp(reach - middle)), low)
            high = np.where(inner, 1 / (1 + np.exp(-reach - middle)), high)
            wilson = edge
        else:
            wilson = inner | edge
        n = np.where(edge, units, p * (1 - p) / se**2)
        mid = (p + q**2 / (2 * n)) / (1 + q**2 / n)
        reach = q * np.sqrt(p * (1 - p) / n + q**2 / (4 * n**2)) / (1 + q**2 / n)
        exact = ~edge & (se == 0)
        low = np.where(wilson, np.where(exact, p, np.maximum(mid - reach, 0.0)), low)
        high = np.where(wilson, np.where(exact, p, np.minimum(mid + reach, 1.0)), high)
    return low, high


def changes(
    frame: pd.DataFrame, first: int, last: int, *, year: str = "year", confidence: float = 0.95
) -> pd.DataFrame:
    """What changed between two years, for samples drawn independently of each other, or for censuses.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`estimate` or :func:`analytics.alkire_foster.measures`, with a column of years.
    first, last : int
        `last` is the later.
    year : str
        That column.
    confidence : float

    Returns
    -------
    DataFrame
        For each group, measure and indicator of both years: ``before``, ``after``; ``absolute`` (after - before), ``relative``
        (after / before - 1, NaN from 0), ``annual_absolute`` (a year) and ``annual_relative`` (compound, a year), each with
        ``_se``, ``_low`` and ``_high`` where the frame has standard errors (delta method, normal intervals); ``p``, of no
        absolute change (two-sided, normal). An error that is not known in one of the years is not known of the change.

    Raises
    ------
    TableError
        On missing columns, a year that is not there, or years in the wrong order.
    """
    need_columns(frame, (year, "measure", "indicator", "value"))
    if last <= first:
        raise TableError("last", last, f"a year after {first}")
    for wanted in (first, last):
        if not (frame[year] == wanted).any():
            raise TableError(year, f"{sorted(frame[year].unique())}", f"also {wanted}")
    numbers = ("value", "se", "low", "high", "df", "strata", "clusters", "single_strata", "n")
    keys = [c for c in frame.columns if c not in numbers and c != year]
    has_se = "se" in frame.columns
    taken = [*keys, "value", *(("se",) if has_se else ())]
    both = frame.loc[frame[year] == first, taken].merge(
        frame.loc[frame[year] == last, taken], on=keys, suffixes=("_0", "_1"), validate="one_to_one"
    )
    before, after = both["value_0"].to_numpy(float), both["value_1"].to_numpy(float)
    gone = np.full(len(both), np.nan)
    se_0 = both["se_0"].to_numpy(float) if has_se else gone
    se_1 = both["se_1"].to_numpy(float) if has_se else gone
    span = float(last - first)
    growth = divide(after, before, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        absolute_se = np.hypot(se_0, se_1)
        relative_se = growth * np.hypot(se_0 / before, se_1 / after)
        relative_se = np.where(after == 0, np.where(np.isnan(se_0), np.nan, se_1 / before), relative_se)
        yearly = growth ** (1.0 / span)
        yearly_se = yearly / span * np.hypot(se_0 / before, se_1 / after)
    made = both[keys].assign(before=before, after=after)
    q = float(special.ndtri(0.5 + confidence / 2.0))
    for name, value, se in (
        ("absolute", after - before, absolute_se),
        ("relative", growth - 1.0, relative_se),
        ("annual_absolute", (after - before) / span, absolute_se / span),
        ("annual_relative", yearly - 1.0, yearly_se),
    ):
        made[name] = value
        if has_se:
            made[f"{name}_se"] = se
            made[f"{name}_low"], made[f"{name}_high"] = value - q * se, value + q * se
    if has_se:
        with np.errstate(invalid="ignore", divide="ignore"):
            made["p"] = 2.0 * special.ndtr(-np.abs((after - before) / absolute_se))
    return made
