"""The real lists and points of villages: what is taken, what is left out, and that the rows add up."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import pytest

from analytics.village_specs import shipped_specs
from tests.realdata import real_path
from warehouse.batch import Batch
from warehouse.intake import Intake
from warehouse.sources.villages import read_villages

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    with Intake(workers=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def names(intake: Intake) -> Batch:
    return read_villages([real_path("villages/bmn59.village_name.csv")], intake, specs=shipped_specs())


@pytest.fixture(scope="module")
def known(names: Batch) -> dict[str, str]:
    return {a["code"]: a["name_th"] for a in names.areas.to_pylist() if a["level"] == "village"}


@pytest.fixture(scope="module")
def boundaries() -> dict[str, gpd.GeoDataFrame]:
    file = real_path("boundaries/tha_admbnda_adm3_rtsd_20220121.zip")
    frame = gpd.read_file(f"zip://{file}", columns=["ADM3_PCODE"])
    return {"subdistrict": frame.assign(code=frame["ADM3_PCODE"].str.removeprefix("TH"))}


def test_of_92609_names_each_row_is_taken_or_told(names: Batch, known: dict[str, str]) -> None:
    report = names.report
    assert not report.refused
    assert (report.rows_read, report.rows_accepted, report.rows_rejected) == (92_609, 86_558, 6_051)
    # Municipal numbers of the survey's own, codes such as 73??04 and 501471A0, and rest rows numbered 00.
    assert dict(report.found) == {
        "villages.row_area": 5_959,
        "villages.row_code": 84,
        "villages.row_number": 8,
    }
    assert sum(report.found.values()) == report.rows_rejected
    assert dict(report.repairs) == {"unquoted_comma": 75, "code_abolished": 189}
    assert len(known) == 86_558
    assert known["14055916"] == "บางหลวงโดด1,2(01)"
    row = {a["code"]: a for a in names.areas.to_pylist()}
    assert row["250962"]["kind"] == "municipal" and row["25096206"]["parent"] == "250962"


def test_65213_points_are_found_by_name_where_they_lie(
    intake: Intake, known: dict[str, str], boundaries: dict[str, gpd.GeoDataFrame]
) -> None:
    file = real_path("villages/TH_VILLAGE2012.zip")
    batch = read_villages([file], intake, specs=shipped_specs(), known=known, boundaries=boundaries)
    facts, report = batch.report.facts, batch.report
    assert not report.refused and report.found["villages.code_not_official"] == 2
    assert (facts["points_in_file"], facts["repeated_points"]) == (65_213, 1_554)
    assert facts["points"] + sum(facts["left_out"].values()) == 65_213
    assert (report.rows_accepted, report.rows_rejected) == (facts["points"], sum(facts["left_out"].values()))
    # Names of the two lists agree for six in ten; the rest is told, not guessed.
    assert 39_000 < facts["points"] < 40_500 and facts["points_by_how"]["position"] > 38_000
    points = batch.village_points.to_pylist()
    assert len({p["code"] for p in points}) == len(points)
    one = next(p for p in points if p["name_th"] == "บ้านหัวยาง" and p["code"].startswith("180204"))
    assert (round(one["longitude"], 5), round(one["latitude"], 5)) == (100.11983, 15.40744)
    assert one["confidence"] == 0.9 and not batch.areas.num_rows


def test_swapped_axes_of_highland_villages_are_undone_in_their_own_subdistricts(
    intake: Intake, boundaries: dict[str, gpd.GeoDataFrame]
) -> None:
    file = real_path("villages/HRDI-TPmap.first14rows.csv")
    batch = read_villages([file], intake, specs=shipped_specs(), boundaries=boundaries)
    report = batch.report
    assert not report.refused and report.repairs["position_swapped"] == 13
    # Two rows are clusters of one village; the first of them stands for it.
    assert report.found["villages.row_part"] == 1 and report.rows_accepted == 13
    points = {p["code"]: p for p in batch.village_points.to_pylist()}
    assert (points["55050607"]["longitude"], points["55050607"]["latitude"]) == (101.066972, 18.98549691)
    assert {p["how"] for p in points.values()} == {"code"}
