"""No change is shown between numbers that count different things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import load_catalogue
from analytics.definitions import (
    DEFINITIONS_FILE,
    DefinitionError,
    change,
    comparable,
    definition,
    definition_for,
    load_definitions,
    read_definitions,
)

TEXT = DEFINITIONS_FILE.read_text(encoding="utf-8")
ids = st.sampled_from(sorted(load_catalogue()))
years = st.integers(2010, 2040)


def test_the_years_with_data_have_a_written_definition():
    for entry in load_catalogue().values():
        if entry.theme == "neet":
            named = [d for d in load_definitions().values() if d.names(entry.id)]
            assert named and all(d.by_source or d.measure == "neet_steps" for d in named), entry.id
            continue
        held = (2024,) if entry.theme == "economy" else (2018, 2023)
        assert all(definition(definition_for(entry.id, year)).verified for year in held), entry.id


def test_2565_and_2566_are_different_things():
    for name in ("target_poor", "target_poor_rate", "target_income_share", "overlap_2", "target_ind22"):
        compared = comparable(name, 2022, 2023)
        assert not compared.ok
        assert compared.definitions == ("target-plan12-card1", "target-plan12-card2565")
        assert change(1_025_782, 655_365, compared) is None
    assert not comparable("mpi_poor", 2018, 2023).ok
    assert comparable("target_poor", 2018, 2022).ok
    assert comparable("surveyed_persons", 2018, 2023).ok


def test_light_compares_on_its_own_page_only():
    compared = comparable("light_sum", 2012, 2021)
    assert not compared.ok and compared.definitions == ("light-cells", "light-cells")
    assert "background" in compared.reason_en and "พื้นหลัง" in compared.reason_th
    assert change(100.0, 189.0, compared) is None


def test_stars_are_ranks_and_never_compare_between_years():
    compared = comparable("stars", 2018, 2022)
    assert not compared.ok and "within one year" in compared.reason_en
    assert comparable("stars", 2018, 2018).ok


def test_a_year_nobody_described_compares_with_nothing_but_itself():
    assert definition_for("mpi_poor_rate", 2025) == "unverified-mpi-2568"
    assert definition_for("target_poor", 2017) == "unverified-target-2560"
    for other in (2018, 2023, 2026):
        compared = comparable("target_poor", 2025, other)
        assert not compared.ok and "not known" in compared.reason_en and "ไม่ทราบ" in compared.reason_th
    assert comparable("target_poor", 2025, 2025).ok


def test_an_indicator_nobody_described_does_not_break_an_import():
    assert definition_for("rainfall-total", 2020) == "unverified-rainfall-total-2563"
    assert definition("unverified-rainfall-total-2563").measure == "rainfall-total"
    assert not comparable("rainfall-total", 2020, 2021).ok


@given(ids, years, years)
def test_comparing_is_symmetric_and_every_definition_can_be_read(name, a, b):
    compared = comparable(name, a, b)
    assert compared.ok == comparable(name, b, a).ok
    assert compared.reason_th and compared.reason_en
    if compared.ok:
        assert compared.definition_a == compared.definition_b
    for found in compared.definitions:
        read = definition(found)
        assert read.names(name) and read.text_th and read.text_en


def test_change():
    same = comparable("target_poor", 2018, 2019)
    found = change(200, 150, same)
    assert (found.absolute, found.relative) == (-50, -25)
    assert change(0, 5, same).relative is None
    for a, b in ((None, 1), (1, None), (float("nan"), 1), (1, float("inf"))):
        assert change(a, b, same) is None


@pytest.mark.parametrize("name", ["nonsense", "unverified-", "unverified-x", "unverified-x-๒๕๖๑", ""])
def test_an_unknown_definition_is_refused(name):
    with pytest.raises(DefinitionError):
        definition(name)


@pytest.mark.parametrize(
    ("found", "instead", "key"),
    [
        ("years = [2018, 2022]", "years = [2561, 2565]", "years"),
        ("years = [2018, 2022]", "years = [2022, 2018]", "years"),
        ("years = [2018, 2022]", "years = [2018, 2023]", "years"),
        ("years = [2018, 2022]", "years = 2018", "years"),
        ('measure = "mpi"', 'measure = "poverty"', "measure"),
        ('"mean_dimensions"', '"mean_dimension"', "indicators"),
        ('indicators = ["mpi_poor*"]', 'indicators = "mpi_poor*"', "indicators"),
        ('confidence = "B"', 'confidence = "U"', "confidence"),
        ('id = "mpi-2566"', 'id = "mpi-2561"', "id"),
        ('id = "mpi-2566"', 'id = "unverified-mpi-2566"', "id"),
        ('source = "TPMAP open files 2561"', 'sources = "TPMAP"', "sources"),
        ('source = "TPMAP open files 2561"', 'source = " "', "source"),
        ("[[definition]]", "[[definitions]]", "definition"),
        ("[[definition]]", "[[definition", "TOML"),
    ],
)
def test_a_wrong_definition_is_named_with_its_key(found, instead, key):
    assert found in TEXT
    with pytest.raises(DefinitionError) as refused:
        read_definitions(TEXT.replace(found, instead, 1))
    assert refused.value.key == key


def test_every_definition_says_who_says_so():
    for entry in load_definitions().values():
        assert entry.source and entry.confidence in {"A", "B"}
