"""The catalogue holds what the architecture promises, and refuses anything it does not know."""

from __future__ import annotations

import re

import pytest

from analytics import catalogue
from analytics.catalogue import (
    APPLICABLE,
    CATALOGUE_FILE,
    DIMENSIONS,
    IMPORTED,
    MASKS,
    MPI_INDICATORS,
    CatalogueError,
    by_theme,
    indicator,
    load_catalogue,
    load_mpi_indicators,
    rates_of,
    read_catalogue,
    shipped_catalogue,
    themes,
)

TEXT = CATALOGUE_FILE.read_text(encoding="utf-8")

CONTRACT = (
    {
        "surveyed_persons", "households", "welfare_registered", "welfare_verified", "elderly", "disabled",
        "chronically_ill", "happiness",
        "mpi_poor", "mpi_poor_rate", "mpi_poor_households", "mpi_poor_households_rate", "mpi_poor_registered",
        "target_poor", "target_poor_rate", "mean_dimensions", "stars", "stars_within_parent",
        "gpp", "gpp_per_head", "gpp_population", "gpp_agriculture_share",
    }
    | {
        f"light_{what}"
        for what in (
            "mean", "median", "lit_share", "density", "sum", "lit_area", "max", "gini", "observations",
        )
    }
    | {f"target_{dim}{end}" for dim in DIMENSIONS for end in ("", "_rate", "_share")}
    | {f"{what}_ind{nn}" for what in ("target", "failing") for nn in MPI_INDICATORS}
    | {f"{what}_ind{nn}_rate" for what in ("target", "failing") for nn in MPI_INDICATORS}
    | {f"overlap_{k}" for k in range(1, 6)}
    | {f"overlap_cell_{mask}" for mask in MASKS}
    | {"neet", "neet_rate", "neet_sample", "neet_standard_error", "youth_15_24"}
    | {f"neet_step{k}_{what}" for k in range(1, 5) for what in ("done", "month", "reached")}
)  # fmt: skip


def test_the_catalogue_is_the_contract_list():
    assert set(shipped_catalogue()) == CONTRACT


def test_there_are_17_indicators_and_31_masks():
    expected = "01 04 05 07 08 09 10 11 15 16 17 19 20 21 22 27 28"
    assert " ".join(MPI_INDICATORS) == expected
    assert set(MPI_INDICATORS.values()) == set(DIMENSIONS)
    assert len(MASKS) == len(set(MASKS)) == 31 and "00000" not in MASKS


@pytest.mark.parametrize("entry", load_catalogue().values(), ids=lambda entry: entry.id)
def test_every_entry_is_complete_in_both_languages(entry):
    thai = re.compile(r"[\u0e00-\u0e7f]")
    for name in ("name", "description", "method"):
        assert thai.search(getattr(entry, f"{name}_th")), name
        english = getattr(entry, f"{name}_en").replace("จปฐ", "")
        assert english and not thai.search(english), name
    assert len(entry.short_en) <= 40 or not entry.map
    assert len(entry.short_th) <= 40 or not entry.map
    for name in ("numerator", "denominator"):
        assert bool(getattr(entry, f"{name}_th")) == bool(getattr(entry, f"{name}_en"))
    if entry.unit == "percent":
        assert entry.per is not None
        assert entry.of is not None or entry.id == "gpp_agriculture_share"


def test_layer_files_stay_small():
    # Sources of NEET are never mixed: its maps are computed layers, one a source.
    files = [theme for theme in themes() if theme not in ("neet", *IMPORTED.values())]
    assert all(1 <= len(by_theme(theme, mapped=True)) <= 15 for theme in files)
    assert by_theme("neet", mapped=True) == ()
    assert not any(entry.map for entry in load_catalogue().values() if entry.id.startswith("overlap_cell_"))


def test_what_a_rate_is_of():
    assert [entry.id for entry in rates_of("target_poor")] == ["target_poor_rate"]
    assert indicator("target_income_share").per == "target_poor"
    assert indicator("target_income_rate").per == "surveyed_persons"
    assert indicator("mpi_poor_households_rate").per == "households"
    assert indicator("failing_ind22_rate").per == APPLICABLE


def test_families_carry_dimension_and_number():
    assert (indicator("failing_ind27").dimension, indicator("failing_ind27").number) == ("access", "27")
    assert indicator("target_ind22_rate").theme == "income"
    assert "38,000" in load_mpi_indicators()["22"].passes_en
    assert "สุขภาพ + รายได้" in indicator("overlap_cell_10010").name_th


def test_an_unknown_id_names_the_closest():
    with pytest.raises(CatalogueError, match="target_poor_rate"):
        indicator("target_poor_rat")
    with pytest.raises(CatalogueError, match="theme"):
        by_theme("weather")


@pytest.mark.parametrize(
    ("found", "instead", "key"),
    [
        ('theme = "economy"\nname_th = "ผลิตภัณฑ์จังหวัด (GPP)"', 'theme = "money"\nname_th = "x"', "theme"),
        ('id = "gpp_per_head"', 'id = "gpp"', "id"),
        ('of = "gpp"', 'of = "gdp"', "of"),
        ('per = "gpp_population"', 'per = "people"', "per"),
        ('name_en = "Target poor, rate"\n', "", "name_en"),
        ('name_en = "Target poor, rate"', 'name_en = ""', "name_en"),
        ('name_en = "Target poor, rate"', 'name_eng = "Target poor, rate"', "name_eng"),
        ("decimals = 1\n", 'decimals = "1"\n', "decimals"),
        ("decimals = 1\n", "decimals = true\n", "decimals"),
        ('kind = "tpmap_rate"\ntheme = "poverty"', 'kind = "rate"\ntheme = "poverty"', "kind"),
        ('expand = "exactly"', 'expand = "each"', "expand"),
        ('id = "overlap_{k}"', 'id = "overlap_{nn}"', "id"),
        ('levels = ["province"]', 'levels = ["region"]', "levels"),
        ('levels = ["province"]', 'levels = "province"', "levels"),
        ('method = "quantiles"', 'method = "deciles"', "classes.method"),
        ("k = 5, breaks = [1, 2, 3, 4, 5]", "k = 5, breaks = [2, 1]", "classes"),
        ("k = 5, breaks", "k = 5, colour = 1, breaks", "colour"),
        ("comparable = false", 'comparable = "no"', "comparable"),
        ('worse = "low"', 'worse = "down"', "worse"),
        ('unit = "baht"', 'unit = "dollars"', "unit"),
        ('ramp = "stars"', 'ramp = "rainbow"', "ramp"),
        ('number = "04"\ndimension = "health"', 'number = "04"\ndimension = "income"', "dimension"),
        ('number = "04"\n', 'number = "01"\n', "number"),
        ('id = "living"', 'id = "housing"', "id"),
        ("[[dimension]]\nid", "[[dimensions]]\nid", "dimensions"),
        ('denominator_th = "คนจนเป้าหมาย"', 'denominator_th = ""', "denominator_th"),
        ("[kind.tpmap_rate]", "[kind.tpmap_rate", "TOML"),
    ],
)
def test_a_wrong_entry_is_named_with_its_key(found, instead, key):
    assert found in TEXT
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(TEXT.replace(found, instead, 1))
    assert refused.value.key == key
    assert refused.value.entry and refused.value.expected


def test_a_dimension_that_contradicts_the_number_is_refused():
    wrong = TEXT.replace('dimension = "{dim}"\nnumber = "{nn}"', 'dimension = "health"\nnumber = "{nn}"', 1)
    with pytest.raises(CatalogueError, match="living"):
        read_catalogue(wrong)


def test_it_is_read_once():
    assert load_catalogue() is load_catalogue()
    assert catalogue.load_dimensions()["access"].name_th == "การเข้าถึงบริการรัฐ"
    with pytest.raises(TypeError):
        load_catalogue()["new"] = indicator("gpp")
