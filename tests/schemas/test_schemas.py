"""Schemas tell every cell that breaks them, and whoever does not import pays nothing for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from warehouse.schemas.check import (
    COLUMN,
    REQUIRED,
    UNIQUE,
    Violation,
    breaches,
    count,
    measure,
    text,
    violations,
)
from warehouse.schemas.tpmap import COMMON_FILE, PLACES, POOR_FILE
from warehouse.sources.figures import FIGURES, figures_id, import_figures
from warehouse.sources.tpmap_layout import COMMON_COLUMNS, HAPPINESS, POOR_COLUMNS, RATE, TARGET

ROOT = Path(__file__).resolve().parents[2]


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_every_rule_names_its_cells():
    schema = pa.DataFrameSchema(
        {"n": count(), "rate": measure(0, 100), "code": text(unique=True), "gone": count(required=False)},
        checks=[pa.Check(lambda f: f["n"] <= f["rate"], name="order")],
    )
    table = frame(
        n=[1.0, -1.0, 2.5, np.nan, 2e9, 0.0],
        rate=[50.0, 101.0, -1.0, np.nan, 3e9, 1.0],
        code=["a", "b", "a", None, "c", "a"],
    )
    assert violations(schema, table) == sorted(
        [
            Violation(1, "n", "negative"),
            Violation(2, "n", "whole"),
            Violation(3, "n", REQUIRED),
            Violation(4, "n", "too_large"),
            Violation(1, "rate", "range"),
            Violation(4, "rate", "range"),
            Violation(2, "rate", "negative"),
            Violation(2, "code", UNIQUE),
            Violation(5, "code", UNIQUE),
            Violation(3, "code", REQUIRED),
            Violation(2, "", "order"),
        ]
    )
    assert violations(schema, table.drop(columns="code").iloc[:1]) == [Violation(-1, "code", COLUMN)]
    assert violations(schema, table.iloc[:0].drop(columns="n")) == [Violation(-1, "n", COLUMN)]


def test_a_table_wrong_from_top_to_bottom_is_a_few_breaches():
    wrong = pd.DataFrame(dict.fromkeys(POOR_COLUMNS, np.full(20_000, -1.0)))
    found = breaches(POOR_FILE, wrong)
    assert {(b.column, b.rule) for b in found} == {(name, "negative") for name in POOR_COLUMNS}
    assert all(np.array_equal(b.positions, np.arange(20_000)) for b in found)


def test_a_check_that_fails_to_run_is_not_a_verdict():
    schema = pa.DataFrameSchema({"n": pa.Column(float, pa.Check(lambda s: s.nothing, name="broken"))})
    with pytest.raises(TypeError, match="broken"):
        violations(schema, frame(n=[1.0]))


def test_tpmap_schemas_cover_every_column():
    assert set(COMMON_COLUMNS) <= set(COMMON_FILE.columns) and set(POOR_COLUMNS) <= set(POOR_FILE.columns)
    assert COMMON_FILE.columns[HAPPINESS].nullable and POOR_FILE.columns[RATE].nullable
    assert not POOR_FILE.columns[TARGET].nullable


def test_places_lie_in_their_province():
    table = frame(
        unit=["8301", "9101", "8302", None],
        name=["เมือง", None, "àÁ×Í§", None],
        file_province=["83", "83", None, "83"],
        row_province=["83", None, "91", "83"],
    ).astype(object)
    assert violations(PLACES, table) == sorted(
        [
            Violation(1, "", "file_province"),
            Violation(2, "", "row_province"),
            Violation(2, "name", "garbled"),
            Violation(3, "unit", REQUIRED),
        ]
    )


# ------------------------------------------------------------------------------------------------------------
# The figures that ship


@pytest.fixture
def figures(tmp_path) -> Path:
    return Path(shutil.copytree(FIGURES, tmp_path / "figures"))


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    written = path.read_text(encoding="utf-8")
    assert old in written
    path.write_text(written.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "column"),
    [
        ("gpp_2024.csv", "\n10,", "\n99,", "figures.cell", "area_code"),
        ("gpp_2024.csv", "\n11,", "\n10,", "figures.once", "area_code"),
        ("gpp_2024.csv", "9106136.0", "-9106136.0", "figures.cell", "population"),
        ("gpp_2024.csv", "0.0358", "101", "figures.cell", "agriculture_share_percent"),
        ("gpp_2024.csv", "population", "people", "figures.column", "population"),
        ("tpmap_province.csv", "543159", "543159.5", "figures.cell", "surveyed_persons"),
        ("tpmap_province.csv", "543159", "5431*", "figures.cell", "surveyed_persons"),
        ("tpmap_province.csv", "2561,11", "2018,11", "figures.cell", "year_be"),
        ("tpmap_province.csv", "สมุทรปราการ", "ÊÁØ·Ã»ÃÒ¡ÒÃ", "figures.cell", "name_th"),
        ("tpmap_province.csv", "2561,12", "2561,11", "figures.once", None),
        ("tpmap_country.csv", ",tpmap,", ",somebody,", "figures.source", "source_key"),
        ("tpmap_2565_extremes.csv", "5.36", "", "figures.cell", "rate_percent"),
        ("tpmap_2565_extremes.csv", "52928", '"52928', "csv.unclosed_quote", None),
    ],
)
def test_a_spoilt_figure_is_refused_with_its_place(figures, name, old, new, code, column):
    spoil(figures, name, old, new)
    batch = import_figures(figures)
    assert batch.report.refused and batch.observations.num_rows == 0
    assert code in {f.code for f in batch.report.rejections}
    found = next(f for f in batch.report.rejections if f.code == code)
    assert (found.file, found.column) == (name, column) and found.row
    assert found.found and found.expected and found.mend_th and found.mend_en


def test_a_missing_table_is_refused(figures):
    (figures / "gpp_2024.csv").unlink()
    assert {f.code for f in import_figures(figures).report.rejections} == {"intake.missing"}


def test_the_id_needs_no_reading():
    assert figures_id() == import_figures().import_id


# ------------------------------------------------------------------------------------------------------------
# Who pays for it

_START = """
import sys
from pathlib import Path
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.settings import load_settings
from warehouse.snapshots import Store
settings = load_settings()
build(Store(settings.home, settings.snapshots.keep), settings)
main(["query", "target_poor", "--level", "province"])
sys.exit(3 if any(name.split(".")[0] == "pandera" for name in sys.modules) else 0)
"""


def test_starting_and_asking_load_no_schema_library(embedded_home):
    done = subprocess.run(
        [sys.executable, "-c", _START],
        cwd=ROOT,
        env=os.environ | {"DAOMAP_HOME": str(embedded_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "area_code" in done.stdout, done.stderr[-2000:]


def test_workers_load_neither_pandas_nor_the_schema_library():
    code = "import sys, warehouse.intake.reading; sys.exit(len({'pandas', 'pandera', 'geothai'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
