"""Published tables of every shape import as they are, with the numbers that are printed in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.realdata import real_path
from warehouse.intake import Intake
from warehouse.sources.table import Table, read_table

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    with Intake(workers=1) as pool:
        yield pool


def numbers(table: Table, measure: str, year: int) -> dict[str, float]:
    """Values of a measure in a Buddhist year by area."""
    assert table.plan is not None
    [name] = [m.id for m in table.plan.measures if m.measure == measure]
    frame = table.batch.observations.to_pandas()
    rows = frame[(frame["indicator"] == name) & (frame["year"] == year - 543)]
    return dict(zip(rows["area_code"], rows["value"], strict=True))


def counts(table: Table) -> tuple[int, int, int]:
    """Rows matched, rows that speak of an area, observations."""
    assert not table.batch.report.rejections
    return table.match.matched, table.match.areas, table.batch.observations.num_rows


@pytest.mark.parametrize(
    ("file", "observations", "bangkok"),
    [("Income", 464, 45572.0), ("Expenses", 464, 33086.0)],
)
def test_household_income_and_spending(intake: Intake, file: str, observations: int, bangkok: float) -> None:
    table = read_table(real_path(f"economy/{file}(csv).csv"), intake)
    assert counts(table) == (78, 78, observations) and table.match.regions == 5
    found = numbers(table, "", 2558)
    assert (
        (found["10"], len(found)) == (bangkok, 78) and "38" in found and "38" not in numbers(table, "", 2549)
    )
    book = read_table(real_path(f"economy/{file}(excel).xlsx"), intake)
    # The workbook has more years; where both have one they agree.
    assert numbers(book, "", 2558) == found and counts(book)[:2] == (78, 78)


def test_poverty_by_region_has_group_labels_on_the_first_row_only(intake: Intake) -> None:
    table = read_table(real_path("economy/สถิติความยากจนและการกระจายรายได้_260205 - 1.2.csv"), intake)
    assert counts(table) == (5, 5, 140) and table.match.regions == 12
    assert numbers(table, "รวม", 2531) == {"10": 24.72, "TH": 65.17}
    assert numbers(table, "นอกเขตเทศบาล", 2531) == {"TH": 73.97}
    assert table.plan is not None and {m.unit for m in table.plan.measures} == {"percent"}


def test_a_table_of_the_country_has_its_indicators_in_rows(intake: Intake) -> None:
    table = read_table(real_path("economy/สถิติความยากจนและการกระจายรายได้_260205 - 1.8.csv"), intake)
    assert counts(table)[:2] == (13, 13)
    assert numbers(table, "เส้นความยากจน (บาท/คน/เดือน)", 2567) == {"TH": 3078.0}
    gini = "สัมประสิทธิ์ความไม่เสมอภาค (Gini coefficient) ของรายได้"
    # "na" between two surveys is no number.
    assert numbers(table, gini, 2531) == {"TH": 0.487} and numbers(table, gini, 2551) == {}


def test_gpp_and_neet(intake: Intake) -> None:
    gpp = read_table(real_path("economy/nesdc_gpp_2024_provinces_transcribed.csv"), intake)
    assert counts(gpp) == (77, 77, 462)
    assert numbers(gpp, "gpp_total_baht", 2567)["12"] == 405296102818.255
    assert gpp.plan is not None and gpp.plan.year_from == "file name"
    neet = read_table(real_path("economy/neet_2020_9provinces_transcribed.csv"), intake)
    assert counts(neet) == (9, 9, 9) and numbers(neet, "neet_pct", 2563)["39"] == 33.5


def test_registered_population_of_five_years(intake: Intake) -> None:
    table = read_table(real_path("population/dopa_population_2012_2018_2021_long.csv"), intake)
    assert counts(table) == (42197, 42204, 168788)
    people = numbers(table, "total", 2555)
    assert (people["TH"], people["10"], people["1001"], people["100101"]) == (64456695, 5673560, 57831, 4703)
    assert table.match.mapped and {f.code for f in table.match.failures} == {"table.abolished", "table.code"}
    # Districts of two provinces are missing in 2563.
    warned = [w.found for w in table.batch.report.warnings if w.code == "table.children"]
    assert any(text.startswith("2563 province") for text in warned)


def test_rice_and_rain(intake: Intake) -> None:
    rice = read_table(real_path("overlays/rice_2562.csv"), intake)
    assert counts(rice) == (77, 77, 385) and numbers(rice, "production", 2562)["57"] == 634777
    rain = read_table(real_path("overlays/rainfall_tumbol.csv"), intake, year_be=2563)
    assert counts(rain) == (7423, 7425, 274111)  # 15 tambons have one number only
    assert numbers(rain, "sum_rain_y", 2563)["100101"] == pytest.approx(2532.82)
    assert [f.found.split()[0] for f in rain.match.failures] == ["104701", "105001"]


def test_amenities_are_counted(intake: Intake) -> None:
    amenity = read_table(real_path("services/amenity.csv"), intake, year_be=2565)
    assert (amenity.match.matched, amenity.match.areas) == (3091, 3205)
    frame = amenity.batch.observations.to_pandas()
    assert frame["value"].sum() == 3091 and frame["level"].eq("subdistrict").all()
    facility = read_table(real_path("services/facility.csv"), intake, year_be=2565)
    assert facility.batch.observations.to_pandas()["value"].sum() == facility.match.matched == 4259
    assert numbers(facility, "prison", 2565) and sum(numbers(facility, "prison", 2565).values()) == 13


def test_the_sample_of_tambons_is_never_summed(intake: Intake) -> None:
    sample = read_table(real_path("tpmap/2565/tpmap_2565_tambon_60pct_sample.csv"), intake)
    assert counts(sample) == (4551, 4551, 27306) and sample.batch.areas.num_rows == 340
    assert sample.plan is not None and not any(m.additive for m in sample.plan.measures)
    assert numbers(sample, "poverty_rate_health", 2565)["110151"] == pytest.approx(9.80075768205416)
    crosswalk = read_table(real_path("tpmap/2565/tpmap_tambon_tesaban_crosswalk.csv"), intake, year_be=2565)
    assert counts(crosswalk)[:2] == (7585, 7585)
    assert numbers(crosswalk, "TOTAL_POPULATION", 2565)["150603"] == 2290
