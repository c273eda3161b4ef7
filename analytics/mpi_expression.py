"""Deprived or not, and known or not, as Ibis expressions: the one place where a column's values are read."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics.mpi_specs import MpiIndicator, MpiSpec
from analytics.survey_columns import FAIL, NOT_APPLICABLE, PASS

if TYPE_CHECKING:
    import ibis.expr.types as ir


class TableError(ValueError):
    """A table or an argument the engine cannot work with.

    Attributes
    ----------
    place, found, expected : str
        What it is about, what stands there, what should.
    """

    def __init__(self, place: str, found: object, expected: str) -> None:
        self.place, self.found, self.expected = place, str(found)[:300], expected
        super().__init__(self.text("en"))

    def text(self, language: str = "th") -> str:
        """One line for a person."""
        if language == "th":
            return f"{self.place}: พบ {self.found} ควรเป็น {self.expected} วิธีแก้: แก้ตารางหรือข้อกำหนดให้ตรงกัน"
        return (
            f"{self.place}: found {self.found}, expected {self.expected}. "
            "To mend: make the table and what is asked of it agree"
        )


def need_columns(table: ir.Table | pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse a table without these columns.

    Raises
    ------
    TableError
        Naming those missing and those there are.
    """
    if missing := [name for name in names if name not in table.columns]:
        raise TableError("table", f"columns {list(table.columns)}", f"also {', '.join(missing)}")


def known_states(table: ir.Table, spec: MpiSpec) -> list[tuple[Any, Any]]:
    """For each indicator two truths a row: deprived, and known.

    Returns
    -------
    list of (ibis.BooleanValue, ibis.BooleanValue)
        In the order of the indicators. Either is null, as well as false, where the value is missing; a value that is no state is
        not known.
    """
    made = []
    for indicator in spec.indicators:
        column: Any = table[indicator.column]
        if column.type().is_boolean():
            column = column.cast("int8")
        if (cut := indicator.cut_off) is not None:
            deprived = column < cut.value if cut.deprived == "below" else column > cut.value
            known = column.notnull()
            if column.type().is_floating():
                # Engines disagree on where "not a number" stands in order.
                known, deprived = known & ~column.isnan(), deprived & ~column.isnan()
        else:
            deprived = column == FAIL
            states = (PASS, FAIL) if indicator.not_applicable == "missing" else (PASS, FAIL, NOT_APPLICABLE)
            # The states are neighbours; of whole numbers a range is one comparison.
            known = (
                column.between(states[0], states[-1]) if column.type().is_integer() else column.isin(states)
            )
        made.append((deprived, known))
    return made


def total_expressions(
    table: ir.Table, spec: MpiSpec, by: Sequence[str], wanted: Collection[str], weight: str | None
) -> ir.Table:
    """Totals of each group, straight from the rows: the engine's own arithmetic, without profiles.

    Parameters
    ----------
    table : ibis.Table
    spec : MpiSpec
    by : sequence of str
        Columns to group by; none gives one row.
    wanted : collection of str
        Names of totals (:mod:`analytics.mpi_measures`).
    weight : str or None
        Column of weights.

    Returns
    -------
    ibis.Table
        `by`, one column a total, and ``kept``, rows that the rule for missing values keeps.

    Raises
    ------
    TableError
        When `by` asks for a name that the engine itself uses, or for gaps of an indicator without a cut-off.
    """
    import ibis

    whole, weight_of_all = spec.whole_weights

    def number(truth: Any, value: int = 1) -> Any:
        # Databases take short literals for 32 bits, which a product of weights and per cents overflows.
        return truth.cast("int64") * value

    columns: dict[str, Any] = {}
    own = {"weight", "score", "divisor", "kept", "poor", *wanted}
    own |= {f"{stem}_{n}" for n in range(len(whole)) for stem in ("known", "deprived", "gap")}
    if taken := sorted(own & set(by)):
        raise TableError("by", ", ".join(taken), "columns with names of their own: these are the engine's")
    for n, (deprived, known) in enumerate(known_states(table, spec)):
        columns[f"known_{n}"] = known.fill_null(False)
        columns[f"deprived_{n}"] = (deprived & known).fill_null(False)
    if any(name.startswith("gap_") for name in wanted):
        columns |= {f"gap_{n}": _gap(table[i.column], i) for n, i in enumerate(spec.indicators)}
    weights = {} if weight is None else {"weight": table[weight].fill_null(0)}
    if weights and not weights["weight"].type().is_integer():
        weights["weight"] = weights["weight"].cast("float64")
    rows = table.select(*by, **weights, **columns)
    count = range(len(whole))
    shares = spec.missing == "reweight"
    score = sum(number(rows[f"deprived_{n}"], whole[n]) for n in count)
    divisor = (
        sum(number(rows[f"known_{n}"], whole[n]) for n in count)
        if shares
        else ibis.literal(weight_of_all, "int32").cast("int64")
    )
    rows = rows.mutate(score=score, divisor=divisor)
    complete = reduce(and_, (rows[f"known_{n}"] for n in count))
    kept = complete if spec.missing == "drop" else rows.divisor > 0
    rows = rows.mutate(kept=kept)
    rows = rows.mutate(poor=rows.kept & _reaches(rows, spec, spec.k))

    def amount(value: Any) -> Any:
        # Nobody is poor whose divisor is 0, and a database may divide before it asks.
        return value.cast("float64") / ibis.greatest(rows.divisor, 1) if shares else value

    def total(name: str) -> Any:
        kind, _, at = name.partition("_")
        if kind == "persons":
            return number(rows.kept)
        if kind == "poor":
            return number(rows.poor)
        if kind == "score":
            return amount(rows.score * number(rows.poor))
        if kind == "vulnerable":
            return number(rows.kept & ~rows.poor & _reaches(rows, spec, spec.vulnerable_from))
        if kind == "severe":
            return number(rows.poor & _reaches(rows, spec, spec.severe_from))
        if kind == "band":
            within = rows.score * 100 <= rows.divisor * int(at)
            above = rows.score * 100 > rows.divisor * (int(at) - 10)
            return number(rows.kept & within & above)
        if kind == "deprived":
            return number(rows.kept & rows[name])
        if kind == "known":
            return number(rows.kept & rows[name]) if shares else number(rows.kept)
        if kind == "censored":
            return number(rows.poor & rows[f"deprived_{at}"])
        if kind == "gap":
            power = int(at)
            value = sum(rows[f"gap_{n}"] ** power * whole[n] for n in count)
            return rows.poor.ifelse(amount(value), 0.0)
        inside = [int(at)] if kind == "part" else spec.of_dimension(spec.dimensions[int(at)].id)
        return amount(sum(number(rows.poor & rows[f"deprived_{n}"], whole[n]) for n in inside))

    made = {name: total(name) * rows.weight if weights else total(name) for name in wanted}
    values = rows.select(
        *by, kept=number(rows.kept), **{f"total_{name}": value for name, value in made.items()}
    )
    # A sum over no rows is null.
    sums = {name: values[f"total_{name}"].sum().fill_null(0) for name in wanted}
    grouped = values.group_by(list(by)) if by else values
    return grouped.aggregate(kept=values.kept.sum().fill_null(0), **sums)


def _reaches(rows: Any, spec: MpiSpec, share: Any) -> Any:
    """Whether a row's score is at least a share of what it is divided by, in whole numbers."""
    if share == "union":
        return rows.score >= 1
    if spec.missing == "reweight":
        return rows.score * share.denominator >= rows.divisor * share.numerator
    return rows.score >= math.ceil(share * spec.whole_weights[1])


def _gap(column: Any, indicator: MpiIndicator) -> Any:
    """Normalised gap of a deprived achievement, 0 to 1; 0 where it is none or not known."""
    cut = indicator.cut_off
    if cut is None:
        raise TableError(indicator.id, "no cut_off", "a cut_off for each indicator, for measures of gaps")
    import ibis

    gap = (cut.value - column.cast("float64")) / (cut.value - cut.worst)
    # A comparison with null or with "not a number" must not decide: greatest and least differ between engines there.
    inside = (gap > 0).ifelse((gap < 1).ifelse(gap, 1.0), 0.0)
    known = column.notnull() & ~column.isnan() if column.type().is_floating() else column.notnull()
    return known.ifelse(inside, ibis.literal(0.0))
