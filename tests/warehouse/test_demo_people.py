"""The synthetic persons: published figures to the last person under the rules of the survey, and the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stdnum.th import pin

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS
from analytics.deprivation_rules import deprivations
from analytics.survey_columns import DEPRIVATIONS, FAIL, HOUSEHOLD, PERSON
from warehouse.demo import write_people
from warehouse.demo.figures import count_people, observations
from warehouse.demo.identities import IDENTITY
from warehouse.demo.people import FOLDERS, PeopleReport
from warehouse.demo.targets import BUENG_KAN, PUBLISHED_YEAR, Targets, apportion, province_targets
from warehouse.report import ImportReport
from warehouse.sources.figures import FIGURES

FEW = ("38", "58", "74", "95")  # nothing published; most poor; seven target poor; large households


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> PeopleReport:
    return write_people(tmp_path_factory.mktemp("people"), seed=7, scale=0.0004)


def counted(folder: Path, year: int) -> dict[str, dict[str, float]]:
    """What the rules of the survey make of the files, by province."""
    connection = ibis.duckdb.connect()
    persons = connection.read_parquet(f"{folder}/persons/{year}-*.parquet")
    households = connection.read_parquet(f"{folder}/households/{year}-*.parquet")
    table = deprivations(persons, households, year=year, income_line=38_000)
    states = {d: [table[f"ind{n}"] for n in DEPRIVATIONS if MPI_INDICATORS[n] == d] for d in DIMENSIONS}
    failed = {d: ibis.or_(*(state == FAIL for state in of)) for d, of in states.items()}
    poor = ibis.or_(*failed.values())
    rows = table.group_by(province=table.area_code[:2]).aggregate(
        persons=table.weight.sum(),
        poor=table.weight.sum(where=poor),
        target=table.weight.sum(where=poor & table.welfare_card),
        **{d: table.weight.sum(where=of & table.welfare_card) for d, of in failed.items()},
    )
    homes = table.group_by("household_id", province=table.area_code[:2]).aggregate(
        weight=table.weight.max(), poor=poor.max()
    )
    homes = homes.group_by("province").aggregate(
        households=homes.weight.sum(), poor_households=homes.weight.sum(where=homes.poor)
    )
    frame = rows.join(homes, "province").execute().fillna(0).set_index("province")
    return {str(code): {str(k): float(v) for k, v in row.items()} for code, row in frame.iterrows()}


def wanted(t: Targets) -> dict[str, float]:
    names = ("persons", "households", "poor", "poor_households", "target")
    return {n: float(getattr(t, n)) for n in names} | dict(
        zip(DIMENSIONS, map(float, t.dimensions), strict=True)
    )


def test_the_rules_of_the_survey_count_the_published_figures_in_the_answers(country: PeopleReport) -> None:
    targets = province_targets(PUBLISHED_YEAR, 7)
    found = counted(country.folder, PUBLISHED_YEAR)
    assert len(found) == 76
    assert {code: found[code] for code in found} == {code: wanted(t) for code, t in targets.items()}
    assert country.missed == ()
    with (FIGURES / "tpmap_province.csv").open(encoding="utf-8", newline="") as file:
        published = [row for row in csv.DictReader(file) if row["year_be"] == "2566"]
    assert len(published) == 75
    for row in published:
        mine = found[row["area_code"]]
        assert (mine["persons"], mine["poor"], mine["poor_households"], mine["target"]) == (
            float(row["surveyed_persons"]),
            float(row["mpi_poor_persons"]),
            float(row["poor_households"]),
            float(row["target_poor_persons"]),
        )
        assert [mine[d] for d in DIMENSIONS] == [float(row[f"target_{d}"]) for d in DIMENSIONS]


def test_the_country_is_the_published_one_and_bueng_kan_its_remainder(country: PeopleReport) -> None:
    found = counted(country.folder, PUBLISHED_YEAR)
    whole = {name: sum(row[name] for row in found.values()) for name in found["95"]}
    assert (whole["persons"], whole["households"]) == (36_130_610, 12_942_574)
    assert (whole["poor"], whole["poor_households"]) == (655_365, 197_298)
    kan = found[BUENG_KAN]
    assert (kan["persons"], kan["poor"], kan["poor_households"]) == (287_390, 9_505, 2_556)
    assert not any(hit.published for hit in country.hits if hit.province == BUENG_KAN)
    assert not any(hit.published for hit in country.hits if hit.year != PUBLISHED_YEAR)
    assert not any(hit.published for hit in country.hits if hit.figure == "households")
    assert sum(hit.published for hit in country.hits) == 75 * 9
    assert "10" not in found


def test_the_invented_year_is_met_too(country: PeopleReport) -> None:
    found = counted(country.folder, 2022)
    assert found == {code: wanted(t) for code, t in province_targets(2022, 7).items()}


def digests(folder: Path) -> dict[str, str]:
    return {
        f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
    }


def test_a_seed_makes_the_same_bytes_whatever_the_threads_and_the_provinces_beside(tmp_path: Path) -> None:
    before = pa.cpu_count()
    first = write_people(tmp_path / "a", seed=3, scale=0.002, years=(2023,), provinces=FEW)
    try:
        pa.set_cpu_count(1)
        write_people(tmp_path / "b", seed=3, scale=0.002, years=(2023,), provinces=FEW)
        write_people(tmp_path / "c", seed=3, scale=0.002, years=(2023,), provinces=("95",))
    finally:
        pa.set_cpu_count(before)
    write_people(tmp_path / "d", seed=4, scale=0.002, years=(2023,), provinces=FEW)
    a, b, c, d = (digests(tmp_path / name) for name in "abcd")
    assert a == b and len(a) == len(FOLDERS) * len(FEW)
    assert {name: a[name] for name in c} == c
    assert all(a[name] != d[name] for name in a)
    assert first.missed == ()


@pytest.mark.parametrize("scale", [1e-6, 0.01, 0.2, 1.0])
def test_figures_are_met_at_every_scale(tmp_path: Path, scale: float) -> None:
    report = write_people(
        tmp_path, seed=1, scale=scale, years=(PUBLISHED_YEAR,), provinces=("23",), with_identities=False
    )
    assert report.missed == ()
    assert counted(tmp_path, PUBLISHED_YEAR)["23"] == wanted(province_targets(PUBLISHED_YEAR, 1)["23"])
    weights = pq.read_table(tmp_path / "households", columns=["weight"]).column("weight").to_numpy()
    assert (weights >= 1).all() and (weights == np.rint(weights)).all()
    if scale == 1.0:
        assert (weights == 1).all() and report.persons == 120_549
    else:
        assert report.persons <= max(2.0 * scale * 120_549, 200)
    assert not (tmp_path / "identities").exists()


def test_tables_hold_the_columns_of_surveys_and_say_that_they_are_synthetic(country: PeopleReport) -> None:
    for folder, columns in (("households", HOUSEHOLD), ("persons", PERSON), ("identities", IDENTITY)):
        file = country.folder / folder / "2023-95.parquet"
        assert pq.read_schema(file).names == [column.name for column in columns]
        assert pq.read_schema(file).metadata[b"daomap"] == b"synthetic"
    ids = pq.read_table(country.folder / "persons" / "2023-95.parquet").column("person_id").to_pylist()
    assert len(set(ids)) == len(ids) and all(i.startswith("SYN-2566-95-") for i in ids)
    homes = pq.read_table(country.folder / "households" / "2023-95.parquet").to_pandas()
    assert homes["area_code"].str.fullmatch(r"95\d{6}").all()
    people = pq.read_table(country.folder / "persons" / "2023-95.parquet").to_pandas()
    assert people.groupby("household_id")["age"].max().min() >= 18
    assert people["age"].between(0, 110).all()


def test_no_identity_can_be_anybodys(country: PeopleReport) -> None:
    found = pq.read_table(country.folder / "identities" / "2023-95.parquet").to_pandas()
    assert found["citizen_id"].is_unique and found["citizen_id"].str.fullmatch(r"9\d{12}").all()
    for text in found["citizen_id"].head(50):
        # A right check digit on a first digit that is not issued: what checks ids turns it away for that alone.
        assert pin.calc_check_digit(text[:12]) == text[12]
        assert not pin.is_valid(text)
    assert found["last_name"].str.contains("[ฃฅ]").all()
    assert found["synthetic"].all()


def test_the_poor_live_near_each_other_and_in_larger_households(tmp_path: Path) -> None:
    report = write_people(
        tmp_path, seed=5, scale=1.0, years=(2023,), provinces=("58",), with_identities=False
    )
    table = pq.read_table(tmp_path / "persons", columns=["household_id"]).to_pandas()
    homes = pq.read_table(tmp_path / "households", columns=["household_id", "area_code"]).to_pandas()
    poor = pq.read_table(tmp_path / "logbook", columns=["household_id"]).to_pandas()["household_id"]
    size = table.groupby("household_id").size()
    assert size[poor].mean() > size.mean()
    is_poor = homes["household_id"].isin(poor)
    share = is_poor.groupby(homes["area_code"].str[:6]).mean()
    # Far more than chance would part subdistricts of a thousand households each.
    chance = np.sqrt(
        is_poor.mean() * (1 - is_poor.mean()) / homes.groupby(homes["area_code"].str[:6]).size().mean()
    )
    assert share.std() > 3 * chance
    assert report.missed == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": 0.0}, "scale: found 0.0"),
        ({"scale": 1.5}, "scale: found 1.5"),
        ({"seed": -1}, "seed: found -1"),
        ({"provinces": ["10"]}, "provinces: found 10"),
        ({"years": (2566,)}, r"years: found \[2566\]"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, given: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        write_people(tmp_path, **({"seed": 1, "scale": 0.001} | given))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_whole_is_divided_without_a_rest() -> None:
    assert apportion(7, np.array([0.0, 1.0, 1.0])).tolist() == [0, 4, 3]
    assert apportion(7, np.array([5.0, 1.0, 1.0]), 2).sum() == 7
    with pytest.raises(ValueError, match="at least 3 for each"):
        apportion(5, np.array([1.0, 1.0]), 3)


# -- figures ------------------------------------------------------------------


@pytest.fixture(scope="module")
def counts(country: PeopleReport) -> dict[str, pd.DataFrame]:
    return count_people(country.folder, PUBLISHED_YEAR, villages=True).levels


def test_counted_figures_hold_to_every_rule_of_the_files_they_are_like(
    counts: dict[str, pd.DataFrame], country: PeopleReport
) -> None:
    report = ImportReport(kind="demo")
    table = observations(counts, PUBLISHED_YEAR, report).to_pandas()
    assert not report.refused and not report.warnings
    tried = {check.code: check.cells for check in report.checks}
    assert {"tpmap.dimension_bounds", "tpmap.children_sum", "tpmap.overlap_cells", "tpmap.union_monotone"} < {
        code for code, cells in tried.items() if cells
    }
    assert set(table["level"]) == {"country", "province", "district", "subdistrict", "village"}
    assert set(table["source_id"]) == {"synthetic-survey-2566"}
    whole = table[table["area_code"] == "TH"].set_index("indicator")["value"]
    assert whole["mpi_poor"] == 655_365 and whole["households"] == 12_942_574
    yala = table[table["area_code"] == "95"].set_index("indicator")["value"]
    assert [yala[f"target_{d}"] for d in DIMENSIONS] == [937, 2_197, 2_715, 3_326, 12]
    assert yala.filter(like="overlap_cell_").sum() == yala["target_poor"] == 7_770


def test_counts_of_profiles_are_those_of_the_rules(
    counts: dict[str, pd.DataFrame], country: PeopleReport
) -> None:
    found = counts["province"]
    for code, want in counted(country.folder, PUBLISHED_YEAR).items():
        row = found.loc[code]
        assert {n: row[n] for n in ("persons", "households", "poor", "poor_households", "target")} == {
            n: want[n] for n in ("persons", "households", "poor", "poor_households", "target")
        }
    assert (counts["subdistrict"]["persons"] <= counts["district"]["persons"].sum()).all()


def test_a_broken_count_is_found_out(counts: dict[str, pd.DataFrame]) -> None:
    broken = {level: counts[level].copy() for level in ("country", "province", "district")}
    broken["province"].loc["95", "cell_10000"] += 1
    report = ImportReport(kind="demo")
    observations(broken, PUBLISHED_YEAR, report)
    assert report.refused
    assert {finding.code for finding in report.rejections} >= {"tpmap.children_sum"}
