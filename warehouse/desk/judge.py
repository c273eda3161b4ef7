"""Indicators of households from the answers of a survey, by the rules that every part of Daomap shares."""

from __future__ import annotations

import duckdb
import ibis
import pandas as pd
import pyarrow as pa

from analytics.deprivation_rules import SurveyError, deprivations
from analytics.survey_columns import DEPRIVATIONS, HOUSEHOLD, PERSON, Column

_TYPES = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}


class UnknownLine(Exception):  # noqa: N818 - reads as what it is
    """No verified income line is known for the year, and none was given."""


def judged(homes: pd.DataFrame, persons: pd.DataFrame, year: int, income_line: int | None) -> pd.DataFrame:
    """The seventeen indicators of the households of a year.

    Parameters
    ----------
    homes, persons : DataFrame
        With the columns of `analytics.survey_columns` and the codes ``household`` and ``person``.
    year : int
        Common era.
    income_line : int or None
        Baht a person and year; None takes the verified line of the year.

    Returns
    -------
    DataFrame
        Indexed by code of household: ``ind01`` ... ``ind28`` as 0, 1, 2 or missing.

    Raises
    ------
    UnknownLine
    """
    # In memory, and never beside it: what does not fit would lie on the disk in clear.
    connection = duckdb.connect(
        ":memory:",
        config={"max_temp_directory_size": "0B", "enable_external_access": "false", "threads": "2"},
    )
    try:
        backend = ibis.duckdb.from_connection(connection)
        tables = []
        for name, frame, columns in (("persons", persons, PERSON), ("households", homes, HOUSEHOLD)):
            connection.register(name, _arrow(frame[frame["year"] == year], columns))
            tables.append(backend.table(name))
        try:
            rows = deprivations(tables[0], tables[1], year=year, income_line=income_line)
        except SurveyError as error:
            raise UnknownLine from error
        wanted = [f"ind{number}" for number in DEPRIVATIONS]
        found = rows.select("household_id", *wanted).distinct().to_pandas()
    finally:
        connection.close()
    out: pd.DataFrame = found.set_index("household_id")
    return out


def _arrow(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pa.Table:
    codes = {"household_id": "household", "person_id": "person"}
    made = {}
    for column in columns:
        name = codes.get(column.name, column.name)
        if name in frame.columns:
            made[column.name] = pa.array(frame[name], _TYPES[column.kind], from_pandas=True)
    return pa.table(made)
