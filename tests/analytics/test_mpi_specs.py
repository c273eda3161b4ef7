"""Specifications of poverty indices: exact weights, and complaints that name file, key, found and expected."""

from fractions import Fraction
from pathlib import Path

import pytest

from analytics.catalogue import DIMENSIONS
from analytics.mpi_specs import load_spec, read_spec, shipped_specs
from analytics.spec_tables import SpecError
from analytics.survey_columns import DEPRIVATIONS

EXAMPLE = shipped_specs()["af_example"].entry


def test_tpmap_has_five_fifths_and_the_seventeen_indicators_in_the_columns_of_the_survey():
    spec = load_spec("tpmap12")
    assert [d.id for d in spec.dimensions] == list(DIMENSIONS)
    assert [d.weight for d in spec.dimensions] == [Fraction(1, 5)] * 5
    assert spec.columns == tuple(f"ind{number}" for number in DEPRIVATIONS)
    assert [str(i.weight) for i in spec.indicators] == ["1/20"] * 12 + ["1/15"] * 3 + ["1/10"] * 2
    assert spec.k == "union" and spec.threshold == Fraction(1, 20)
    assert spec.verified and not spec.weights_verified


def test_the_global_index_weighs_six_sixths_and_eighteenths():
    spec = load_spec("global_mpi")
    assert [str(i.weight) for i in spec.indicators] == ["1/6"] * 4 + ["1/18"] * 6
    assert (spec.k, spec.vulnerable_from, spec.severe_from) == (
        Fraction(1, 3),
        Fraction(1, 5),
        Fraction(1, 2),
    )


@pytest.mark.parametrize("spec", shipped_specs().values(), ids=lambda s: s.id)
def test_shipped_weights_add_up_and_names_stand_in_both_languages(spec):
    assert sum(i.weight for i in spec.indicators) == sum(d.weight for d in spec.dimensions) == 1
    for named in (spec, *spec.dimensions, *spec.indicators):
        assert any("\u0e00" <= c <= "\u0e7f" for c in named.name_th)
        assert named.name_en.isascii() or "จปฐ" in named.name_en
    assert read_spec(spec.entry) == spec


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1/3", Fraction(1, 3)),
        (1 / 3, Fraction(1, 3)),
        (0.1 + 0.2, Fraction(3, 10)),
        ("26 %", Fraction(13, 50)),
        ("26%", Fraction(13, 50)),
        (0.26, Fraction(13, 50)),
        ("2/4", Fraction(1, 2)),
        (1, Fraction(1)),
        ("union", "union"),
        ("intersection", Fraction(1)),
    ],
)
def test_k_is_read_exactly(given, expected):
    assert load_spec("af_example").with_k(given).k == expected


@pytest.mark.parametrize(
    "given",
    [0, -1, 2, "33", "a third", "1/0", float("nan"), float("inf"), True, None, "1e-99999999", "1/1e99999999"],
)
def test_a_k_that_is_no_share_is_refused(given):
    with pytest.raises(SpecError, match=r'a share above 0 and at most 1, such as "1/3"'):
        load_spec("af_example").with_k(given)


def test_weights_of_dimensions_are_shared_by_their_indicators():
    spec = load_spec("global_mpi").with_weights({"health": 0.5, "education": 0.25, "living": "25 %"})
    assert [str(i.weight) for i in spec.indicators] == ["1/4"] * 2 + ["1/8"] * 2 + ["1/24"] * 6
    uneven = spec.with_weights({i.id: n for n, i in enumerate(spec.indicators, 1)})
    again = uneven.with_weights({"health": 1, "education": 1, "living": 1})
    assert [str(i.weight) for i in again.indicators[:4]] == ["1/9", "2/9", "1/7", "4/21"]
    off = spec.with_weights({"health": 0, "education": 1, "living": 1})
    assert [i.weight for i in off.indicators[:2]] == [0, 0]
    assert off.with_weights({"health": 1, "education": 0, "living": 0}).indicators[0].weight == Fraction(1, 2)


def test_weights_without_a_common_denominator_keep_to_whole_parts_of_a_thousand_millionth():
    primes = (999_983, 999_979, 999_961, 999_959)
    spec = load_spec("af_example").with_weights({f"x{n}": Fraction(1, p) for n, p in enumerate(primes, 1)})
    whole, total = spec.whole_weights
    assert sum(whole) == total <= 2 * 10**9
    assert float(spec.indicators[0].weight) == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"x1": 1}, "each of"),
        ({"x1": 1, "x2": 1, "x3": 1, "x4": 1, "d1": 1}, "each of"),
        ({"x1": -1, "x2": 1, "x3": 1, "x4": 1}, "a number from 0"),
        ({"x1": 0, "x2": 0, "x3": 0, "x4": 0}, "a weight above 0"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, expected):
    with pytest.raises(SpecError, match=expected):
        load_spec("af_example").with_weights(weights)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('k = "2/4"', 'k = "5/4"', "k"),
        ('missing = "drop"', 'missing = "ignore"', "missing"),
        ('identification = "person"', "", "identification"),
        ('count = "person"', 'count = "household"', "count"),
        ('dimension = "d1"', 'dimension = "d9"', "indicator 1.dimension"),
        ('id = "x2"', 'id = "x1"', "indicator.id"),
        ('id = "x2"', 'id = "d2"', "indicator.id"),
        ("value = 12", 'value = "12"', "indicator 2.cut_off.value"),
        ("value = 12", "value = -1", "indicator 2.cut_off.worst"),
        ("value = 12,", "value = 12, worst = 12,", "indicator 2.cut_off.worst"),
        ('deprived = "below" }', 'deprived = "left" }', "indicator 1.cut_off.deprived"),
        ('deprived = "below" }', 'deprived = "above" }', "indicator 1.cut_off.worst"),
        ('id = "x1"', 'id = "x1"\nweight = 1', "indicator.weight"),
        ('id = "x1"', 'id = "x1"\nweight = "heavy"', "indicator 1.weight"),
        ('id = "x1"', 'id = "x1"\nweight = 1e-99999999', "indicator 1.weight"),
        ('k = "2/4"', "k = 1e-99999999", "k"),
        ('id = "x1"', 'id = "x1"\ncolour = "red"', "indicator 1.colour"),
        ('id = "x1"', 'id = "x1"\ncolumn = "a; drop"', "indicator 1.column"),
        ('id = "d1"', 'id = "d1"\nweight = 1', "dimension.weight"),
        ('id = "af_example"', 'id = "AF example"', "id"),
        ("[[indicator]]", "[[indicator]", "TOML"),
    ],
)
def test_a_wrong_specification_names_file_key_found_and_expected(before, after, key):
    assert before in EXAMPLE
    with pytest.raises(SpecError) as told:
        read_spec(EXAMPLE.replace(before, after, 1), "mine.toml")
    error = told.value
    assert (error.file, error.key) == ("mine.toml", key)
    for text in (error.text("en"), error.text("th")):
        assert error.file in text and error.key in text and error.expected in text


def test_a_dimension_must_have_an_indicator_and_stated_weights_must_agree():
    extra = '\n[[dimension]]\nid = "d5"\nname_th = "ห้า"\nname_en = "Five"\n'
    with pytest.raises(SpecError, match="dimension d5: found no indicator"):
        read_spec(EXAMPLE + extra)
    uneven = EXAMPLE
    for n in (1, 2, 3, 4):
        uneven = uneven.replace(f'id = "d{n}"', f'id = "d{n}"\nweight = "1/4"')
        uneven = uneven.replace(f'id = "x{n}"', f'id = "x{n}"\nweight = {n}')
    with pytest.raises(SpecError, match=r"dimension d1\.weight: found 1/4, expected 1/10"):
        read_spec(uneven)


def test_more_indicators_than_bits_are_refused():
    one = EXAMPLE[
        EXAMPLE.index("[[indicator]]") : EXAMPLE.index("[[indicator]]", EXAMPLE.index("[[indicator]]") + 1)
    ]
    many = "\n".join(one.replace('"x1"', f'"y{n}"') for n in range(60))
    with pytest.raises(SpecError, match="found 64, expected at most 62"):
        read_spec(EXAMPLE + many)


def test_a_file_is_loaded_by_path_and_a_missing_or_unknown_one_is_named(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(EXAMPLE.replace('"af_example"', '"own"'), encoding="utf-8")
    assert load_spec(own).id == load_spec(str(own)).id == "own"
    with pytest.raises(SpecError, match=r"gone\.toml"):
        load_spec(tmp_path / "gone.toml")
    with pytest.raises(SpecError, match=r"one of .*tpmap12"):
        load_spec("tpmap99")
    own.write_bytes(EXAMPLE.encode("cp874"))
    with pytest.raises(SpecError, match="UTF-8"):
        load_spec(own)
