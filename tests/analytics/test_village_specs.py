"""The specifications of กชช.2ค that ship, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.village_specs import (
    Rule,
    SpecError,
    headings,
    read_spec,
    read_spec_file,
    shipped_specs,
    spec_of_year,
)

PLAN11 = shipped_specs()["plan11"]


def test_one_specification_a_plan_and_none_claims_more_than_is_known() -> None:
    specs = shipped_specs()
    assert {key: spec.years_be for key, spec in specs.items()} == {
        "plan11": (2555, 2559),
        "plan12": (2560, 2564),
        "plan13": (2566, 2570),
    }
    assert [len(spec.domains) for spec in specs.values()] == [7, 7, 7]
    # Of the 13th plan no list was found: none is made up.
    assert [len(spec.indicators) for spec in specs.values()] == [33, 33, 0]
    assert not any(i.verified for spec in specs.values() for i in spec.indicators)
    assert not any(spec.verified or spec.cuts_verified for spec in specs.values())
    assert all(level.verified for spec in specs.values() for level in spec.levels)
    assert spec_of_year(specs, 2565) is None


def test_the_indicator_of_the_guidance_is_found_under_its_short_name() -> None:
    assert "การเข้าถึงแหล่งเงินทุน" in {h for i in PLAN11.of_domain("d5") for h in headings(i)}


@pytest.mark.parametrize(("severe", "level"), [(0, 3), (5, 3), (6, 2), (10, 2), (11, 1), (33, 1)])
def test_the_level_follows_the_cuts_of_the_file(severe: int, level: int) -> None:
    assert PLAN11.level(severe) == level


@pytest.mark.parametrize(
    ("rule", "scores"),
    [(Rule("low", 10, 20), [1, 2, 2, 3, 3]), (Rule("high", 20, 10), [3, 3, 2, 2, 1])],
)
def test_a_bound_belongs_to_the_better_score(rule: Rule, scores: list[int]) -> None:
    assert [rule.score(v) for v in (9, 10, 19, 20, 21)] == scores


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ('id = "plan11"', 'id = "Plan 11"', "id", "small letters"),
        ("years_be = [2555, 2559]", "years_be = [2559, 2555]", "years_be", "[first, last]"),
        ("severe_from = 11", "severe_from = 5", "level.severe_from", "falling"),
        ("severe_from = 6", 'severe_from = "6"', "level 2.severe_from", "0 to 200"),
        ("score = 2", "score = 1", "score", "once each"),
        ('domain = "d7"', 'domain = "d8"', "indicator 31.domain", "one of"),
        ('id = "i02"', 'id = "i01"', "indicator.id", "each once"),
        ('id = "i02"', 'id = "d1"', "indicator.id", "no domain"),
        ("number = 2\n", "number = 1\n", "indicator.number", "each once"),
        ('name_th = "น้ำดื่ม"', 'name_th = "ถนน"', "indicator heading", "each once"),
        ("cuts_verified = false", 'cuts_verified = "no"', "cuts_verified", "true or false"),
        ("cuts_verified = false", "cuts_verified = false\nextra = 1", "extra", "one of"),
        ('source = "', 'sauce = "', "source", "a value"),
        ('name_en = "Roads"', 'name_en = "a\\u0007b"', "indicator 1.name_en", "one line"),
        ("number = 1\n", 'number = 1\nrule = {worse = "low", severe = 9, some = 3}\n', "indicator 1.rule", "severe < some"),
        ("plan = 11\n", "plan = \n", "TOML", "readable"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_what_was_found_and_expected(
    old: str, new: str, key: str, expected: str
) -> None:
    assert old in PLAN11.entry
    with pytest.raises(SpecError) as caught:
        read_spec(PLAN11.entry.replace(old, new, 1), "own.toml")
    assert (caught.value.file, caught.value.key) == ("own.toml", key)
    assert expected in caught.value.expected
    assert "own.toml" in caught.value.text("th") and "พบ" in caught.value.text("th")


def test_a_file_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(PLAN11.entry.replace("verified = false", "verified = true"), encoding="utf-8")
    assert read_spec_file(own).verified
    own.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match=r"own\.toml"):
        read_spec_file(own)
    with pytest.raises(SpecError, match="TOML file"):
        read_spec_file(tmp_path / "none.toml")
