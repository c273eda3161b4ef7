"""The MPI tool: the address decides index, cut-off and weights; what they come to, and what of the ranking stays."""

from __future__ import annotations

from fractions import Fraction

import pytest

from analytics.mpi_specs import load_spec, read_spec
from tests.ui.test_pages import run, words
from tests.warehouse.test_mpi import bare_home, every_sum, folder_of
from ui import mpi_export, mpi_state
from ui.mpi_state import cuts_around, points

CODES = [f"9{n}0101" for n in range(7)]


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A home of nothing else with made-up profiles of seven provinces; the first has the most that are deprived in everything."""
    from ui import data
    from warehouse.cli import main

    root = tmp_path_factory.mktemp("mpi_tool")
    home = root / "home"
    bare_home(home)
    people = [
        row
        for n, code in enumerate(CODES)
        for row in (
            (code, "f", 0, 0, 100, 100.0),
            (code, "m", 0b11, 0, 10 + n, 10.0 + n),
            (code, "f", 0b1111111111, 0, 60 - 8 * n, 60.0 - 8 * n),
        )
    ]
    # Nobody there has all indicators known.
    people.append(("500101", "f", 0, 1, 5, 5.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAOMAP_HOME", str(home))
        # A subdistrict of each province is shown as the province and the country.
        patch.setattr("warehouse.mpi.upper_areas", every_sum)
        assert main(["import", "mpi", str(folder_of(root, people)), "--synthetic"]) == 0
        data.settings.cache_clear()
        data.store.cache_clear()
        yield home
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.mark.usefixtures("embedded_home")
def test_without_profiles_the_worked_example_says_what_the_tool_does():
    at = run("mpi_tool", lang="en")
    text = words(at)
    assert "daomap import mpi" in text
    lines = [line for m in at.markdown for line in str(m.value).splitlines()]
    assert "| 2 | 0.5000 | 0.7500 | 0.3750 |" in lines and "| 1 | 0.7500 | 0.5833 | 0.4375 |" in lines


def test_the_specification_is_shown_first_and_what_is_made_up_says_so(imported):
    at = run("mpi_tool", lang="en")
    assert any("Synthetic data for training" in w.value for w in at.warning)
    poor, everybody = sum(60 - 8 * n + 10 + n for n in range(7)), sum(170 - 7 * n for n in range(7))
    assert at.metric[0].value == f"{100 * poor / everybody:.2f} %"
    assert f"{poor} poor of {everybody:,} persons" in words(at)
    lacking = (
        f"5 persons ({500 / (everybody + 5):.2f}%) lack an answer in at least one indicator; 5 are left out"
    )
    assert lacking in words(at)
    assert at.button(key="mpi_reset").disabled
    assert [s.value for s in at.slider][1:] == [33, 33, 33]
    table = at.dataframe[0].value
    # 65 deprived in two thirds of nutrition or more and so on: the first province is the worst in depth.
    assert table["name"].iloc[0] == "Songkhla" and "own" not in table
    assert "Songkhla" in words(at) and "in 100 % of 1,000 settings" not in words(at)


def test_sliders_write_the_address_and_the_button_leads_back(imported):
    at = run("mpi_tool", lang="en")
    at.slider(key="w_cut").set_value(80).run()
    assert "80" in str(at.query_params["cut"])
    assert "a score of 80.0 % of all weights" in words(at)
    poor, everybody = sum(60 - 8 * n for n in range(7)), sum(170 - 7 * n for n in range(7))
    assert at.metric[0].value == f"{100 * poor / everybody:.2f} %"
    at.slider(key="w_weight_0").set_value(100).run()
    assert "100.33.33" in str(at.query_params["weights"])
    assert "Health 60.2 %" in words(at)
    # Two indicators of health make up 60 %: still below the cut-off, and the same persons are poor.
    assert at.metric[0].value == f"{100 * poor / everybody:.2f} %"
    assert "own" in at.dataframe[0].value
    at.segmented_control(key="w_weights_by").set_value("indicator").run()
    assert str(at.query_params["weights"]).count(".") == 9 and len(at.slider) == 11
    assert not at.exception
    at.button(key="mpi_reset").click().run()
    assert "cut" not in at.query_params and "weights" not in at.query_params
    assert at.button(key="mpi_reset").disabled


def test_a_link_opens_the_same_view_in_both_languages_and_nonsense_falls_back(imported):
    for language in ("th", "en"):
        at = run("mpi_tool", lang=language, cut="40", weights="10.20.30", measure="h", spread="wide")
        assert [s.value for s in at.slider] == [40, 10, 20, 30]
        assert not at.exception and not at.error
    at = run("mpi_tool", lang="en", weights="1.2.3.4", cut="900")
    assert any("do not fit this index" in w.value for w in at.warning)
    assert [s.value for s in at.slider][1:] == [33, 33, 33]


def test_an_area_is_told_how_firm_its_rank_is(imported):
    at = run("mpi_tool", lang="en", area="90", cut="80")
    lines = words(at)
    # Songkhla alone is listed below itself: too few districts to be ranked.
    assert "Firmness can be told of 5 to 1,000 areas" in lines
    at = run("mpi_tool", lang="en", cut="80")
    assert "Of 1 areas in the worst fifth now, 1 are in it in at least 95 %" in words(at)
    table = next(m.value for m in at.markdown if "In the worst fifth" in m.value and "|" in m.value)
    assert "| 1 | Songkhla | 100 % | 1–1 |" in table


def test_the_export_has_the_numbers_and_the_specification_of_the_view(imported):
    at = run("mpi_tool", lang="en", cut="80", weights="50.25.25")
    c = at.session_state["_context"]
    choice = mpi_state.choose_mpi(c)
    rows = {r[0]: dict(zip(mpi_export.COLUMNS, r, strict=True)) for r in mpi_export.rows(c, choice)}
    first, bangkok = rows["90"], rows["10"]
    assert first["headcount_percent"] == pytest.approx(100 * 60 / 170) and first["rank_m0"] == 1
    assert first["own_headcount_percent"] == pytest.approx(100 * 70 / 170)
    assert first["made_up"] == "true" and first["k"] == "4/5"
    # No data is not zero, and neither is a place of an area of which nothing is known of anybody.
    assert rows["50"]["persons"] == 0 and rows["50"]["rank_m0"] is None and rows["50"]["own_rank_m0"] is None
    assert bangkok["m0"] is None and bangkok["rank_m0"] is None
    spec = read_spec(mpi_export.specification(choice))
    assert spec.k == Fraction(4, 5) and spec.dimensions[0].weight == Fraction(1, 2)
    # Nobody but the user chose them.
    assert spec.id == f"{choice.edition.spec.id}_own" and not (spec.verified or spec.weights_verified)
    parts = [dict(zip(mpi_export.PART_COLUMNS, r, strict=True)) for r in mpi_export.part_rows(c, choice)]
    own = [p for p in parts if p["area_code"] == "90"]
    assert len(own) == 10 and sum(p["contribution_percent"] for p in own) == pytest.approx(100)
    assert any("not a real population" in line for line in mpi_export.notes(c, choice))


def test_weights_become_whole_numbers_of_the_same_proportions():
    spec = load_spec("tpmap12")
    assert points([i.weight for i in spec.indicators]) == (3,) * 12 + (4,) * 3 + (6,) * 2
    assert points([Fraction(1)]) == (100,)
    assert points([Fraction(0), Fraction(1, 2), Fraction(1, 2)]) == (0, 50, 50)


def test_cut_offs_around_the_union_and_around_a_third():
    union, third = load_spec("tpmap12"), load_spec("global_mpi")
    assert cuts_around(union, "near") == [Fraction(k, 100) for k in range(11)]
    near = cuts_around(third, "near")
    assert near[10] == Fraction(1, 3) and near[0] == Fraction(1, 3) - Fraction(1, 10) and len(near) == 21
    assert cuts_around(third, "wide")[-1] == Fraction(1, 2)
