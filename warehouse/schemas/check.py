"""Schemas applied to a whole table at once, and what fails told by place.

A schema sees typed values (`warehouse.schemas.cells` typed them), runs vectorised checks over all rows of a source
together, and reports every failing cell. Which file and row a position stands for, and what stood in the cell, only the
importer knows; it turns a `Violation` into a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

#: Rule of a cell that holds nothing although it has to.
REQUIRED: Final = "required"
#: Rule of a value that stands in a column of keys before.
UNIQUE: Final = "unique"
#: Rule of a column the schema needs and the table does not have.
COLUMN: Final = "column"
#: More people than this are in no Thai table of persons, households or villages.
LARGEST_COUNT: Final = 100_000_000


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One cell that breaks a rule of its schema.

    Attributes
    ----------
    position : int
        Row of the table, from 0; -1 for the table as a whole.
    column : str
        Empty for a rule over several columns.
    rule : str
        The check's name, or `REQUIRED`, `UNIQUE`, `COLUMN`.
    """

    position: int
    column: str
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class Breach:
    """All cells of one column that break one rule: a column wrong from top to bottom is one of these.

    Attributes
    ----------
    column, rule : str
        As in `Violation`.
    positions : array of int
        Rows, ascending.
    """

    column: str
    rule: str
    positions: npt.NDArray[np.int64]


def count(*, nullable: bool = False, required: bool = True) -> pa.Column:
    """A column of persons or other things counted: whole numbers from 0 to `LARGEST_COUNT`."""
    return pa.Column(
        float,
        [
            pa.Check(lambda s: s >= 0, name="negative"),
            pa.Check(lambda s: s == np.floor(s), name="whole"),
            pa.Check(lambda s: s <= LARGEST_COUNT, name="too_large"),
        ],
        nullable=nullable,
        required=required,
    )


def measure(low: float, high: float, *, nullable: bool = True, required: bool = True) -> pa.Column:
    """A column of decimals from `low` to `high`, both included."""
    checks = [pa.Check(lambda s: (s >= low) & (s <= high), name="range")]
    if low == 0:
        checks = [
            pa.Check(lambda s: s >= 0, name="negative"),
            pa.Check(lambda s: s <= high, name="range"),
        ]
    return pa.Column(float, checks, nullable=nullable, required=required)


def text(
    rule: str | None = None,
    holds: Callable[[pd.Series], pd.Series] | None = None,
    *,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
) -> pa.Column:
    """A column of text; `holds` is its check, by the name of `rule`."""
    checks = [pa.Check(holds, name=rule)] if holds is not None else []
    # The first row that has a key is right until another repeats it.
    return pa.Column(
        None, checks, nullable=nullable, unique=unique, required=required, report_duplicates="exclude_first"
    )


def violations(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> list[Violation]:
    """Everything in `frame` that `schema` does not allow, cell by cell; see `breaches`."""
    return sorted(
        Violation(position, breach.column, breach.rule)
        for breach in breaches(schema, frame)
        for position in breach.positions.tolist()
    )


def breaches(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> list[Breach]:
    """Everything in `frame` that `schema` does not allow, by column and rule.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Its checks are vectorised; each carries the name of a rule.
    frame : pandas.DataFrame
        Rows numbered from 0 in its index.
    """
    if frame.empty:
        # No row can be wrong; a schema still has to find its columns.
        needed = {str(name) for name, column in schema.columns.items() if column.required}
        return [Breach(name, COLUMN, np.array([-1])) for name in sorted(needed - set(frame.columns))]
    try:
        schema.validate(frame, lazy=True, inplace=True)
    except pa.errors.SchemaErrors as errors:
        return [_breach(error) for error in errors.schema_errors]
    return []


def _breach(error: Any) -> Breach:
    reason = error.reason_code.name
    if reason == "COLUMN_NOT_IN_DATAFRAME":
        return Breach(str(error.failure_cases), COLUMN, np.array([-1]))
    column = "" if isinstance(error.schema, pa.DataFrameSchema) else str(error.schema.name)
    if reason == "SERIES_CONTAINS_NULLS":
        rule = REQUIRED
    elif reason == "SERIES_CONTAINS_DUPLICATES":
        rule = UNIQUE
    elif reason in ("DATAFRAME_CHECK", "CHECK_ERROR") and getattr(error.check, "name", None):
        rule = error.check.name
    else:
        raise TypeError(f"schema {error.schema.name}: {reason} {error}")
    if reason == "CHECK_ERROR":
        raise TypeError(f"check {rule} of {column or 'the table'} does not run: {error.failure_cases}")
    if isinstance(error.check_output, pd.Series) and not column:
        positions = error.check_output.index[~error.check_output.to_numpy(dtype=bool)]
    else:
        positions = error.failure_cases["index"]
    return Breach(column, rule, np.sort(np.asarray(positions, dtype=np.int64)))
