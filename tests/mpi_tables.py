"""Specifications and tables for the tests of the Alkire-Foster engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ibis
import pandas as pd

from analytics.alkire_foster import profiles
from analytics.mpi_specs import MpiSpec, read_spec

ACHIEVEMENTS = pd.DataFrame(
    [[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20.0, 11, 3, 1]], columns=["x1", "x2", "x3", "x4"]
)
"""The worked example of Alkire and Foster; its cut-offs stand in the shipped specification ``af_example``."""


def spec_of(
    weights: Mapping[str, Mapping[str, object]],
    k: object = "1/3",
    missing: str = "drop",
    not_applicable: str = "not_deprived",
    extra: str = "",
) -> MpiSpec:
    """A specification with these dimensions and indicators, read from TOML as any other."""
    lines = [
        'id = "made"', 'name_th = "ทดสอบ"', 'name_en = "Made"', f'k = "{k}"', f'missing = "{missing}"',
        'identification = "household"', 'count = "person"', 'source = "tests"', 'note_th = ""', 'note_en = ""',
        "verified = false", "weights_verified = false", extra,
    ]  # fmt: skip
    for dimension in weights:
        lines += [
            "[[dimension]]",
            f'id = "{dimension.lower()}"',
            f'name_th = "{dimension}"',
            f'name_en = "{dimension}"',
        ]
    for dimension, inside in weights.items():
        for column, weight in inside.items():
            lines += [
                "[[indicator]]", f'id = "{column.lower()}"', f'column = "{column}"', f'dimension = "{dimension.lower()}"',
                f'weight = "{weight}"', f'name_th = "{column}"', f'name_en = "{column}"', 'applies_to_th = "ทุกคน"',
                'applies_to_en = "all"', f'not_applicable = "{not_applicable}"', "verified = false",
            ]  # fmt: skip
    return read_spec("\n".join(lines), "made.toml")


def counted(
    frame: pd.DataFrame, spec: MpiSpec, by: tuple[str, ...] = (), weight: str = "weight"
) -> pd.DataFrame:
    """Profiles of a table, collected."""
    return profiles(ibis.memtable(frame), spec, by, weight=weight).to_pandas()


def one(
    frame: pd.DataFrame, measure: str, indicator: str = "", column: str = "value", **group: object
) -> float:
    """The one number of a measure."""
    rows = frame[(frame["measure"] == measure) & (frame["indicator"] == indicator)]
    for key, value in group.items():
        rows = rows[rows[key] == value]
    assert len(rows) == 1, (measure, indicator, group, len(rows))
    return float(rows[column].iloc[0])


def every(frame: pd.DataFrame, measure: str, column: str = "value") -> list[float]:
    """The numbers of a measure, in the order of the indicators."""
    return frame.loc[frame["measure"] == measure, column].tolist()


def connection(path: Path | None = None) -> ibis.BaseBackend:
    """A database of its own."""
    return ibis.duckdb.connect() if path is None else ibis.duckdb.connect(path)
