"""The shipped snapshot against the published figures it is made of."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analytics.catalogue import load_catalogue
from tests.warehouse.lights import cells, light_batch
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.figures import FIGURES, import_figures


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    store = Store(tmp_path_factory.mktemp("embedded"))
    build(store, Settings())
    return Warehouse.open(store)


def _value(warehouse: Warehouse, code: str, name: str, year: int) -> float:
    return float(warehouse.profile(code, [name], year)["value"].iloc[0])


@pytest.mark.parametrize(
    ("code", "name", "year", "value"),
    [
        ("TH", "target_poor", 2018, 1_032_987),
        ("TH", "mpi_poor", 2018, 4_405_684),
        ("TH", "surveyed_persons", 2018, 36_647_817),
        ("TH", "households", 2018, 12_935_866),
        ("TH", "mpi_poor_households", 2018, 1_249_672),
        ("TH", "target_health", 2018, 217_081),
        ("TH", "target_living", 2018, 244_739),
        ("TH", "target_education", 2018, 378_080),
        ("TH", "target_income", 2018, 376_091),
        ("TH", "target_access", 2018, 6_490),
        ("TH", "target_poor", 2022, 1_025_782),
        ("TH", "surveyed_persons", 2022, 36_103_806),
        ("TH", "mpi_poor", 2023, 655_365),
        ("TH", "surveyed_persons", 2023, 36_130_610),
        ("TH", "mpi_poor_households", 2023, 197_298),
        ("TH", "target_poor", 2023, 208_447),
        ("TH", "target_income", 2023, 111_965),
        ("41", "target_poor", 2018, 26_974),
        ("41", "target_education", 2018, 14_581),
        ("41", "target_poor", 2022, 36_931),
        ("50", "mpi_poor", 2023, 38_762),
        ("50", "target_poor", 2023, 15_605),
        ("10", "gpp_per_head", 2024, 697_529),
    ],
)
def test_published_figures(warehouse: Warehouse, code: str, name: str, year: int, value: float) -> None:
    assert _value(warehouse, code, name, year) == value


@pytest.mark.parametrize(
    ("code", "name", "year", "value", "within"),
    [
        ("58", "target_poor_rate", 2018, 13.712, 0.0005),
        ("41", "target_poor_rate", 2018, 2.646, 0.0005),
        ("TH", "target_poor_rate", 2018, 2.819, 0.0005),
        ("TH", "mpi_poor_rate", 2018, 12.02, 0.005),
        ("TH", "target_poor_rate", 2022, 2.841, 0.0005),
        ("TH", "mpi_poor_rate", 2023, 1.814, 0.0005),
        ("TH", "target_poor_rate", 2023, 0.582, 0.0005),
        ("TH", "mean_dimensions", 2018, 1.183, 0.0005),
        ("TH", "mean_dimensions", 2023, 1.129, 0.0005),
        ("81", "mpi_poor_rate", 2023, 12.550, 0.0005),
        ("58", "target_poor_rate", 2023, 3.326, 0.0005),
        ("55", "target_poor_rate", 2022, 10.97, 1e-9),
    ],
)
def test_published_rates(
    warehouse: Warehouse, code: str, name: str, year: int, value: float, within: float
) -> None:
    assert _value(warehouse, code, name, year) == pytest.approx(value, abs=within)


def _ranked(warehouse: Warehouse, name: str, year: int, *, ascending: bool = False) -> list[str]:
    frame = warehouse.values(name, level="province", year=year).dropna(subset=["value"])
    return frame.sort_values("value", ascending=ascending)["area_code"].tolist()


def test_published_orders(warehouse: Warehouse) -> None:
    highest = ["58", "55", "63", "57", "50", "91", "65", "95", "64", "66"]
    assert _ranked(warehouse, "target_poor_rate", 2018)[:10] == highest
    assert _ranked(warehouse, "target_poor_rate", 2018, ascending=True)[:5] == ["39", "83", "73", "75", "21"]
    top = ["50", "80", "41", "81", "31", "95", "57", "84", "40", "36"]
    assert _ranked(warehouse, "mpi_poor", 2023)[:10] == top
    smallest = ["74", "23", "75", "54", "82", "53", "37"]
    assert _ranked(warehouse, "mpi_poor", 2023, ascending=True)[:7] == smallest
    assert _ranked(warehouse, "target_poor", 2022)[:5] == ["50", "31", "57", "80", "41"]


def test_bangkok_is_no_data_and_never_zero(warehouse: Warehouse) -> None:
    for name in ("target_poor", "target_poor_rate", "mpi_poor", "surveyed_persons", "stars"):
        for year in (2018, 2023):
            frame = warehouse.values(name, level="province", year=year).set_index("area_code")
            assert len(frame) == 77
            assert pd.isna(frame.loc["10", "value"]) and not frame.loc["10", "suppressed"]
    assert not (warehouse.values("target_poor", level="province", year=2018)["value"] == 0).any()


def test_stars_are_fifths_and_the_newspaper_gets_none(warehouse: Warehouse) -> None:
    for year, areas in ((2018, 76), (2023, 75)):
        stars = warehouse.values("stars", level="province", year=year)["value"].dropna()
        assert len(stars) == areas
        assert set(stars.value_counts()) <= {15, 16}
    frame = warehouse.values("stars", level="province", year=2018).set_index("area_code")["value"]
    assert frame["58"] == 1 and frame["39"] == 5
    assert warehouse.years("stars") == [2018, 2023]


def test_coverage_and_basis_of_2566_are_told(warehouse: Warehouse) -> None:
    assert (warehouse.coverage("target_poor", 2023, "TH").with_data) == 75
    row = warehouse.profile("TH", ["target_poor", "mpi_poor", "surveyed_persons"], 2023).set_index(
        "indicator"
    )
    assert row.loc["target_poor", "basis"] == "aggregated"
    assert row.loc["mpi_poor", "basis"] == "published"
    rate = warehouse.profile("TH", ["target_poor_rate"], 2023).iloc[0]
    assert rate["denominator"] == 35_843_220  # of the same 75 provinces, not of the country
    assert warehouse.profile("50", ["surveyed_persons"], 2023)["basis"].iloc[0] == "derived"
    assert warehouse.profile("TH", ["target_poor"], 2022)["basis"].iloc[0] == "published"


def test_a_rate_without_denominator_stays_without(warehouse: Warehouse) -> None:
    row = warehouse.profile("50", ["target_poor_rate"], 2022).iloc[0]
    assert (row["value"], row["numerator"]) == (5.36, 52_928)
    assert pd.isna(row["denominator"])
    assert row["source_id"] == "press-nation-2565"


def test_every_number_has_a_source_a_definition_and_an_entry(warehouse: Warehouse) -> None:
    known = set(load_catalogue())
    for name in warehouse.indicators_with_data():
        assert name in known
        for level in warehouse.levels_with_data(name):
            for year in warehouse.years(name, level):
                frame = warehouse.values(name, level=level, year=year).dropna(subset=["value"])
                assert frame[["definition", "source", "source_id", "basis"]].notna().all().all(), (name, year)


def test_sources_name_publisher_kind_and_files(warehouse: Warehouse) -> None:
    sources = warehouse.sources().set_index("source_id")
    assert sources.loc["press-nation-2565", "kind"] == "open"
    assert sources.loc["tpmap-figures-2561", "kind"] == "official"
    assert sources.loc["nightlight-modelled", "kind"] == "modelled"
    assert (sources["priority"].drop("nightlight-modelled") == 10).all()
    files = warehouse.source("tpmap-figures-2561")["files"]
    assert {f["file_name"] for f in files} == {"tpmap_province.csv", "tpmap_country.csv"}
    assert all(len(f["sha256"]) == 64 for f in files)


def test_figures_read_every_row_and_their_sums_hold() -> None:
    batch = import_figures()
    lines = sum(len(p.read_text(encoding="utf-8").splitlines()) - 1 for p in FIGURES.glob("*.csv"))
    assert batch.report.rows_read == batch.report.rows_accepted == lines
    assert all(check.passed for check in batch.report.checks) and len(batch.report.checks) == 5
    assert import_figures().import_id == batch.import_id


def test_the_readme_names_every_file() -> None:
    text = (Path(FIGURES) / "README.md").read_text(encoding="utf-8")
    for file in FIGURES.glob("*.csv"):
        assert f"`{file.name}`" in text


def _traces(store: Store) -> list[str]:
    """Every place of the current snapshot in which the modelled light is still named."""
    info = store.current()
    assert info is not None
    files = [str(p.relative_to(info.path)) for p in info.path.rglob("*")]
    found = [name for name in files if "modelled" in name]
    found += [f"contents: {info.contents['lights']}"] if "modelled" in info.contents["lights"] else []
    with duckdb.connect(str(info.path / "warehouse.duckdb"), read_only=True) as connection:
        for table, column in (
            ("source", "source_id"),
            ("source_file", "source_id"),
            ("observation", "source_id"),
            ("raster", "product"),
        ):
            rows = connection.execute(
                f"SELECT count(*) FROM {table} WHERE {column} LIKE '%modelled%'"
            ).fetchone()
            found += [f"{table}: {rows[0]}"] if rows and rows[0] else []
    for layer in info.path.glob("layers/**/*.gz"):
        if b"modelled" in gzip.decompress(layer.read_bytes()):
            found.append(layer.name)
    return found


def test_modelled_light_ships_goes_with_the_first_measured_one_and_stays_away(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    settings = Settings()
    first, new = build(store, settings)
    assert new and first.contents["lights"] == {"modelled": [2012, 2021]}
    assert _traces(store)
    with duckdb.connect(str(first.path / "warehouse.duckdb"), read_only=True) as connection:
        kinds = connection.execute(
            "SELECT kind FROM source WHERE source_id = 'nightlight-modelled'"
        ).fetchall()
    assert kinds == [("modelled",)]
    assert build(store, settings) == (first, False)
    publish_batches(store, settings, [light_batch("vnl-v21-average-masked", y2012=cells(1), y2021=cells(2))])
    assert _traces(store) == []
    # Neither a plain build nor one that computes everything again brings it back.
    again, new = build(store, settings)
    assert not new
    forced, new = build(store, settings, force=True)
    assert new and forced.id != again.id
    assert _traces(store) == []
    assert forced.contents["lights"] == {"vnl-v21-average-masked": [2012, 2021]}
