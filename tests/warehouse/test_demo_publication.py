"""The workshop's snapshot: synthetic at every level, with nothing official in it, and hidden as if it were real."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analytics.catalogue import load_catalogue
from warehouse.cli import main
from warehouse.demo.people import PeopleReport
from warehouse.demo.publication import publish_demo
from warehouse.embedded import build
from warehouse.protection import Guard
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError
from warehouse.sources.figures import import_figures
from warehouse.workshop import is_workshop, workshop_home

SATUN = "91"
Made = tuple[Path, SnapshotInfo, PeopleReport]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("home")
    info, report = publish_demo(home, Settings(), seed=2, scale=0.01, provinces=(SATUN,))
    return home, info, report


def rows(info: SnapshotInfo, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(info.path / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).df()


def test_published_province_figures_stand_in_the_snapshot(made: Made) -> None:
    _, info, report = made
    assert report.missed == ()
    found = rows(info, "SELECT * FROM observation WHERE area_code = '91' AND year = 2023").set_index(
        "indicator"
    )["value"]
    wanted = {"surveyed_persons": 224_670, "mpi_poor": 9_085, "mpi_poor_households": 2_528, "target_poor": 3_415,
              "target_health": 142, "target_living": 681, "target_education": 722, "target_income": 2_114}  # fmt: skip
    shown = {name: found[name] for name in wanted if pd.notna(found[name])}
    assert shown == {name: wanted[name] for name in shown}
    assert {"surveyed_persons", "mpi_poor", "target_poor"} <= shown.keys()


def test_everything_in_it_says_that_it_is_made_up(made: Made) -> None:
    home, info, _ = made
    sources = rows(info, "SELECT source_id, kind, title_th, title_en FROM source")
    assert set(sources["kind"]) == {"synthetic", "modelled"}
    assert {"synthetic-survey-2565", "synthetic-survey-2566", "synthetic-neet", "synthetic-school"} <= set(
        sources["source_id"]
    )
    assert is_workshop(info) and info.path.is_relative_to(workshop_home(home))
    assert not (home / "CURRENT").exists()


def test_levels_and_subjects_are_all_there(made: Made) -> None:
    _, info, _ = made
    counts = rows(info, "SELECT level, count(DISTINCT area_code) AS n FROM observation GROUP BY level")
    have = dict(zip(counts["level"], counts["n"], strict=True))
    assert have["district"] >= 7 and have["subdistrict"] >= 36
    assert rows(info, "SELECT count(*) AS n FROM place")["n"][0] > 36
    assert rows(info, "SELECT count(DISTINCT code) AS n FROM village_score")["n"][0] > 100
    assert rows(info, "SELECT count(*) AS n FROM raster")["n"][0] == 2
    assert {"neet_rate", "nrd_plan12_level1", "stars_within_parent", "mean_dimensions"} <= set(
        rows(info, "SELECT DISTINCT indicator FROM observation")["indicator"]
    )


def test_no_small_count_is_shown(made: Made) -> None:
    _, info, _ = made
    people = [i.id for i in load_catalogue().values() if i.counts_people and not i.imported]
    found = rows(info, "SELECT indicator, level, value, suppressed FROM observation")
    found = found[found["indicator"].isin(people)]
    assert found["suppressed"].any()
    shown = found[~found["suppressed"]]
    assert not shown["value"].between(1, Settings().privacy.minimum - 1).any()
    assert len(shown) > 1_000


def test_nobody_of_the_persons_is_left_in_the_home(made: Made) -> None:
    home, _, _ = made
    names = [file.name for file in home.rglob("*") if file.is_file()]
    assert names and not any("-91.parquet" in name for name in names)
    for file in home.rglob("*.parquet"):
        assert b"SYN-25" not in file.read_bytes()


def test_official_figures_never_come_beside_synthetic_ones(made: Made) -> None:
    home, info, _ = made
    store = Store(workshop_home(home), 5)
    again, new = build(store, Settings())
    assert (again.id, new) == (info.id, False)
    with pytest.raises(StoreError, match="official figures and synthetic ones"):
        publish_batches(store, Settings(), [import_figures()])
    current = store.current()
    assert current is not None and current.id == info.id


def test_the_command_writes_persons_and_says_which_figures_they_meet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--language", "en", "demo", "--people-only"]) == 2
    assert "--people DIR" in capsys.readouterr().out
    assert main(["--language", "th", "demo", "--scale", "2"]) == 2
    assert "พบ --scale 2.0" in capsys.readouterr().out
    people = ["demo", "--people-only", "--people", str(tmp_path), "--scale", "0.00001", "--seed", "9"]
    assert main(["--language", "th", *people]) == 0
    assert "ตรงตัวเลขที่เผยแพร่ 675 จาก 675 ค่า" in capsys.readouterr().out
    assert len(list((tmp_path / "identities").iterdir())) == 152


def test_the_index_is_there_for_every_district(made: Made) -> None:
    _, info, _ = made
    poor = rows(
        info,
        "SELECT sum(persons) FILTER (profile > 0) AS poor, sum(persons) AS n FROM mpi_profile WHERE year = 2023",
    )
    assert (poor["poor"][0], poor["n"][0]) == (9_085, 224_670)
    assert "af_tpmap12_h" in set(rows(info, "SELECT DISTINCT indicator FROM observation")["indicator"])


@pytest.mark.parametrize(("kind", "more"), [("synthetic", False), ("user", True)])
def test_hiding_less_is_for_made_up_people_alone(tmp_path: Path, kind: str, more: bool) -> None:
    counts = {"91": 40, "9101": 3, "9102": 17, "9103": 20}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE source (source_id VARCHAR, kind VARCHAR, cells VARCHAR)")
        connection.execute("INSERT INTO source VALUES ('s', ?, 'synthetic')", [kind])
        connection.execute(
            "CREATE TABLE fact (area_code VARCHAR, level VARCHAR, indicator VARCHAR, year SMALLINT, numerator DOUBLE,"
            " denominator DOUBLE, value DOUBLE, basis VARCHAR, definition VARCHAR, source_id VARCHAR, suppressed BOOLEAN,"
            " computed BOOLEAN)"
        )
        for code, value in counts.items():
            level = "province" if len(code) == 2 else "district"
            connection.execute(
                "INSERT INTO fact VALUES (?, ?, 'mpi_poor', 2023, NULL, NULL, ?, 'published', NULL, 's', false, false)",
                [code, level, value],
            )
        Guard(tmp_path, lambda name, content: None, Settings().privacy).hide(connection)
        found = connection.execute("SELECT area_code FROM fact WHERE suppressed").fetchall()
    hidden = {str(code) for (code,) in found}
    assert "9101" in hidden
    assert (len(hidden) > 1) is more
