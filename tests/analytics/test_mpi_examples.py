"""Published examples of three R packages, from their own data: figures of their documentation, to the last digit printed."""

import ibis
import numpy as np
import pandas as pd
import pytest

from analytics.alkire_foster import Design, changes, decomposition, estimate, measures, missing_cost
from analytics.mpi_specs import load_spec
from tests.mpi_tables import counted, every, one, spec_of
from tests.realdata import real_path

pytestmark = pytest.mark.real

LIVING = ("d_elct", "d_wtr", "d_sani", "d_hsg", "d_ckfl", "d_asst")
SYNTHETIC = spec_of({
    "health": dict.fromkeys(("d_cm", "d_nutr"), "1/6"),
    "education": dict.fromkeys(("d_satt", "d_educ"), "1/6"),
    "living": dict.fromkeys(LIVING, "1/18"),
})  # fmt: skip


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(real_path(f"mpi_examples/{name}.csv"))


# -- R mpitb: Eswatini, MICS 2014 ------------------------------------------------

SWAZI = spec_of(
    {
        "health": {"Nutrition": "1/3"},
        "education": {"School": "1/3"},
        "living": {"Water": "1/6", "Assets": "1/6"},
    },
    k="25 %",
)
DESIGN = Design(stratum="Strata", cluster="PSU", weight="Weight")


def test_eswatini_as_a_whole_with_the_error_of_its_design():
    result = estimate(ibis.memtable(read("swz_mics14")), SWAZI, design=DESIGN)
    assert [one(result, m) for m in ("H", "A", "M0")] == pytest.approx(
        [0.23084617, 0.4237492, 0.09782088], abs=5e-8
    )
    assert every(result, "contribution_percent") == pytest.approx(
        [17.4706, 22.3942, 28.1196, 32.0156], abs=1e-4
    )
    assert one(result, "M0", column="se") == pytest.approx(0.005230329, abs=5e-10)
    assert (one(result, "M0", column="low"), one(result, "M0", column="high")) == pytest.approx(
        (0.08800425, 0.1086021), abs=5e-8
    )
    assert result["df"].eq(339).all() and result["n"].eq(20739).all()


@pytest.mark.parametrize(
    ("by", "figures"),
    [
        (
            "Region",
            {
                "Hhohho": (0.08441687, 0.008838600, 95), "Lubombo": (0.13006382, 0.015928619, 70),
                "Manzini": (0.07104974, 0.007811974, 96), "Shiselweni": (0.13478863, 0.008313157, 78),
            },
        ),
        ("Area", {"Rural": (0.12149484, 0.006279293, 253), "Urban": (0.03109217, 0.006592045, 86)}),
    ],
)  # fmt: skip
def test_subgroups_of_eswatini_with_their_errors_and_degrees_of_freedom(by, figures):
    result = estimate(ibis.memtable(read("swz_mics14")), SWAZI, [by], design=DESIGN, only=["M0"]).set_index(
        by
    )
    for group, (value, error, df) in figures.items():
        row = result.loc[group]
        assert (row["value"], row["se"]) == pytest.approx((value, error), abs=5e-9)
        assert row["df"] == df


def test_regions_of_eswatini_add_up_to_the_whole():
    frame = read("swz_mics14").rename(columns={"Weight": "weight"})
    parts = decomposition(counted(frame, SWAZI, ("Region",)), SWAZI).set_index("Region")
    assert parts["population_share"].to_dict() == pytest.approx(
        {"Hhohho": 0.250348, "Lubombo": 0.200888, "Manzini": 0.367250, "Shiselweni": 0.181514}, abs=5e-7
    )
    assert parts["contribution_absolute"].sum() == pytest.approx(0.09782088, abs=5e-9)
    assert (parts["population_share"] * parts["M0"]).sum() == pytest.approx(0.09782088, abs=5e-9)


# -- R and Stata mpitb: the synthetic survey ----------------------------------------


@pytest.mark.parametrize(
    ("t", "k", "figures"),
    [
        (1, "1/3", (0.335217, 0.424848, 0.142416)),
        (1, "20 %", (0.633844, 0.342306, 0.216969)),
        (1, "50 %", (0.081786, 0.554459, 0.045347)),
        (2, "1/3", (0.230821, 0.407031, 0.093951)),
    ],
)
def test_the_synthetic_survey_at_three_cut_offs_and_two_times(t, k, figures):
    frame = read("syn_cdta").drop(columns="weight")
    counts = counted(frame[frame["t"] == t], SYNTHETIC)
    result = measures(counts, SYNTHETIC, k)
    assert [one(result, m) for m in ("H", "A", "M0")] == pytest.approx(figures, abs=5e-7)
    assert one(result, "n") == {1: 7434, 2: 7469}[t]
    assert missing_cost(counts, SYNTHETIC).set_index("indicator").loc["", "left_out"] == len(
        frame[frame["t"] == t]
    ) - one(result, "n")


def test_the_synthetic_survey_of_both_times_has_14903_complete_rows_and_a_change():
    frame = read("syn_cdta")
    frame["t"] = frame["t"].astype(int)
    result = estimate(
        ibis.memtable(frame), SYNTHETIC, ["t"], design=Design(("t", "stratum"), "psu"), only=["n", "M0"]
    )
    assert result.groupby("t")["n"].first().sum() == 14903
    moved = changes(result, 1, 2, year="t")
    assert one(moved, "M0", column="absolute") == pytest.approx(0.093951 - 0.142416, abs=1e-6)
    assert one(moved, "M0", column="p") < 1e-6
    plain = estimate(
        ibis.memtable(frame[frame["t"] == 1]),
        SYNTHETIC,
        design=Design(None, None, None),
        interval="normal",
        only=["M0"],
    )
    # The package divides by n and by the normal quantile where this divides by n - 1 and takes Student's.
    assert one(plain, "M0", column="se") == pytest.approx(0.002404, abs=5e-7)
    assert [one(plain, "M0", column=c) for c in ("low", "high")] == pytest.approx(
        [0.137705, 0.147127], abs=2e-6
    )


# -- R MPI ---------------------------------------------------------------------------


def test_the_example_of_the_package_mpi():
    frame = read("examplePovertydf")
    frame.columns = [c.replace(".", "_") for c in frame.columns]
    columns = [c for c in frame.columns if c != "Region"]
    assert len(columns) == 11
    spec = spec_of({"all": dict.fromkeys(columns, 1)}, k="3/11")
    whole = measures(counted(frame, spec), spec)
    assert [one(whole, m) for m in ("n", "poor", "H", "A", "M0")] == pytest.approx(
        [30, 28, 0.933333, 0.551948, 0.515152], abs=5e-7
    )
    result = measures(counted(frame, spec, ("Region",)), spec)
    for region, figures in {
        "Olmeto": (14, 13, 0.928571, 0.552448, 0.512987),
        "Zicavo": (11, 10, 0.909091, 0.6, 0.545455),
        "Bastia": (2, 2, 1, 0.4090909, 0.4090909),
        "Calvi": (1, 1, 1, 0.363636, 0.363636),
        "Corte": (1, 1, 1, 0.545455, 0.545455),
        "Venaco": (1, 1, 1, 0.545455, 0.545455),
    }.items():
        found = [one(result, m, Region=region) for m in ("n", "poor", "H", "A", "M0")]
        assert found == pytest.approx(figures, abs=5e-7)


# -- R mpindex --------------------------------------------------------------------------


def households(walls: bool) -> pd.DataFrame:
    """Deprivations of the 198 households by the rules of the package's vignette."""
    house, person = read("df_household").set_index("uuid"), read("df_household_roster")

    def anybody(mark: pd.Series) -> pd.Series:
        return mark.groupby(person["uuid"]).any().reindex(house.index, fill_value=False)

    owns = house.filter(like="asset_") > 0
    small = ["tv", "computer", "animal_cart", "bicycle", "motorcycle", "refrigerator"]
    things = owns[[f"asset_{name}" for name in small]].sum(axis=1) + (
        owns["asset_telephone"] | owns["asset_mobile_phone"]
    )
    poor_house = house["roof"].isin([5, 7, 9]) | house["floor"].isin([5, 6, 9])
    if walls:
        poor_house |= house["walls"].isin([5, 8, 9, 99])
    return pd.DataFrame({
        "nutrition": anybody((person["undernourished"] == 1) & (person["age"] < 70)),
        "child_mortality": house["with_child_died"] == 1,
        "year_schooling": anybody(person["completed_6yrs_schooling"] == 2),
        "school_attendance": anybody((person["attending_school"] == 2) & person["age"].between(5, 24)),
        "cooking_fuel": house["cooking_fuel"].isin([4, 5, 6, 9]),
        "sanitation": house["toilet"] > 1,
        "drinking_water": house["drinking_water"] == 2,
        "electricity": house["electricity"] == 2,
        "housing": poor_house,
        "assets": ~((things > 1) & (owns["asset_car"] | owns["asset_truck"])),
    }).assign(area=house["class"])  # fmt: skip


def test_the_vignette_of_mpindex_whose_walls_never_count():
    spec = load_spec("global_mpi")
    result = measures(counted(households(walls=False), spec, ("area",)), spec)
    for area, n, figures, parts in (
        ("Rural", 98, (0.480, 0.513, 0.246), (20.7, 1.4, 32.5, 18.0, 9.0, 1.4, 0.7, 2.1, 3.7, 10.6)),
        ("Urban", 100, (0.280, 0.405, 0.113), (22.1, 1.5, 36.8, 25.0, 0, 2.5, 0.5, 0, 0.5, 11.3)),
    ):
        rows = result[result["area"] == area]
        assert one(rows, "n") == n
        assert [round(one(rows, m), 3) for m in ("H", "A", "M0")] == pytest.approx(figures)
        assert np.round(every(rows, "contribution_percent"), 1) == pytest.approx(np.array(parts))


def test_with_its_walls_counted_rural_households_are_poorer_than_the_vignette_says():
    spec = load_spec("global_mpi")
    rural = measures(counted(households(walls=True), spec, ("area",)), spec).query("area == 'Rural'")
    assert [round(one(rural, m), 4) for m in ("H", "A", "M0")] == [0.5, 0.5113, 0.2557]


def test_the_simple_test_of_mpindex():
    frame = pd.DataFrame([[0, 0, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1], [0, 1, 0, 0]], columns=list("abcd"))
    spec = spec_of({"all": dict.fromkeys("abcd", "1/4")}, k="1/2")
    result = measures(counted(frame, spec), spec)
    assert [one(result, m) for m in ("H", "A", "M0")] == [0.5, 0.75, 0.375]
    assert sum(every(result, "contribution_percent")) == pytest.approx(100)
