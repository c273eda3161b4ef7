"""Made-up answers of households and persons, in the columns of a survey."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from analytics.survey_columns import HOUSEHOLD, PERSON

YEAR = 2022
ARROW = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}

# Somebody whom no rule about members asks anything: 2 years old, not disabled, no graduate.
NOBODY: dict[str, Any] = {"age": 2, "disabled": False, "self_reliant": None, "graduated_m3": False}
ADULT = NOBODY | {"age": 40, "exercises": True, "literate": True, "works": True, "full_time_student": False}
ELDER = NOBODY | {"age": 70, "exercises": True, "works": True, "cared_for": True}
FINE: dict[str, Any] = {column.name: True for column in HOUSEHOLD if column.kind == "truth"} | {
    "income_main": 1e6,
    "income_secondary": 0.0,
    "income_other": 0.0,
    "income_own_produce": 0.0,
}


def survey(
    cases: list[tuple[list[dict[str, Any]], dict[str, Any]]], year: int = YEAR
) -> tuple[pa.Table, pa.Table]:
    """Tables of persons and households with all their columns, one household a case, numbered."""
    homes, people = [], []
    for at, (members, answers) in enumerate(cases):
        key = f"h{at}"
        homes.append({"household_id": key, "area_code": "341201", "year": year} | FINE | answers)
        people += [
            {"person_id": f"{key}-{i}", "household_id": key, "year": year} | member
            for i, member in enumerate(members)
        ]

    def laid(columns, rows):
        return pa.table(
            {c.name: pa.array([row.get(c.name) for row in rows], type=ARROW[c.kind]) for c in columns}
        )

    return laid(PERSON, people), laid(HOUSEHOLD, homes)
