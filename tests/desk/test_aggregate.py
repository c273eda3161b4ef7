"""What leaves the desk: counts by subdistrict, the small ones hidden, and nothing of anybody."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from analytics.disclosure import RESTS, counts_table, known_structure, protect
from analytics.survey_columns import DEPRIVATIONS
from tests.desk.made import household, person, personal, write
from warehouse.desk.aggregate import COUNTS, group_counts, publish_groups
from warehouse.desk.errors import DeskError
from warehouse.desk.read import read_people
from warehouse.desk.store import DeskStore
from warehouse.query import Warehouse
from warehouse.settings import load_settings
from warehouse.snapshots import Store


@pytest.fixture
def counted(desk, intake, keys, tmp_path):
    """60 households of four subdistricts; in one of them three persons are urgent."""
    clean = {f"ind{n}": 0 for n in DEPRIVATIONS}
    homes = [
        household(
            n,
            income_main=900_000,
            **(clean | ({"ind22": 1} if n == 0 or (n % 4 == 1 and n < 40) else {})),
        )
        for n in range(60)
    ]
    people = [person(n, n // 3, age=30) for n in range(180)]
    paths = [write(tmp_path / "h.csv", homes), write(tmp_path / "p.csv", people)]
    report, made = read_people(paths, intake, keys, year=2023, synthetic=True)
    assert made is not None, report.rejections
    desk.write(made)
    return desk


def test_counts_are_those_of_the_persons(counted):
    settings = load_settings()
    from analytics.vulnerability import IncomeRule

    table = group_counts(
        counted.all_households(2023),
        counted.group_persons(2023),
        IncomeRule(settings.desk.low_income, settings.desk.low_income_inclusive),
    )
    assert list(table.columns) == list(COUNTS)
    assert table["t_group_persons"].to_dict() == {"550101": 45, "550102": 45, "550203": 45, "950101": 45}
    assert table["t_group_urgent"].to_dict() == {"550101": 3, "550102": 30, "550203": 0, "950101": 0}
    assert (table["t_group_urgent_card"] <= table["t_group_urgent"]).all()
    assert table["t_group_vulnerable"].sum() == 0  # nobody depends, income is high, houses are sound
    cards = sum(person(n, n // 3)["welfare_card"] for n in range(180))
    parts = ["t_group_urgent_card", "t_group_card_not_poor", "t_group_card_no_data"]
    assert table[parts].to_numpy().sum() == cards


def test_real_counts_take_the_place_of_a_trial_and_never_the_other_way(
    counted, keys, intake, embedded_home, tmp_path, monkeypatch
):
    home = tmp_path / "public"
    shutil.copytree(embedded_home, home)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    store, settings = Store(home), load_settings()
    publish_groups(counted, counted.about(), settings, store)
    homes = write(tmp_path / "rh.csv", [household(n, area_code="550102") for n in range(30)])
    people = write(tmp_path / "rp.csv", [person(n, n // 3, age=30, citizen_id="") for n in range(90)])
    _, made = read_people([homes, people], intake, keys, year=2023, synthetic=False)
    real = DeskStore(tmp_path / "real", keys)
    real.write(made)
    info, _ = publish_groups(real, real.about(), settings, store)
    house = Warehouse(info)
    try:
        shown = house.values("t_group_persons", level="subdistrict", year=2023, within="TH").dropna(
            subset="value"
        )
        assert shown.set_index("area_code")["value"].to_dict() == {"550102": 90}
        assert "desk-synthetic" not in set(house.sources()["source_id"])
    finally:
        house.close()
    assert not list(info.path.glob("private/desk-synthetic*")) and list(info.path.glob("private/desk-*"))
    with pytest.raises(DeskError, match="invented ones do not join"):
        publish_groups(counted, counted.about(), settings, store)
    real.close()


def test_a_snapshot_gets_hidden_counts_and_no_person(counted, embedded_home, tmp_path, monkeypatch):
    home = tmp_path / "public"
    shutil.copytree(embedded_home, home)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    store = Store(home)
    info, rows = publish_groups(counted, counted.about(), load_settings(), store)
    assert rows == 4 * len(COUNTS)
    house = Warehouse(info)
    try:
        urgent = house.values("t_group_urgent", level="subdistrict", year=2023, within="55").set_index(
            "area_code"
        )
        assert bool(urgent.loc["550101", "suppressed"]) and pd.isna(urgent.loc["550101", "value"])
        assert urgent.loc["550102", "value"] in (30.0,) or bool(urgent.loc["550102", "suppressed"])
        assert urgent.loc["550203", "value"] == 0
        # Two of Nan's subdistricts are no district: no level above has a number.
        for level in ("district", "province"):
            assert house.values("t_group_urgent", level=level, year=2023, within="TH")["value"].isna().all()
        sources = house.sources().set_index("source_id")
        assert sources.loc["desk-synthetic", "cells"] == "protected"
        assert sources.loc["desk-synthetic", "kind"] == "synthetic"
    finally:
        house.close()
    for path in (p for p in info.path.rglob("*") if p.is_file()):
        data = path.read_bytes()
        for value in personal(60):
            assert value.encode() not in data, (path.name, value)


def test_what_follows_by_subtraction_is_as_hidden_as_what_is_counted():
    # Two urgent persons without a card, all but two urgent, and everybody urgent: each is a small or whole group.
    numbers = {
        "550101": {"t_group_persons": 40, "t_group_urgent": 12, "t_group_urgent_card": 10},
        "550102": {"t_group_persons": 30, "t_group_urgent": 28, "t_group_urgent_card": 12},
        "550103": {"t_group_persons": 18, "t_group_urgent": 18, "t_group_urgent_card": 9},
        "550104": {"t_group_persons": 60, "t_group_urgent": 20, "t_group_urgent_card": 10},
    }
    tall = pd.DataFrame(
        [(area, name, float(row.get(name, 0))) for area, row in numbers.items() for name in COUNTS],
        columns=["area_code", "indicator", "value"],
    )
    table = counts_table(tall, COUNTS)
    hidden = protect(table, dict.fromkeys(table.index), known_structure(), 5).hidden
    pairs = {
        area: hidden.loc[area, ["t_group_persons", "t_group_urgent", "t_group_urgent_card"]]
        for area in numbers
    }
    assert pairs["550101"].iloc[1:].any() and pairs["550102"].iloc[:2].any()
    assert pairs["550103"].iloc[:2].all()
    assert not pairs["550104"].any()
    assert set(RESTS) <= set(table.columns) and not set(RESTS) & set(COUNTS)
